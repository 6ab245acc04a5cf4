package storage

import (
	"slices"
	"time"
)

const (
	// meterSize is how many syncs a volume's latency is judged by, and meterTime how old they may be.
	meterSize = 128
	meterTime = time.Minute
	// meterLeast is how few syncs say nothing yet.
	meterLeast = 8
	// slowAbove makes a volume slow: one sync in twenty takes longer. With a batch of 0.7 s a second of sync is more than a
	// crash may cost. It stays slow until they take less than slowBelow, so that it does not swing.
	slowAbove = time.Second
	slowBelow = 400 * time.Millisecond
	// writeTime is the time over which the written bytes per second are averaged.
	writeTime = 10 * time.Second
)

// Latency is how long the syncs of a volume took, of the last 128 within a minute. All zero when there were none.
type Latency struct {
	Median, P95, Max time.Duration
	Syncs            int // that it is of
}

// meter measures a volume. Its owner's lock guards it.
type meter struct {
	ring   [meterSize]measured
	n      int // measured so far
	slow   bool
	since  time.Time // since when it is slow, or is not, monotonic
	rate   float64   // bytes per second, as of at
	at     time.Time // monotonic
	last   Latency   // as of lastAt
	lastAt time.Time
}

// measured is one sync.
type measured struct {
	at   time.Time // monotonic
	took time.Duration
}

// wrote notes a write and what syncing it took.
func (m *meter) wrote(now time.Time, bytes int, took time.Duration) {
	m.ring[m.n%meterSize] = measured{now, took}
	m.n++
	m.rate = m.rateAt(now) + float64(bytes)/writeTime.Seconds()
	m.at = now
}

// rateAt is the average of the written bytes per second: it fades by a third in four seconds, to nothing in a minute.
func (m *meter) rateAt(now time.Time) float64 {
	if m.at.IsZero() {
		return 0
	}
	left := 1 - float64(now.Sub(m.at))/float64(writeTime)
	return m.rate * max(0, left)
}

// latency judges the recent syncs, at most once in half a second, and whether the volume is slow.
func (m *meter) latency(now time.Time) Latency {
	const fresh = 500 * time.Millisecond
	if !m.lastAt.IsZero() && now.Sub(m.lastAt) < fresh {
		return m.last
	}
	took := make([]time.Duration, 0, meterSize)
	for _, x := range m.ring[:min(m.n, meterSize)] {
		if now.Sub(x.at) < meterTime {
			took = append(took, x.took)
		}
	}
	m.last, m.lastAt = Latency{Syncs: len(took)}, now
	if len(took) > 0 {
		slices.Sort(took)
		m.last.Median, m.last.P95, m.last.Max = took[len(took)/2], took[len(took)*19/20], took[len(took)-1]
	}
	m.judge(now)
	return m.last
}

func (m *meter) judge(now time.Time) {
	slow := m.slow
	switch {
	case m.last.Syncs < meterLeast && (m.last.Syncs > 0 || m.n > 0):
	case m.last.P95 > slowAbove:
		slow = true
	case m.last.P95 < slowBelow:
		slow = false
	}
	if slow != m.slow {
		m.slow, m.since = slow, now
	}
}

const (
	// BatchTime is how long what is to be recorded is gathered for one fragment where a volume syncs quickly: with a sync
	// of up to quickSync it stays under the second that a crash may cost.
	BatchTime = 700 * time.Millisecond
	quickSync = 300 * time.Millisecond
	// MaxBatchTime is the most that it is stretched to on a volume that syncs slowly.
	MaxBatchTime = 5 * time.Second
)

// interval is how long a recorder should gather for a volume of a latency: longer, the longer a sync takes, so that a slow
// disk syncs less often and keeps up.
func (l Latency) interval() time.Duration {
	if l.Syncs < meterLeast || l.P95 <= quickSync {
		return BatchTime
	}
	return min(MaxBatchTime, time.Duration(float64(BatchTime)*float64(l.P95)/float64(quickSync)))
}
