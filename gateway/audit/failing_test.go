package audit

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/storage/storagetest"
)

// onDisk runs f with a log on a simulated disk, on a clock of its own.
func onDisk(t *testing.T, change func(*Options), f func(t *testing.T, l *Log, disk *storagetest.Disk)) {
	synctest.Test(t, func(t *testing.T) {
		s := newStory(t)
		o := s.options()
		o.Keep, o.Now = 0, nil
		if change != nil {
			change(&o)
		}
		l, end := begin(t, o)
		f(t, l, s.disk)
		end()
		r, err := Verify(context.Background(), "/data/audit", VerifyOptions{Witness: o.Witness, fs: simulated{s.disk}, bounds: small})
		if err != nil || !r.Sound() {
			t.Errorf("verify: %v %+v", err, r)
		}
	})
}

func TestWhileTheDiskFailsThePolicyDecides(t *testing.T) {
	for _, mode := range []storagetest.Mode{storagetest.Dies, storagetest.Protects, storagetest.Fills} {
		for _, policy := range []Policy{Refuse, GoOn} {
			t.Run(mode.String()+", "+string(policy), func(t *testing.T) {
				onDisk(t, func(o *Options) { o.Policy = policy }, func(t *testing.T, l *Log, disk *storagetest.Disk) {
					failsAndRecovers(t, l, disk, mode, policy)
				})
			})
		}
	}
}

func failsAndRecovers(t *testing.T, l *Log, disk *storagetest.Disk, mode storagetest.Mode, policy Policy) {
	write(t, l, 0, 3)
	disk.Befall(mode)
	var err error
	for range 40 { // a disk that is full has a little room left in what it gave already
		if err = l.Write(t.Context(), entryN(3)); err != nil || l.Status().Failing != "" {
			break
		}
	}
	if refused := errors.Is(err, ErrFailing); refused != (policy == Refuse) || err != nil && !refused {
		t.Fatalf("the first write answers %v", err)
	}
	if l.Status().Failing == "" || l.Refuses() != (policy == Refuse) {
		t.Fatal("the log does not say that it fails")
	}
	start := time.Now()
	err = l.Write(t.Context(), Entry{Action: ActionErase, Session: "meanwhile"})
	if errors.Is(err, ErrFailing) != (policy == Refuse) || time.Since(start) > 0 {
		t.Fatalf("the next answers %v after %v", err, time.Since(start))
	}
	l.Add(Entry{Action: ActionLiveStart, Session: "added"})
	disk.Mend()
	for l.Status().Failing != "" || l.Status().Queue > 0 {
		time.Sleep(time.Second) // of the test's own clock
		if time.Since(start) > time.Minute {
			t.Fatal("the disk is back, and the log is not")
		}
	}
	kept := sessions(t, l)
	if !kept["added"] || kept["meanwhile"] != (policy == GoOn) {
		t.Errorf("kept %v", kept)
	}
	if page, err := l.Search(t.Context(), Query{Action: ActionResumed}); err != nil || len(page.Records) != 1 {
		t.Errorf("that it failed is said by %v, %v", page, err)
	}
	write(t, l, 50, 52)
}

// sessions are those of all entries.
func sessions(t *testing.T, l *Log) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	page, err := l.Search(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		all[r.Session] = true
	}
	return all
}

