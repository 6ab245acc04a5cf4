package storage

import (
	"testing"
	"time"
)

func TestSlownessHasHysteresis(t *testing.T) {
	var m meter
	now := time.Now()
	feed := func(took time.Duration) Latency {
		for range meterSize {
			now = now.Add(100 * time.Millisecond)
			m.wrote(now, 1000, took)
		}
		now = now.Add(time.Second)
		return m.latency(now)
	}
	for _, step := range []struct {
		took time.Duration
		slow bool
		wait time.Duration
	}{
		{10 * time.Millisecond, false, BatchTime},
		{slowBelow + 200*time.Millisecond, false, 1400 * time.Millisecond},
		{slowAbove + time.Millisecond, true, 2335666666},
		{slowBelow + 200*time.Millisecond, true, 1400 * time.Millisecond},
		{slowBelow - time.Millisecond, false, 931 * time.Millisecond},
		{time.Minute, true, MaxBatchTime},
	} {
		l := feed(step.took)
		if l.Median != step.took || l.P95 != step.took || l.Max != step.took || m.slow != step.slow || l.interval() != step.wait {
			t.Errorf("after syncs of %v: %+v, slow %v, interval %v", step.took, l, m.slow, l.interval())
		}
	}
	now = now.Add(2 * meterTime)
	if l := m.latency(now); l.Syncs != 0 || !m.slow {
		t.Errorf("nothing is measured, and the volume is quick again: %+v", l)
	}
}

func TestRateIsThatOfTheLastSeconds(t *testing.T) {
	var m meter
	now := time.Now()
	for range 100 {
		now = now.Add(700 * time.Millisecond)
		m.wrote(now, 700_000, time.Millisecond)
	}
	if r := m.rateAt(now); r < 0.9e6 || r > 1.1e6 {
		t.Errorf("1 MB/s is measured as %.0f", r)
	}
	if r := m.rateAt(now.Add(time.Minute)); r != 0 {
		t.Errorf("after a minute of silence %.0f remain", r)
	}
}
