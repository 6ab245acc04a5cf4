package fmp4

import (
	"errors"
	"io"
	"sort"
	"sync"
)

// Plain reads a protected segment as though its samples had never been encrypted: same offsets, same size. What lies
// outside of mdat is given as it is in the file. It holds at most one decrypted fragment, so reading on is cheap, and is
// safe for concurrent use.
type Plain struct {
	r io.ReaderAt
	t *Table  // not changed
	c *Cipher // constant

	mu   sync.Mutex // guards what follows
	frag int        // whose payload buf holds; -1: none
	from int64      // where that begins in the file
	buf  []byte
}

// NewPlain reads a segment through its table, of which only what it holds now is decrypted.
func NewPlain(r io.ReaderAt, t *Table, c *Cipher) *Plain {
	return &Plain{r: r, t: t, c: c, frag: -1}
}

// ReadAt implements io.ReaderAt.
func (p *Plain) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read segment: negative offset")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for n < len(b) && err == nil {
		var k int
		k, err = p.part(b[n:], off+int64(n))
		n += k
	}
	if n == len(b) {
		err = nil
	}
	return n, err
}

// part reads from off up to where clear turns into protected or back. Caller holds mu.
func (p *Plain) part(b []byte, off int64) (int, error) {
	frags := p.t.frags
	f := sort.Search(len(frags), func(i int) bool { return frags[i].End() > off })
	if f == len(frags) {
		return p.r.ReadAt(b, off)
	}
	from := p.from
	if f != p.frag {
		from = p.t.PayloadOffset(f)
	}
	if off < from {
		return p.r.ReadAt(b[:min(int64(len(b)), from-off)], off)
	}
	if err := p.load(f, from); err != nil {
		return 0, err
	}
	return copy(b, p.buf[off-from:]), nil
}

// load decrypts a fragment's payload. Caller holds mu.
func (p *Plain) load(f int, from int64) error {
	if f == p.frag {
		return nil
	}
	n := int(p.t.frags[f].End() - from)
	if cap(p.buf) < n {
		p.buf = make([]byte, n)
	}
	p.buf, p.frag = p.buf[:n], -1
	if k, err := p.r.ReadAt(p.buf, from); k < n {
		return errors.Join(err, io.ErrUnexpectedEOF)
	}
	p.t.decrypt(p.c, f, p.buf)
	p.frag, p.from = f, from
	return nil
}

// decrypt decrypts the payload of fragment f in place.
func (t *Table) decrypt(c *Cipher, f int, payload []byte) {
	for i := range t.cols {
		col, codec := &t.cols[i], t.tracks[i].Codec
		from, to := t.samplesOf(f, i)
		w := sort.Search(len(col.whole), func(k int) bool { return int(col.whole[k]) >= from })
		for n := from; n < to; n++ {
			whole := w < len(col.whole) && int(col.whole[w]) == n
			if whole {
				w++
			}
			c.crypt(payload[:col.size[n]], sampleIV(i, uint64(n)), codec, whole)
			payload = payload[col.size[n]:]
		}
	}
}
