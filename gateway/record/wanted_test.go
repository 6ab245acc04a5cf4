package record

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"holdfast/rtsp"
	"holdfast/storage"
)

// planned runs f with a kit whose recorder follows a plan.
func planned(t *testing.T, plan *Plan, f func(*kit)) {
	t.Helper()
	recordAfter(t, func(k *kit) {
		k.rec.reader.Close()
		k.rec = New(Options{Camera: "door", Stream: "main", From: k.stream, Store: k.store, Plan: plan})
	}, f)
}

// onEvents is a plan of mode event.
func onEvents(pre time.Duration) *Plan {
	return NewPlan(pre, func(time.Time) (Mode, string, time.Time) { return OnEvent, "always", time.Time{} })
}

// scheduled is a plan that changes its mode at some seconds after the beginning of a bubble's time.
func scheduled(pre time.Duration, modes map[int]Mode) *Plan {
	begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where synctest's clock begins
	return NewPlan(pre, func(t time.Time) (mode Mode, why string, until time.Time) {
		mode = Off
		for s := range 3600 {
			m, change := modes[s]
			if at := begin.Add(time.Duration(s) * time.Second); change && at.After(t) {
				return mode, "the table", at
			} else if change {
				mode = m
			}
		}
		return mode, "the table", time.Time{}
	})
}

// pictures lets a time of pictures pass, a key frame each gop.
func (k *kit) pictures(d, gop time.Duration) {
	for range int(d / frameTime) {
		k.sent++
		payload := [][]byte{append(binary.BigEndian.AppendUint32([]byte{0x65}, k.sent), make([]byte, 400)...)}
		k.stream.Frame(&rtsp.Frame{Run: k.run, Track: k.track, PTS: k.dts, DTS: k.dts, Wall: time.Now().UTC(), Arrival: rtsp.Mono(time.Since(k.began)),
			Key: (k.sent-1)%uint32(gop/frameTime) == 0, Payload: payload, Size: len(payload[0])})
		k.dts += rtsp.Ticks(frameTime * 90000 / time.Second)
		time.Sleep(frameTime)
	}
}

// raise raises an event now.
func (k *kit) raise(plan *Plan, id string, lasts, pre, post time.Duration) {
	e := Event{ID: id, Kind: "motion", Start: time.Now(), Pre: pre, Post: post}
	if lasts > 0 {
		e.End = e.Start.Add(lasts)
	}
	plan.Note(e)
}

// whole wants every picture of what is recorded, once, and a key frame first.
func (k *kit) whole(gop time.Duration) {
	k.t.Helper()
	spans, err := k.store.Spans("door", "main", k.began, k.over)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, s := range spans {
		if s.Gap {
			continue
		}
		segments, err := k.store.Segments("door", "main", s.Start, s.End)
		if err != nil {
			k.t.Fatal(err)
		}
		n, last := 0, uint32(0)
		for _, seg := range segments {
			m, err := k.store.Media(seg)
			if err != nil {
				k.t.Fatal(err)
			}
			for _, f := range m.Table().Samples(0, 0) {
				b := make([]byte, 9)
				if _, err := m.ReadAt(b, f.Offset); err != nil {
					k.t.Fatal(err)
				}
				id := binary.BigEndian.Uint32(b[5:])
				if last == 0 && (id-1)%uint32(gop/frameTime) != 0 {
					k.t.Errorf("footage begins with picture %d, which is no key frame", id)
				}
				if last != 0 && id != last+1 {
					k.t.Errorf("picture %d follows %d", id, last)
				}
				n, last = n+1, id
			}
			m.Close()
		}
		if want := int(s.End.Sub(s.Start) / frameTime); n < want-1 || n > want+1 {
			k.t.Errorf("%d pictures in %v", n, s.End.Sub(s.Start))
		}
	}
}

func TestEventIsKeptFromTheKeyFrameBeforeItsPreRoll(t *testing.T) {
	for _, c := range []struct {
		gop  time.Duration
		want string
	}{
		{time.Second, "0.00-15.00 no event, 15.00-26.00 recorded, 26.00-40.00 no event"},
		{2 * time.Second, "0.00-14.00 no event, 14.00-26.00 recorded, 26.00-40.00 no event"},
		{4 * time.Second, "0.00-12.00 no event, 12.00-28.00 recorded, 28.00-40.00 no event"},
	} {
		t.Run(fmt.Sprint(c.gop), func(t *testing.T) {
			plan := onEvents(5 * time.Second)
			planned(t, plan, func(k *kit) {
				k.begin(1, "")
				k.pictures(20*time.Second+2*frameTime, c.gop) // event at 20.08, pre-roll from 15.08
				k.raise(plan, "a", time.Second, 5*time.Second, 4*time.Second+500*time.Millisecond)
				k.pictures(20*time.Second-2*frameTime, c.gop)
				k.end()
				k.expect(c.want)
				k.whole(c.gop)
			})
		})
	}
}

