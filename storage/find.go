package storage

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
)

// liveTable gives the table of a segment that is being written, as far as it is synced, and when what it has ends; nil for any other.
func (s *Store) liveTable(path string) (*fmp4.Table, time.Time) {
	s.mu.Lock()
	w := s.live[path]
	s.mu.Unlock()
	if w == nil {
		return nil, time.Time{}
	}
	return w.snapshot(path)
}

// endNow is when a segment ends that is not being written, also where it was when it was listed.
func (s *Store) endNow(seg Segment) time.Time {
	if seg.Open {
		s.fillOpen(&seg)
	}
	return seg.End
}

// fill completes a segment that came from the index.
func (s *Store) fill(seg *Segment) {
	s.mu.Lock()
	v := s.numbers[seg.volume]
	s.mu.Unlock()
	if v == nil {
		return
	}
	v.mu.Lock()
	seg.Volume = v.id
	v.mu.Unlock()
	seg.Path = filepath.Join(v.o.Path, seg.relative())
	if seg.Open {
		s.fillOpen(seg)
	}
}

// fillOpen completes a segment that was open when it was read: from its writer, or as it was given up, or from its record,
// should the writer have closed it meanwhile.
func (s *Store) fillOpen(seg *Segment) {
	s.mu.Lock()
	w, torn := s.live[seg.Path], s.torn[seg.Path]
	s.mu.Unlock()
	switch {
	case w != nil && w.describe(seg):
	case torn != nil:
		seg.End, seg.Size = torn.End, torn.Size
	default:
		s.index.db.View(func(tx *bbolt.Tx) error { // an error leaves it as it was read
			again, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
			if ok && err == nil {
				again.Path, again.Volume = seg.Path, seg.Volume
				*seg = again
			}
			return nil
		})
	}
}

// Segments gives the segments of a stream that overlap [from, to), in the order of their starts. An open one ends where it
// is synced.
func (s *Store) Segments(camera, stream string, from, to time.Time) (list []Segment, err error) {
	if err := checkRange(from, to); err != nil {
		return nil, err
	}
	list, err = s.segments(camera, stream, from, to)
	for i := range list {
		s.fill(&list[i])
	}
	list = s.unblocked(list)
	return slices.DeleteFunc(list, func(seg Segment) bool { return !seg.End.After(from) }), err
}

// segments reads records: only an open one is completed. Those on volumes that are not configured are left out.
func (s *Store) segments(camera, stream string, from, to time.Time) (list []Segment, err error) {
	err = s.eachSegment(camera, stream, from, to, func(seg Segment) { list = append(list, seg) })
	return list, err
}

// eachSegment calls f for what segments gives, within a transaction.
func (s *Store) eachSegment(camera, stream string, from, to time.Time, f func(Segment)) error {
	s.mu.Lock()
	numbers := maps.Clone(s.numbers)
	s.mu.Unlock()
	return s.index.db.View(func(tx *bbolt.Tx) error {
		return between(tx, camera, stream, from, to, func(seg Segment) error {
			if numbers[seg.volume] == nil && seg.mirror.volume != 0 {
				seg = seg.onVolume(seg.mirror.volume)
			}
			if numbers[seg.volume] != nil {
				f(seg)
			}
			return nil
		})
	})
}

func checkRange(from, to time.Time) error {
	if !from.Before(to) {
		return errors.New("the range is empty: from must be before to")
	}
	if to.Sub(from) > MaxRange {
		return fmt.Errorf("the range is longer than %d days", MaxRange/(24*time.Hour))
	}
	return nil
}
