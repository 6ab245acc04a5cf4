package storage

import (
	"bytes"
	"encoding/binary"
	"maps"
	"time"

	"go.etcd.io/bbolt"
)

// EachSpan calls f for what Spans gives of [from, to), but for two things: there is no bound to their number, and footage
// that filled a gap does not tell that gap's cause. Recorded spans come in the order of their starts, and so do gaps. f is
// called within a transaction and must not call the store. Nothing is kept: of a year of a camera, 105 000 segments,
// an axis wants to know only what its pixels hold, and reads it here in a tenth of the time that making a list of it takes
// (BenchmarkYearWalked, BenchmarkYearListed).
func (s *Store) EachSpan(camera, stream string, from, to time.Time, f func(Span)) error {
	if err := checkRange(from, to); err != nil {
		return err
	}
	if len(s.blocked(camera, stream, from, to)) > 0 {
		return s.eachOfList(camera, stream, from, to, f) // an erasure is under way: rare
	}
	w := &walk{from: from, to: to, f: f, until: s.horizon(camera, stream, earlier(to, s.now().UTC()))}
	s.mu.Lock()
	w.numbers = maps.Clone(s.numbers)
	s.mu.Unlock()
	ends, err := s.openEnds(camera, stream)
	if err != nil {
		return err
	}
	w.ends = ends
	away := false
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		if away = tx.Bucket(bVolumes).Stats().KeyN > len(w.numbers); away {
			return nil
		}
		return w.stream(tx, streamKey(camera, stream))
	})
	if err == nil && away {
		return s.eachOfList(camera, stream, from, to, f)
	}
	return err
}

// eachOfList calls f for the spans of the list.
func (s *Store) eachOfList(camera, stream string, from, to time.Time, f func(Span)) error {
	list, err := s.Spans(camera, stream, from, to)
	for _, sp := range list {
		f(sp)
	}
	return err
}

// openEnds tells how far the open segments of a stream have come, by their keys.
func (s *Store) openEnds(camera, stream string) (map[string]time.Time, error) {
	var open []Segment
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		k := streamKey(camera, stream)
		c := tx.Bucket(bOpen).Cursor()
		for key, _ := c.Seek(k); bytes.HasPrefix(key, k); key, _ = c.Next() {
			if len(key) != len(k)+segmentKey {
				continue // of a stream whose name begins with this one's
			}
			seg, ok, err := segmentOf(tx, camera, stream, key[len(k):])
			if err != nil {
				return err
			}
			if ok {
				open = append(open, seg)
			}
		}
		return nil
	})
	ends := make(map[string]time.Time, len(open))
	for i := range open {
		s.fill(&open[i])
		ends[string(open[i].key())] = open[i].End
	}
	return ends, err
}

// walk goes through the segments and the gaps of a stream beside each other.
type walk struct {
	from, to time.Time
	until    time.Time // where knowledge of gaps ends
	f        func(Span)
	numbers  map[uint16]*volume
	ends     map[string]time.Time // of open segments

	used  uint16 // the volume that was found in use last
	run   uint32
	last  Span // the recorded one that may go on
	some  bool // there is one
	at    time.Time
	gaps  *bbolt.Cursor
	ahead []gapEntry // read, and perhaps not over
	next  gapEntry   // read, and to be looked at when its time comes
	more  bool       // there is one
	cause Cause      // of the gap that was read last, which most have in common with the next
	holes []Span     // of one hole, for use again
}

