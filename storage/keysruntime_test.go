package storage

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/storage/keyring"
	"holdfast/storage/storagetest"
)

// comings is the life of two volumes that are added, removed and added again while encrypted footage is recorded and erased.
type comings struct {
	*rig
	mend   func() // what makes the disk well that is in trouble, nil when none is
	erased []keyring.ID
	asked  map[string]int // how often the disk of a volume that was removed was called by then
}

// do takes a step. One that a disk in trouble does not let succeed is taken again when somebody has mended the disk.
func (l *comings) do(step func() error) error {
	err := l.again(step)
	if err != nil && l.mend != nil {
		l.mend()
		l.mend = nil
		if l.store != nil {
			l.settle()
		}
		err = l.again(step)
	}
	return err
}

func (l *comings) come() error {
	first, second := VolumeOptions{Path: mount, MinFree: 1}, VolumeOptions{Path: otherMount, MinFree: 1}
	for n, step := range []func() error{
		l.open,
		func() (err error) { l.tend(); l.w, err = l.store.Writer("door", "main"); return err },
		func() error { return l.recordOne(1) },
		func() error { return l.add(second) },
		func() error { return l.recordOne(2) },
		func() error { return l.eraseAll(1, 1.5) }, // on the first
		func() error { return l.remove(mount) },
		func() error { return l.recordOne(3) },
		func() error { return l.eraseAll(2.2, 2.3) }, // on the second, the first is away
		func() error { return l.store.Sweep(l.tb.Context()) },
		func() error { return l.recordOne(4) },
		func() error { return l.add(first) },
		func() error { return l.recordOne(5) },
		func() error { return l.remove(otherMount) },
		func() error { return l.recordOne(6) },
		func() error { return l.add(second) },
		func() error { return l.recordOne(7) },
	} {
		if err := l.do(step); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		l.tend()
	}
	return l.stop()
}

// recordOne records a segment and closes it. What no volume takes is a gap, as a recorder says.
func (l *comings) recordOne(run uint32) error {
	from := l.wall
	if err := errors.Join(l.begin(run), l.flush(l.batch())); err != nil {
		return errors.Join(err, l.w.Gap(CauseFailing, from))
	}
	return l.again(func() error { return l.w.Gap(CauseOffline, l.wall) })
}

func (l *comings) add(o VolumeOptions) error {
	if _, err := l.store.byID(o.Path); err == nil {
		return nil
	}
	if n, removed := l.asked[o.Path]; removed && n != l.mounts().At(o.Path).Ops() {
		return fmt.Errorf("%s was removed, and is called: %s", o.Path, l.mounts().At(o.Path).Op(n+1))
	}
	delete(l.asked, o.Path)
	_, err := l.store.AddVolume(o)
	if err == nil && len(l.opts.Volumes) < 2 {
		l.opts.Volumes = append(l.opts.Volumes, o)
	}
	return err
}

func (l *comings) remove(path string) error {
	if _, err := l.store.byID(path); err != nil {
		return nil
	}
	err := l.store.RemoveVolume(path, true)
	if err == nil {
		l.asked[path] = l.mounts().At(path).Ops()
	}
	return err
}

// eraseAll erases what lies between, with the segments' keys.
func (l *comings) eraseAll(from, to float64) error {
	segments, err := l.store.Segments("door", "main", at(from), at(to))
	if err != nil {
		return err
	}
	for _, s := range segments {
		l.erased = append(l.erased, s.KeyID)
	}
	e := Erasure{Camera: "door", From: at(from), To: at(to), Ground: GroundTest, Requested: l.now, Erased: []Erased{}, ID: newErasureID(l.now)}
	if err := l.store.orderErasure(&e); err != nil {
		return err
	}
	l.ordered++
	return l.again(func() error { return l.carriedOut(e.ID) })
}

// follows tells what is wrong with the keys: a copy that does not follow the others, footage whose key its volume does not have, a
// key that was destroyed and is there.
func (l *comings) follows() error {
	if err := l.store.Sweep(l.tb.Context()); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for range 4 {
		l.tend()
	}
	st := l.store.o.Keys.Status()
	for _, c := range st.Copies {
		if c.State != "current" {
			return fmt.Errorf("the copy on %q is %s: %s", c.Volume, c.State, c.Cause)
		}
	}
	if len(st.Copies) != 3 || st.Due != 0 || len(st.Locked) > 0 {
		return fmt.Errorf("keys %+v", st)
	}
	for _, path := range []string{mount, otherMount} {
		if err := l.alone(path); err != nil {
			return fmt.Errorf("volume %s alone: %w", path, err)
		}
	}
	for _, path := range l.mounts().Files() {
		for _, id := range l.erased {
			if strings.HasSuffix(path, ".keys") && bytes.Contains(l.mounts().At(path).Content(path), id[:]) {
				return fmt.Errorf("%s holds a key that was destroyed", path)
			}
		}
	}
	return nil
}

