package storage

import (
	"testing"
	"time"
)

func TestWhenTheStoreRanLastIsKnownToWithinAMinute(t *testing.T) {
	r := newRig(t)
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if at := r.store.LastAlive(); !at.IsZero() {
		t.Errorf("a new store ran before, at %s", at)
	}
	r.store.noteAlive()
	first := r.store.now()
	r.now = r.now.Add(aliveEvery - time.Second)
	r.store.noteAlive() // too soon
	r.close()
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	if at := r.store.LastAlive(); !at.Equal(first.Round(0)) {
		t.Errorf("it ran last at %s, not %s", at, first)
	}
	r.store.noteAlive()
	r.now = r.now.Add(aliveEvery)
	r.store.noteAlive()
	r.close()
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	if at := r.store.LastAlive(); !at.Equal(r.now.Round(0)) {
		t.Errorf("it ran last at %s, not %s", at, r.now)
	}
}
