package storage

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// deletable is a store on the file system of the temporary directory, with n segments of 150 MB of allocated space that are a day
// too old.
func deletable(b *testing.B, n int) *Store {
	b.Helper()
	dir := b.TempDir()
	s, err := Open(Options{Index: filepath.Join(dir, "index.db"), Volumes: []VolumeOptions{{Path: filepath.Join(dir, "volume"), MinFree: 1}},
		Ages: Ages{Max: time.Hour}, Now: func() time.Time { return began.Add(60 * 24 * time.Hour) }, Synchronised: func() bool { return true }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	v := s.list()[0]
	number := s.numberOf(v)
	err = s.index.db.Update(func(tx *bbolt.Tx) error {
		for i := range n {
			start := began.Add(time.Duration(i/128) * SegmentTime) // as 128 streams have them
			seg := &Segment{Camera: fmt.Sprintf("camera-%03d", i%128), Stream: "main", Start: start, End: start.Add(SegmentTime), Run: 1, Size: 150 << 20, place: place{volume: number}}
			if err := putSegment(tx, seg); err != nil {
				return err
			}
			if err := allocated(filepath.Join(v.o.Path, seg.relative()), seg.Size); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func allocated(path string, size int64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Fallocate(int(f.Fd()), 0, 0, size)
}

// BenchmarkRetentionDeletes is how many segments a second retention deletes, files, journal and index, one of each of 128
// streams after the other.
func BenchmarkRetentionDeletes(b *testing.B) {
	const n = 128
	for b.Loop() {
		b.StopTimer()
		s := deletable(b, n)
		if err := s.examine(s.now()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for s.heldOn(1, classFree).segments > 0 {
			if err := s.retain(s.list()[0]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "segments/s")
}

// copiedCentury is a store on a copy of the index of a hundred camera-years, which a benchmark may change. Its segments have no
// files: what deleting those costs is another benchmark's.
func copiedCentury(b *testing.B, a Ages, now *time.Time) *Store {
	b.Helper()
	centuryIndex(b)
	dir := b.TempDir()
	from, err := os.Open(filepath.Join(century.dir, "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(dir, "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		b.Fatal(err)
	}
	if err := to.Close(); err != nil {
		b.Fatal(err)
	}
	o := centuryOptions()
	o.Index, o.Ages, o.Now = filepath.Join(dir, "index.db"), a, func() time.Time { return *now }
	if err := os.CopyFS(filepath.Join(dir, "volume"), os.DirFS(o.Volumes[0].Path)); err != nil {
		b.Fatal(err)
	}
	o.Volumes[0].Path = filepath.Join(dir, "volume")
	s, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkRetentionRound is what a round of retention costs in the index of a hundred camera-years: with nothing that is due, and
// with a segment of each camera that is, found and deleted.
func BenchmarkRetentionRound(b *testing.B) {
	now := began.Add(365 * 24 * time.Hour)
	s := copiedCentury(b, Ages{Max: 365 * 24 * time.Hour}, &now)
	v := s.list()[0]
	round := func(b *testing.B) {
		if err := s.retain(v); err != nil {
			b.Fatal(err)
		}
	}
	round(b)
	b.Run("idle", func(b *testing.B) {
		for b.Loop() {
			round(b)
		}
	})
	b.Run("hundred-due", func(b *testing.B) {
		before := s.heldOn(1, classFree).segments + s.heldOn(1, classEvent).segments
		for b.Loop() {
			now = now.Add(SegmentTime)
			round(b)
		}
		deleted := before - s.heldOn(1, classFree).segments - s.heldOn(1, classEvent).segments
		b.ReportMetric(float64(deleted)/float64(b.N), "deleted/round")
		b.ReportMetric(float64(deleted)/b.Elapsed().Seconds(), "segments/s")
	})
}

// BenchmarkRetentionNeed is what finding the oldest on a volume costs there, of continuous footage and, when every day is marked by
// a hundred events, what has to be looked at before.
func BenchmarkRetentionNeed(b *testing.B) {
	now := began.Add(365 * 24 * time.Hour)
	s := copiedCentury(b, Ages{}, &now)
	for b.Loop() {
		chosen, moves, err := s.oldest(1, 150<<20)
		if err != nil || len(chosen)+len(moves) == 0 {
			b.Fatal(len(chosen), err)
		}
	}
}

// BenchmarkRetentionForecasts is what the forecast of a hundred cameras costs.
func BenchmarkRetentionForecasts(b *testing.B) {
	now := began.Add(365 * 24 * time.Hour)
	s := copiedCentury(b, Ages{Max: 400 * 24 * time.Hour, Min: 300 * 24 * time.Hour}, &now)
	for b.Loop() {
		list, err := s.Forecasts()
		if err != nil || len(list) != centuryCameras {
			b.Fatal(len(list), err)
		}
	}
}

// BenchmarkRetentionLockAndUnlock is what making and ending a lock of a day costs there.
func BenchmarkRetentionLockAndUnlock(b *testing.B) {
	now := began.Add(365 * 24 * time.Hour)
	s := copiedCentury(b, Ages{}, &now)
	for b.Loop() {
		l, err := s.Lock(Lock{Camera: camera(7), From: began.Add(100 * 24 * time.Hour), To: began.Add(101 * 24 * time.Hour), Until: now.Add(time.Hour)})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Unlock(l.ID); err != nil {
			b.Fatal(err)
		}
	}
}
