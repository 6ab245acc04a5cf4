package storage

import (
	"bytes"
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pass lets the verifier read one page.
func (r *rig) pass(ctx context.Context) (more bool) {
	c := r.store.verifier()
	c.pace.rate = 0
	return r.store.verifySome(ctx, c, r.store.list()[0])
}

func (r *rig) rotAlarms() (ids []string) {
	for _, a := range r.store.Alarms() {
		if strings.HasPrefix(a.ID, "rot:") {
			if a.What == "" || a.Means == "" || a.Do == "" {
				r.tb.Errorf("an alarm without words: %+v", a)
			}
			ids = append(ids, strings.TrimPrefix(a.ID, "rot:"))
		}
	}
	return ids
}

// TestVerifierFindsOneBit flips a bit in each part of a file: the verifier finds and names it, the alarm outlasts a
// restart, and ends when the bit is flipped back or the damage is accepted.
func TestVerifierFindsOneBit(t *testing.T) {
	for _, part := range []string{"header", "moof", "payload", "table", "mfra"} {
		r := closedRig(t)
		r.now = r.now.Add(time.Minute)
		path := r.mp4s()[1]
		clean := bytes.Clone(r.disk.Content(path))
		r.rot(path, part)
		for r.pass(t.Context()) {
		}
		if ids := r.rotAlarms(); len(ids) != 1 || ids[0] != path {
			t.Fatalf("%s: alarms of %v", part, ids)
		}
		r.must(r.store.Close())
		r.must(r.open())
		r.tend()
		if len(r.rotAlarms()) != 1 {
			t.Errorf("%s: the alarm is gone after a restart", part)
		}
		r.rewrite(path, func([]byte) []byte { return clean })
		r.now = r.now.Add(31 * 24 * time.Hour)
		for r.pass(t.Context()) {
		}
		if ids := r.rotAlarms(); len(ids) != 0 {
			t.Errorf("%s: the file is sound, and there is an alarm of %v", part, ids)
		}
		r.rot(path, part)
		r.now = r.now.Add(31 * 24 * time.Hour)
		for r.pass(t.Context()) {
		}
		if r.check(LevelHash, &CheckOptions{Repair: true}); len(r.rotAlarms()) != 0 {
			t.Errorf("%s: alarms of accepted damage", part)
		}
		r.close()
	}
}

// TestVerifierGoesOnWhereItWas stops a pass in its middle.
func TestVerifierGoesOnWhereItWas(t *testing.T) {
	r := closedRig(t)
	defer func() { r.close() }()
	r.now = r.now.Add(time.Minute)
	id := r.store.Volumes()[0].ID
	at := Verified{Started: r.now.UTC()}
	list, err := r.store.page(nil, nil, 10)
	r.must(err)
	if len(list) != 3 {
		t.Fatalf("%d segments", len(list))
	}
	at.Stream, at.Key = streamKey("door", "main"), list[0].key()
	r.must(r.store.setVerified(id, &at))
	r.must(r.store.Close())
	r.must(r.open())
	r.tend()
	r.pass(t.Context())
	if now := r.store.verified(id); now.Bytes != list[1].Size+list[2].Size {
		t.Errorf("read %+v", now)
	}
	if r.pass(t.Context()) {
		t.Error("there is more to be read")
	}
	now := r.store.verified(id)
	if now.Last.IsZero() || !now.Started.IsZero() {
		t.Errorf("the pass is not over: %+v", now)
	}
	before := r.disk.Ops()
	r.pass(t.Context())
	if r.disk.Ops() != before {
		t.Error("the next pass began at once")
	}
}

// TestVerifierLeavesAVolumeInTroubleAlone reads nothing of a volume that is not ok.
func TestVerifierLeavesAVolumeInTroubleAlone(t *testing.T) {
	r := closedRig(t)
	defer func() { r.close() }()
	r.now = r.now.Add(time.Minute)
	r.disk.Break(syscall.EIO)
	r.tend()
	before := r.disk.Ops()
	if r.pass(t.Context()) || r.disk.Ops() != before || len(r.rotAlarms()) != 0 {
		t.Errorf("a failing volume is read: %v", r.rotAlarms())
	}
}
