package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

// powerPoints are the power cuts of an ordinary run; HOLDFAST_POWER_CUTS asks for another number.
const powerPoints = 500

// wholeLife is everything that a store and the keys beside it go through, on two volumes and a data directory.
type wholeLife struct {
	*rig
	root      keyring.Root
	ring      *keyring.Ring
	kept      []madeKey // Make returned them
	tried     []madeKey // Forget was called
	forgotten []madeKey // and returned without an error
}

// madeKey is a key and where to find it.
type madeKey struct {
	id  keyring.ID
	key keyring.Key
}

// keysAlone is a ring beside the store: its keys are made and destroyed on their own.
const keysAlone = "/data/keyring"

func newWholeLife(tb testing.TB) *wholeLife {
	r := newRig(tb)
	r.runOn(storagetest.NewMounts(64<<20, mount, otherMount))
	r.protected()
	r.opts.Ages = faultAges
	r.opts.copyRate = -1
	if err := errors.Join(r.disk.Mkdir("/data"), r.disk.SyncDir("/")); err != nil {
		tb.Fatal(err)
	}
	return &wholeLife{rig: r, root: keyring.NewRoot()}
}

// live records, locks, deletes, empties a volume and makes and forgets keys, until the power goes.
func (l *wholeLife) live() error {
	steps := []func() error{
		l.open,
		l.openRing,
		func() (err error) { l.tend(); l.w, err = l.store.Writer("door", "main"); return err },
		l.makeKey,
		func() error { return l.begin(1) },
		func() error { return l.flush(l.batch()) },
		func() error { return l.flush(l.batch()) },
		l.lock,
		l.makeKey,
		func() error { return l.begin(1) },
		func() error { return l.flush(l.batch()) },
		func() error { return l.w.Gap(CauseOffline, l.wall) },
		l.addOther,
		l.attachOther,
		l.makeKey,
		func() error { l.wall = l.wall.Add(3 * time.Second); return l.begin(2) },
		func() error { return l.flush(l.batch()) },
		l.event,
		l.deletion,
		func() error { return l.forget(0) },
		l.sweep,
		func() error { return l.store.Drain(l.first()) },
		l.drainAll,
		func() error { return l.flush(l.batch()) },
		l.makeKey,
		l.unlock,
		func() error { return l.forget(2) },
		func() error { l.tend(); return l.flush(l.batch()) },
		func() error { err := l.w.Close(CauseStopped); l.w = nil; return err },
		l.drainAll,
		l.sweep,
		func() error { l.tend(); return l.shut() },
	}
	for n, step := range steps {
		err := step()
		if l.disk.Crashed() {
			return nil
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
	}
	return nil
}

func (l *wholeLife) openRing() (err error) {
	l.ring, err = keyring.Open(keyring.Options{FS: l.mounts(), Dir: keysAlone, Root: l.root, Now: func() time.Time { return l.now }})
	if err != nil {
		return err
	}
	return l.ring.Attach("first", mount+"/keys-alone")
}

func (l *wholeLife) attachOther() error { return l.ring.Attach("other", otherMount+"/keys-alone") }

// makeKey makes a key on every volume that there is.
func (l *wholeLife) makeKey() error {
	id, key, err := l.ring.Make("door", began, []string{"first", "other"}[:len(l.opts.Volumes)]...)
	if err == nil {
		l.kept = append(l.kept, madeKey{id, key})
	}
	return err
}

func (l *wholeLife) forget(n int) error {
	l.tried = append(l.tried, l.kept[n])
	err := l.ring.Forget("door", began, l.kept[n].id)
	if err == nil {
		l.forgotten = append(l.forgotten, l.kept[n])
	}
	return err
}

func (l *wholeLife) sweep() error {
	_, err := l.ring.Sweep(l.tb.Context())
	l.ring.Tend(l.tb.Context())
	return err
}

// survives opens everything after the power cut and holds it against what was promised, then goes on, and looks again.
func (l *wholeLife) survives() error {
	if err := l.rig.survivor(); err != nil {
		return err
	}
	if err := l.openRing(); err != nil {
		return err
	}
	if len(l.opts.Volumes) > 1 {
		if err := l.attachOther(); err != nil {
			return err
		}
	}
	if err := l.keysAreThere(); err != nil {
		return err
	}
	if len(l.opts.Volumes) > 1 {
		if err := l.store.Drain(l.first()); err != nil {
			return err
		}
		if err := errors.Join(l.drainAll(), l.emptied()); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
		l.tend()
	}
	if err := errors.Join(l.makeKey(), l.sweep()); err != nil {
		return fmt.Errorf("go on with keys: %w", err)
	}
	return errors.Join(l.keysAreThere(), l.whole(l.aged))
}

// keysAreThere tells which key is lost, and which is found although it was forgotten.
func (l *wholeLife) keysAreThere() error {
	for n, k := range l.kept {
		key, err := l.ring.Find("door", began, k.id)
		switch erased := errors.Is(err, keyring.ErrErased); {
		case hasKey(l.forgotten, k) && !erased:
			return fmt.Errorf("key %d was forgotten and is found: %v", n, err)
		case hasKey(l.tried, k) && erased:
		case err != nil && !hasKey(l.forgotten, k):
			return fmt.Errorf("key %d: %w", n, err)
		case err == nil && key != k.key:
			return fmt.Errorf("key %d is another key", n)
		}
	}
	return nil
}

func hasKey(list []madeKey, k madeKey) bool {
	for _, o := range list {
		if o.id == k.id {
			return true
		}
	}
	return false
}

// TestPowerCutsAtAnyMoment cuts the power at random operations of the whole life, and lets whatever was not synced survive or
// not, each disk, each file and each directory by itself. Nothing that was said to be safe is lost, no key either, nothing forgotten
// comes back, a check finds nothing, and everything goes on. The index survives as it was, or not at all.
func TestPowerCutsAtAnyMoment(t *testing.T) {
	t.Parallel()
	calm := newWholeLife(t)
	var promises []wholeLife // by moment
	moments, err := calm.moments(calm.live, func() { promises = append(promises, *calm) })
	if err != nil {
		t.Fatal(err)
	}
	if err := calm.survives(); err != nil {
		t.Fatalf("without a power cut: %v", err)
	}
	calm.close()
	if len(calm.kept) < 4 || len(calm.forgotten) != 2 {
		t.Fatalf("%d keys were made, %d forgotten: the life was not lived to its end", len(calm.kept), len(calm.forgotten))
	}
	points, seed := powerPoints, uint64(1)
	if text := os.Getenv("HOLDFAST_POWER_CUTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		points, seed = n, rand.Uint64()
	} else if testing.Short() {
		points /= 10
	}
	random := rand.New(rand.NewPCG(seed, 0))
	cuts := make([]cut, points)
	for n := range cuts {
		cuts[n] = cut{random.IntN(len(moments)), random.Uint64(), n%2 == 0}
	}
	var frames atomic.Int64
	spread(t, every(1, points), func(t *testing.T, n int) {
		c := cuts[n-1]
		frames.Add(int64(powerCut(t, &moments[c.at], promises[c.at], c)))
	})
	t.Logf("seed %d: %d power cuts among %d operations; %d frames were safe before them", seed, points, len(moments), frames.Load())
}

// cut is a power cut.
type cut struct {
	at    int    // moment
	seed  uint64 // of what survives
	index bool   // whether the index does, as it was
}

// powerCut looks at what survives a power cut. It returns how many frames were safe by then.
func powerCut(t *testing.T, m *moment, l wholeLife, c cut) int {
	t.Helper()
	l.kept, l.tried, l.forgotten = slices.Clip(l.kept), slices.Clip(l.tried), slices.Clip(l.forgotten)
	l.rig = m.found(t, storagetest.Mixed, c.seed, c.index)
	defer l.discard()
	frames := len(l.acked)
	if err := l.survives(); err != nil {
		t.Errorf("power cut at operation %d, %s (seed %d, index %t): %v\n%s", c.at, m.op, c.seed, c.index, err, l.mounts())
	}
	return frames
}
