package fmp4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Scan is what ScanFragments found.
type Scan struct {
	// Table holds the whole fragments; leaves and salts are as Leaf set them, or zero.
	Table *Table
	// End is the offset behind the last whole fragment: cut the file here and append a trailer.
	End int64
	// Stop says why the scan ended before size; nil when fragments fill the file.
	Stop error
}

// ScanOptions tell how thoroughly to look.
type ScanOptions struct {
	// Unchecked is an offset below which fragments are known to be synced: their moof is read, their
	// checksum is not compared. 0 checks all.
	Unchecked int64
	// Leaf, if set, is called for each fragment with its sample bytes and may set Leaf and Salt; it
	// makes the scan read and check the whole file. The payload is valid during the call only.
	Leaf func(f *Fragment, payload []byte)
	// Protected says that the samples are encrypted (Header.Protected). Cipher decrypts them for Leaf, and seals the
	// table's salts; without it Leaf is not called, and the table cannot be written.
	Protected bool
	Cipher    *Cipher
}

// ScanFragments finds the whole fragments of a segment without a trailer, or with a torn one: from is
// the end of the header (ReadHeader), size the file's. A fragment is whole when its moof is as
// AppendSealed writes it, the file holds all of its mdat, and the seal's checksum is right. Any input
// is safe; an error is a failed read, never a malformed file.
func ScanFragments(r io.ReaderAt, tracks []Track, from, size int64, o ScanOptions) (*Scan, error) {
	t, err := NewTable(tracks, from)
	if err != nil {
		return nil, err
	}
	t.protected, t.cipher = o.Protected, o.Cipher
	s := &scanner{r: r, size: size, table: t, options: o}
	for t.next < size {
		if err := s.fragment(); err != nil {
			var bad *tornError
			if errors.As(err, &bad) {
				return &Scan{Table: t, End: t.next, Stop: bad}, nil
			}
			return nil, fmt.Errorf("scan segment at %d: %w", t.next, err)
		}
	}
	return &Scan{Table: t, End: t.next}, nil
}

// tornError says that no whole fragment begins at an offset.
type tornError struct {
	at   int64
	what string
}

func (e *tornError) Error() string {
	return fmt.Sprintf("no whole fragment at %d: %s", e.at, e.what)
}

// scanner reads one fragment after another.
type scanner struct {
	r       io.ReaderAt
	size    int64
	table   *Table
	options ScanOptions
	buf     []byte // moof, or moof and mdat
}

func (s *scanner) torn(format string, args ...any) error {
	return &tornError{at: s.table.next, what: fmt.Sprintf(format, args...)}
}

// fill reads n bytes at the next fragment into buf.
func (s *scanner) fill(n int64) error {
	if s.table.next+n > s.size {
		return s.torn("the file ends within it")
	}
	if int64(cap(s.buf)) < n {
		s.buf = make([]byte, n)
	}
	s.buf = s.buf[:n]
	if k, err := s.r.ReadAt(s.buf, s.table.next); int64(k) < n {
		if err == io.EOF {
			return s.torn("the file ends within it")
		}
		return err
	}
	return nil
}

// fragment takes the next fragment into the table.
func (s *scanner) fragment() error {
	if err := s.fill(boxHeader); err != nil {
		return err
	}
	moof := int64(be.Uint32(s.buf))
	if string(s.buf[4:8]) != "moof" || moof < boxHeader || moof > maxMoof {
		return s.torn("no moof")
	}
	if err := s.fill(moof + boxHeader); err != nil {
		return err
	}
	mdat := int64(be.Uint32(s.buf[moof:]))
	if string(s.buf[moof+4:moof+8]) != "mdat" || mdat < boxHeader || mdat > MaxFragment+boxHeader {
		return s.torn("no mdat behind moof")
	}
	if s.table.next+moof+mdat > s.size {
		return s.torn("the file ends within mdat")
	}
	p := moofParser{tracks: s.table.tracks, table: s.table}
	if err := p.parse(s.buf[boxHeader:moof]); err != nil {
		return s.torn("%v", err)
	}
	if p.payload != mdat-boxHeader {
		return s.torn("samples of %d bytes in an mdat of %d", p.payload, mdat-boxHeader)
	}
	f := Fragment{Length: moof + mdat, Wall: p.wall}
	if err := s.check(&f, moof, p.sum); err != nil {
		return err
	}
	if err := s.table.appendMetas(f, p.samples, p.lastDur[:len(s.table.tracks)]); err != nil {
		return s.torn("%v", err)
	}
	s.leaf(moof)
	return nil
}

// leaf lets the caller see the payload of the fragment that was taken last.
func (s *scanner) leaf(moof int64) {
	if s.options.Leaf == nil || s.table.protected && s.table.cipher == nil {
		return
	}
	payload, last := s.buf[moof+boxHeader:], len(s.table.frags)-1
	if s.table.protected {
		s.table.decrypt(s.table.cipher, last, payload)
	}
	s.options.Leaf(&s.table.frags[last], payload)
}

