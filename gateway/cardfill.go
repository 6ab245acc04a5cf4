package gateway

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast/onvif"
	"holdfast/rtsp"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

const (
	// jointReach is how far to either side of where the clock has it an end of footage is looked for on the card.
	jointReach = 10 * time.Second
	// jointSpeed is how much faster than what is fetched that is played which is looked through for it.
	jointSpeed = 4
	// clockDoubt is how far times may be off that only the device's clock tells: it is told in whole seconds, and takes a while to come.
	clockDoubt = 2 * time.Second
	// slewDoubt is by how much both clocks may run apart over a gap before that is said.
	slewDoubt = 200 * time.Millisecond
	// lastWords is how long what was fetched before a failure may take to be made footage.
	lastWords = 5 * time.Second
)

// hole is a stretch of a stream that was lost, with footage behind it.
type hole struct {
	stream   string
	from, to time.Time
	cause    storage.Cause
}

// kept is a recording that a camera keeps: where it is played, and from when to when it is, by the device's clock; zero is not known, or
// that it goes on.
type kept struct {
	uri      string
	from, to time.Time
}

// filling is one hole being filled from a recording.
type filling struct {
	c     *Camera // constant, as are
	h     hole
	of    kept          // the recording
	ahead time.Duration // the device's clock, by what it says
	speed float64
	tell  func(until time.Time, bytes int64)

	first, last joint // where the ends of the hole are on the card
	run         uint32
	filler      *storage.Filler
	track       *rtsp.Track
	on          *rtsp.Run // of the replay
	started     bool
	reached     bool // the end of the hole
	written     time.Time
	frame       time.Duration // how long the last picture lasts
	bytes       int64
	since       time.Time // where the filler began
	filled      time.Duration
	looked      time.Time // when it was looked last whether the live streams are well
}

var errGivesWay = errors.New("the camera's live stream broke off; it comes first")

// fill fetches what recordings have of a hole: that in which the pictures beside the hole are, else that which has the most of it. What was
// fetched by the time of an error stays.
func (f *filling) fill(ctx context.Context, list []kept) error {
	before, err := edgeBefore(f.c.store, f.c.spec().ID, f.h.stream, f.h.from)
	if err != nil {
		return err
	}
	after, err := edgeAfter(f.c.store, f.c.spec().ID, f.h.stream, f.h.to)
	if err != nil {
		return err
	}
	for _, f.of = range list {
		if f.first, err = f.locate(ctx, &before, f.h.from, true); err != nil {
			return err
		}
		if f.last, err = f.locate(ctx, &after, f.h.to, false); err != nil {
			return err
		}
		if f.first.found || f.last.found {
			break
		}
	}
	if !f.first.found && !f.last.found {
		f.of = list[0]
	}
	if f.first.found && f.last.found && !f.first.at.Before(f.last.at) {
		f.last = joint{}
	}
	if f.run = before.run; !f.first.found {
		f.run = rand.Uint32()
	}
	from, to := f.h.from.Add(f.ahead), f.h.to.Add(f.ahead+clockDoubt)
	if f.first.found {
		from = f.first.at
	}
	if f.last.found {
		to = f.last.at.Add(time.Second)
	}
	if from, to = f.there(from, to); !from.Before(to) {
		return nil
	}
	err = f.c.playCard(ctx, f.of.uri, from, to, f.speed, func(x *rtsp.Frame) error { return f.take(ctx, x) })
	return errors.Join(err, f.finish(ctx))
}

// there keeps a range by the device's clock within what the recording has, as far as that is told, and out of the future: some devices
// refuse what begins before their recording does.
func (f *filling) there(from, to time.Time) (time.Time, time.Time) {
	if from.Before(f.of.from) {
		from = f.of.from
	}
	if now := f.c.now().Add(f.ahead); to.After(now) {
		to = now
	}
	if !f.of.to.IsZero() && to.After(f.of.to) {
		to = f.of.to
	}
	return from, to
}

