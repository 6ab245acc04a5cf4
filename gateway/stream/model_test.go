package stream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// model is the stream as the package comment describes it, on plain slices with nothing ever thrown away.
type model struct {
	maxBytes int
	maxTime  time.Duration
	items    []modelItem // items[i] has seq i+1
	online   bool
	key      uint64 // seq of the newest key frame of the running session, 0: none
	head     uint64 // seq of the oldest item held
}

type modelItem struct {
	at   time.Duration
	cost int
	key  bool
	kind byte // 'f'rame, 'a'udio, 'b'egin, 'e'nd
}

func (m *model) write(it modelItem) {
	m.items = append(m.items, it)
	seq := uint64(len(m.items))
	switch {
	case it.kind == 'f' && it.key && m.online:
		m.key = seq
	case it.kind == 'b', it.kind == 'e':
		m.key = 0
		m.online = it.kind == 'b'
	}
	m.evict()
}

func (m *model) evict() {
	newest := m.items[len(m.items)-1].at
	for m.head < uint64(len(m.items)) {
		bytes := 0
		for _, it := range m.items[m.head-1:] {
			bytes += it.cost
		}
		stale := newest-m.items[m.head-1].at > m.maxTime && (m.key == 0 || m.head < m.key)
		if bytes <= m.maxBytes && !stale {
			return
		}
		m.head++
	}
}

// modelReader is what a reader should do.
type modelReader struct {
	lossy           bool
	next, confirmed uint64
	needKey         bool
	lost            uint64 // first lost item while failed
}

func (m *model) take(r *modelReader, n int) (out []uint64, failed bool) {
	if !r.lossy && (r.lost != 0 || r.next < m.head) {
		if r.lost == 0 {
			r.lost = r.next
		}
		return nil, true
	}
	for len(out) < n {
		if r.lossy {
			m.settle(r)
		}
		if r.next > uint64(len(m.items)) {
			break
		}
		out = append(out, r.next)
		r.next++
	}
	return out, false
}

func (m *model) settle(r *modelReader) {
	end := uint64(len(m.items))
	newest := m.items[end-1].at
	late := r.next <= end && m.key != 0 && r.next < m.key && newest-m.items[r.next-1].at > lossyLag
	if r.next < m.head || late {
		r.next = max(r.next, m.head)
		r.needKey = true
		if m.key >= r.next {
			r.next, r.needKey = m.key, false
		}
	}
	for r.needKey && r.next <= end {
		it := m.items[r.next-1]
		if it.kind == 'b' || it.kind == 'e' {
			return
		}
		if it.kind == 'f' && it.key {
			r.needKey = false
			return
		}
		r.next++
	}
}

func (m *model) resume(r *modelReader) {
	if r.lost == 0 {
		return
	}
	r.next = max(m.head, r.lost)
	for r.next <= uint64(len(m.items)) && (m.items[r.next-1].kind != 'f' || !m.items[r.next-1].key) {
		r.next++
	}
	r.confirmed, r.lost = r.next-1, 0
}

// pair is a reader and what it should be.
type pair struct {
	real  *Reader
	model modelReader
}

func TestReadersAgreeWithTheModelWhateverHappens(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { play(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func play(t *testing.T, rnd *rand.Rand) {
	m := &model{maxBytes: 2000 + rnd.IntN(60000), maxTime: time.Duration(rnd.IntN(8000)+100) * time.Millisecond, head: 1}
	c := newCamera(Options{MaxBytes: m.maxBytes, MaxTime: m.maxTime})
	gop := 2 + rnd.IntN(60)
	var readers []*pair
	run := uint32(0)
	for step := range 1500 {
		switch p := rnd.IntN(100); {
		case step == 0 || p < 1:
			run++
			c.begin(run, video, audio)
			m.write(modelItem{time.Duration(c.now.Load()), itemCost, false, 'b'})
		case p < 2:
			cause := fmt.Sprint("cause ", step)
			c.End(cause)
			m.write(modelItem{time.Duration(c.now.Load()), itemCost, false, 'e'})
		case p < 60:
			track, kind := video, byte('f')
			if rnd.IntN(4) == 0 {
				track, kind = audio, 'a'
			}
			key, size := rnd.IntN(gop) == 0, rnd.IntN(1500)
			c.frame(track, key, size)
			m.write(modelItem{time.Duration(c.now.Load()), size + itemCost, key, kind})
		case p < 64 && len(readers) < 8:
			readers = append(readers, m.open(c, rnd.IntN(2) == 0))
		case len(readers) > 0:
			act(t, rnd, m, readers[rnd.IntN(len(readers))])
		}
		if i := c.Info(); uint64(i.Items) != uint64(len(m.items))-m.head+1 {
			t.Fatalf("step %d: %d items held, want %d", step, i.Items, uint64(len(m.items))-m.head+1)
		}
	}
}

func (m *model) open(c *camera, lossy bool) *pair {
	end := uint64(len(m.items))
	if !lossy {
		r := c.Lossless(time.Second)
		return &pair{r, modelReader{next: r.next, confirmed: r.next - 1}} // where it starts has tests of its own
	}
	p := &pair{c.Lossy(), modelReader{lossy: true, next: end + 1, needKey: true}}
	if m.key >= m.head && m.key != 0 {
		p.model.next, p.model.needKey = m.key, false
	}
	return p
}

// act does one random thing with a reader and its model.
func act(t *testing.T, rnd *rand.Rand, m *model, p *pair) {
	switch rnd.IntN(10) {
	case 0:
		if p.model.lossy || p.model.lost != 0 {
			return
		}
		seq := p.model.confirmed + uint64(rnd.IntN(20))
		p.real.Confirm(seq)
		p.model.confirmed = max(p.model.confirmed, min(seq, p.model.next-1))
	case 1:
		p.real.Rewind()
		if !p.model.lossy && p.model.lost == 0 {
			p.model.next = p.model.confirmed + 1
		}
	case 2:
		p.real.Resume()
		m.resume(&p.model)
	default:
		compare(t, m, p, 1+rnd.IntN(200))
	}
}

func compare(t *testing.T, m *model, p *pair, n int) {
	want, failed := m.take(&p.model, n)
	got, err := p.real.Take(nil, n)
	if failed != errors.Is(err, ErrOverrun) {
		t.Fatalf("error %v, want overrun %v", err, failed)
	}
	if g := seqs(got); fmt.Sprint(g) != fmt.Sprint(want) {
		t.Fatalf("items %v, want %v", g, want)
	}
	var o *Overrun
	if errors.As(err, &o) && o.Seq != p.model.lost {
		t.Fatalf("first lost %d, want %d", o.Seq, p.model.lost)
	}
}
