package storage

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// year is a store whose index has a camera's year: five-minute segments, a gap every quarter of an hour.
var year struct {
	once sync.Once
	dir  string
	size int64
	err  error
}

const (
	yearSegments = 365 * 24 * 12
)

// yearStore opens a store on the index of a camera-year, which is made once.
func yearStore(b *testing.B) *Store {
	b.Helper()
	year.once.Do(func() { year.err = makeYear() })
	if year.err != nil {
		b.Fatal(year.err)
	}
	s, err := Open(yearOptions())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func yearOptions() Options {
	return Options{Index: filepath.Join(year.dir, "index.db"), Now: func() time.Time { return began.Add(366 * 24 * time.Hour) },
		Volumes: []VolumeOptions{{Path: filepath.Join(year.dir, "volume")}}}
}

func makeYear() (err error) {
	if year.dir, err = os.MkdirTemp("", "holdfast-year-"); err != nil {
		return err
	}
	s, err := Open(yearOptions())
	if err != nil {
		return err
	}
	defer s.Close()
	number := s.numberOf(s.vols[0])
	for from := 0; from < yearSegments; from += 1000 {
		err := s.index.db.Update(func(tx *bbolt.Tx) error { return putSome(tx, number, from, min(from+1000, yearSegments)) })
		if err != nil {
			return err
		}
	}
	info, err := os.Stat(filepath.Join(year.dir, "index.db"))
	if err == nil {
		year.size = info.Size()
	}
	return err
}

// putSome writes segments [from, to), every third of which begins after a gap of a second.
func putSome(tx *bbolt.Tx, volume uint16, from, to int) error {
	for i := from; i < to; i++ {
		start := began.Add(time.Duration(i) * SegmentTime)
		seg := &Segment{Camera: "door", Stream: "main", Start: start, End: start.Add(SegmentTime), Run: uint32(i / 3), Size: 150 << 20, place: place{volume: volume}, crc: 1}
		if i%3 == 2 {
			seg.End = seg.End.Add(-time.Second)
			if err := putGap(tx, "door", "main", gapEntry{start: seg.End, end: start.Add(SegmentTime), cause: CauseOffline}); err != nil {
				return err
			}
		}
		if err := putSegment(tx, seg); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkYearSpansOfAMonth is what a timeline of a month costs.
func BenchmarkYearSpansOfAMonth(b *testing.B) { benchSpans(b, 30*24*time.Hour) }

// BenchmarkYearSpansOfADay is what a timeline of a day costs.
func BenchmarkYearSpansOfADay(b *testing.B) { benchSpans(b, 24*time.Hour) }

func benchSpans(b *testing.B, length time.Duration) {
	s := yearStore(b)
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		from := began.Add(time.Duration(random.Int64N(int64(365*24*time.Hour - length))))
		spans, err := s.Spans("door", "main", from, from.Add(length))
		if err != nil || len(spans) == 0 {
			b.Fatal(len(spans), err)
		}
	}
	b.ReportMetric(float64(year.size)/1e6, "MB-index")
}

// BenchmarkYearListed is what the overview of a year costs that makes a list of spans, of one camera: what BenchmarkYearWalked is measured against.
func BenchmarkYearListed(b *testing.B) {
	s := yearStore(b)
	for b.Loop() {
		if list, err := s.Spans("door", "main", began, began.Add(365*24*time.Hour)); err != nil || len(list) == 0 {
			b.Fatal(len(list), err)
		}
	}
	b.ReportMetric(32*float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/32-cameras")
}

// BenchmarkYearWalked is what the overview of a year costs, of one camera.
func BenchmarkYearWalked(b *testing.B) {
	s := yearStore(b)
	for b.Loop() {
		n := 0
		if err := s.EachSpan("door", "main", began, began.Add(365*24*time.Hour), func(Span) { n++ }); err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(32*float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/32-cameras")
}

// BenchmarkYearSeek finds the segment of a moment.
func BenchmarkYearSeek(b *testing.B) {
	s := yearStore(b)
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		from := began.Add(time.Duration(random.Int64N(int64(364 * 24 * time.Hour))))
		list, err := s.Segments("door", "main", from, from.Add(2*time.Second))
		if err != nil || len(list) == 0 {
			b.Fatal(len(list), err)
		}
	}
}

// BenchmarkYearOpen opens the store, recovery and all.
func BenchmarkYearOpen(b *testing.B) {
	yearStore(b).Close()
	for b.Loop() {
		s, err := Open(yearOptions())
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}
