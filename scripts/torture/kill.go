package main

import (
	"context"
	"fmt"
	"time"

	"holdfast/scripts/rig"
)

const (
	killCameras = 6
	killGOP     = 2 * time.Second
	killWindow  = 8 * time.Second         // the recorder lives at most so long before it is killed
	startWindow = 1500 * time.Millisecond // and so long when it is killed at its start
	// mayLose is the promise: what was received longer ago than this is on the disk.
	mayLose = time.Second
	// raiseEvery is how often an event is raised anew: one lasts 15 minutes, through any number of kills.
	raiseEvery = 10 * time.Minute
	// backLimit is when waiting for the cameras to record again is given up.
	backLimit = 60 * time.Second
)

// onEvents are the cameras of which only events are recorded; one lasts all the time, over every kill.
var onEvents = []int{2, 4, 6}

// killing is one run of the kill mode.
type killing struct {
	*torture
	raised time.Time // when the events last were
	daemon *rig.Daemon
	began  time.Time
	online map[string]time.Time // since when each camera was received in the life that is ended, as last seen
	proven map[string][]rig.Span
	files  sealed
}

func (t *torture) killRecorder(ctx context.Context) error {
	clip, err := t.bench.Clip("gop2", 20*time.Second, killGOP, 2000)
	if err != nil {
		return err
	}
	street, err := t.bench.Street(clip, killCameras)
	if err != nil {
		return err
	}
	defer street.Kill()
	d, err := t.bench.Daemon("kill", "", street.URLs, "")
	if err != nil {
		return err
	}
	if err := d.OnEvents(onEvents...); err != nil {
		return err
	}
	k := &killing{torture: t, daemon: d, proven: make(map[string][]rig.Span), files: make(sealed)}
	if err := k.start(ctx); err != nil {
		return err
	}
	defer d.Kill()
	k.began = time.Now()
	for n := 1; n <= t.kills; n++ {
		if err := k.once(ctx, n); err != nil {
			return fmt.Errorf("kill %d: %w", n, err)
		}
	}
	return k.end(ctx)
}

// start starts the recorder and waits until all cameras record.
func (k *killing) start(ctx context.Context) error {
	if err := k.daemon.Start(); err != nil {
		return err
	}
	if err := k.ready(ctx); err != nil {
		return err
	}
	return k.daemon.Recording(ctx, backLimit, k.daemon.Started)
}

// ready waits until the recorder answers, and has an event last.
func (k *killing) ready(ctx context.Context) error {
	if err := k.daemon.Ready(ctx); err != nil {
		return err
	}
	if time.Since(k.raised) < raiseEvery {
		return nil
	}
	for _, n := range onEvents {
		if err := k.daemon.Raise(ctx, n); err != nil {
			return fmt.Errorf("raise event: %w", err)
		}
	}
	k.raised = time.Now()
	return nil
}

// once lets the recorder live for a random time, kills it, starts it again, and looks at what the API says of the time
// between.
func (k *killing) once(ctx context.Context, n int) error {
	life := time.Duration(k.random.Int64N(int64(killWindow)))
	if err := k.live(ctx, life); err != nil {
		return err
	}
	killed := time.Now()
	k.daemon.Kill()
	again, err := k.killAtStart(ctx)
	if err != nil {
		return err
	}
	if err := k.daemon.Start(); err != nil {
		return err
	}
	if err := k.ready(ctx); err != nil {
		return err
	}
	ready := time.Since(k.daemon.Started)
	if err := k.daemon.Recording(ctx, backLimit, k.daemon.Started); err != nil {
		return err
	}
	k.measure("kill: started → ready", ready)
	worst, err := k.compare(ctx, killed)
	if err != nil {
		return err
	}
	checked := k.daemon.Check(ctx)
	k.promise(checked == nil, "kill %d: %v", n, checked)
	fmt.Printf("kill %2d after %4.2f s%s: lost %5.3f s at most, ready %5.3f s, check %s\n", n, life.Seconds(), again, worst.Seconds(), ready.Seconds(), verdict(checked))
	return k.files.add(k.daemon.Volume)
}

// killAtStart, one time in four, kills the recorder once more while it starts and recovers.
func (k *killing) killAtStart(ctx context.Context) (told string, err error) {
	if k.random.IntN(4) > 0 {
		return "", nil
	}
	life := time.Duration(k.random.Int64N(int64(startWindow)))
	if err := k.daemon.Start(); err != nil {
		return "", err
	}
	if err := pause(ctx, life); err != nil {
		return "", err
	}
	k.daemon.Kill()
	return fmt.Sprintf(" and %4.2f s", life.Seconds()), nil
}

