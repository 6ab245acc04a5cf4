package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

const (
	injectCameras = 3
	// injectTime is how long calls fail: longer than what is gathered before a sync, and than the pause between two attempts.
	injectTime = 3 * time.Second
)

// condition is under which a call fails.
type condition int

const (
	running condition = iota // for a short while, as the recorder runs
	long                     // for longer than the memory holds: a gap is left, with its cause
	full                     // the disk is full, so that old footage goes
	begin                    // as the recorder starts
)

// injections are what is done to each system call by which footage reaches the disk. A number is counted per thread, and a
// recorder has many threads.
var injections = []struct {
	call, what string
	short      bool
	how        condition
}{
	{call: "fdatasync", what: "error=EIO:when=2", short: true},
	{call: "fdatasync", what: "error=EIO:when=1+"},
	{call: "fdatasync", what: "delay_enter=700000:when=1+"},
	{call: "fdatasync", what: "signal=SIGKILL:when=3", short: true},
	{call: "pwrite64", what: "error=ENOSPC:when=2"},
	{call: "pwrite64", what: "error=ENOSPC:when=1+"},
	{call: "pwrite64", what: "error=EIO:when=1+"},
	{call: "pwrite64", what: "signal=SIGKILL:when=4"},
	{call: "fallocate", what: "error=ENOSPC:when=1+"},
	{call: "fallocate", what: "error=EOPNOTSUPP:when=1+"},
	{call: "fallocate", what: "signal=SIGKILL:when=1"},
	{call: "fsync", what: "error=EIO:when=1"},
	{call: "fsync", what: "error=EIO:when=1+"},
	{call: "fsync", what: "signal=SIGKILL:when=1"},
	{call: "ftruncate", what: "error=EIO:when=1+"},
	{call: "ftruncate", what: "signal=SIGKILL:when=1"},
	{call: "openat", what: "error=EMFILE:when=1+"},
	{call: "openat", what: "error=EROFS:when=1+"},
	{call: "openat", what: "signal=SIGKILL:when=2"},
	{call: "mkdirat", what: "error=ENOSPC:when=1+"},
	{call: "unlinkat", what: "error=EIO:when=1+", how: full},
	{call: "unlinkat", what: "signal=SIGKILL:when=1", how: full},
	{call: "renameat", what: "error=EIO:when=1+", how: begin},
	{call: "renameat", what: "signal=SIGKILL:when=1", how: begin},
	{call: "fsync", what: "error=EIO:when=1+", how: begin},
	{call: "fdatasync", what: "error=EIO:when=1+", how: begin},
	{call: "pwrite64", what: "signal=SIGKILL:when=3", how: begin},
	{call: "openat", what: "error=EMFILE:when=5+", how: begin},
	{call: "fdatasync", what: "error=EIO:when=1+", how: long},
	{call: "pwrite64", what: "error=ENOSPC:when=1+", how: long},
}

// injecting is one run of the mode.
type injecting struct {
	*killing
	clip      string
	addresses []string
	street    []*rig.Street
	disk      disk
}

// systemCalls records while one system call after the other fails.
func (t *torture) systemCalls(ctx context.Context) error {
	d, err := t.newDisk("syscalls")
	if err != nil {
		return err
	}
	i := &injecting{killing: &killing{torture: t, proven: make(map[string][]rig.Span)}, disk: d}
	if i.clip, err = t.bench.Clip("power", 20*time.Second, killGOP, powerRate); err != nil {
		return err
	}
	var urls []string
	for range injectCameras {
		a, err := freeAddress()
		if err != nil {
			return err
		}
		i.addresses, urls = append(i.addresses, a), append(urls, "rtsp://"+a+"/live")
	}
	if err := i.camerasOn(); err != nil {
		return err
	}
	defer i.camerasOff()
	if i.daemon, err = t.bench.Daemon("syscalls", d.mount, urls, ""); err != nil {
		return err
	}
	i.began = time.Now()
	if err := i.start(ctx); err != nil {
		return err
	}
	defer i.daemon.Kill()
	for _, x := range injections {
		if t.brief && !x.short || len(t.faults) > 0 && !slices.Contains(t.faults, x.call) {
			continue
		}
		if err := i.row(ctx, x.call, x.what, x.how); err != nil {
			return fmt.Errorf("%s %s: %w", x.call, x.what, err)
		}
	}
	return i.everyPicture(ctx)
}

func (i *injecting) start(ctx context.Context) error {
	if err := errors.Join(i.daemon.Start(), i.daemon.Ready(ctx)); err != nil {
		return err
	}
	return i.daemon.Recording(ctx, backLimit, i.daemon.Started)
}

func (i *injecting) camerasOn() error {
	for _, a := range i.addresses {
		s, err := i.bench.StreetAt(i.clip, a)
		if err != nil {
			return err
		}
		i.street = append(i.street, s)
	}
	return nil
}

func (i *injecting) camerasOff() {
	for _, s := range i.street {
		s.Kill()
	}
	i.street = nil
}

