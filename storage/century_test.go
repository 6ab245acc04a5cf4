package storage

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// A century is a hundred cameras for a year, in one index: 10.5 million segments of five minutes, protected, with a gap
// every quarter of an hour, and a hundred events a day of each camera.
const (
	centuryCameras = 100
	centuryEvents  = 100 // a day
)

var century struct {
	once sync.Once
	dir  string
	took time.Duration
	err  error
}

// centuryDir is where the century's index is kept between runs: making it takes minutes.
func centuryDir() string { return filepath.Join(os.TempDir(), "holdfast-century") }

func centuryOptions() Options {
	return Options{Index: filepath.Join(century.dir, "index.db"), Now: func() time.Time { return began.Add(366 * 24 * time.Hour) },
		Volumes: []VolumeOptions{{Path: filepath.Join(century.dir, "volume"), MinFree: 1}}, Synchronised: func() bool { return true }, Verify: Verify{Rate: -1}}
}

// centuryIndex makes the index, once.
func centuryIndex(b *testing.B) {
	b.Helper()
	century.once.Do(func() { century.err = makeCentury() })
	if century.err != nil {
		b.Fatal(century.err)
	}
	info, err := os.Stat(filepath.Join(century.dir, "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { // b.Loop forgets what was reported before it
		b.ReportMetric(float64(info.Size())/1e6/centuryCameras, "MB/stream-year")
		b.ReportMetric(float64(info.Size())/1e3/centuryCameras/365, "kB/stream-day")
		b.ReportMetric(century.took.Seconds(), "s-making")
	})
}

func makeCentury() error {
	if century.dir = centuryDir(); exists(filepath.Join(century.dir, "made")) {
		return nil
	}
	if err := os.RemoveAll(century.dir); err != nil {
		return err
	}
	start := time.Now()
	if err := os.MkdirAll(century.dir, 0o700); err != nil {
		return err
	}
	s, err := Open(centuryOptions())
	if err != nil {
		return err
	}
	number := s.numberOf(s.list()[0])
	for day := range 365 {
		if err := s.index.db.Update(func(tx *bbolt.Tx) error { return putCenturyDay(tx, number, day, centuryCameras) }); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	century.took = time.Since(start)
	return os.WriteFile(filepath.Join(century.dir, "made"), nil, 0o600)
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func camera(n int) string { return "camera-" + string(rune('a'+n/26)) + string(rune('a'+n%26)) }

// putCenturyDay writes a day of every camera, in the order of time as it would come.
func putCenturyDay(tx *bbolt.Tx, volume uint16, day, cameras int) error {
	const perDay = int(24 * time.Hour / SegmentTime)
	for c := range cameras {
		name := camera(c)
		for i := day * perDay; i < (day+1)*perDay; i++ {
			start := began.Add(time.Duration(i) * SegmentTime)
			seg := &Segment{Camera: name, Stream: "main", Start: start, End: start.Add(SegmentTime), Run: uint32(i / 3), Size: 150 << 20,
				place: place{volume: volume}, crc: 1, Protected: true, KeyID: [16]byte{byte(i), byte(i >> 8), byte(c)}}
			if i%3 == 2 {
				seg.End = seg.End.Add(-time.Second)
				if err := putGap(tx, name, "main", gapEntry{start: seg.End, end: start.Add(SegmentTime), cause: CauseOffline}); err != nil {
					return err
				}
			}
			if err := putSegment(tx, seg); err != nil {
				return err
			}
		}
		for i := range centuryEvents {
			at := began.Add(time.Duration(day)*24*time.Hour + time.Duration(i)*24*time.Hour/centuryEvents)
			e := Event{ID: newEventID(at), Camera: name, Start: at, End: at.Add(20 * time.Second), Kind: "motion", Source: "camera", Pre: 5 * time.Second, Post: 10 * time.Second}
			if err := putEvent(tx, &e); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestIndexOfAStreamYearIsSmall makes the index of one camera's year as it comes, day by day: segments with their keys, gaps,
// a hundred events a day.
func TestIndexOfAStreamYearIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes a year")
	}
	r := newRig(t)
	defer func() { r.close() }()
	r.must(r.open())
	r.tend()
	number := r.store.numberOf(r.store.list()[0])
	for day := range 365 {
		r.put(func(tx *bbolt.Tx) error { return putCenturyDay(tx, number, day, 1) })
	}
	info, err := os.Stat(r.index)
	r.must(err)
	r.store.index.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if st := b.Stats(); st.LeafAlloc > 1<<16 {
				t.Logf("%s: %d keys, %.1f MB in use of %.1f MB in pages", name, st.KeyN, float64(st.LeafInuse+st.BranchInuse)/1e6, float64(st.LeafAlloc+st.BranchAlloc)/1e6)
			}
			return nil
		})
	})
	size := float64(info.Size()) / 1e6
	t.Logf("%.1f MB, %.1f kB a day", size, size*1e3/365)
	if size > 40 {
		t.Errorf("the index of a stream-year has %.1f MB", size)
	}
}

// BenchmarkCenturyOpen opens a store of a camera-century.
func BenchmarkCenturyOpen(b *testing.B) {
	centuryIndex(b)
	for b.Loop() {
		s, err := Open(centuryOptions())
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}

func centuryStore(b *testing.B) *Store {
	centuryIndex(b)
	s, err := Open(centuryOptions())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkCenturySpansOfAMonth is what a timeline of a month costs among a hundred cameras.
func BenchmarkCenturySpansOfAMonth(b *testing.B) {
	s := centuryStore(b)
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		from := began.Add(time.Duration(random.Int64N(int64(335 * 24 * time.Hour))))
		spans, err := s.Spans(camera(random.IntN(centuryCameras)), "main", from, from.Add(30*24*time.Hour))
		if err != nil || len(spans) == 0 {
			b.Fatal(len(spans), err)
		}
	}
}

// BenchmarkCenturySeek finds the segment of a moment of one of a hundred cameras.
func BenchmarkCenturySeek(b *testing.B) {
	s := centuryStore(b)
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		from := began.Add(time.Duration(random.Int64N(int64(364 * 24 * time.Hour))))
		list, err := s.Segments(camera(random.IntN(centuryCameras)), "main", from, from.Add(2*time.Second))
		if err != nil || len(list) == 0 {
			b.Fatal(len(list), err)
		}
	}
}

// TestSeekTakesThreeReads opens the segment of a moment after a start and reads its first picture: the table, and the picture, and
// of encrypted footage the keys of the camera's day.
func TestSeekTakesThreeReads(t *testing.T) {
	for name, r := range map[string]*rig{"in clear": newRig(t), "encrypted": newRig(t).protected()} {
		t.Run(name, func(t *testing.T) {
			closedOn(t, r)
			r.must(r.again(func() error { r.close(); return r.open() }))
			defer func() { r.close() }()
			list, err := r.store.Segments("door", "main", began.Add(4*time.Second), began.Add(5*time.Second))
			r.must(err)
			before := r.disk.Ops()
			m, err := r.store.Media(list[0])
			r.must(err)
			defer m.Close()
			for _, s := range m.Table().Samples(0, 1) {
				_, err := m.ReadAt(make([]byte, s.Size), s.Offset)
				r.must(err)
				break
			}
			reads := 0
			for n := before + 1; n <= r.disk.Ops(); n++ {
				if strings.HasPrefix(r.disk.Op(n), "read") {
					reads++
				}
			}
			if reads == 0 || reads > 3 {
				t.Errorf("a seek takes %d reads", reads)
			}
		})
	}
}
