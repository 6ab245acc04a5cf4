package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// recopyPage is how many segments that lack their second copy are looked at in one go.
const recopyPage = 64

// Recopying is how far it is with second copies that are made afterwards, of segments whose second copy failed, was drained or
// could not be recorded.
type Recopying struct {
	Waiting int64  // segments that lack their second copy
	Copied  int64  // since the start
	Bytes   int64  // of those
	Waits   string // why one is not made now, a plain sentence; "" while nothing stands in the way
	Damaged int    // segments of which no copy can be made: their bytes are not those that were recorded
}

// recopies is the state of making second copies. The store's lock guards it.
type recopies struct {
	copied, bytes int64
	waits         string
	damaged       map[string]bool // by path
	behind        []byte          // the key that was looked at last; its goroutine's alone
	removed       bool            // a volume was taken out of use since the copies on such volumes were looked for
	progress      bool            // since the list was begun; its goroutine's alone
}

// Recopying tells how far it is with second copies that are made afterwards.
func (s *Store) Recopying() (r Recopying) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		r.Waiting = int64(tx.Bucket(bSingle).Sequence())
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Copied, r.Bytes, r.Damaged = s.recopies.copied, s.recopies.bytes, len(s.recopies.damaged)
	if r.Waiting > 0 {
		r.Waits = s.recopies.waits
	}
	return r
}

// recopy makes second copies that are lacking, one at a time and no faster than volumes are drained, until ctx ends.
func (s *Store) recopy(ctx context.Context) {
	s.tookOut()
	for ctx.Err() == nil {
		if s.recopySome(ctx) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(drainWait):
		}
	}
}

// recopySome looks at some of the segments that lack their second copy, and tells whether more can be done now.
func (s *Store) recopySome(ctx context.Context) (more bool) {
	r := &s.recopies
	if err := s.listAway(ctx); err != nil {
		s.recopyWaits("The index cannot be read: " + err.Error())
		return false
	}
	list, err := s.lacking(r.behind, recopyPage)
	if err != nil {
		s.recopyWaits("The index cannot be read: " + err.Error())
		return false
	}
	if len(list) == 0 {
		more = r.progress
		r.behind, r.progress = nil, false
		return more
	}
	for i := range list {
		if ctx.Err() != nil {
			return false
		}
		r.behind = openKey(&list[i])
		why, err := s.recopyOne(ctx, &list[i])
		if err != nil && ctx.Err() == nil {
			s.log.Error("make the second copy of a segment", "path", list[i].Path, "error", err)
		}
		r.progress = r.progress || why == ""
		s.recopyWaits(why)
	}
	return true
}

func (s *Store) recopyWaits(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recopies.waits = why
}