// locate looks for an end of footage on the card, near where the device's clock has it.
func (f *filling) locate(ctx context.Context, e *edge, at time.Time, last bool) (joint, error) {
	if len(e.pictures) == 0 {
		return joint{}, nil
	}
	near := at.Add(f.ahead)
	var card []cardPicture
	from, to := f.there(near.Add(-jointReach), near.Add(jointReach))
	if !from.Before(to) {
		return joint{}, nil
	}
	err := f.c.playCard(ctx, f.of.uri, from, to, jointSpeed*f.speed, func(x *rtsp.Frame) error {
		card = append(card, pictureOfFrame(x))
		return f.giveWay()
	})
	if nothingThere(err) {
		return joint{}, nil
	}
	return e.find(card, near, last), err
}

// nothingThere tells whether a camera has nothing to play of a stretch.
func nothingThere(err error) bool {
	var re *rtsp.Error
	return errors.As(err, &re) && re.Class == rtsp.Refused
}

// giveWay looks once a second whether what the camera sends now arrives: recording that comes first.
func (f *filling) giveWay() error {
	if time.Since(f.looked) < time.Second {
		return nil
	}
	f.looked = time.Now()
	if !f.c.flows() {
		return errGivesWay
	}
	return nil
}

// flows tells whether every recorded stream of the camera is online.
func (c *Camera) flows() bool {
	for _, f := range c.feeds {
		if c.records(f.id) && f.State().State != Online {
			return false
		}
	}
	return true
}

// wall is when a picture was taken that the card has at a time. Between two pictures that were recorded too, time is spread evenly.
func (f *filling) wall(at time.Time) time.Time {
	switch {
	case f.first.found && f.last.found:
		whole, real := f.last.at.Sub(f.first.at), f.last.wall.Sub(f.first.wall)
		return f.first.wall.Add(time.Duration(float64(at.Sub(f.first.at)) / float64(whole) * float64(real)))
	case f.first.found:
		return f.first.wall.Add(at.Sub(f.first.at))
	case f.last.found:
		return f.last.wall.Add(at.Sub(f.last.at))
	}
	return at.Add(-f.ahead)
}

// marks say how the ends were found.
func (f *filling) marks() storage.Filled {
	m := storage.Filled{Card: true, Before: f.first.found, After: f.last.found, Within: max(f.first.doubt, f.last.doubt)}
	if !f.first.found && !f.last.found {
		m.Within = clockDoubt
	}
	if f.first.found && f.last.found {
		if apart := (f.last.at.Sub(f.first.at) - f.last.wall.Sub(f.first.wall)).Abs(); apart > slewDoubt {
			m.Within = max(m.Within, apart)
		}
	}
	return m
}

// is tells whether a picture is that of a joint.
func (j *joint) is(x *rtsp.Frame) bool {
	return j.found && x.Wall.Sub(j.at).Abs() < time.Millisecond && pictureOfFrame(x).sum == j.sum
}

// take takes a picture of the recording, in decode order.
func (f *filling) take(ctx context.Context, x *rtsp.Frame) error {
	if err := f.giveWay(); err != nil {
		return err
	}
	if f.last.is(x) {
		f.reached = f.on == nil || x.Run == f.on // else the card has a gap before it
		return errPlayed
	}
	wall := f.wall(x.Wall)
	if !f.started {
		if f.first.found {
			f.started = f.first.is(x) // what follows on it is missing
			return nil
		}
		if f.started = x.Key && !wall.Before(f.h.from); !f.started {
			return nil
		}
	}
	if !f.last.found && !wall.Add(f.frame).Before(f.h.to) {
		f.reached = wall.Before(f.h.to.Add(clockDoubt))
		return errPlayed
	}
	if len(x.Track.SPS) == 0 {
		return nil
	}
	return f.write(ctx, x, f.within(wall))
}

// within keeps a time within the hole: the first pictures may be shown before the last one that was recorded.
func (f *filling) within(wall time.Time) time.Time {
	switch last := f.h.to.Add(-time.Millisecond); {
	case wall.Before(f.h.from):
		return f.h.from
	case wall.After(last):
		return last
	}
	return wall
}

