package gateway

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
)

func TestSlowListenerIsToldEachChangeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChanges()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := c.subscribe(ctx)
		synctest.Wait()
		for range 1000 {
			for i := range 3 {
				c.publish(Change{Kind: "camera", ID: fmt.Sprint(i)})
			}
		}
		synctest.Wait()
		seen := map[Change]int{}
		for range 4 { // one may be in the pump's hand while the same change is published again
			select {
			case ch := <-told:
				seen[ch]++
			default:
			}
			synctest.Wait()
		}
		if len(seen) != 3 {
			t.Errorf("told of %d cameras, want 3", len(seen))
		}
		select {
		case ch := <-told:
			t.Errorf("a backlog was kept: %v", ch)
		default:
		}
	})
}

func TestSubscriptionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChanges()
		ctx, cancel := context.WithCancel(t.Context())
		told := c.subscribe(ctx)
		cancel()
		if _, open := <-told; open {
			t.Error("told after the end")
		}
		synctest.Wait()
		if len(c.listeners) != 0 {
			t.Error("the listener was kept")
		}
	})
}