func verdict(err error) string {
	if err != nil {
		return "NOT CLEAN"
	}
	return "clean"
}

// live lets the recorder go on for a while and keeps asking which cameras it receives, as far as it can be asked.
func (k *killing) live(ctx context.Context, life time.Duration) error {
	k.online = make(map[string]time.Time)
	limit, cancel := context.WithTimeout(ctx, life)
	defer cancel()
	for limit.Err() == nil {
		list, err := k.daemon.Cameras(limit)
		if err != nil {
			break
		}
		for _, c := range list {
			if c.State == "online" {
				k.online[c.ID] = c.Since
			}
		}
		pause(limit, 100*time.Millisecond)
	}
	<-limit.Done()
	return ctx.Err()
}

// compare looks at each camera's spans around the kill, and returns the most that one lost.
func (k *killing) compare(ctx context.Context, killed time.Time) (worst time.Duration, err error) {
	list, err := k.daemon.Cameras(ctx)
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		spans, err := k.daemon.Spans(ctx, c.ID, k.began, time.Now())
		if err != nil {
			return 0, err
		}
		k.covers(c.ID, spans)
		k.explained(c.ID, spans)
		last, next := around(spans, killed)
		since, received := k.online[c.ID]
		switch {
		case next.IsZero():
			k.promise(false, "%s: nothing is recorded after the kill at %s: it is online since %s, and its spans end with %v", c.ID, killed, c.Since, spans[max(0, len(spans)-3):])
			continue
		case received && last.After(since):
			lost := killed.Sub(last)
			worst = max(worst, lost)
			k.measure("kill: received, lost", lost)
			k.promise(lost <= mayLose, "%s lost %.3f s of received frames", c.ID, lost.Seconds())
		}
		k.measure("kill: killed → connected again", c.Since.Sub(killed))
		k.measure("kill: connected → first key frame", next.Sub(c.Since))
		if !last.IsZero() { // killed before anything was recorded
			k.measure("kill: whole gap", next.Sub(last))
		}
	}
	return worst, nil
}

// around finds the end of what was recorded before the moment, and the start of what was recorded after it.
func around(spans []rig.Span, at time.Time) (last, next time.Time) {
	for _, s := range spans {
		if s.Kind != "recorded" {
			continue
		}
		if s.Start.Before(at) {
			last = s.End
		} else if next.IsZero() {
			next = s.Start
		}
	}
	return last, next
}

// rounding is how far the same span may seem to move between two answers.
const rounding = time.Millisecond

// covers wants everything that was recorded according to an earlier answer to be recorded still.
func (k *killing) covers(camera string, now []rig.Span) {
	for _, was := range k.proven[camera] {
		kept := false
		for _, s := range now {
			kept = kept || s.Kind == "recorded" && !s.Start.After(was.Start.Add(rounding)) && !s.End.Before(was.End.Add(-rounding))
		}
		k.promise(kept, "%s: %s to %s was recorded and is not any more", camera, was.Start, was.End)
	}
	k.proven[camera] = nil
	for _, s := range now {
		if s.Kind == "recorded" {
			k.proven[camera] = append(k.proven[camera], s)
		}
	}
}

// explained wants the spans to be in order without overlap or hole, and every gap to say why.
func (k *killing) explained(camera string, spans []rig.Span) {
	for i, s := range spans {
		k.promise(s.Kind == "recorded" || s.Cause != "" && s.Cause != "unknown", "%s: the gap from %s to %s has no cause", camera, s.Start, s.End)
		if i > 0 {
			k.promise(s.Start.Equal(spans[i-1].End), "%s: a span begins at %s and the one before ends at %s", camera, s.Start, spans[i-1].End)
		}
	}
}

// end wants all files that were closed once to be what they were, and prints the causes that were given.
func (k *killing) end(ctx context.Context) error {
	changed, err := k.files.changed()
	if err != nil {
		return err
	}
	for _, c := range changed {
		k.promise(false, "%s", c)
	}
	causes := make(map[string]int)
	list, err := k.daemon.Cameras(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		spans, err := k.daemon.Spans(ctx, c.ID, k.began, time.Now())
		if err != nil {
			return err
		}
		for _, s := range spans {
			if s.Kind == "gap" {
				causes[s.Cause]++
			}
		}
	}
	fmt.Printf("%d closed files unchanged since they were closed; causes of the gaps: %v\n", len(k.files)-len(changed), causes)
	return k.daemon.Stop()
}
