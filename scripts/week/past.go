package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

const (
	timescale = 90000
	step      = 5 * time.Second  // between two pictures
	burst     = 40 * time.Second // of an event, before and after which something moves
)

// past writes what was recorded of one camera. Chance has a seed: it is the same whenever it is run.
type past struct {
	s     *storage.Store
	id    string
	habit string
	track fmp4.Track
	calm  [][]fmp4.Sample // groups of pictures, from the one in which least moves
	busy  [][]fmp4.Sample // from the one in which most moves
	luck  *rand.Rand
	run   uint32
	dts   int64
	begun bool
}

func newPast(s *storage.Store, id, file, habit string, n int) (*past, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := rtsptest.LoadClip(f)
	if err != nil {
		return nil, err
	}
	p := &past{s: s, id: id, habit: habit, luck: rand.New(rand.NewPCG(uint64(n), 7)),
		track: fmp4.Track{ID: 1, Codec: fmp4.H264, Timescale: timescale, SPS: c.SPS, PPS: c.PPS, Width: c.Width, Height: c.Height}}
	if c.Codec != "H264" {
		return nil, fmt.Errorf("%s is %s, not H264", file, c.Codec)
	}
	groups := groupsOf(c)
	slices.SortStableFunc(groups, func(a, b []fmp4.Sample) int { return moved(a) - moved(b) })
	third := (len(groups) + 2) / 3
	p.calm, p.busy = groups[:third], slices.Clone(groups[len(groups)-third:])
	slices.Reverse(p.busy)
	return p, nil
}

// groupsOf cuts a clip at its key frames.
func groupsOf(c *rtsptest.Clip) (groups [][]fmp4.Sample) {
	for _, u := range c.Units {
		if u.Sync {
			groups = append(groups, nil)
		}
		if len(groups) == 0 {
			continue
		}
		last := &groups[len(groups)-1]
		*last = append(*last, fmp4.Sample{Track: 1, Dur: uint32(step.Seconds() * timescale), Sync: u.Sync, Data: u.NALs})
	}
	return groups
}

// moved is how much moves in a group: the bytes of what is no key frame.
func moved(group []fmp4.Sample) (n int) {
	for _, s := range group[min(1, len(group)):] {
		n += len(s.Data)
	}
	return n
}

// write writes what was recorded between two times, and what happened.
func (p *past) write(ctx context.Context, from, to time.Time) error {
	if p.habit == "late" {
		from = to.Add(-50 * time.Hour).Truncate(step)
	}
	events := p.happenings(from, to)
	for _, e := range events {
		if _, err := p.s.Event(e); err != nil {
			return err
		}
	}
	w, err := p.s.Writer(p.id, "main")
	if err != nil {
		return err
	}
	gaps := p.gaps(from, to)
	at, next := from, 0
	for at.Before(to) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for next < len(events) && events[next].End.Add(burst).Before(at) {
			next++
		}
		near := next < len(events) && events[next].Start.Add(-burst).Before(at)
		cause, until := storage.Cause(""), at
		for i, g := range gaps {
			if !at.Before(g.from) && at.Before(g.to) {
				cause, until = g.cause, g.to
				gaps[i].from = at // the group of pictures that it fell into was written whole
			}
		}
		if cause == "" && p.habit == "motion" && !near {
			cause, until = storage.CauseNoEvent, to
			if next < len(events) {
				until = events[next].Start.Add(-burst)
			}
		}
		if cause != "" {
			if err := p.rest(w, at, cause); err != nil {
				return err
			}
			at = until.Truncate(step).Add(step)
			continue
		}
		if at, err = p.group(ctx, w, at, near); err != nil {
			return err
		}
	}
	if p.habit != "lost" {
		err = p.rest(w, at, storage.CauseStopped)
	}
	if err == nil && p.habit == "shaky" {
		err = p.fill(ctx, gaps)
	}
	return err
}

// rest has the recording end for a cause.
func (p *past) rest(w *storage.Writer, at time.Time, cause storage.Cause) error {
	p.begun = false
	return w.Gap(cause, at)
}

// group writes one group of pictures, and says when the next begins.
func (p *past) group(ctx context.Context, w *storage.Writer, at time.Time, busy bool) (time.Time, error) {
	if !p.begun {
		p.run++
		p.dts, p.begun = 0, true
		if err := w.Begin(p.run, at, []fmp4.Track{p.track}); err != nil {
			return at, err
		}
	}
	samples, end := p.samples(at, busy)
	if err := w.Write(samples); err != nil {
		return at, err
	}
	return end, w.Flush(ctx)
}

// samples are the pictures of a group, at their times.
func (p *past) samples(at time.Time, busy bool) ([]storage.Sample, time.Time) {
	from := p.calm
	if busy {
		from = p.busy
	}
	group := from[p.luck.IntN(len(from))]
	samples := make([]storage.Sample, len(group))
	for i, g := range group {
		g.DTS = p.dts
		samples[i] = storage.Sample{Sample: g, Wall: at}
		p.dts += int64(step.Seconds() * timescale)
		at = at.Add(step)
	}
	return samples, at
}

// fill puts what the camera's card had into two gaps.
func (p *past) fill(ctx context.Context, gaps []gap) error {
	for _, g := range gaps {
		if !g.filled {
			continue
		}
		p.run, p.dts = p.run+1, 0
		f, err := p.s.Filler(storage.FillOptions{Camera: p.id, Stream: "main", Run: p.run, Tracks: []fmp4.Track{p.track}, From: g.from, To: g.to, Filled: storage.Filled{Card: true, Before: true, After: true}})
		if err != nil {
			return fmt.Errorf("fill %s: %w", g.from, err)
		}
		end := g.from
		last := g.to.Add(-step)
		for at := g.from; !at.After(last); at = end {
			var samples []storage.Sample
			samples, end = p.samples(at, true)
			for end.Add(-step).After(last) { // the gap ends within the group
				samples, end = samples[:len(samples)-1], end.Add(-step)
			}
			if err := f.Write(ctx, samples...); err != nil {
				return err
			}
		}
		if err := f.Close(ctx, end); err != nil {
			return err
		}
	}
	return nil
}