func TestADiskThatDoesNotAnswerHoldsNobodyUpForLong(t *testing.T) {
	onDisk(t, nil, func(t *testing.T, l *Log, disk *storagetest.Disk) {
		write(t, l, 0, 3)
		disk.Befall(storagetest.Hangs)
		defer disk.Mend()
		start := time.Now()
		if err := l.Write(t.Context(), entryN(3)); !errors.Is(err, ErrFailing) || time.Since(start) != patience {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		time.Sleep(time.Second)
		start = time.Now()
		l.Add(entryN(4))
		if err := l.Write(t.Context(), entryN(5)); !errors.Is(err, ErrFailing) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if l.Status().Failing == "" {
			t.Error("the log does not say that its disk does not answer")
		}
		disk.Mend()
		synctest.Wait()
		write(t, l, 6, 8)
		if l.Status().Failing != "" {
			t.Error("the disk answers, and the log says that it does not")
		}
	})
}

func TestWhatFindsNoRoomIsCountedAndSaid(t *testing.T) {
	var mu sync.Mutex
	var told []Status
	tell := func(o *Options) {
		o.Policy = GoOn
		o.OnChange = func(s Status) { mu.Lock(); told = append(told, s); mu.Unlock() }
	}
	onDisk(t, tell, func(t *testing.T, l *Log, disk *storagetest.Disk) {
		write(t, l, 0, 2)
		disk.Befall(storagetest.Dies)
		for n := range maxQueue + 100 {
			l.Add(Entry{Action: ActionSnapshot, Camera: entryN(n).Camera})
		}
		lost := l.Status().Lost
		if q := l.Status().Queue; q > maxQueue+maxBatch || lost < 100-maxBatch || lost == 0 {
			t.Errorf("%d wait, %d are lost", q, lost)
		}
		disk.Mend()
		for l.Status().Queue > 0 {
			time.Sleep(time.Second)
		}
		page, err := l.Search(t.Context(), Query{Action: ActionLost})
		if err != nil {
			t.Fatal(err)
		}
		var said int64
		for _, r := range page.Records {
			var after struct{ Count int64 }
			if err := json.Unmarshal(r.After, &after); err != nil {
				t.Error(err)
			}
			said += after.Count
		}
		if said != lost {
			t.Errorf("%d are lost, the log says %d", lost, said)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(told) == 0 {
			t.Error("nobody was told")
		}
	})
}

func TestACheckpointFollowsWithinAMinute(t *testing.T) {
	onDisk(t, func(o *Options) { o.bounds.every = 1000 }, func(t *testing.T, l *Log, _ *storagetest.Disk) {
		time.Sleep(10 * time.Minute)
		if c := l.Checkpoint(); c.Note != nil {
			t.Errorf("nothing was added, and a checkpoint made: %s", c.Note)
		}
		write(t, l, 0, 1)
		time.Sleep(checkpointTime + time.Second)
		if c := l.Checkpoint(); c.Size != 1 {
			t.Errorf("a minute after an entry was added the checkpoint covers %d", c.Size)
		}
		l.Add(entryN(1))
		time.Sleep(checkpointTime + time.Second)
		if c := l.Checkpoint(); c.Size != 2 {
			t.Errorf("a minute after another was added the checkpoint covers %d", c.Size)
		}
	})
}

func TestAWitnessThatFailsIsToldAndHoldsNothingUp(t *testing.T) {
	onDisk(t, func(o *Options) { o.Witness = []string{"/usb", "/missing"} }, func(t *testing.T, l *Log, disk *storagetest.Disk) {
		write(t, l, 0, 9)
		time.Sleep(2 * time.Minute)
		usb, missing := l.Status().Witness[0], l.Status().Witness[1]
		if usb.Fault != "" || usb.Signed != 9 || missing.Fault == "" {
			t.Errorf("%+v, %+v", usb, missing)
		}
		disk.Unmount("/usb") // somebody takes it out: an empty directory is left
		write(t, l, 9, 18)
		time.Sleep(2 * time.Minute)
		if usb = l.Status().Witness[0]; usb.Fault == "" || usb.Signed != 9 {
			t.Errorf("taken out: %+v", usb)
		}
		if list, err := disk.ReadDir("/usb"); err != nil || len(list) > 0 {
			t.Errorf("the place where the disk was holds %v, %v", list, err)
		}
		disk.Mount("/usb")
		write(t, l, 18, 19)
		time.Sleep(2 * time.Minute)
		if usb = l.Status().Witness[0]; usb.Fault != "" || usb.Signed != 19 {
			t.Errorf("put back: %+v", usb)
		}
		if err := errors.Join(disk.Mkdir("/missing"), disk.SyncDir("/")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if missing = l.Status().Witness[1]; missing.Fault != "" || missing.Signed != 19 {
			t.Errorf("made since: %+v", missing)
		}
	})
}

func TestOldEntriesArePrunedAndTheProofsHold(t *testing.T) {
	var now atomic.Pointer[time.Time]
	var trust atomic.Bool
	set := func(at time.Time) { now.Store(&at) }
	set(someTime)
	var forgotten atomic.Pointer[time.Time]
	forget := func(at time.Time) { forgotten.Store(&at) }
	change := func(o *Options) {
		o.Keep, o.Now, o.MayPrune = 30*time.Minute, func() time.Time { return *now.Load() }, trust.Load
		o.Witness = []string{"/usb"}
		o.Forget = func(before time.Time) error { forget(before); return nil }
	}
	onDisk(t, change, func(t *testing.T, l *Log, disk *storagetest.Disk) {
		write(t, l, 0, 43)
		set(entryN(42).Time.Add(time.Minute))
		time.Sleep(2 * time.Hour)
		if l.Pruned() != 0 {
			t.Fatal("pruned by a clock that is not trusted")
		}
		trust.Store(true)
		time.Sleep(2 * time.Hour)
		if l.Pruned() != 10 { // whole files of five; entry 13 is the first that is young enough
			t.Fatalf("%d are pruned", l.Pruned())
		}
		if at := forgotten.Load(); at == nil || !at.Equal(now.Load().Add(-30*time.Minute)) {
			t.Errorf("days are forgotten before %v", at)
		}
		for seq := range int64(43) {
			p, err := l.Prove(seq, 0)
			if err != nil || p.Check() != nil || (p.Entry == "") != (seq < 10) {
				t.Errorf("proof of %d: %+v, %v", seq, p, err)
			}
		}
		if page, err := l.Search(t.Context(), Query{Action: ActionPruned}); err != nil || len(page.Records) != 1 {
			t.Errorf("%v, %v", page, err)
		}
	})
}
