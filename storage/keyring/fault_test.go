package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// story is one run of everything that a ring does, and what it was promised meanwhile.
type story struct {
	t         *testing.T
	disk      *storagetest.Disk
	root      Root
	next      Root
	stored    bool            // the next root is where the machine keeps it
	kept      []made          // Make returned them
	tried     []made          // Forget was called
	forgotten []made          // Forget returned nil
	destroyed []made          // and Sweep after it
	secrets   map[ID]captured // when a key was to be forgotten: none of the keys of its day may be found after
}

func (s *story) present() Root {
	if s.stored {
		return s.next
	}
	return s.root
}

func (s *story) open() (*Ring, error) {
	r, err := Open(Options{FS: s.disk, Dir: "/data/keyring", Root: s.present(), Now: func() time.Time { return someDay }})
	if err != nil {
		return nil, err
	}
	for _, v := range []string{"v1", "v2"} {
		err = errors.Join(err, r.Attach(v, "/"+v+"/holdfast-keys"))
	}
	return r, err
}

func (s *story) make(r *Ring, camera string, day int, volume string) error {
	id, key, err := r.Make(camera, someDay.AddDate(0, 0, day), volume)
	if err == nil {
		s.kept = append(s.kept, made{camera, someDay.AddDate(0, 0, day), id, key})
	}
	return err
}

func (s *story) forget(r *Ring, m made) {
	s.tried = append(s.tried, m)
	if _, have := s.secrets[m.id]; !have {
		s.secrets[m.id] = captureSecrets(r)
	}
	if r.Forget(m.camera, m.day, m.id) == nil {
		s.forgotten = append(s.forgotten, m)
	}
}

func (s *story) sweep(r *Ring) error {
	before := len(s.forgotten)
	receipt, err := r.Sweep(s.t.Context())
	if err == nil && len(receipt.Clean) == 3 {
		s.destroyed = append([]made(nil), s.forgotten[:before]...)
	}
	return err
}

// tell goes through everything; an injected fault may stop any step of it.
func (s *story) tell() {
	r, err := s.open()
	if r == nil || err != nil && s.disk.Crashed() {
		return
	}
	for i, v := range []string{"v1", "v2", "v1", "v1"} {
		s.make(r, "cam", i%2, v)
	}
	s.make(r, "alone", 0, "v2")
	r.Tend(s.t.Context())
	if len(s.kept) > 0 {
		s.forget(r, s.kept[0])
	}
	s.sweep(r)
	r.Detach("v2")
	s.make(r, "cam", 0, "v1")
	for _, m := range s.kept {
		if m.camera == "alone" {
			s.forget(r, m)
		}
	}
	s.sweep(r)
	r.Attach("v2", "/v2/holdfast-keys")
	r.Tend(s.t.Context())
	r.Rotate(s.next, func() error { s.stored = true; return nil })
	s.make(r, "cam", 1, "v2")
	r.Tend(s.t.Context())
}

// check opens what is there and holds it against what was promised, then goes on.
func (s *story) check(what string) {
	s.t.Helper()
	r, err := s.open()
	if err != nil {
		s.t.Fatalf("%s: open: %v", what, err)
	}
	s.promises(r, what)
	if err := s.make(r, "after", 0, "v1"); err != nil {
		s.t.Fatalf("%s: make: %v", what, err)
	}
	for _, m := range s.kept[:1] {
		s.forget(r, m)
	}
	for range 3 {
		r.Tend(s.t.Context())
	}
	if err := s.sweep(r); err != nil {
		s.t.Fatalf("%s: sweep: %v", what, err)
	}
	r.Tend(s.t.Context())
	for _, c := range r.Status().Copies {
		if c.State != "current" {
			s.t.Fatalf("%s: copy %q is %s: %s", what, c.Volume, c.State, c.Cause)
		}
	}
	s.promises(r, what+", swept")
	r, err = s.open()
	if err != nil {
		s.t.Fatalf("%s: open again: %v", what, err)
	}
	s.promises(r, what+", swept and opened again")
	s.aloneEach(what)
}

func (s *story) promises(r *Ring, what string) {
	s.t.Helper()
	if l := r.Status().Locked; len(l) > 0 {
		s.t.Fatalf("%s: locked: %+v", what, l)
	}
	for _, m := range s.kept {
		key, err := r.Find(m.camera, m.day, m.id)
		switch {
		case has(s.forgotten, m):
			if !errors.Is(err, ErrErased) {
				s.t.Fatalf("%s: a forgotten key of %s: %v", what, m.camera, err)
			}
		case has(s.tried, m) && errors.Is(err, ErrErased):
		case err != nil:
			s.t.Fatalf("%s: a key of %s: %v\n%s", what, m.camera, err, s.disk)
		case key != m.key:
			s.t.Fatalf("%s: another key", what)
		}
	}
	for _, m := range s.destroyed {
		s.wantGone(m)
		if s.t.Failed() {
			s.t.Fatalf("%s: a destroyed key is there", what)
		}
	}
}