func (f *filling) write(ctx context.Context, x *rtsp.Frame, wall time.Time) error {
	if err := f.follow(ctx, x, wall); err != nil {
		return err
	}
	s := storage.Sample{Wall: wall, Sample: fmp4.Sample{Track: 1, DTS: int64(x.DTS), CTO: int32(x.PTS - x.DTS), Sync: x.Key, Data: x.Payload}}
	if err := f.filler.Write(ctx, s); err != nil {
		f.filler = nil
		return err
	}
	if d := wall.Sub(f.written); d > 0 && d < time.Second {
		f.frame = d
	}
	if wall.After(f.written) {
		f.written = wall
	}
	f.bytes += int64(x.Size)
	f.tell(wall, f.bytes)
	return nil
}

// follow begins to write, and begins anew where the recording has a gap of its own or is encoded otherwise from a picture on.
func (f *filling) follow(ctx context.Context, x *rtsp.Frame, wall time.Time) error {
	gap := f.on != nil && f.on != x.Run
	if f.filler != nil && !gap && sameTrack(f.track, x.Track) {
		return nil
	}
	from, joined := wall, f.filler != nil && !gap
	if f.filler != nil {
		end := wall
		if gap {
			end = f.written.Add(f.frame)
		}
		if err := f.close(ctx, end); err != nil {
			return err
		}
	}
	if f.on == nil && f.first.found {
		from, joined = f.h.from, true
	}
	if gap {
		f.run = rand.Uint32()
	}
	f.on, f.track, f.since = x.Run, x.Track, from
	t := x.Track
	track := fmp4.Track{ID: 1, Codec: fmp4.Codec(t.Codec), Timescale: uint32(t.ClockRate), VPS: t.VPS, SPS: t.SPS, PPS: t.PPS, Width: t.Width, Height: t.Height}
	var err error
	f.filler, err = f.c.store.Filler(storage.FillOptions{Camera: f.c.spec().ID, Stream: f.h.stream, Run: f.run, Joined: joined, Tracks: []fmp4.Track{track},
		From: from, To: f.h.to, Filled: f.marks()})
	return err
}

func sameTrack(a, b *rtsp.Track) bool {
	return a == b || a != nil && bytes.Equal(a.SPS, b.SPS) && bytes.Equal(a.PPS, b.PPS) && bytes.Equal(a.VPS, b.VPS)
}

// close makes what was written footage.
func (f *filling) close(ctx context.Context, end time.Time) error {
	err := f.filler.Close(ctx, end)
	if until, _ := f.filler.Filled(); until.After(f.since) {
		f.filled += until.Sub(f.since)
	}
	f.filler = nil
	return err
}

// finish makes footage of what was fetched, also when no more came.
func (f *filling) finish(ctx context.Context) error {
	if f.filler == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	end := f.h.to
	if !f.reached {
		end = f.written.Add(max(f.frame, time.Millisecond))
	}
	if err := f.close(ctx, end); err != nil {
		return fmt.Errorf("keep what was fetched: %w", err)
	}
	return nil
}

// maxCandidates bounds the recordings in which a hole is looked for.
const maxCandidates = 4

// candidates are the recordings that have something of a stretch by the device's clock, that with the most first.
func candidates(ctx context.Context, client *onvif.Client, list []onvif.Recording, from, to time.Time) (chosen []onvif.Recording, err error) {
	has := map[string]time.Duration{}
	for _, r := range list {
		if !r.Earliest.IsZero() && !r.Earliest.Before(to) || !r.Running && !r.Latest.IsZero() && !r.Latest.After(from) {
			continue
		}
		spans, err := client.RecordedSpans(ctx, r, from, to)
		if err != nil {
			return nil, err
		}
		for _, s := range spans {
			if s.To.IsZero() {
				s.To = to
			}
			has[r.Token] += s.To.Sub(s.From)
		}
		if has[r.Token] > 0 {
			chosen = append(chosen, r)
		}
	}
	slices.SortStableFunc(chosen, func(a, b onvif.Recording) int { return cmp.Compare(has[b.Token], has[a.Token]) })
	return chosen[:min(len(chosen), maxCandidates)], nil
}
