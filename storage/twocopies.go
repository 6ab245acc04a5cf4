package storage

import (
	"errors"
	"io"
	"path/filepath"

	"holdfast/storage/internal/durable"
)

// otherCopy is a segment as its second volume has it, without the first; false when it is stored once, or that volume is not
// there. Of an open one each file has what is synced.
func (s *Store) otherCopy(seg Segment) (other Segment, ok bool) {
	v := s.volumeOf(seg.mirror.volume)
	if seg.mirror.volume == 0 || v == nil || !v.readable() {
		return seg, false
	}
	other = seg
	other.place, other.mirror = seg.mirror, place{}
	other.Volume, other.Path = v.status().ID, filepath.Join(v.o.Path, other.relative())
	return other, true
}

// readable tells whether reading from the volume may be tried.
func (v *volume) readable() bool { return v.status().State != VolumeMissing }

// copyOpener gives what opens the other copy of a segment when reading the first fails midway; nil when there is none.
func (s *Store) copyOpener(seg Segment) func() durable.File {
	if seg.mirror.volume == 0 {
		return nil
	}
	return func() durable.File {
		other, ok := s.otherCopy(seg)
		if !ok {
			return nil
		}
		file, err := s.fs.OpenRead(other.Path)
		if err != nil {
			s.log.Error("the other copy cannot be opened", "path", other.Path, "error", err)
			return nil
		}
		s.log.Warn("a copy cannot be read; the other is", "path", seg.Path, "other", other.Path)
		return file
	}
}

// copies is a segment's file as it is on disk, whichever of its copies can be read.
type copies Media

// ReadAt reads the first copy, and from its first error on the other: their bytes are the same.
func (c *copies) ReadAt(p []byte, off int64) (int, error) {
	m := (*Media)(c)
	m.mu.Lock()
	file := m.file
	if m.other != nil {
		file = m.other
	}
	m.mu.Unlock()
	n, err := file.ReadAt(p, off)
	if err == nil || errors.Is(err, io.EOF) || m.again == nil || !m.turn() {
		return n, err
	}
	return m.other.ReadAt(p, off)
}

// turn opens the other copy, once. It tells whether there is one.
func (m *Media) turn() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.other == nil {
		m.other = m.again()
	}
	return m.other != nil
}
