package storage

import (
	"slices"
	"testing"
)

func TestWhereaboutsFollowAStreamFromVolumeToVolume(t *testing.T) {
	r := drainRig(t).protected()
	r.must(r.open())
	t.Cleanup(r.close)
	at := func(want ...string) {
		t.Helper()
		if w := r.store.Whereabouts("door", "main"); !slices.Equal(w.Volumes, want) || w.Volumes == nil || !w.Encrypted {
			t.Errorf("it is recorded to %q, encrypted: %t; should be to %q", w.Volumes, w.Encrypted, want)
		}
	}
	at()
	r.newWriter()
	r.must(r.begin(1))
	r.record(1)
	first := r.store.list()[0].status().ID
	at(first)
	if w := r.store.Whereabouts("door", "sub"); len(w.Volumes) > 0 {
		t.Errorf("a stream that is not recorded is recorded to %q", w.Volumes)
	}
	r.must(r.addOther())
	r.must(r.store.Drain(first))
	r.record(2)
	at(r.store.list()[1].status().ID)
	r.must(r.w.Close(CauseStopped))
	at()
}
