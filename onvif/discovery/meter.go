package discovery

import (
	"net/netip"
	"time"
)

// maxMetered bounds the senders that are told apart. Those beyond share what one may.
const maxMetered = 4096

// allowance is how much may be parsed: so much at once, and one more in each interval.
type allowance struct {
	burst int
	every time.Duration
}

// The allowances. A recorder answers for each of its channels to each question, and simulated cameras share an address.
var (
	answersOfOne = allowance{512, 5 * time.Millisecond}
	answersOfAll = allowance{8192, time.Millisecond}
	strangeOfOne = allowance{16, 250 * time.Millisecond} // answers to questions that are not known to be ours
	strangeOfAll = allowance{256, 20 * time.Millisecond}
	hellosOfOne  = allowance{8, time.Second}
	hellosOfAll  = allowance{64, 100 * time.Millisecond}
)

// meter keeps what each sender, and all together, may still cost. It is used by one goroutine, or under a lock.
type meter struct {
	one, all allowance
	total    bucket
	senders  map[netip.Addr]*bucket
	others   bucket
	swept    time.Time
}

type bucket struct {
	left  int
	since time.Time // when left was counted
}

func newMeter(one, all allowance, now time.Time) *meter {
	return &meter{one: one, all: all, total: bucket{all.burst, now}, senders: make(map[netip.Addr]*bucket), others: bucket{one.burst, now}, swept: now}
}

// takes tells whether a sender may cost one more parse, and takes it. One whose own allowance is used up takes nothing of
// the others'.
func (m *meter) takes(from netip.Addr, now time.Time) bool {
	b := m.senders[from]
	if b == nil && len(m.senders) >= maxMetered {
		m.forget(now)
	}
	switch {
	case b != nil:
	case len(m.senders) < maxMetered:
		b = &bucket{m.one.burst, now}
		m.senders[from] = b
	default:
		b = &m.others
	}
	return b.take(m.one, now) && m.total.take(m.all, now)
}

// forget drops the senders whose allowance is whole again, at most once in the time that takes.
func (m *meter) forget(now time.Time) {
	whole := time.Duration(m.one.burst) * m.one.every
	if now.Sub(m.swept) < whole {
		return
	}
	m.swept = now
	for a, b := range m.senders {
		if now.Sub(b.since) >= whole {
			delete(m.senders, a)
		}
	}
}

func (b *bucket) take(a allowance, now time.Time) bool {
	if more := int(now.Sub(b.since) / a.every); more > 0 {
		b.left = min(a.burst, b.left+more)
		b.since = now
	}
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}
