package record

import (
	"path/filepath"
	"testing"
	"time"

	"holdfast/gateway/stream"
	"holdfast/storage"
	"holdfast/storage/storagetest"
)

// The index may lie on the disk that fails: then nothing can be said of what is lost, until it can be.
func TestLossIsStatedOnceItCanBe(t *testing.T) {
	index := filepath.Join(t.TempDir(), "index.db")
	recordWith(t, func(k *kit) {
		failing, err := storage.Open(storage.Options{Index: index, FS: storagetest.New(64 << 20), Volumes: []storage.VolumeOptions{{Path: "/failing/volume", MinFree: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		r := New(Options{Camera: "gate", Stream: "main", From: k.stream, Store: k.store})
		defer r.reader.Close()
		if r.writer, err = failing.Writer("gate", "main"); err != nil {
			t.Fatal(err)
		}
		if err := failing.Close(); err != nil { // its index takes nothing from now on
			t.Fatal(err)
		}
		began := time.Now()
		r.cause = storage.CauseFailing
		r.overrun(&stream.Overrun{Seq: 1, Lost: 5, Wall: began, Next: began.Add(time.Second)})
		if r.owed == nil {
			t.Fatal("an index that is closed took a gap")
		}
		time.Sleep(20 * time.Second)
		if r.writer, err = k.store.Writer("gate", "main"); err != nil {
			t.Fatal(err)
		}
		r.overrun(&stream.Overrun{Seq: 9, Lost: 5, Wall: time.Now(), Next: time.Now().Add(time.Second)})
		time.Sleep(time.Second)
		if err := r.writer.Close(storage.CauseStopped); err != nil {
			t.Fatal(err)
		}
		spans, err := k.store.Spans("gate", "main", began.Add(-time.Hour), time.Now())
		if err != nil || len(spans) == 0 || !spans[0].Start.Equal(began) || spans[0].Cause != storage.CauseFailing || spans[0].End.Sub(began) < 20*time.Second {
			t.Errorf("spans %v, %v", spans, err)
		}
	})
}