func TestEventsThatOverlapJoinAndExtend(t *testing.T) {
	plan := onEvents(2 * time.Second)
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		k.pictures(10*time.Second, time.Second)
		k.raise(plan, "a", 0, 2*time.Second, 3*time.Second) // lasts
		k.pictures(5*time.Second, time.Second)
		if st := k.rec.Status(); st.State != Recording || st.Mode != OnEvent || st.Why != "event motion" || time.Until(st.Until) < 10*time.Minute {
			t.Errorf("during the event: %+v", st)
		}
		k.raise(plan, "b", time.Second, 2*time.Second, 3*time.Second) // up to 19
		plan.Note(Event{ID: "a", Kind: "motion", Start: time.Now().Add(-5 * time.Second), End: time.Now(), Pre: 2 * time.Second, Post: 3 * time.Second})
		k.pictures(3*time.Second, time.Second)
		k.raise(plan, "c", time.Second, 2*time.Second, 3*time.Second) // at 18, in the post-roll, up to 22
		k.pictures(12*time.Second, time.Second)
		if st := k.rec.Status(); st.State != Idle || st.Cause != storage.CauseNoEvent {
			t.Errorf("after the events: %+v", st)
		}
		k.raise(plan, "d", time.Second, 2*time.Second, 0) // at 30: from 28 to 31
		k.pictures(time.Second, time.Second)
		k.raise(plan, "e", time.Second, time.Second, 0) // at 31: its pre-roll touches the one before
		k.pictures(9*time.Second, time.Second)
		k.end()
		k.expect("0.00-8.00 no event, 8.00-22.00 recorded, 22.00-28.00 no event, 28.00-32.00 recorded, 32.00-40.00 no event")
		k.whole(time.Second)
	})
}

// A new event right after the end of another finds what follows the footage still in the ring.
func TestEventRightAfterAnotherLosesNothingBetween(t *testing.T) {
	plan := onEvents(5 * time.Second)
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		k.pictures(10*time.Second, time.Second)
		k.raise(plan, "a", time.Second, 5*time.Second, 2*time.Second) // 5 to 13
		k.pictures(6*time.Second, time.Second)
		k.raise(plan, "b", time.Second, 5*time.Second, 2*time.Second) // at 16: wants from 11, 13 on is not yet written
		k.pictures(9*time.Second, time.Second)
		k.end()
		k.expect("0.00-5.00 no event, 5.00-19.00 recorded, 19.00-25.00 no event")
		k.whole(time.Second)
	})
}

func TestScheduleEdgesAreKeptFromKeyFrameToKeyFrame(t *testing.T) {
	plan := scheduled(5*time.Second, map[int]Mode{11: Continuous, 21: Off, 31: OnEvent, 51: Continuous, 55: OnEvent})
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		k.pictures(25*time.Second, 2*time.Second)
		if st := k.rec.Status(); st.State != Idle || st.Cause != storage.CauseSchedule || st.Until.Sub(k.began) != 31*time.Second {
			t.Errorf("outside of the schedule: %+v", st)
		}
		k.raise(plan, "off", 2*time.Second, 5*time.Second, time.Second) // keeps nothing
		k.pictures(8*time.Second, 2*time.Second)
		k.raise(plan, "early", 2*time.Second, 5*time.Second, time.Second) // at 33: its pre-roll would begin at 28, but events count from 31
		k.pictures(27*time.Second, 2*time.Second)
		k.end()
		k.expect("0.00-10.00 outside schedule, 10.00-22.00 recorded, 22.00-30.00 outside schedule, 30.00-36.00 recorded, 36.00-50.00 no event, 50.00-56.00 recorded, 56.00-60.00 no event")
		k.whole(2 * time.Second)
	})
}

