package storage

import (
	"errors"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestRetentionHasTheKeysOfWhatItDeletesForgotten lets a day of one camera be too old and another not: keys go with their
// footage, no other does, also when the gateway is killed between deleting and forgetting, and when the index is lost then.
func TestRetentionHasTheKeysOfWhatItDeletesForgotten(t *testing.T) {
	for _, then := range []string{"goes on", "is killed", "loses its index"} {
		r := protectedRecording(t)
		r.record(2)
		r.must(r.w.Gap(CauseOffline, r.wall))
		r.wall = r.wall.Add(time.Hour)
		r.must(r.begin(2))
		r.record(2)
		r.must(r.w.Close(CauseStopped))
		segments, err := r.store.Segments("door", "main", began, r.now.Add(time.Hour))
		r.must(err)
		if len(segments) != 2 || !segments[0].Protected {
			t.Fatalf("%d segments: %+v", len(segments), segments)
		}
		r.store.SetAges("door", Ages{Max: 30 * time.Minute})
		for _, v := range r.store.list() {
			r.store.tend(t.Context(), v)
		}
		if n := r.owed(); n != 1 {
			t.Fatalf("%d keys are to be forgotten, want that of the segment that is too old", n)
		}
		if then != "goes on" {
			r.close()
			if r.lost = then == "loses its index"; r.lost {
				r.index += ".lost"
			}
			r.must(r.open())
			if n := r.owed(); n != 1 {
				t.Fatalf("%d keys are to be forgotten when it %s", n, then)
			}
		}
		r.tend()
		if n := r.owed(); n != 0 {
			t.Errorf("%d keys are still to be forgotten", n)
		}
		receipt, err := r.store.o.Keys.Sweep(t.Context())
		r.must(err)
		if receipt.Keys != 1 {
			t.Errorf("the sweep destroyed %+v, want one key", receipt)
		}
		for i, seg := range segments {
			_, err := r.store.o.Keys.Find(seg.Camera, seg.Start, seg.KeyID)
			if i == 0 && !errors.Is(err, ErrErased) || i == 1 && err != nil {
				t.Errorf("key of segment %d after the other was deleted: %v", i, err)
			}
		}
		r.must(r.whole(func(f frame) bool { return f.wall.Before(segments[1].Start) }))
		r.close()
	}
}

// owed is how many keys of deleted footage wait to be forgotten.
func (r *rig) owed() (n int) {
	r.must(r.store.index.db.View(func(tx *bbolt.Tx) error {
		n = tx.Bucket(bOutlived).Stats().KeyN
		return nil
	}))
	return n
}

func FuzzOutlived(f *testing.F) {
	f.Add([]byte("door\x0012345678abcdefghijklmnop"))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, k []byte) {
		o, err := readOutlived(k)
		if err == nil && len(o.note) != len(o.camera)+1+nanoseconds+len(o.id) {
			t.Fatalf("%+v of %q", o, k)
		}
	})
}