// recopyOne makes the second copy of a segment; else it says why not. Of a camera that is mirrored no longer none is wanted.
func (s *Store) recopyOne(ctx context.Context, seg *Segment) (why string, err error) {
	switch {
	case !s.lacks(seg): // its volume is in use again
		return "", s.index.db.Update(func(tx *bbolt.Tx) error { return listSingle(tx, openKey(seg), s.lacksCopy(tx, openKey(seg))) })
	case s.unmirrors(seg.Camera):
		return "", s.unwant(seg)
	case !s.mirrors(seg.Camera):
		return "Its camera is not configured.", nil
	}
	if seg.mirror.volume != 0 && s.volumeOf(seg.volume) == nil {
		*seg = seg.onVolume(seg.mirror.volume)
		s.fill(seg)
	}
	s.mu.Lock()
	damaged := s.recopies.damaged[seg.Path]
	s.mu.Unlock()
	from := s.volumeOf(seg.volume)
	switch {
	case damaged:
		return "What was recorded is damaged: holdfast check names it.", nil
	case from == nil || !from.readable():
		return "The volume of the only copy is not there.", nil
	}
	to, what := s.chooseSecond(seg.Camera, from, func(v *volume) string { return s.roomForCopy(v, seg) })
	if to == nil {
		return "No second volume takes a copy: " + what + ".", nil
	}
	if err := s.copyTo(ctx, seg, to); err != nil {
		return fmt.Sprintf("Volume %s took no copy: %v.", to.o.Path, err), s.notCopied(seg, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recopies.copied, s.recopies.bytes = s.recopies.copied+1, s.recopies.bytes+seg.Size
	return "", nil
}

// copyTo makes the second copy of a segment on a volume, where its key is synced before.
func (s *Store) copyTo(ctx context.Context, seg *Segment, to *volume) error {
	if seg.Protected && s.o.Keys != nil {
		if err := s.o.Keys.Spread(seg.Camera, seg.Start, seg.KeyID, to.status().ID); err != nil {
			s.log.Warn("a key is not on the volume of the second copy yet", "volume", to.o.Path, "error", err) // it follows the other copies
		}
	}
	return s.copySegment(ctx, seg, to, func(tx *bbolt.Tx, now *Segment, at place) error {
		if now.mirror.volume != 0 { // of a volume that is in use no longer: removed should it come back
			if err := scrapPlace(tx, now, now.mirror); err != nil {
				return err
			}
		}
		now.mirror = at
		return putSegment(tx, now)
	})
}

// tookOut has the copies on volumes that are in use no longer looked for.
func (s *Store) tookOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recopies.removed = true
}

// listAway puts segments on the list that have their second copy on a volume that is in use no longer, once after the start and after
// each volume that was taken out of use. It goes through what such a volume held.
func (s *Store) listAway(ctx context.Context) error {
	s.mu.Lock()
	look := s.recopies.removed
	s.recopies.removed = false
	s.mu.Unlock()
	if !look {
		return nil
	}
	numbers, err := s.outOfUse()
	for _, number := range numbers {
		for c := classFree; c < classes && err == nil; c++ {
			for behind := []byte{}; behind != nil && err == nil && ctx.Err() == nil; {
				behind, err = s.listSome(classKey(number, c), behind)
			}
		}
	}
	if err != nil || ctx.Err() != nil {
		s.tookOut() // again
	}
	return err
}

// outOfUse are the numbers of volumes that the index knows and that are not in use.
func (s *Store) outOfUse() (list []uint16, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bVolumes).ForEach(func(_, v []byte) error {
			var e volumeEntry
			if err := json.Unmarshal(v, &e); err != nil {
				return nil // check names it
			}
			if s.volumeOf(e.Number) == nil {
				list = append(list, e.Number)
			}
			return nil
		})
	})
	return list, err
}

// listSome looks at some of the segments in an order, those behind a key, and gives the key of the last; nil when there are no more.
func (s *Store) listSome(class, behind []byte) (last []byte, err error) {
	err = s.index.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bOrder).Bucket(class)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, _ := c.Seek(behind)
		if bytes.Equal(k, behind) {
			k, _ = c.Next()
		}
		for n := 0; k != nil && n < settleBatch; n++ {
			last = bytes.Clone(k)
			if seg, ok, err := ordered(tx, k); err == nil && ok && s.lacks(&seg) {
				if err := listSingle(tx, openKey(&seg), true); err != nil {
					return err
				}
			}
			k, _ = c.Next()
		}
		return nil
	})
	return last, err
}

// notCopied notes a segment whose bytes are not those that were recorded, so that it is not read again and again, and gives
// errors that are worth a line in the log.
func (s *Store) notCopied(seg *Segment, err error) error {
	var ve *VolumeError
	if errors.Is(err, errMoved) || errors.As(err, &ve) {
		return nil
	}
	if errors.Is(err, errRotten) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.recopies.damaged == nil {
			s.recopies.damaged = map[string]bool{}
		}
		s.recopies.damaged[seg.Path] = true
	}
	return err
}

// unwant takes a segment off the list.
func (s *Store) unwant(seg *Segment) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		if err != nil || !ok || now.Open {
			return err
		}
		now.wanted = false
		return putSegment(tx, &now)
	})
}

// roomForCopy says why a volume has no room for a second copy, "" when it has, or when retention makes room by deleting what is older:
// younger footage does not go for it.
func (s *Store) roomForCopy(v *volume, seg *Segment) string {
	if v.roomFor(seg.Size) {
		return ""
	}
	v.mu.Lock()
	enough := v.free-seg.Size >= v.keepFree()/2
	v.mu.Unlock()
	if enough && s.hasOlder(v, seg.Start) {
		return ""
	}
	return "has no room for it"
}

// hasOlder tells whether retention may delete footage on a volume that is older than a time.
func (s *Store) hasOlder(v *volume, than time.Time) (older bool) {
	number := s.numberOf(v)
	s.index.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bOrder).Bucket(classKey(number, classFree)); b != nil {
			k, _ := b.Cursor().First()
			older = len(k) == orderKeySize && nano(k).Before(than)
		}
		return nil
	})
	return older
}