// check compares the seal.
func (s *scanner) check(f *Fragment, moof int64, sum uint32) error {
	if s.options.Leaf == nil && s.table.next+f.Length <= s.options.Unchecked {
		return nil
	}
	if err := s.fill(f.Length); err != nil {
		return err
	}
	if sealSum(s.buf[:moof], s.buf[moof:]) != sum {
		return s.torn("checksum differs")
	}
	return nil
}

// metas is a run of one track's samples as moof tells them.
type metas struct {
	track int // index
	first int64
	dur   []uint32
	size  []uint32
	cto   []int32
	sync  []bool
	whole []bool // protected without regard to structure; nil: none
}

// appendMetas is Append for samples whose data stays in the file.
func (t *Table) appendMetas(f Fragment, runs []metas, lastDur []uint32) error {
	var n int
	var payload int64
	for _, r := range runs {
		n += len(r.size)
		for _, b := range r.size {
			payload += int64(b)
		}
		if c := &t.cols[r.track]; len(c.size) > 0 && (r.first <= c.dts || r.first-c.dts > math.MaxUint32) {
			return fmt.Errorf("DTS of track %d moves by %d", t.tracks[r.track].ID, r.first-c.dts)
		}
	}
	if err := t.room(f.Length, payload, n); err != nil {
		return err
	}
	t.begin(f)
	for _, r := range runs {
		dts, video := r.first, t.tracks[r.track].Codec.Video()
		for k := range r.size {
			if r.whole != nil && r.whole[k] {
				t.cols[r.track].whole = append(t.cols[r.track].whole, uint32(len(t.cols[r.track].size)))
			}
			t.cols[r.track].add(dts, r.cto[k], r.size[k], video && r.sync[k])
			dts += int64(r.dur[k])
		}
		t.cols[r.track].end(lastDur[r.track])
	}
	t.n += n
	return nil
}

// moofParser reads the moof boxes that AppendSealed writes, and no others.
type moofParser struct {
	tracks  []Track
	table   *Table // so far
	samples []metas
	lastDur [MaxTracks]uint32
	payload int64
	n       int
	wall    time.Time
	sum     uint32
	sealed  bool
}

func (p *moofParser) parse(b []byte) error {
	for {
		x, rest, ok := nextBox(b)
		if !ok {
			break
		}
		b = rest
		if x.kind == "traf" {
			if err := p.traf(x.body); err != nil {
				return err
			}
		}
		if seal, ok := x.isUUID(uuidSeal); ok && len(seal) == sealBytes-uuidBytes {
			p.wall, p.sum, p.sealed = time.Unix(0, int64(be.Uint64(seal))), be.Uint32(seal[8:]), len(rest) == 0
		}
	}
	if len(b) != 0 || !p.sealed {
		return errors.New("moof is not closed by a seal")
	}
	if p.n == 0 {
		return errors.New("moof without a sample")
	}
	return nil
}

// traf reads one track's run; tracks come in the order of the movie's.
func (p *moofParser) traf(b []byte) error {
	tfhd, tfdt, trun := child(b, "tfhd"), child(b, "tfdt"), child(b, "trun")
	if len(tfhd) < 8 || len(tfdt) != 12 || tfdt[0] != 1 || len(trun) < 12 {
		return errors.New("tfhd, tfdt or trun is missing or cut off")
	}
	r := metas{track: -1, first: int64(be.Uint64(tfdt[4:]))}
	for i := range p.tracks {
		if p.tracks[i].ID == be.Uint32(tfhd[4:]) {
			r.track = i
		}
	}
	if k := len(p.samples); r.track < 0 || k > 0 && p.samples[k-1].track >= r.track {
		return errors.New("traf of an unknown track, or out of order")
	}
	if r.first < 0 || r.first > math.MaxInt64/4 {
		return errors.New("tfdt is out of range")
	}
	d, err := parseDefaults(tfhd)
	if err != nil {
		return err
	}
	if err := p.trun(&r, trun, d); err != nil {
		return err
	}
	if p.table.protected {
		video := p.tracks[r.track].Codec.Video()
		r.whole, err = parseAuxiliary(child(b, "senc"), r.track, len(r.size), uint64(p.table.Len(r.track)), video)
		if err != nil {
			return err
		}
	}
	p.lastDur[r.track] = r.dur[len(r.dur)-1]
	p.samples = append(p.samples, r)
	return nil
}

// defaults are the fields of tfhd, by its flags.
type defaults struct{ dur, size, flags uint32 }

