package keyring

import (
	"strings"
	"testing"
	"testing/synctest"

	"holdfast/storage/internal/durable"
)

// hanging is a disk whose calls below a directory do not return while it hangs.
type hanging struct {
	durable.FS
	below string
	gate  chan struct{} // nil: it answers
}

func (h *hanging) wait(path string) {
	if h.gate != nil && strings.HasPrefix(path, h.below) {
		<-h.gate
	}
}

func (h *hanging) Open(path string) (durable.File, error) { h.wait(path); return h.FS.Open(path) }
func (h *hanging) OpenRead(path string) (durable.File, error) {
	h.wait(path)
	return h.FS.OpenRead(path)
}
func (h *hanging) Create(path string) (durable.File, error) { h.wait(path); return h.FS.Create(path) }

// A copy that hangs holds up nobody who does not need it: keys are made and found, forgotten and destroyed on the others, and it
// follows when it answers again.
func TestACopyThatHangsHoldsUpNobodyElse(t *testing.T) {
	for _, below := range []string{"/v2/", "/data/"} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, "v1", "v2")
			disk := &hanging{FS: s.disk, below: below}
			o := s.options()
			o.FS = disk
			r, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			s.attach(r, "v1")
			s.attach(r, "v2")
			gone := makeKey(t, r, "cam", someDay, "v1")
			stays := makeKey(t, r, "cam", someDay, "v1")
			r.Tend(t.Context())
			old := captureSecrets(r)
			disk.gate = make(chan struct{})
			forgetFromMemory(r)
			wantKey(t, r, stays)
			next := makeKey(t, r, "cam", someDay.AddDate(0, 0, 1), "v1")
			if err := r.Forget("cam", someDay, gone.id); err != nil {
				t.Fatal(err)
			}
			receipt, err := r.Sweep(t.Context())
			if err == nil || len(receipt.Away) != 1 || len(receipt.Clean) != 2 {
				t.Fatalf("receipt %+v, %v", receipt, err)
			}
			r.Tend(t.Context())
			close(disk.gate)
			synctest.Wait()
			for range 3 {
				r.Tend(t.Context())
			}
			for _, c := range r.Status().Copies {
				if c.State != "current" {
					t.Errorf("%s: copy %q is %s: %s", below, c.Volume, c.State, c.Cause)
				}
			}
			wantError(t, r, gone, ErrErased)
			wantKey(t, r, stays)
			wantKey(t, r, next)
			wantDestroyed(t, s.disk, old, gone)
		})
	}
}

// forgetFromMemory has the next Find read from the copies.
func forgetFromMemory(r *Ring) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sets {
		for _, d := range s.days {
			d.keys, d.complete, d.used = map[ID]Key{}, false, 0
		}
	}
}
