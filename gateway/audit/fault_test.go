package audit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/storage/storagetest"
)

// simulated is the disk of package storagetest as the log's file system.
type simulated struct{ *storagetest.Disk }

func (d simulated) Create(path string) (file, error)   { return opened(d.Disk.Create(path)) }
func (d simulated) Open(path string) (file, error)     { return opened(d.Disk.Open(path)) }
func (d simulated) OpenRead(path string) (file, error) { return opened(d.Disk.OpenRead(path)) }

// opened keeps a file that is not there from being one that is nil.
func opened[F file](f F, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// story is one life of a log on a disk that may fail, and what it was promised meanwhile.
type story struct {
	t     *testing.T
	disk  *storagetest.Disk
	keys  *purse
	acked []time.Time // of entries that Write returned nil for: each entry has a time of its own
	tried map[time.Time]bool
	n     int
	now   time.Time
}

const storyKeep = 30 * time.Minute

func newStory(t *testing.T) *story {
	s := &story{t: t, disk: storagetest.New(8 << 20), keys: newPurse(), tried: map[time.Time]bool{}, now: someTime}
	for _, dir := range []string{"/data", "/usb"} {
		if err := errors.Join(s.disk.Mkdir(dir), s.disk.SyncDir("/")); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *story) options() Options {
	o := smallOptions("/data/audit")
	o.Keys, o.fs = s.keys, simulated{s.disk}
	o.Keep, o.Now = storyKeep, func() time.Time { return s.now }
	return o
}

// hand writes entries in one batch, without the goroutine that does it: every operation of the story has its number.
func (s *story) hand(l *Log, count int) {
	var items []item
	for range count {
		e := entryN(s.n)
		s.n++
		s.now = e.Time
		i := item{entry: e, done: make(chan error, 1)}
		s.tried[e.Time] = true
		if wait, _ := l.hand(i); wait {
			items = append(items, i)
		}
	}
	l.retry = time.Time{}
	l.pass()
	for _, i := range items {
		select {
		case err := <-i.done:
			if err == nil {
				s.acked = append(s.acked, i.entry.Time)
			}
		default:
			s.t.Fatal("nobody was told what came of an entry")
		}
	}
}

// tell goes through everything: batches within a file and over several, checkpoints, sealing, pruning, closing, opening again.
func (s *story) tell() {
	for range 2 {
		l, err := Open(s.options())
		if err != nil {
			return
		}
		for _, count := range []int{1, 3, 2, 11, 1, 9} {
			s.hand(l, count)
		}
		l.looked = time.Time{}
		s.hand(l, 1)
		l.Close()
	}
}

// check opens what is there, holds it against what was promised, and goes on.
func (s *story) check(what string) {
	s.t.Helper()
	s.disk.Inject(storagetest.Fault{})
	l, err := Open(s.options())
	if err != nil {
		s.t.Fatalf("%s: open: %v", what, err)
	}
	if d := l.Status().Damage; len(d) > 0 {
		s.t.Fatalf("%s: damage %q\n%s", what, d, s.disk)
	}
	s.promises(l, what)
	before := len(s.acked)
	s.hand(l, 7)
	if len(s.acked) != before+7 {
		s.t.Fatalf("%s: it does not go on: %v", what, l.Status().Failing)
	}
	s.promises(l, what+", gone on")
	if err := l.Close(); err != nil {
		s.t.Fatalf("%s: close: %v", what, err)
	}
	r, err := Verify(context.Background(), "/data/audit", VerifyOptions{fs: simulated{s.disk}, bounds: small})
	if err != nil || !r.Sound() {
		s.t.Fatalf("%s: verify: %v %+v\n%s", what, err, r, s.disk)
	}
	if r.Signed != r.Entries {
		s.t.Fatalf("%s: %d of %d entries are signed for after closing", what, r.Signed, r.Entries)
	}
}

// promises asks for every entry that was acknowledged and is not too old, and for none that was never handed over.
func (s *story) promises(l *Log, what string) {
	s.t.Helper()
	have := map[time.Time]int{}
	q := Query{}
	for {
		page, err := l.Search(context.Background(), q)
		if err != nil {
			s.t.Fatalf("%s: %v", what, err)
		}
		for _, r := range page.Records {
			if r.Action == ActionPruned || r.Action == ActionResumed || r.Action == ActionLost {
				continue
			}
			have[r.Time]++
			if !s.tried[r.Time] || have[r.Time] > 1 || r.Forgotten {
				s.t.Fatalf("%s: an entry that is not one that was handed over, or is there twice: %+v", what, r)
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	old := s.now.Add(-storyKeep)
	for _, at := range s.acked {
		if have[at] == 0 && !at.Before(old) {
			s.t.Fatalf("%s: the entry of %v was acknowledged and is not there\n%s", what, at, s.disk)
		}
	}
}

// Every call to the disk fails, fails after it took effect, and is the last before a crash, whatever of that survives. No
// acknowledged entry is lost, none is half there, and the log goes on.
func TestEveryFaultKeepsEveryPromise(t *testing.T) {
	calm := newStory(t)
	before := calm.disk.Ops()
	calm.tell()
	count := calm.disk.Ops() - before
	if len(calm.acked) != 56 {
		t.Fatalf("the story was not told to its end: %d entries", len(calm.acked))
	}
	calm.check("without a fault")
	step := 1
	if testing.Short() {
		step = 17
	}
	for n := 1; n <= count; n += step {
		modes := []storagetest.Mode{storagetest.Fails}
		if calm.disk.Changes(before + n) { // any other fails after its effect as before, and a crash at it is one at the next that does
			modes = append(modes, storagetest.FailsAfter, storagetest.Crashes)
		}
		for _, mode := range modes {
			survivals := []storagetest.Survival{storagetest.All}
			if mode == storagetest.Crashes {
				survivals = []storagetest.Survival{storagetest.All, storagetest.Synced, storagetest.Mixed}
			}
			for i, survival := range survivals {
				s := newStory(t)
				at := s.disk.Ops() + n
				s.disk.Inject(storagetest.Fault{At: at, Mode: mode})
				s.tell()
				what := fmt.Sprintf("operation %d (%s) %v, survival %v", n, s.disk.Op(at), mode, survival)
				s.disk = s.disk.After(survival, rand.New(rand.NewPCG(uint64(n), uint64(i))))
				s.check(what)
			}
		}
	}
	t.Logf("%d operations", count)
}
