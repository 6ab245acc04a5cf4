package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

// protectedRecording is a store that records encrypted footage.
func protectedRecording(t *testing.T) *rig {
	t.Helper()
	r := newRig(t).protected()
	r.must(r.open())
	t.Cleanup(r.close)
	r.newWriter()
	r.must(r.begin(1))
	return r
}

// TestNothingInClearReachesAVolume looks for pieces of every picture in every write to the disk, through recording, a crash, its
// recovery, and in what lies there at the end.
func TestNothingInClearReachesAVolume(t *testing.T) {
	r := newRig(t).protected()
	var written [][]byte
	see := func(path string, data []byte) { written = append(written, bytes.Clone(data)) }
	r.disk.OnWrite(see)
	r.must(r.open())
	r.newWriter()
	r.must(r.begin(1))
	r.record(4)
	r.must(r.begin(1))
	r.record(2)
	r.must(r.w.Write(r.batch()))
	r.disk.Inject(storagetest.Fault{At: r.disk.Ops() + 2, Mode: storagetest.Crashes})
	if r.w.Flush(t.Context()) == nil {
		t.Fatal("it did not crash")
	}
	r.close()
	r.disk = r.disk.After(storagetest.Mixed, rand.New(rand.NewPCG(1, 2)))
	r.disk.OnWrite(see)
	r.must(r.open())
	t.Cleanup(r.close)
	r.tend()
	r.must(r.whole(never))
	r.must(r.goOn())
	for _, f := range r.disk.Files() {
		written = append(written, r.disk.Content(f))
	}
	for id := uint32(1); id <= r.made; id++ {
		for _, b := range written {
			if bytes.Contains(b, bytes.Repeat(binary.BigEndian.AppendUint32(nil, id), 5)) {
				t.Fatalf("picture %d is on the disk in clear", id)
			}
		}
	}
	clear := recording(t)
	clear.record(1)
	for _, f := range clear.disk.Files() {
		if bytes.Contains(clear.disk.Content(f), bytes.Repeat(binary.BigEndian.AppendUint32(nil, 1), 5)) {
			return
		}
	}
	t.Error("the search does not find what is in clear")
}

// TestLockedFootageWaitsForItsKey opens a volume, with an open segment that a crash left, under another root: everything is told
// of, nothing is shown, nothing is lost; and then under the right one.
func TestLockedFootageWaitsForItsKey(t *testing.T) {
	for _, index := range []bool{true, false} {
		r := protectedRecording(t)
		r.record(2)
		r.must(r.begin(1))
		r.record(2)
		r.close()
		right := r.root
		if !index {
			r.index += ".lost"
			r.lost = true
		}
		r.root = keyring.NewRoot()
		r.must(r.open())
		r.tend()
		if _, err := r.kept(); !errors.Is(err, ErrLocked) {
			t.Fatalf("footage that is locked: %v", err)
		}
		report, err := r.store.Check(t.Context(), LevelHash, nil)
		if err != nil || len(report.Findings) > 0 || report.Locked != 1 || report.Open != 1 {
			t.Errorf("a check of locked footage finds %+v, %v", report, err)
		}
		if got := r.store.Recovery(); got.Finished != 0 || got.Removed != 0 || got.Torn != 0 {
			t.Errorf("without the key %+v was done", got)
		}
		r.must(r.recordBeside())
		r.close()
		r.root = right
		r.must(r.open())
		r.tend()
		segments, err := r.store.Segments("door", "main", began, r.now)
		r.must(err)
		for _, seg := range segments {
			m, err := r.store.Media(seg)
			if seg.Run == 1 && err != nil || seg.Run == 7 && !errors.Is(err, ErrLocked) {
				t.Errorf("segment of run %d with the right key again: %v", seg.Run, err)
			}
			if err == nil {
				r.must(m.Close())
			}
		}
		if len(segments) != 3 || r.store.Recovery().Finished != 1 {
			t.Errorf("%d segments, %+v", len(segments), r.store.Recovery())
		}
		r.close()
	}
}

// recordBeside records while older footage is locked.
func (r *rig) recordBeside() error {
	w, err := r.store.Writer("door", "main")
	if err != nil {
		return err
	}
	r.w, r.wall = w, r.now
	return errors.Join(r.begin(7), r.flush(r.batch()), r.w.Close(CauseStopped))
}

func TestFootageInClearIsReadBesideEncryptedOne(t *testing.T) {
	r := recording(t)
	r.record(2)
	r.must(r.w.Close(CauseStopped))
	r.close()
	r.protected()
	r.must(r.open())
	r.must(r.goOn())
	segments, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	if len(segments) != 2 || segments[0].Protected || !segments[1].Protected {
		t.Fatalf("segments %+v", segments)
	}
	r.close()
	r.root = keyring.Root{}
	r.must(r.open())
	if _, err := r.store.Media(segments[1]); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "switched off") {
		t.Errorf("encrypted footage with encryption off: %v", err)
	}
	if _, err := r.store.Media(segments[0]); err != nil {
		t.Error(err)
	}
}

// TestTheIndexOfEncryptedFootageIsMadeAgain rebuilds it, with the keys and without, and compares.
func TestTheIndexOfEncryptedFootageIsMadeAgain(t *testing.T) {
	r := protectedRecording(t)
	r.record(3)
	r.must(r.w.Close(CauseStopped))
	want, err := r.store.Segments("door", "main", began, r.now)
	r.must(err)
	r.tend()
	r.close()
	for _, root := range []keyring.Root{r.root, keyring.NewRoot(), {}} {
		r.root = root
		r.index = filepath.Join(t.TempDir(), "index.db")
		r.must(r.open())
		got, err := r.store.Segments("door", "main", began, r.now)
		r.must(err)
		if len(got) != 1 || got[0].KeyID != want[0].KeyID || got[0].Digest != want[0].Digest || !got[0].End.Equal(want[0].End) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
		r.close()
	}
}