func TestWhatIsWantedWhileTheCameraIsAwayIsLost(t *testing.T) {
	plan := onEvents(2 * time.Second)
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		k.pictures(10*time.Second, time.Second)
		k.stream.End(string(storage.CauseOffline))
		time.Sleep(10 * time.Second)                                    // nobody wants it
		k.raise(plan, "a", 4*time.Second, 2*time.Second, 2*time.Second) // 18 to 26
		time.Sleep(3 * time.Second)
		k.begin(2, "")
		k.pictures(7*time.Second, time.Second) // 23 to 30
		k.stream.End(string(storage.CauseStalled))
		time.Sleep(5 * time.Second)
		k.raise(plan, "b", time.Second, 2*time.Second, 2*time.Second) // 33 to 38, the camera stays away
		time.Sleep(10 * time.Second)
		k.end()
		k.expect("0.00-18.00 no event, 18.00-23.00 camera offline, 23.00-26.00 recorded, 26.00-33.00 no event, 33.00-38.00 camera stalled, 38.00-45.00 no event")
		k.whole(time.Second)
	})
}

func TestPreRollThatIsNotHeldIsAGap(t *testing.T) {
	plan := onEvents(2 * time.Second)
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		k.pictures(30*time.Second, time.Second)
		plan.Note(Event{ID: "late", Kind: "door", Start: time.Now().Add(-20 * time.Second), End: time.Now(), Pre: 2 * time.Second, Post: 2 * time.Second})
		k.pictures(10*time.Second, time.Second)
		k.end()
		spans, err := k.store.Spans("door", "main", k.began, k.over)
		if err != nil || len(spans) != 4 || spans[1].Cause != storage.CausePreRoll || spans[1].Start.Sub(k.began) != 8*time.Second || !spans[1].Lost() || spans[2].Gap {
			t.Errorf("%+v, %v", spans, err)
		}
		k.whole(time.Second)
	})
}

// The ring keeps the pre-roll and a group of pictures, whatever the length of time in which nothing is wanted.
func TestMemoryIsBoundedByThePreRoll(t *testing.T) {
	plan := onEvents(5 * time.Second)
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		for range 12 {
			k.pictures(10*time.Second, 2*time.Second)
			if held := k.stream.Info().Duration; held > 5*time.Second+slack+2*2*time.Second {
				t.Fatalf("%v are held", held)
			}
			if held := time.Since(k.rec.Held()); held < 5*time.Second {
				t.Fatalf("the pre-roll would be %v", held)
			}
		}
	})
}

func TestVolumeThatFailsInAnEventLosesNothingThatIsWanted(t *testing.T) {
	plan := onEvents(5 * time.Second)
	planned(t, plan, func(k *kit) {
		k.begin(1, "")
		k.pictures(10*time.Second, time.Second)
		release := k.disk.hang()
		k.raise(plan, "a", time.Second, 5*time.Second, 4*time.Second) // 5 to 15
		k.pictures(12*time.Second, time.Second)
		release()
		k.pictures(10*time.Second, time.Second)
		k.end()
		k.expect("0.00-5.00 no event, 5.00-15.00 recorded, 15.00-32.00 no event")
		k.whole(time.Second)
	})
}

func TestEventThatNobodyEndsIsOverAtItsLimit(t *testing.T) {
	plan := onEvents(2 * time.Second)
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	plan.Note(Event{ID: "a", Kind: "motion", Start: start, Pre: 2 * time.Second, Post: 3 * time.Second})
	for at, keep := range map[time.Duration]bool{-3 * time.Second: false, -2 * time.Second: true, 0: true, MaxEvent: true, MaxEvent + 2*time.Second: true, MaxEvent + 3*time.Second: false} {
		if w := plan.At(start.Add(at)); w.Keep != keep {
			t.Errorf("%v after its start: %+v", at, w)
		}
	}
}

// What was wanted while nobody recorded is lost; what was not is not.
func TestTimeInWhichNobodyRecordedIsToldByWhatWasWanted(t *testing.T) {
	plan := scheduled(time.Second, map[int]Mode{0: Continuous, 10: Off, 20: Continuous, 40: Off, 50: OnEvent})
	recordAfter(t, func(k *kit) {
		if err := k.store.Gap("door", "main", time.Now(), storage.CauseRestart); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		k.rec.reader.Close()
		k.rec = New(Options{Camera: "door", Stream: "main", From: k.stream, Store: k.store, Plan: plan})
	}, func(k *kit) {
		k.begin(1, "")
		k.pictures(15*time.Second, time.Second)
		k.end()
		k.expect("0.00-10.00 gateway restart, 10.00-20.00 outside schedule, 20.00-30.00 gateway restart, 30.00-40.00 recorded, 40.00-45.00 outside schedule")
	})
}
