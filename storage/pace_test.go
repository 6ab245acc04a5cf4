package storage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCopiesTogetherKeepToOneRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sharedPace{pace: pace{rate: copyRate}}
		began := time.Now()
		for range 3 { // volumes that are emptied at once
			go func() {
				for range 64 {
					if err := p.took(t.Context(), copyPart); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		synctest.Wait()
		time.Sleep(4 * time.Second) // not yet all: 192 MiB are 6 s, less a burst
		p.mu.Lock()
		ahead := p.pace.next
		p.mu.Unlock()
		if counted := ahead.Sub(began) + burst; counted > 4*time.Second+3*time.Second/32+burst {
			t.Errorf("%v of copies are counted after 4 s", counted)
		}
		time.Sleep(3 * time.Second)
		p.mu.Lock()
		defer p.mu.Unlock()
		if took := p.pace.next.Sub(began) + burst; took < 5900*time.Millisecond || took > 6100*time.Millisecond {
			t.Errorf("192 MiB took %v", took)
		}
	})
}

func TestCopyingYieldsToRecordingOnEitherVolume(t *testing.T) {
	for name, which := range map[string]int{"source": 0, "target": 1} {
		t.Run(name, func(t *testing.T) {
			r := drainable(t)
			vols := r.store.list()
			slow := vols[which]
			r.must(r.store.Drain(vols[0].o.Path))
			slow.begins()
			slow.mu.Lock()
			slow.meter.slow, slow.meter.since = true, time.Now()
			slow.meter.last, slow.meter.lastAt = Latency{}, time.Now().Add(time.Hour)
			slow.mu.Unlock()
			o := &open{vol: vols[1]}
			ctx := &endsWhenWaited{Context: t.Context(), over: make(chan struct{})}
			close(ctx.over)
			if err := r.store.yield(ctx, vols[0], o, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("copying goes on: %v", err)
			}
			if d := r.store.statusOf(vols[0]).Draining; !strings.Contains(d.Waits, slow.o.Path) || len(r.store.drainAlarms(vols[0])) > 0 {
				t.Errorf("it says that it waits for %q, with alarms %+v", d.Waits, r.store.drainAlarms(vols[0]))
			}
			slow.ends()
			r.must(r.store.yield(t.Context(), vols[0], o, 1))
			if d := r.store.statusOf(vols[0]).Draining; d.Waits != "" {
				t.Errorf("it still says %q", d.Waits)
			}
		})
	}
}

// endsWhenWaited is a context that is over for whoever waits, and not for whoever only asks.
type endsWhenWaited struct {
	context.Context
	over   chan struct{}
	waited bool
}

func (c *endsWhenWaited) Done() <-chan struct{} {
	c.waited = true
	return c.over
}

func (c *endsWhenWaited) Err() error {
	if c.waited {
		return context.Canceled
	}
	return nil
}
