package fmp4

import (
	"errors"
	"fmt"
	"io"
	"sort"
)

// ReadAt reads the movie (io.ReaderAt). A source that ends early gives io.ErrUnexpectedEOF, any other
// failure of a source is wrapped; wrong bytes are never made up.
func (m *Movie) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read movie: negative offset")
	}
	if off < int64(len(m.head)) {
		n = copy(p, m.head[off:])
	}
	for n < len(p) && off+int64(n) < m.size {
		k, err := m.readData(p[n:], off+int64(n)-int64(len(m.head)))
		n += k
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readData reads from the extent that holds offset at of the data, up to its end.
func (m *Movie) readData(p []byte, at int64) (int, error) {
	k := sort.Search(len(m.extents), func(k int) bool { return m.extents[k].at+m.extents[k].size > at })
	x := &m.extents[k]
	skip := at - x.at
	p = p[:min(int64(len(p)), x.size-skip)]
	if x.made {
		return m.readSound(p, x, skip)
	}
	return m.readSource(p, x.part, x.off+skip)
}

// readSource reads all of p from a part's segment.
func (m *Movie) readSource(p []byte, part int32, off int64) (int, error) {
	n, err := m.parts[part].Source.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, fmt.Errorf("read movie: part %d at %d: %w", part, off, err)
}

// readSound makes FLAC, beginning skip bytes behind the extent's start. Frames are made whole and cut;
// what they are made of is read at once, and is less than half of what they fill.
func (m *Movie) readSound(p []byte, x *extent, skip int64) (n int, err error) {
	table := m.parts[x.part].Table
	s := sound{track: &table.tracks[x.track], sizes: table.cols[x.track].size[x.first : x.first+x.n], number: x.block, off: x.off}
	for skip >= s.made() {
		skip -= s.made()
		s.next()
	}
	stored := make([]byte, s.stored(skip+int64(len(p))))
	if _, err := m.readSource(stored, x.part, s.off); err != nil {
		return 0, err
	}
	var frame []byte
	for n < len(p) {
		size := s.sizes[0]
		frame = appendFLAC(frame[:0], stored[:size], s.track, s.number)
		n += copy(p[n:], frame[skip:])
		skip, stored = 0, stored[size:]
		s.next()
	}
	return n, nil
}

// sound walks over the packets of an extent.
type sound struct {
	track  *Track
	sizes  []uint32 // of this packet and those after it
	number uint64   // of this packet's first sample
	off    int64    // of this packet in the source
}

func (s *sound) block() int { return flacBlock(int(s.sizes[0]), flacChannels(s.track)) }

// made is the size of the frame made of this packet.
func (s *sound) made() int64 { return int64(flacSize(s.block(), flacChannels(s.track), s.number)) }

func (s *sound) next() {
	s.number += uint64(s.block())
	s.off += int64(s.sizes[0])
	s.sizes = s.sizes[1:]
}

// stored is how many bytes of packets make the next n bytes of frames.
func (s sound) stored(n int64) (total int64) {
	for n > 0 && len(s.sizes) > 0 {
		n -= s.made()
		total += int64(s.sizes[0])
		s.next()
	}
	return total
}