// stream walks one stream.
func (w *walk) stream(tx *bbolt.Tx, k []byte) error {
	segments, gaps := tx.Bucket(bSegments).Bucket(k), tx.Bucket(bGaps).Bucket(k)
	first := firstIn(segments, gaps)
	if first.IsZero() {
		return nil
	}
	w.at = later(w.from, first)
	if gaps != nil {
		if err := w.begin(gaps.Cursor()); err != nil {
			return err
		}
	}
	if segments != nil {
		e, err := streamOf(tx, k)
		if err != nil {
			return err
		}
		if err := w.segments(segments.Cursor(), max(e.Longest, MaxSegmentTime)+time.Minute); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.hole(w.until)
}

// firstIn is the earliest key of two buckets, each of which may not be there.
func firstIn(buckets ...*bbolt.Bucket) (first time.Time) {
	for _, b := range buckets {
		if b == nil {
			continue
		}
		if key, _ := b.Cursor().First(); key != nil && (first.IsZero() || nano(key).Before(first)) {
			first = nano(key)
		}
	}
	return first
}

// segments reads what footage tells, and nothing else of a record.
func (w *walk) segments(c *bbolt.Cursor, back time.Duration) error {
	for key, v := c.Seek(nanoKey(w.from.Add(-back))); key != nil; key, v = c.Next() {
		if len(key) != segmentKey || len(v) < segmentRecord || v[0] == 0 || v[0] > recordVersion {
			return errRecord
		}
		start, end := nano(key), nano(v[5:])
		if !start.Before(w.to) {
			return nil
		}
		if v[1]&flagOpen != 0 {
			if now, ok := w.ends[string(key)]; ok {
				end = now
			}
		} else if !end.After(w.from) {
			continue
		}
		filled, there, err := w.read(key, v)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if err := w.footage(stretch{start, end, binary.BigEndian.Uint32(key[nanoseconds:]), filled, v[1]&flagJoined != 0}); err != nil {
			return err
		}
	}
	return nil
}

// read tells whether a segment is on a volume that is in use, and what it was filled from.
func (w *walk) read(key, v []byte) (filled Filled, there bool, err error) {
	number := binary.BigEndian.Uint16(v[3:])
	if number != 0 && number == w.used && v[1]&flagFilled == 0 {
		return filled, true, nil
	}
	seg, err := unmarshalSegment(key, v)
	if err != nil {
		return filled, false, err
	}
	switch {
	case w.numbers[number] != nil:
		w.used = number
		return seg.Filled, true, nil
	case seg.mirror.volume != 0 && w.numbers[seg.mirror.volume] != nil:
		return seg.Filled, true, nil
	}
	return filled, false, nil
}

// footage takes the next segment, which goes on where the one before ends, or does not: as merge has it.
func (w *walk) footage(s stretch) error {
	if w.some && w.run == s.run && w.last.Filled == s.filled && s.follows(w.last.End) {
		w.last.End = later(w.last.End, s.end)
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.last, w.run, w.some = Span{Start: s.start, End: s.end, Run: s.run, Filled: s.filled}, s.run, true
	return nil
}

// flush tells of the footage that does not go on, and of the hole before it.
func (w *walk) flush() error {
	if !w.some {
		return nil
	}
	w.some = false
	if err := w.hole(earlier(w.last.Start, w.until)); err != nil {
		return err
	}
	w.at = later(w.at, w.last.End)
	w.tell(w.last)
	return nil
}

// tell cuts a span to the range and hands it on.
func (w *walk) tell(sp Span) {
	sp.Start, sp.End = later(sp.Start, w.from), earlier(sp.End, w.to)
	if sp.Start.Before(sp.End) {
		w.f(sp)
	}
}

// hole tells why there is no footage up to a time.
func (w *walk) hole(end time.Time) error {
	if !end.After(w.at) {
		return nil
	}
	for w.more && w.next.start.Before(end) {
		w.ahead = append(w.ahead, w.next)
		if err := w.gap(w.gaps.Next()); err != nil {
			return err
		}
	}
	over := 0
	for over < len(w.ahead) && !w.ahead[over].end.IsZero() && !w.ahead[over].end.After(w.at) {
		over++
	}
	w.ahead = w.ahead[:copy(w.ahead, w.ahead[over:])]
	w.holes = causes(w.holes[:0], w.ahead, w.at, end)
	for _, sp := range w.holes {
		w.tell(sp)
	}
	return nil
}

// begin goes to the first gap that may reach into the range.
func (w *walk) begin(c *bbolt.Cursor) error {
	w.gaps = c
	c.Seek(nanoKey(w.from))
	k, v := c.Prev()
	if k == nil {
		k, v = c.Seek(nanoKey(w.from))
	}
	return w.gap(k, v)
}

// gap reads the next gap.
func (w *walk) gap(k, v []byte) error {
	for ; k != nil; k, v = w.gaps.Next() {
		if len(k) != nanoseconds || len(v) < nanoseconds {
			_, err := readGap(k, v)
			return err
		}
		g := gapEntry{start: nano(k), cause: w.cause}
		if w.more = g.start.Before(w.until); !w.more {
			return nil
		}
		if string(v[nanoseconds:]) != string(w.cause) {
			var err error
			if g, err = readGap(k, v); err != nil {
				return err
			}
			if !g.early {
				w.cause = g.cause
			}
		} else if end := nano(v); end.UnixNano() != 0 {
			g.end = end
		}
		if w.next = g; g.end.IsZero() || g.end.After(w.from) {
			return nil
		}
	}
	w.more = false
	return nil
}