// alone opens a volume's copy of the keyring without any other, and looks for the keys of its footage.
func (l *comings) alone(path string) error {
	disks := l.mounts().After(storagetest.All, nil)
	if err := disks.Mkdir("/alone"); err != nil {
		return err
	}
	ring, err := keyring.Open(keyring.Options{FS: disks, Dir: "/alone/keyring", Root: l.root})
	if err == nil {
		err = ring.Attach("it", filepath.Join(path, keysDir))
	}
	if err != nil {
		return err
	}
	segments, err := l.store.Segments("door", "main", began, l.now)
	for i := range segments {
		if _, ferr := ring.Find("door", segments[i].Start, segments[i].KeyID); strings.HasPrefix(segments[i].Path, path) {
			err = errors.Join(err, ferr)
		}
	}
	for _, id := range l.erased {
		if _, ferr := ring.Find("door", began, id); ferr == nil {
			err = errors.Join(err, errors.New("a key that was forgotten is found"))
		}
	}
	return err
}

// TestKeysFollowVolumesThatComeAndGo adds and removes volumes while footage is recorded and erased, with every trouble of either
// disk. The copies of the keyring follow each other, each opens its volume's footage by itself, and no key that was destroyed
// comes back with a volume that was away.
func TestKeysFollowVolumesThatComeAndGo(t *testing.T) {
	t.Parallel()
	calm := newComings(t)
	before := map[string]int{}
	for _, path := range []string{mount, otherMount, "/"} {
		before[path] = calm.mounts().At(path).Ops()
	}
	if err := calm.come(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(calm.follows(), calm.goneOrKept()); err != nil {
		t.Fatalf("without a trouble: %v\n%s", err, calm.mounts())
	}
	calm.close()
	var cases atomic.Int64
	stride := 5      // and of each operation one trouble
	if wholeTables { // with stride 1 it has 14000 cases
		stride = 4
	}
	for path, first := range before {
		spread(t, every(stride, calm.mounts().At(path).Ops()-first), func(t *testing.T, at int) {
			for _, x := range troublesAt(first + at) {
				if x.Mode != storagetest.Vanishes || path != "/" { // the system's disk is what is left when another goes
					cases.Add(1)
					comingAndGoing(t, path, x)
				}
			}
		})
	}
	t.Logf("%d cases", cases.Load())
}

// newComings is such a life before it begins. Either volume has a segment, so that the index does not forget where it was when it
// is removed: the empty mount point of a disk that is away would else be taken for a new volume.
func newComings(tb testing.TB) *comings {
	r := newRig(tb)
	r.runOn(storagetest.NewMounts(64<<20, mount, otherMount))
	r.protected()
	r.opts.copyRate = -1
	first, second := VolumeOptions{Path: mount, MinFree: 1}, VolumeOptions{Path: otherMount, MinFree: 1}
	r.opts.Volumes = []VolumeOptions{first, second}
	l := &comings{rig: r, asked: map[string]int{}}
	r.must(r.open())
	r.newWriter()
	for n, path := range []string{mount, otherMount} {
		r.store.o.Pins = map[string][]string{"door": {path}}
		r.must(l.recordOne(uint32(n)))
	}
	r.must(r.stop())
	r.must(r.store.RemoveVolume(otherMount, true))
	r.must(r.shut())
	r.opts.Volumes = []VolumeOptions{first}
	r.opts.Pins = map[string][]string{"door": {mount, otherMount}}
	return l
}

func comingAndGoing(t *testing.T, path string, x trouble) {
	t.Helper()
	l := newComings(t)
	defer l.discard()
	d := l.mounts().At(path)
	l.mend = func() {
		d.Inject(storagetest.Fault{})
		d.Mend()
	}
	d.Inject(x.Fault)
	err := l.come()
	if l.mend != nil {
		l.mend()
	}
	if err == nil {
		l.settle()
		err = l.follows()
	}
	if err == nil && x.Mode == storagetest.Fills {
		err = l.goneOr(l.deletedForSpace)
	} else if err == nil {
		err = l.goneOrKept()
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%s", d.Op(x.At), x, err, l.mounts())
	}
}
