package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/storagetest"
)

var exact = Filled{Card: true, Before: true, After: true}

// outage records, loses some frames to a cause, which it gives, and records again.
func (r *rig) outage(kept []Sample) (lost []Sample, err error) {
	steps := []func() error{
		func() error { return r.again(r.open) },
		func() (err error) { r.tend(); r.w, err = r.store.Writer("door", "main"); return err },
		func() error { return r.begin(1) },
		func() error { return errors.Join(r.flush(r.batch()), r.flush(r.batch())) },
		func() error { return r.again(func() error { return r.w.Gap(CauseOffline, r.wall) }) },
		func() error {
			for range 3 {
				lost = append(lost, r.batch()...)
			}
			return r.begin(2)
		},
		func() error { return r.flush(r.batch()) },
		r.stop,
	}
	for _, step := range steps {
		if err := step(); r.disk.Crashed() || err != nil {
			return lost, err
		}
	}
	return lost, nil
}

func fillOptions(from, to time.Time) FillOptions {
	return FillOptions{Camera: "door", Stream: "main", Run: 1, Tracks: testTracks(), From: from, To: to, Filled: exact, Joined: true}
}

// putBack fills the gap that frames were lost in.
func (r *rig) putBack(lost []Sample) error {
	from, to := lost[0].Wall, lost[len(lost)-1].Wall.Add(frameTime)
	if spans, err := r.store.Spans("door", "main", from, to); err == nil && len(spans) == 1 && spans[0].Filled == exact {
		return nil // the step before had its effect and an error
	}
	f, err := r.store.Filler(fillOptions(from, to))
	if err == nil {
		err = f.Write(r.tb.Context(), lost...)
	}
	if err == nil {
		err = f.Close(r.tb.Context(), to)
	}
	if err == nil && !r.disk.Crashed() {
		r.acknowledge(lost)
	}
	return err
}

func (r *rig) acknowledge(list []Sample) {
	for _, s := range list {
		r.acked = append(r.acked, frame{binary.BigEndian.Uint32(s.Data[0][1:]), s.Wall})
	}
}

func (r *rig) filling() error {
	lost, err := r.outage(nil)
	if err != nil || r.disk.Crashed() {
		return err
	}
	if err := r.again(func() error { return r.putBack(lost) }); err != nil || r.disk.Crashed() {
		return err
	}
	return r.shut()
}

// story tells the spans of a recording in words.
func (r *rig) story() (text string) {
	r.tb.Helper()
	spans, err := r.store.Spans("door", "main", began, r.wall)
	r.must(err)
	for _, s := range spans {
		what := "recorded"
		switch {
		case s.Gap:
			what = string(s.Cause)
		case s.Filled != Filled{}:
			what = "filled, was " + string(s.Cause)
		}
		text += fmt.Sprintf("%.1f-%.1f %s; ", s.Start.Sub(began).Seconds(), s.End.Sub(began).Seconds(), what)
	}
	return text
}

func (r *rig) wantStory(want string) {
	r.tb.Helper()
	if got := r.story(); got != want {
		r.tb.Errorf("it is %s\nwant   %s", got, want)
	}
	r.must(r.whole(never))
}

func fillRig(tb testing.TB) *rig {
	r := newRig(tb).protected()
	r.opts.copyRate = -1
	return r
}

// What was put into a gap is footage among other footage, and is known for what it is also by an index that was made again.
func TestAGapIsFilled(t *testing.T) {
	r := fillRig(t)
	lost, err := r.outage(nil)
	r.must(err)
	r.wantStory("0.0-1.0 recorded; 1.0-2.5 camera offline; 2.5-3.0 recorded; ")
	r.must(r.putBack(lost))
	const want = "0.0-1.0 recorded; 1.0-2.5 filled, was camera offline; 2.5-3.0 recorded; "
	r.wantStory(want)
	segments, err := r.store.Segments("door", "main", at(1.2), at(1.3))
	if err != nil || len(segments) != 1 || segments[0].Filled != exact || !segments[0].Joined || !segments[0].Protected || !segments[0].Start.Equal(at(1)) || !segments[0].End.Equal(at(2.5)) {
		t.Fatalf("%+v, %v", segments, err)
	}
	if _, err := r.store.Filler(fillOptions(at(1), at(2))); !errors.Is(err, ErrTaken) {
		t.Errorf("a second time: %v", err)
	}
	r.must(r.shut())
	r.must(os.Remove(r.index))
	r.must(r.open())
	defer r.close()
	r.wantStory(want)
}

