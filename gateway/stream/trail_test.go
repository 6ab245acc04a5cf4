package stream

import (
	"errors"
	"testing"
	"time"
)

// seconds writes a time of pictures, a key frame each second.
func (c *camera) seconds(n int) {
	for i := range n * 25 {
		c.frame(video, i%25 == 0, 100)
	}
}

func TestReaderThatTrailsHoldsThePreRollAndNoMore(t *testing.T) {
	c := newCamera(Options{Keep: time.Second, MaxTime: time.Minute})
	c.begin(1)
	r := c.Lossless(0)
	defer r.Close()
	for range 30 {
		c.seconds(1)
		if _, err := r.Trail(c.wall().Add(-5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if held := c.Info().Duration; held > 7*time.Second {
			t.Fatalf("%v are held", held)
		}
	}
	at := c.wall().Add(-4500 * time.Millisecond)
	w := r.Go(at)
	if w.First.After(at) || at.Sub(w.First) > time.Second || w.Ended != "" {
		t.Errorf("it goes on at %s for %s: %+v", w.First, at, w)
	}
	items, err := r.Take(nil, 0)
	if err != nil || len(items) == 0 || !items[0].KeyFrame() || !items[0].Wall.Equal(w.First) {
		t.Errorf("%d items, %v", len(items), err)
	}
	if w := r.Go(at); !w.First.IsZero() {
		t.Errorf("it went back to %s, which was taken", w.First)
	}
}

func TestWhatWasBeforeAnEndOfTheSessionIsNoPreRoll(t *testing.T) {
	c := newCamera(Options{MaxTime: time.Minute})
	c.begin(1)
	r := c.Lossless(0)
	defer r.Close()
	c.seconds(3)
	c.End("camera offline")
	c.now.Add(int64(3 * time.Second))
	at := time.Now() // marks carry the machine's time: after the end whatever the camera's clock
	if w := r.Go(at); !w.First.IsZero() || w.Ended != "camera offline" {
		t.Errorf("it goes on at %+v", w)
	}
	c.begin(2)
	c.seconds(1)
	items, err := r.Take(nil, 0)
	if err != nil || len(items) == 0 || !items[0].Begins() || items[0].Run.ID != 2 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

func TestTrailingLosesNothingAndEndsWithTheStream(t *testing.T) {
	c := newCamera(Options{MaxTime: 2 * time.Second, Keep: time.Second})
	c.begin(1)
	r := c.Lossless(0)
	defer r.Close()
	c.seconds(20) // the ring gave most of it up
	if _, err := r.Trail(c.wall().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Take(nil, 0); err != nil {
		t.Errorf("what nobody wanted is reported as lost: %v", err)
	}
	c.Close()
	if _, err := r.Trail(c.wall()); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}