func parseDefaults(tfhd []byte) (d defaults, err error) {
	flags, b := be.Uint32(tfhd)&0xffffff, tfhd[8:]
	if flags&^(tfhdDuration|tfhdSize) != tfhdBaseIsMoof|tfhdFlags {
		return d, fmt.Errorf("tfhd flags %#x", flags)
	}
	for _, x := range []struct {
		flag uint32
		dst  *uint32
	}{{tfhdDuration, &d.dur}, {tfhdSize, &d.size}, {tfhdFlags, &d.flags}} {
		if flags&x.flag == 0 {
			continue
		}
		if len(b) < 4 {
			return d, errors.New("tfhd is cut off")
		}
		*x.dst, b = be.Uint32(b), b[4:]
	}
	return d, nil
}

// trun reads the samples of one run.
func (p *moofParser) trun(r *metas, b []byte, d defaults) error {
	flags, n := be.Uint32(b)&0xffffff, int(be.Uint32(b[4:]))
	b = b[12:]
	firstFlags := d.flags
	if flags&trunFirstFlags != 0 {
		if len(b) < 4 {
			return errors.New("trun is cut off")
		}
		firstFlags, b = be.Uint32(b), b[4:]
	}
	width := 0
	for _, f := range []uint32{trunDuration, trunSize, trunFlags, trunCTO} {
		if flags&f != 0 {
			width += 4
		}
	}
	// A run without columns costs no bytes, so the count alone must be bounded.
	if n == 0 || n > MaxSamples-p.n || len(b) != n*width {
		return fmt.Errorf("trun of %d samples in %d bytes", n, len(b))
	}
	p.n += n
	return p.columns(r, b, n, flags, d, firstFlags)
}

func (p *moofParser) columns(r *metas, b []byte, n int, flags uint32, d defaults, firstFlags uint32) error {
	r.dur, r.size = make([]uint32, n), make([]uint32, n)
	r.cto, r.sync = make([]int32, n), make([]bool, n)
	take := func(flag, otherwise uint32) uint32 {
		if flags&flag == 0 {
			return otherwise
		}
		v := be.Uint32(b)
		b = b[4:]
		return v
	}
	for k := range n {
		r.dur[k], r.size[k] = take(trunDuration, d.dur), take(trunSize, d.size)
		f := take(trunFlags, d.flags)
		if k == 0 && flags&trunFirstFlags != 0 {
			f = firstFlags
		}
		r.cto[k], r.sync[k] = int32(take(trunCTO, 0)), f&0x10000 == 0
		p.payload += int64(r.size[k])
		if r.dur[k] == 0 && k < n-1 {
			return errors.New("a duration of 0")
		}
		if p.payload > MaxFragment {
			return errors.New("samples are too large")
		}
	}
	return nil
}

// FindFragment looks for a sealed fragment that begins at from or later, before size, byte by byte: what lies before it may
// be anything. Its seal is compared, its samples are not looked at. It gives the fragment's offset, -1 when there is none. An
// error is a failed read.
func FindFragment(r io.ReaderAt, from, size int64) (int64, error) {
	const window = 1 << 20
	buf := make([]byte, window+boxHeader)
	for at := from; at < size; at += window {
		b := buf[:min(int64(len(buf)), size-at)]
		if n, err := r.ReadAt(b, at); n < len(b) && err != io.EOF {
			return -1, fmt.Errorf("find fragment: %w", err)
		}
		for i := 4; i+4 <= len(b); i += 4 {
			k := bytes.Index(b[i:], []byte("moof"))
			if k < 0 {
				break
			}
			i += k
			if start := at + int64(i) - 4; i-4 < window {
				sealed, err := isSealed(r, start, size)
				if sealed || err != nil {
					return start, err
				}
			}
		}
	}
	return -1, nil
}

// isSealed tells whether a whole fragment with the right seal begins at an offset.
func isSealed(r io.ReaderAt, start, size int64) (bool, error) {
	b, err := readAtMost(r, start, min(size-start, boxHeader))
	if err != nil || len(b) < boxHeader {
		return false, err
	}
	moof := int64(be.Uint32(b))
	if moof < boxHeader+sealBytes || moof > maxMoof || start+moof+boxHeader > size {
		return false, nil
	}
	if b, err = readAtMost(r, start+moof, boxHeader); err != nil || len(b) < boxHeader {
		return false, err
	}
	mdat := int64(be.Uint32(b))
	if string(b[4:8]) != "mdat" || mdat < boxHeader || mdat > MaxFragment+boxHeader || start+moof+mdat > size {
		return false, nil
	}
	if b, err = readAtMost(r, start, moof+mdat); err != nil || int64(len(b)) < moof+mdat {
		return false, err
	}
	x, _, ok := nextBox(b[moof-sealBytes : moof])
	if !ok {
		return false, nil
	}
	seal, ok := x.isUUID(uuidSeal)
	return ok && len(seal) == sealBytes-uuidBytes && sealSum(b[:moof], b[moof:]) == be.Uint32(seal[8:]), nil
}
