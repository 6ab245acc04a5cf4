package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchOptions are those of a gateway.
func benchOptions(b *testing.B) Options {
	o := smallOptions(filepath.Join(b.TempDir(), "audit"))
	o.bounds = bounds{}
	return o
}

func benchEntry(n int) Entry {
	e := entryN(n)
	e.Person, e.Camera = fmt.Sprintf("p-%016x", n%40), fmt.Sprintf("camera-%d", n%64)
	e.Time = someTime.Add(time.Duration(n) * 30 * time.Second) // a million is a year
	return e
}

// BenchmarkAdd is what handing an entry over costs whoever does it: nothing waits for the disk.
func BenchmarkAdd(b *testing.B) {
	l, end := begin(b, benchOptions(b))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.Add(benchEntry(n))
		n++
	}
	b.StopTimer()
	b.ReportMetric(float64(l.Status().Lost), "lost")
	end()
}

// BenchmarkWrite is what a durable entry costs, alone and from many sides at once.
func BenchmarkWrite(b *testing.B) {
	for _, sides := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("%d at once", sides), func(b *testing.B) {
			l, end := begin(b, benchOptions(b))
			var next atomic.Int64
			var all sync.WaitGroup
			for range sides {
				all.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if err := l.Write(context.Background(), benchEntry(int(n))); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.StopTimer()
			end()
		})
	}
}

// million makes the log of a year, once, in batches as the log makes them.
func million(b *testing.B, entries int) (*Log, Options) {
	o := benchOptions(b)
	l, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for n := 0; n < entries; n += maxBatch {
		batch := make([]Entry, 0, maxBatch)
		for i := n; i < min(n+maxBatch, entries); i++ {
			batch = append(batch, benchEntry(i))
		}
		if _, err := l.store(batch); err != nil {
			b.Fatal(err)
		}
		l.checkpoint()
	}
	b.Logf("%d entries appended in batches of %d, each synced and signed for: %v, %.1f µs an entry", entries, maxBatch, time.Since(start).Round(time.Millisecond),
		float64(time.Since(start).Microseconds())/float64(entries))
	return l, o
}

// BenchmarkMillion prints what a log of a million entries costs: a year of one every half minute.
func BenchmarkMillion(b *testing.B) {
	const entries = 1_000_000
	l, o := million(b, entries)
	var size [3]int64
	for i, dir := range []string{entriesDir(o.Dir), hashesDir(o.Dir), notesDir(o.Dir)} {
		filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
			if info, err := d.Info(); err == nil && !d.IsDir() {
				size[i] += info.Size()
			}
			return err
		})
	}
	b.Logf("%.0f bytes an entry on disk, %.1f of hashes, %.2f of checkpoints", float64(size[0])/entries, float64(size[1])/entries, float64(size[2])/entries)
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := OpenReader(o.Dir, o.Keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prove", func(b *testing.B) {
		n := int64(0)
		for b.Loop() {
			n = (n + 123457) % entries
			if p, err := l.Prove(n, 0); err != nil || p.Check() != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prove consistency", func(b *testing.B) {
		n := int64(1)
		for b.Loop() {
			n = (n+123457)%entries + 1
			if _, err := l.ProveConsistency(n, entries); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, q := range map[string]Query{"newest page": {Limit: 50}, "page of a person": {Person: fmt.Sprintf("p-%016x", 7), Limit: 50},
		"page of a day half a year ago": {From: benchEntry(entries / 2).Time, To: benchEntry(entries/2 + 2880).Time, Limit: 50}, "page that finds nothing": {Person: "p-none", Limit: 50},
		"page of a camera and what it never did": {Camera: "camera-7", Action: ActionSignInRefused, Limit: 50}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("watched half a year ago", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Watched(b.Context(), "camera-7", benchEntry(entries/2).Time); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("summary of a month", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Summary(b.Context(), benchEntry(entries/2).Time); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			r, err := Verify(b.Context(), o.Dir, VerifyOptions{})
			if err != nil || !r.Sound() || r.Entries != entries {
				b.Fatalf("%+v, %v", r, err)
			}
		}
	})
	if err := l.Close(); err != nil {
		b.Error(err)
	}
}
