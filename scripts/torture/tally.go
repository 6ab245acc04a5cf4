package main

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

// fragment is the most that is written at once while a volume is quick: what was lost and what was reported may differ
// by less than that at each end of a gap.
const fragment = time.Second

// tally is the account of one camera: what it sent between the first picture and the last that are stored, held against
// what is stored and what the gaps between them report; and what it sent before, since its recording began, which went to make
// room.
type tally struct {
	camera               string
	sent, stored, twice  int // pictures
	went                 int
	lost, reported, gaps int // pictures; pictures' worth of gaps; gaps
	stall                time.Duration
	causes               []string
	wrong                []string // what does not add up, in words
}

// account holds what a camera sent against spans and footage of the recorder.
func account(ctx context.Context, d *rig.Daemon, known *rig.Footage, camera string, sent []rig.Picture, from, to time.Time) (tally, error) {
	c := tally{camera: camera}
	spans, err := d.Spans(ctx, camera, from, to)
	if err != nil {
		return c, err
	}
	stored, err := d.Stored(ctx, known, camera, from, to)
	if err != nil {
		return c, err
	}
	c.count(known, sent, stored, spans)
	if len(stored) > 0 {
		c.went = max(0, int((stored[0].At.Sub(from)+known.Frame/2)/known.Frame))
	}
	return c, nil
}

// count goes through the stored pictures in order and looks between each two of them.
func (c *tally) count(known *rig.Footage, sent, stored []rig.Picture, spans []rig.Span) {
	before, last := -1, rig.Picture{}
	for i, p := range stored {
		n := find(known, sent, p)
		switch {
		case n < 0:
			c.wrong = append(c.wrong, fmt.Sprintf("the picture stored at %s was not sent then", clock(p.At)))
			continue
		case before < 0:
			c.sent++
		case n <= before:
			c.twice++
			continue
		default:
			c.sent += n - before
			c.between(known, last, p, n-before-1, spans)
		}
		c.stored++
		before, last = n, stored[i]
	}
}

// between holds the number of pictures that are missing between two stored ones against the gaps there.
func (c *tally) between(known *rig.Footage, last, next rig.Picture, missing int, spans []rig.Span) {
	reported, gaps := time.Duration(0), 0
	for _, s := range spans {
		if s.Kind != "gap" {
			continue
		}
		start, end := later(s.Start, last.At), earlier(s.End, next.At)
		if end.After(start) {
			reported += end.Sub(start)
			gaps++
			if !slices.Contains(c.causes, s.Cause) {
				c.causes = append(c.causes, s.Cause)
			}
		}
	}
	pictures := int((reported + known.Frame/2) / known.Frame)
	c.lost, c.reported, c.gaps = c.lost+missing, c.reported+pictures, c.gaps+gaps
	allowed := 0
	if gaps > 0 {
		allowed = int(fragment / known.Frame)
	}
	if difference := missing - pictures; difference > allowed || -difference > allowed {
		c.wrong = append(c.wrong, fmt.Sprintf("between %s and %s, %d pictures are missing and %d gaps report %d", clock(last.At), clock(next.At), missing, gaps, pictures))
	}
}

// find gives the place among those sent of the picture nearest to when it is stored to have been; -1 when it was not sent
// within half a round of the clip.
func find(known *rig.Footage, sent []rig.Picture, p rig.Picture) int {
	at, best, near := sort.Search(len(sent), func(i int) bool { return !sent[i].At.Before(p.At.Add(-known.Length / 2)) }), -1, known.Length/2
	for ; at < len(sent) && sent[at].At.Before(p.At.Add(known.Length/2)); at++ {
		if away := sent[at].At.Sub(p.At).Abs(); sent[at].Unit == p.Unit && away < near {
			best, near = at, away
		}
	}
	return best
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

const tallyHead = "%-24s %-7s %7s %7s %6s %6s %6s %9s %5s %9s  %s\n"

func (c tally) print(name string) {
	fmt.Printf(strings.ReplaceAll(strings.ReplaceAll(tallyHead, "%6s", "%6d"), "%7s", "%7d"), name, c.camera, c.sent, c.stored, c.went, c.twice, c.lost,
		fmt.Sprint(c.reported), fmt.Sprint(c.gaps), fmt.Sprintf("%.3f s", c.stall.Seconds()), strings.Join(c.causes, ", "))
}
