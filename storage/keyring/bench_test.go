package keyring

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/storage/internal/durable"
)

// archive makes a ring of cameras × days, one key each, without waiting for each to be synced.
func archive(b *testing.B, cameras, days int) (*Ring, made) {
	b.Helper()
	dir := b.TempDir()
	for _, d := range []string{"data", "v1"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	r, err := Open(Options{FS: durable.OS, Dir: filepath.Join(dir, "data", "keyring"), Root: NewRoot()})
	if err != nil {
		b.Fatal(err)
	}
	s := r.presentSet()
	r.mu.Lock()
	for c := range cameras {
		for d := range days {
			s.dayOf(place{fmt.Sprintf("camera-%03d", c), dayNumber(someDay) - int32(d)})
		}
	}
	r.mu.Unlock()
	if err := r.Attach("v1", filepath.Join(dir, "v1", "holdfast-keys")); err != nil {
		b.Fatal(err)
	}
	id, key, err := r.Make("camera-000", someDay, "v1")
	if err != nil {
		b.Fatal(err)
	}
	r.mu.Lock()
	b.Logf("%d camera-days: generation of %.1f MB", len(s.days), float64(r.holders["v1"].views[s.id].size)/1e6)
	r.mu.Unlock()
	return r, made{"camera-000", someDay, id, key}
}

func BenchmarkMake(b *testing.B) {
	r, _ := archive(b, 100, 365)
	for i := 0; b.Loop(); i++ {
		if _, _, err := r.Make(fmt.Sprintf("camera-%03d", i%100), someDay, "v1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	r, m := archive(b, 100, 365)
	for b.Loop() {
		if _, err := r.Find(m.camera, m.day, m.id); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSweep(b *testing.B) {
	r, _ := archive(b, 100, 365)
	for b.Loop() {
		id, _, err := r.Make("camera-007", someDay.Add(-48*time.Hour), "v1")
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Forget("camera-007", someDay.Add(-48*time.Hour), id); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Sweep(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
