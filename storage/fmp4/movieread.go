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
	if x.sound >= 0 {
		return m.readSound(p, x, skip)
	}
	return m.readSource(p, x.part, x.off+skip)
}

// readSource reads all of p from a part's segment.
func (m *Movie) readSource(p []byte, part int32, off int64) (int, error) {
	n, err := m.sources[part].ReadAt(p, off)
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
	w := soundWalk{sound: m.sounds[x.sound], off: x.off}
	for skip >= w.made() {
		skip -= w.made()
		w.next()
	}
	stored := make([]byte, w.stored(skip+int64(len(p))))
	if _, err := m.readSource(stored, x.part, w.off); err != nil {
		return 0, err
	}
	var frame []byte
	for n < len(p) {
		size := w.size()
		frame = appendFLAC(frame[:0], stored[:size], &w.sound, w.number)
		n += copy(p[n:], frame[skip:])
		skip, stored = 0, stored[size:]
		w.next()
	}
	return n, nil
}
