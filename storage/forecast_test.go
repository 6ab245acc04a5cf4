package storage

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/storagetest"
)

// yard enters two days of half-hour segments of a size into the index, up to now, as if they had been recorded.
func (r *rig) yard(camera string, size int64) {
	r.tb.Helper()
	number := r.store.numberOf(r.store.list()[0])
	r.must(r.store.index.db.Update(func(tx *bbolt.Tx) error {
		for start := r.now.Add(-48 * time.Hour); start.Before(r.now); start = start.Add(30 * time.Minute) {
			seg := &Segment{Camera: camera, Stream: "main", Start: start, End: start.Add(30 * time.Minute), Run: 1, Size: size, place: place{volume: number}}
			if err := putSegment(tx, seg); err != nil {
				return err
			}
		}
		return nil
	}))
}

func forecastRig(t *testing.T, a Ages) *rig {
	t.Helper()
	r := newRig(t)
	r.opts.Ages = a
	r.must(r.open())
	t.Cleanup(r.close)
	r.now = began.Add(48 * time.Hour)
	r.tend()
	return r
}

func (r *rig) forecast(camera string) Forecast {
	r.tb.Helper()
	list, err := r.store.Forecasts()
	r.must(err)
	for _, f := range list {
		if f.Camera == camera {
			return f
		}
	}
	r.tb.Fatalf("no forecast of %s in %+v", camera, list)
	return Forecast{}
}

func (r *rig) alarm(id string) (Alarm, bool) {
	for _, a := range r.store.Alarms() {
		if a.ID == id {
			return a, true
		}
	}
	return Alarm{}, false
}

func near(got, want time.Duration) bool { return (got - want).Abs() <= want/50 }

func TestForecastIsRoomOverRate(t *testing.T) {
	const day, size = 24 * time.Hour, 100_000
	r := forecastRig(t, Ages{Min: 20 * day})
	r.yard("door", size)
	f := r.forecast("door")
	if rate := float64(size) / 1800; math.Abs(f.Rate-rate) > rate/50 || f.Measured != 48*time.Hour || !f.Oldest.Equal(r.now.Add(-48*time.Hour)) {
		t.Errorf("%+v, should write %.1f B/s", f, rate)
	}
	st := r.store.list()[0].status()
	room := float64(st.Free - 1 + 96*size)
	want := time.Duration(room / f.Rate * float64(time.Second))
	if !near(f.Keeps, want) || !f.BySpace || !f.Short() {
		t.Errorf("kept for %v, should be %v: %+v", f.Keeps, want, f)
	}
	a, ok := r.alarm("retention_shortfall")
	if !ok || a.Loses || !strings.Contains(a.What, "door is kept for 15 days, 20 days are promised") || !strings.Contains(a.Do, "GB") || !a.Since.Equal(r.now) {
		t.Errorf("alarm %t: %+v", ok, a)
	}
	r.now = r.now.Add(time.Hour)
	if again, _ := r.alarm("retention_shortfall"); !again.Since.Equal(a.Since) {
		t.Errorf("the alarm is of %v, was of %v", again.Since, a.Since)
	}
	r.store.SetAges("door", Ages{Max: 10 * day})
	if f := r.forecast("door"); f.Keeps != 10*day || f.BySpace {
		t.Errorf("with a maximum age: %+v", f)
	}
	if _, ok := r.alarm("retention_shortfall"); ok {
		t.Error("the alarm stays, and the age is kept: it is no more than the maximum")
	}
	r.now = r.now.Add(1000 * day)
	if f := r.forecast("door"); f.Rate > 1e-9 {
		t.Errorf("a camera that was switched off long ago writes %v", f.Rate)
	}
}

func TestForecastCountsLockedFootageAndOtherCameras(t *testing.T) {
	const day, size = 24 * time.Hour, 400_000
	r := forecastRig(t, Ages{})
	r.yard("door", size)
	before := r.forecast("door")
	_, err := r.store.Lock(Lock{Camera: "door", From: began, To: r.now, Until: r.now.Add(day)})
	r.must(err)
	_, err = r.store.Lock(Lock{Camera: "door", From: began, To: r.now, Until: r.now.Add(day)}) // the same footage counts once
	r.must(err)
	locked := r.forecast("door")
	if locked.Locked != 96*size || before.Locked != 0 {
		t.Errorf("%d bytes are locked of %d, and %d were before", locked.Locked, 96*size, before.Locked)
	}
	if want := before.Keeps - 48*time.Hour; !near(locked.Keeps, want) {
		t.Errorf("kept for %v with two days locked, should be %v", locked.Keeps, want)
	}
	r.yard("yard", size)
	r.store.SetAges("yard", Ages{Max: time.Hour})
	if f := r.forecast("yard"); f.Keeps != time.Hour || f.BySpace || f.Locked != 0 {
		t.Errorf("%+v", f)
	}
	if f := r.forecast("door"); f.Keeps < locked.Keeps/2 {
		t.Errorf("%v is left to the door by a camera whose footage stays an hour", f.Keeps)
	}
}

// Room that cameras reach together is all used, and none reaches more than its own bound.
func TestReachFillsTheRoom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		n := 1 + random.IntN(9)
		list, caps, all := make([]Forecast, n), make([]float64, n), make([]int, n)
		most := 0.0
		for i := range n {
			list[i].Rate, caps[i], all[i] = 1+random.Float64()*1e6, 1+random.Float64()*1e6, i
			most += list[i].Rate * caps[i]
		}
		room := random.Float64() * 2 * most
		age, used := reach(list, caps, all, room), 0.0
		for i := range n {
			used += list[i].Rate * min(age, caps[i])
		}
		if want := min(room, most); math.Abs(used-want) > want*1e-6 {
			t.Fatalf("%v of %v bytes are used by %+v up to %v, age %v", used, want, list, caps, age)
		}
	}
}