// row has one call fail for a while, during which the cameras go and come back: segments end and begin then. What the
// recorder did not survive is started again, as a supervisor does.
func (i *injecting) row(ctx context.Context, call, what string, how condition) error {
	if how == full {
		if err := i.closedFootage(ctx); err != nil {
			return err
		}
		defer os.Remove(i.foreign())
	}
	failed := time.Now()
	fail := i.fail
	if how == begin {
		fail = i.failAtStart
	}
	calls, hits, err := fail(ctx, call, what, how)
	if err != nil {
		return err
	}
	told := ""
	ended, end := i.daemon.Ended()
	if ended {
		told = fmt.Sprintf(", it ended (%v) and was started again", end)
		if err := errors.Join(i.daemon.Start(), i.daemon.Ready(ctx)); err != nil {
			return err
		}
	}
	i.promise(hits > 0, "%s %s: %d calls were made, and none was tampered with", call, what, calls)
	if how == full {
		os.Remove(i.foreign())
	}
	mended := time.Now()
	if err := i.daemon.Recording(ctx, backLimit, mended); err != nil {
		return err
	}
	i.measure("syscalls: mended → recording", time.Since(mended))
	lost, err := i.looks(ctx, what, failed, how)
	if err != nil {
		return err
	}
	checked := i.daemon.CheckAt(ctx, "hash")
	i.promise(checked == nil, "%s %s: %v", call, what, checked)
	fmt.Printf("%-10s %-26s %-8s %4d calls, %4d tampered with: %s; check %s%s\n", call, what, [...]string{"", "long", "full", "starting"}[how], calls, hits, lost, verdict(checked), told)
	return nil
}

// closedFootage sees to it that every camera has a segment that can be deleted.
func (i *injecting) closedFootage(ctx context.Context) error {
	i.camerasOff()
	since := time.Now()
	return errors.Join(i.camerasOn(), i.daemon.Recording(ctx, backLimit, since))
}

func (i *injecting) foreign() string { return i.disk.mount + "/foreign" }

// fail injects, and lets the cameras go and come back meanwhile.
func (i *injecting) fail(ctx context.Context, call, what string, how condition) (calls, hits int, err error) {
	in, err := i.daemon.Inject(call, what)
	if err != nil {
		return 0, 0, err
	}
	switch how {
	case long:
		err = pause(ctx, i.away)
	case full:
		err = fillUp(i.disk) // not before the call is held: the next look at the volume deletes
	}
	err = errors.Join(err, pause(ctx, injectTime/2))
	i.camerasOff()
	err = errors.Join(err, i.camerasOn(), pause(ctx, injectTime))
	calls, hits, ended := in.End()
	if gone, _ := i.daemon.Ended(); gone && strings.HasPrefix(what, "signal=") {
		hits++ // strace does not live to say so
	}
	return calls, hits, errors.Join(err, ended)
}

// failAtStart injects into the start of the recorder, which may come to nothing, and ends it.
func (i *injecting) failAtStart(ctx context.Context, call, what string, _ condition) (calls, hits int, err error) {
	if err := i.daemon.Stop(); err != nil {
		return 0, 0, err
	}
	told, err := i.daemon.StartInjected(call, what)
	if err != nil {
		return 0, 0, err
	}
	err = pause(ctx, injectTime)
	gone, _ := i.daemon.Ended()
	calls, hits, ended := told()
	if gone && strings.HasPrefix(what, "signal=") {
		hits++
	}
	return calls, hits, errors.Join(err, ended)
}

// looks holds the timelines against those of before and tells which gaps the fault left. Where a
// disk was full, or said so, the oldest footage went to make room, as it should.
func (i *injecting) looks(ctx context.Context, what string, failed time.Time, how condition) (string, error) {
	list, err := i.daemon.Cameras(ctx)
	if err != nil {
		return "", err
	}
	causes := make(map[string]time.Duration)
	for _, c := range list {
		spans, err := i.daemon.Spans(ctx, c.ID, i.began, time.Now())
		if err != nil {
			return "", err
		}
		if how == full || strings.Contains(what, "ENOSPC") {
			delete(i.proven, c.ID)
		}
		i.covers(c.ID, spans)
		i.explained(c.ID, spans)
		for _, s := range spans {
			if s.Kind == "gap" && s.End.After(failed) {
				causes[s.Cause] = max(causes[s.Cause], s.End.Sub(s.Start))
			}
		}
	}
	var told []string
	for cause, d := range causes {
		told = append(told, fmt.Sprintf("%s %.1f s", cause, d.Seconds()))
	}
	if told == nil {
		i.promise(how != long, "there is no gap, and calls failed for longer than the memory holds")
		return "nothing lost", nil
	}
	return "longest gaps: " + strings.Join(told, ", "), nil
}

// everyPicture stops the recorder and wants each picture that the timeline claims to be there.
func (i *injecting) everyPicture(ctx context.Context) error {
	claimed := make(map[string][]rig.Span)
	for n := range i.addresses {
		camera := fmt.Sprintf("cam-%d", n+1)
		spans, err := i.daemon.Spans(ctx, camera, i.began, time.Now())
		if err != nil {
			return err
		}
		claimed[camera] = spans
	}
	if err := i.daemon.Stop(); err != nil {
		return err
	}
	frames, err := rig.Frames(i.disk.mount)
	if err != nil {
		return err
	}
	count, missing := 0, 0
	for camera, spans := range claimed {
		for _, s := range spans {
			if s.Kind == "recorded" {
				n, m := pictures(frames[camera], s)
				count, missing = count+n, missing+m
			}
		}
	}
	i.promise(missing == 0, "%d pictures are missing of what the timelines say is recorded, %d are there", missing, count)
	fmt.Printf("%d pictures are there, and as many are recorded by the timelines\n", count)
	return nil
}

// pictures counts the pictures of a span, and those that are missing between them: 25 are sent a second.
func pictures(all []time.Time, s rig.Span) (there, missing int) {
	last := s.Start
	for _, at := range all {
		if at.Before(s.Start.Add(-pictureJitter)) || !at.Before(s.End) {
			continue
		}
		there++
		missing += max(0, int((at.Sub(last)-pictureJitter)/pictureGap))
		last = at
	}
	return there, missing + max(0, int((s.End.Sub(last)-pictureGap-pictureJitter)/pictureGap))
}
