package gateway

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// enterFor tells how long the gate keeps a try waiting.
func enterFor(t *testing.T, g *gate) (*pass, time.Duration) {
	t.Helper()
	start := time.Now()
	p, err := g.enter(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, time.Since(start)
}

func TestGateAllowsTwoRefusalsThenOneTryInFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Now)
		for i, want := range []time.Duration{0, 0, refusedPeriod, refusedPeriod} {
			p, waited := enterFor(t, g)
			if waited != want {
				t.Errorf("try %d waited %v, want %v", i+1, waited, want)
			}
			p.refused()
		}
	})
}

func TestGateLetsOneTryAtATimeUntilCredentialsAreProven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Now)
		first, _ := enterFor(t, g)
		second := make(chan *pass)
		go func() {
			p, _ := g.enter(t.Context(), nil)
			second <- p
		}()
		synctest.Wait()
		select {
		case <-second:
			t.Fatal("a second try ran beside the first")
		default:
		}
		first.accepted()
		(<-second).release()
		for range 3 { // proven: any number at once
			if _, waited := enterFor(t, g); waited != 0 {
				t.Errorf("a proven gate kept a try waiting for %v", waited)
			}
		}
	})
}

func TestGateForgetsRefusalsOnceAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Now)
		p, _ := enterFor(t, g)
		p.refused()
		p, _ = enterFor(t, g)
		p.accepted()
		p, waited := enterFor(t, g)
		p.refused() // the password was changed at the camera
		if waited != 0 {
			t.Errorf("waited %v after acceptance", waited)
		}
		if _, waited = enterFor(t, g); waited != 0 {
			t.Errorf("waited %v after the first refusal since acceptance", waited)
		}
	})
}

func TestGateGivesItsTokenBackWhenTheWaitIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Now)
		for range freeRefusals {
			p, _ := enterFor(t, g)
			p.refused()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.enter(ctx, nil); err == nil {
			t.Fatal("entered before the period was over")
		}
		if _, waited := enterFor(t, g); waited != refusedPeriod-time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestGateTellsWhoeverWaitsThatTheCredentialsWereRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Now)
		p, _ := enterFor(t, g)
		p.refused()
		p, _ = enterFor(t, g)
		ctx, cancel := context.WithCancel(t.Context())
		var told atomic.Int32
		over := make(chan error)
		for range 2 { // one gets the token and has to wait, one waits for the token
			go func() {
				_, err := g.enter(ctx, func() { told.Add(1) })
				over <- err
			}()
		}
		synctest.Wait()
		if told.Load() != 0 {
			t.Error("told before a second refusal")
		}
		p.refused()
		synctest.Wait()
		if n := told.Load(); n < 2 {
			t.Errorf("%d of 2 that wait were told", n)
		}
		cancel()
		<-over
		<-over
	})
}