// A gap that is filled in part is still one where it is not, also when what was filled goes again.
func TestAGapIsFilledInPart(t *testing.T) {
	for name, part := range map[string]struct {
		from, to              int // of 15 frames
		want, erased, deleted string
	}{
		"beginning": {0, 5, "0.0-1.0 recorded; 1.0-1.5 filled, was camera offline; 1.5-2.5 camera offline; 2.5-3.0 recorded; ",
			"0.0-1.0 recorded; 1.0-1.5 erased; 1.5-2.5 camera offline; 2.5-3.0 recorded; ",
			"0.0-1.0 recorded; 1.0-1.5 retention; 1.5-2.5 camera offline; 2.5-3.0 recorded; "},
		"middle": {5, 10, "0.0-1.0 recorded; 1.0-1.5 camera offline; 1.5-2.0 filled, was camera offline; 2.0-2.5 camera offline; 2.5-3.0 recorded; ",
			"0.0-1.0 recorded; 1.0-1.5 camera offline; 1.5-2.0 erased; 2.0-2.5 camera offline; 2.5-3.0 recorded; ",
			"0.0-1.0 recorded; 1.0-1.5 camera offline; 1.5-2.0 retention; 2.0-2.5 camera offline; 2.5-3.0 recorded; "},
		"end": {10, 15, "0.0-1.0 recorded; 1.0-2.0 camera offline; 2.0-2.5 filled, was camera offline; 2.5-3.0 recorded; ",
			"0.0-1.0 recorded; 1.0-2.0 camera offline; 2.0-2.5 erased; 2.5-3.0 recorded; ",
			"0.0-1.0 recorded; 1.0-2.0 camera offline; 2.0-2.5 retention; 2.5-3.0 recorded; "},
	} {
		t.Run(name, func(t *testing.T) {
			for _, going := range []string{"", "erased", "deleted"} {
				r := fillRig(t)
				lost, err := r.outage(nil)
				r.must(err)
				r.must(r.putBack(lost[part.from:part.to]))
				want := part.want
				from, to := lost[part.from].Wall, lost[part.to-1].Wall.Add(frameTime)
				switch going {
				case "erased":
					want = part.erased
					r.erase(from.Sub(began).Seconds(), to.Sub(began).Seconds())
				case "deleted":
					want = part.deleted
					list, err := r.store.Segments("door", "main", from, to)
					if err != nil || len(list) != 1 {
						t.Fatal(list, err)
					}
					v := r.store.list()[0]
					_, err = r.store.removeSome(&turn{v: v, number: r.store.numberOf(v), now: r.now, until: time.Now().Add(time.Minute), deletes: 1}, list, CauseRetention)
					r.must(err)
					r.acked = r.acked[:15] // what was filled came last
				}
				r.wantStory(want)
				r.must(r.shut())
				r.must(os.Remove(r.index))
				r.must(r.open())
				r.wantStory(want)
				if going == "erased" {
					if _, err := r.store.Filler(fillOptions(from, to)); !errors.Is(err, ErrTaken) {
						t.Errorf("what was erased may be filled again: %v", err)
					}
				}
				r.close()
			}
		})
	}
}

