package stream

const (
	// itemCost is what an item is charged beyond its payload, bytes: the item, its frame and their slices. It also
	// bounds the number of items, because every item costs at least this.
	itemCost = 256

	// slabItems is how many items one allocation yields. A slab lives as long as any of its items, so a larger
	// number saves allocations and keeps more frames alive that have left the ring.
	slabItems = 8

	// firstItems is the ring's first length, items. It doubles until the bounds are reached and then stays.
	firstItems = 64
)

// ring is a queue of items with consecutive numbers. It does no locking.
type ring struct {
	buf   []*Item // len is a power of two; item seq lies at seq & (len-1)
	head  uint64  // seq of the oldest item held
	tail  uint64  // seq that the next item gets; head == tail: empty
	bytes int     // sum of the costs of the items held
	slab  []Item  // unused rest of the newest slab
}

func newRing() ring {
	return ring{buf: make([]*Item, firstItems), head: 1, tail: 1}
}

func (r *ring) len() int { return int(r.tail - r.head) }

// at gives the item with number seq, which must be held.
func (r *ring) at(seq uint64) *Item { return r.buf[seq&uint64(len(r.buf)-1)] }

func (r *ring) holds(seq uint64) bool { return seq >= r.head && seq < r.tail }

// make gives a blank item. It is not in the ring until push.
func (r *ring) make() *Item {
	if len(r.slab) == 0 {
		r.slab = make([]Item, slabItems)
	}
	it := &r.slab[0]
	r.slab = r.slab[1:]
	return it
}

func (r *ring) push(it *Item) {
	if r.len() == len(r.buf) {
		r.grow()
	}
	it.Seq = r.tail
	r.buf[it.Seq&uint64(len(r.buf)-1)] = it
	r.tail++
	r.bytes += it.cost()
}

func (r *ring) grow() {
	old := *r
	r.buf = make([]*Item, 2*len(old.buf))
	for seq := r.head; seq < r.tail; seq++ {
		r.buf[seq&uint64(len(r.buf)-1)] = old.at(seq)
	}
}

// pop removes the oldest item, which must exist.
func (r *ring) pop() *Item {
	i := r.head & uint64(len(r.buf)-1)
	it := r.buf[i]
	r.buf[i] = nil
	r.head++
	r.bytes -= it.cost()
	return it
}