func TestBrokenPromiseIsAnAlarmUntilItWouldHaveBeenKept(t *testing.T) {
	const day = 24 * time.Hour
	r, _ := kinds(t, Ages{Max: 100 * day, Min: 10 * day})
	r.now = began.Add(day)
	r.store.list()[0].o.MinFree = 64 << 20
	r.tend()
	a, ok := r.alarm("retention_broken")
	if !ok || !strings.Contains(a.What, "door up to 2026-10-25 00:59, which was promised until 2026-11-04") {
		t.Errorf("alarm %t: %+v", ok, a)
	}
	r.now = began.Add(10*day + time.Minute)
	if _, ok := r.alarm("retention_broken"); ok {
		t.Error("the alarm stays")
	}
}

// Locked footage is kept when nothing else is left. It is said before, it is said when, and recording goes on where it can.
func TestOnlyLockedFootageLeftIsSaidAndNeverSilent(t *testing.T) {
	r, l := kinds(t, Ages{})
	v := r.store.list()[0]
	if _, ok := r.alarm("locks:" + mount); ok {
		t.Error("an alarm without need")
	}
	space, err := r.disk.Space(mount)
	r.must(err)
	v.o.MinFree = space.Free - 1
	v.appetites = map[string]appetite{"door\x00main": {at: r.now.Add(time.Hour)}} // no room has to be made ahead of need
	v.pace = writeRate{}
	r.tend()
	a, ok := r.alarm("locks:" + mount)
	if !ok || a.Loses || !strings.Contains(a.What, "At the present rate only locked footage") || !strings.Contains(a.Do, l.ID) {
		t.Errorf("before: %t %+v", ok, a)
	}
	v.o.MinFree = 64 << 20
	r.tend()
	a, ok = r.alarm("locks:" + mount)
	if !ok || !strings.Contains(a.What, "Only locked footage is left") || !strings.Contains(a.Means, "disk full") || !strings.Contains(a.Do, fmt.Sprintf("%s (camera door", l.ID)) {
		t.Errorf("then: %t %+v", ok, a)
	}
	r.must(r.w.Gap(CauseOffline, r.wall))
	r.expectLeft("15 20")
	r.pieces(2) // what is kept free takes it, and then the disk is full
	if v.rank(v.status()) >= (&volume{state: VolumeOK}).rank(VolumeStatus{State: VolumeOK}) {
		t.Error("a volume where only locked footage is left is as good as another")
	}
	_, err = r.store.Unlock(l.ID)
	r.must(err)
	r.tend()
	if a, ok := r.alarm("locks:" + mount); ok {
		t.Errorf("after the end of the lock: %+v", a)
	}
}

// A disk that locked footage fills ends in a gap that says so and an alarm that names the lock, never in silence; the end of the
// lock ends both. With another volume nothing is lost.
func TestDiskFullOfLockedFootageIsSaidAndRecordingGoesOn(t *testing.T) {
	r := newRig(t)
	r.disk = storagetest.New(16 << 20)
	r.opts.Volumes[0].MinFree = 10 << 20
	large := func() []Sample {
		list := r.batch()
		list[0].Data = [][]byte{append([]byte{0x65}, make([]byte, 1<<20)...)}
		return list
	}
	r.must(r.open())
	t.Cleanup(r.close)
	r.tend()
	r.newWriter()
	l, err := r.store.Lock(Lock{Camera: "door", From: began, To: began.Add(time.Hour), Until: began.Add(24 * time.Hour)})
	r.must(err)
	full := (*VolumeError)(nil)
	for i := 0; full == nil; i++ {
		if i > 100 {
			t.Fatal("the disk never fills")
		}
		err := r.begin(1)
		if err == nil {
			err = r.w.Write(large())
		}
		if err == nil {
			err = r.w.Flush(t.Context())
		}
		if err != nil && !errors.As(err, &full) {
			t.Fatal(err)
		}
		r.tend()
	}
	if full.Cause != CauseFull {
		t.Fatalf("the disk is %v", full)
	}
	kept := r.left()
	r.must(r.w.Gap(CauseFull, r.wall))
	r.wall = r.wall.Add(time.Second)
	r.now = r.wall
	r.tend()
	a, ok := r.alarm("locks:" + mount)
	if !ok || !a.Loses || !strings.Contains(a.What, "Only locked") || !strings.Contains(a.Means, "disk full") || !strings.Contains(a.Do, l.ID) {
		t.Errorf("alarm %t: %+v", ok, a)
	}
	if got := r.left(); got != kept {
		t.Errorf("locked footage was deleted: %s of %s", got, kept)
	}
	if got := r.spans(); !strings.HasSuffix(got, " disk full") {
		t.Errorf("the timeline is %s", got)
	}
	_, err = r.store.Unlock(l.ID)
	r.must(err)
	r.tend()
	r.tend()
	r.must(r.begin(1))
	r.must(r.flush(r.batch()))
	if got := r.left(); len(got) >= len(kept) || strings.HasPrefix(got, "0 ") {
		t.Errorf("after the end of the lock there are %s, were %s", got, kept)
	}
	if _, ok := r.alarm("locks:" + mount); ok {
		t.Error("the alarm stays")
	}
	if got := r.spans(); !strings.Contains(got, "disk full") {
		t.Errorf("the gap is forgotten: %s", got)
	}
}