// What is not lost is not filled, nor what lies outside a gap.
func TestWhatIsNoGapIsNotFilled(t *testing.T) {
	r := fillRig(t)
	lost, err := r.outage(nil)
	r.must(err)
	defer r.close()
	for name, x := range map[string][2]float64{"footage": {0.2, 0.4}, "over the beginning": {0.5, 2}, "over the end": {2, 2.7}, "before everything": {-3, -2}, "what has not been": {2.9, 9}} {
		if _, err := r.store.Filler(fillOptions(at(x[0]), at(x[1]))); !errors.Is(err, ErrTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := r.store.Filler(fillOptions(at(1), at(2)))
	r.must(err)
	if err := f.Write(t.Context(), lost...); err == nil {
		t.Error("frames of behind the gap were taken")
	}
	f.Abandon()
	r.wantStory("0.0-1.0 recorded; 1.0-2.5 camera offline; 2.5-3.0 recorded; ")
	r.wall = r.wall.Add(time.Second / 2)
	r.must(r.w2(CauseOff))
	r.wall = r.wall.Add(5 * time.Second)
	r.now = r.wall
	if _, err := r.store.Filler(fillOptions(at(4), at(5))); !errors.Is(err, ErrTaken) {
		t.Errorf("what nobody wanted: %v", err)
	}
	// Two may begin at once; only one of them comes first.
	one, err := r.store.Filler(fillOptions(at(1), at(2.5)))
	r.must(err)
	two, err := r.store.Filler(fillOptions(at(1), at(2.5)))
	r.must(err)
	r.must(errors.Join(one.Write(t.Context(), lost...), two.Write(t.Context(), lost...), one.Close(t.Context(), at(2.5))))
	r.acknowledge(lost)
	if err := two.Close(t.Context(), at(2.5)); !errors.Is(err, ErrTaken) {
		t.Errorf("the second: %v", err)
	}
	r.tend()
	r.must(r.whole(never))
}

// w2 notes a gap of a cause behind everything.
func (r *rig) w2(cause Cause) error { return r.store.Gap("door", "main", r.wall, cause) }

// A long gap is filled by segments of ordinary length, each of which stays when the next does not come about.
func TestALongGapIsFilledBySegments(t *testing.T) {
	r := fillRig(t)
	r.opts.Mirrored = []string{"door"}
	_, err := r.outage(nil)
	r.must(err)
	r.must(r.w2(CauseNetwork))
	from := r.wall
	var lost []Sample
	for i := range 720 { // twelve minutes, a key frame every five seconds
		r.made++
		lost = append(lost, Sample{Wall: r.wall, Sample: fmp4.Sample{Track: 1, DTS: int64(r.wall.Sub(began) * 90000 / time.Second), Sync: i%5 == 0, Data: [][]byte{payload(r.made)}}})
		r.wall = r.wall.Add(time.Second)
	}
	r.now = r.wall
	f, err := r.store.Filler(fillOptions(from, r.wall))
	r.must(err)
	r.must(f.Write(t.Context(), lost...))
	if until, size := f.Filled(); !until.Equal(from.Add(600*time.Second)) || size == 0 {
		t.Errorf("filled up to %v, %d bytes", until.Sub(from), size)
	}
	f.Abandon()
	r.acknowledge(lost[:600])
	defer r.close()
	r.tend()
	r.must(r.whole(never))
	r.must(r.putBack(lost[600:]))
	r.must(r.whole(never))
	list, err := r.store.Segments("door", "main", from, r.wall)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d segments, %v", len(list), err)
	}
	for _, seg := range list {
		if !seg.Joined || !seg.wanted {
			t.Errorf("%+v", seg)
		}
	}
}

// TestFillSurvivesEveryFault lets every operation of filling a gap fail, fail after it took effect, and be the last before a crash.
// Afterwards the gap is there, or filled: no frame twice, no moment without a word.
func TestFillSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	r := fillRig(t)
	if err := r.filling(); err != nil {
		t.Fatal(err)
	}
	look := func(r *rig) error {
		if err := r.open(); err != nil {
			return err
		}
		r.tend()
		if n := len(r.store.making); n > 0 {
			return fmt.Errorf("%d keys are taken to be in the making for ever", n)
		}
		return r.whole(never)
	}
	first := r.firstFill()
	var cases atomic.Int64
	spread(t, every(1, r.disk.Ops()-first), func(t *testing.T, at int) {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter} {
			cases.Add(1)
			r := fillRig(t)
			r.disk.Inject(storagetest.Fault{At: first + at, Mode: mode})
			err := r.filling()
			changes := r.disk.Changes(first + at)
			op, disk := r.disk.Op(first+at), r.disk.String()
			r.close()
			r.disk.Inject(storagetest.Fault{})
			if lookErr := look(r); lookErr != nil {
				t.Errorf("%s %s: %v (after %v)\n%s", op, mode, lookErr, err, disk)
			}
			r.discard()
			if !changes {
				break
			}
		}
	})
	r = fillRig(t)
	moments, err := r.moments(r.filling)
	if err != nil {
		t.Fatal(err)
	}
	crashes := crashTable(t, every(1, len(moments)), moments, []storagetest.Survival{storagetest.Synced, storagetest.All, storagetest.Mixed}, look)
	t.Logf("%d operations, %d faults, %d different states that crashes leave", len(moments), cases.Load(), crashes)
}

// firstFill is the operation before which nothing was filled: the table of recording itself is another.
func (r *rig) firstFill() int {
	for n := r.disk.Ops(); n > 0; n-- {
		if op := r.disk.Op(n); len(op) > 4 && op[len(op)-4:] == ".new" && op[:6] == "create" {
			return n - 8
		}
	}
	r.tb.Fatal("nothing was filled")
	return 0
}
