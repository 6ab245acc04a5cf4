package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/storage/storagetest"
)

// TestAHangingDiskHoldsUpNobody has a disk that is recorded on not answer from a call on, for all of a life, in fake time. Recording
// goes on on the other disk, nothing is lost, and once the calls return everything is as it should be.
func TestAHangingDiskHoldsUpNobody(t *testing.T) {
	for _, c := range []struct {
		name, path string
		rig        func(testing.TB) *rig
	}{{"alone", mount, twoDisks}, {"mirrored", mount, mirroredDisks}, {"the mirror", otherMount, mirroredDisks}} {
		t.Run(c.name, func(t *testing.T) { everyHang(t, c.path, c.rig) })
	}
}

func everyHang(t *testing.T, path string, rig func(testing.TB) *rig) {
	calm := rig(t)
	if err := calm.recordSome(); err != nil {
		t.Fatal(err)
	}
	calm.close()
	stride, cases := 5, 0
	if wholeTables {
		stride = 1
	}
	d := calm.mounts().At(path)
	for at := firstFootage(d); at <= d.Ops() && !t.Failed(); at += stride {
		cases++
		synctest.Test(t, func(t *testing.T) { diskHangs(t, rig(t), path, at) })
	}
	t.Logf("%d cases", cases)
}

// recordSome is a life without what waits for a lock that somebody holds who waits for a disk: fake time stands still meanwhile.
func (r *rig) recordSome() error {
	for _, step := range []func() error{
		r.open,
		func() (err error) { r.tend(); r.w, err = r.store.Writer("door", "main"); return err },
		func() error { return r.begin(1) },
		func() error { return errors.Join(r.flush(r.batch()), r.flush(r.batch())) },
		func() error { r.tend(); return r.begin(1) },
		func() error { return errors.Join(r.flush(r.batch()), r.flush(r.batch())) },
		func() error { return r.again(func() error { return r.w.Gap(CauseOffline, r.wall) }) },
		func() error { r.wall = r.wall.Add(3 * time.Second); return r.begin(2) },
		func() error { return r.flush(r.batch()) },
		r.stop,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func diskHangs(t *testing.T, r *rig, path string, at int) {
	t.Helper()
	d := r.mounts().At(path)
	d.Inject(storagetest.Fault{At: at, Mode: storagetest.Hangs})
	r.clock = &atomic.Int64{}
	r.clock.Store(r.now.UnixNano())
	stop := r.runs()
	err := r.recordSome()
	if err == nil && len(r.acked) != int(r.made) {
		err = fmt.Errorf("%d pictures of %d were recorded", len(r.acked), r.made)
	}
	d.Inject(storagetest.Fault{})
	d.Mend()
	time.Sleep(time.Minute)
	stop()
	x := trouble{Fault: storagetest.Fault{At: at, Mode: storagetest.Hangs}}
	if err == nil && len(r.opts.Mirrored) > 0 {
		r.settle()
		err = errors.Join(r.recordMore(), r.twiceAgain(x))
	} else if err == nil {
		err = r.looksWell(x)
	}
	r.close()
	if err != nil {
		t.Errorf("%s (%d) hangs: %v\n%s", d.Op(at), at, err, r.mounts())
	}
}

// runs has Run tend the store, until stop.
func (r *rig) runs() (stop func()) {
	ctx, cancel := context.WithCancel(r.tb.Context())
	var once sync.Once
	var run sync.WaitGroup
	r.running = func() {
		once.Do(func() {
			run.Go(func() {
				if err := r.store.Run(ctx); !errors.Is(err, context.Canceled) {
					r.tb.Error(fmt.Errorf("run: %w", err))
				}
			})
		})
		time.Sleep(2 * probePeriod)
	}
	return func() {
		cancel()
		run.Wait()
		r.running = nil
	}
}

// firstFootage is the first operation of a disk that has to do with footage.
func firstFootage(d *storagetest.Disk) int {
	for n := 1; n <= d.Ops(); n++ {
		if strings.HasSuffix(d.Op(n), ".mp4") {
			return n
		}
	}
	return d.Ops() + 1
}