// aloneEach opens every volume without the data directory: once all is copied each holds every key.
func (s *story) aloneEach(what string) {
	s.t.Helper()
	for _, v := range []string{"v1", "v2"} {
		disk := s.disk.After(storagetest.Synced, nil)
		disk.Unmount("/data")
		r, err := Open(Options{FS: disk, Dir: "/data/keyring", Root: s.present()})
		if err != nil {
			s.t.Fatalf("%s: %v", what, err)
		}
		if err := r.Attach(v, "/"+v+"/holdfast-keys"); err != nil {
			s.t.Fatalf("%s: %s alone: %v", what, v, err)
		}
		s.promises(r, what+", "+v+" alone")
	}
}

// wantGone looks for a key as a shard would hold it, and for a key of its day as a generation would, whatever file they are in.
func (s *story) wantGone(m made) {
	old, p := s.secrets[m.id], place{m.camera, dayNumber(m.day)}
	for _, path := range s.disk.Files() {
		data := s.disk.Content(path)
		for at := range indexes(data, m.id[:]) {
			if at+60 > len(data) {
				continue
			}
			for i, ring := range old.rings {
				for _, sh := range old.days[p] {
					if _, err := unseal(gcm(sh.key), data[at+16:at+60], keyBound(ring, p, sh.number, m.id)); err == nil {
						s.t.Errorf("%s holds the key, sealed under the %d. key of its day", path, i)
					}
				}
			}
		}
		for at := range indexes(data, p.put(nil)) {
			at += len(p.put(nil))
			for _, sh := range old.days[p] {
				if at+4 <= len(data) && beUint32(data[at:]) == sh.number {
					s.t.Errorf("%s holds a former key of the day", path)
				}
			}
		}
	}
}

// indexes gives where a string is found.
func indexes(data, what []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			i := bytes.Index(data[at:], what)
			if i < 0 || !yield(at+i) {
				return
			}
			at += i
		}
	}
}

func has(list []made, m made) bool {
	for _, o := range list {
		if o.id == m.id {
			return true
		}
	}
	return false
}

func newStory(t *testing.T, f storagetest.Fault) *story {
	site := newSite(t, "v1", "v2")
	base := site.disk.Ops()
	if f.At > 0 {
		f.At += base
		site.disk.Inject(f)
	}
	return &story{t: t, disk: site.disk, root: site.root, next: NewRoot(), secrets: map[ID]captured{}}
}

// Every call to the disk fails, fails after it took effect, and is the last before a crash, whatever of that survives. What
// was promised holds, nothing that was destroyed comes back, and the ring goes on.
func TestEveryFaultKeepsEveryPromise(t *testing.T) {
	calm := newStory(t, storagetest.Fault{})
	before := calm.disk.Ops()
	calm.tell()
	count := calm.disk.Ops() - before
	calm.check("without a fault")
	if len(calm.kept) != 8 || len(calm.forgotten) != 3 || !calm.stored {
		t.Fatalf("the story was not told to its end: %d keys, %d forgotten", len(calm.kept), len(calm.forgotten))
	}
	step := 1
	if testing.Short() {
		step = 29
	}
	for n := 1; n <= count; n += step {
		for _, mode := range []storagetest.Mode{storagetest.Fails, storagetest.FailsAfter, storagetest.Crashes} {
			survivals := []storagetest.Survival{storagetest.All}
			if mode == storagetest.Crashes {
				survivals = append(survivals, storagetest.Synced, storagetest.Mixed)
			}
			for _, survival := range survivals {
				s := newStory(t, storagetest.Fault{At: n, Mode: mode})
				at := s.disk.Ops() + n
				s.tell()
				what := fmt.Sprintf("operation %d (%s) %v, survival %d", n, s.disk.Op(at), mode, survival)
				if mode != storagetest.Crashes {
					s.disk.Inject(storagetest.Fault{})
				}
				s.disk = s.disk.After(survival, rand.New(rand.NewPCG(uint64(n), 1)))
				s.check(what)
			}
		}
	}
	t.Logf("%d operations", count)
}
