package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/keyring"
)

// maxSpare bounds the keys without footage that one check tells of, and one repair has forgotten. The next goes on.
const maxSpare = 1 << 16

// spareDay is the keys of a camera's day that no footage needs.
type spareDay struct {
	keyring.CameraDay
	ids []keyring.ID
}

// checkSpare looks for keys without footage: what a crash, or an index that was lost, left in the keyring. They do no harm. It costs
// one small read of each copy of the keyring for each day of a camera.
func (c *checking) checkSpare(ctx context.Context) error {
	if c.s.o.Keys == nil || !c.o.whole() {
		return nil
	}
	days, n, err := c.s.spareDays(ctx)
	if err != nil || n == 0 {
		return err
	}
	f := Finding{Kind: KindSpare, What: fmt.Sprintf("The keyring has %d keys, of %d days of cameras, that no footage needs.", n, len(days)),
		Means: "They open nothing that is on a timeline, and do no harm.", Do: "Run holdfast check --repair while every volume is there, if they are to go.",
		Repair: "They are forgotten, and destroyed within the hour. Files of footage that were moved away from the volumes could not be opened any more."}
	if c.o.Repair {
		if err := c.forgetSpare(ctx, days); err != nil {
			f.Error = err.Error()
		} else {
			f.Done = true
			c.s.repaired(&f)
		}
	}
	c.note(f)
	return nil
}

// spareDays gives the camera-days that have keys without footage, and how many keys these are.
func (s *Store) spareDays(ctx context.Context) (days []spareDay, n int, err error) {
	for _, day := range s.o.Keys.CameraDays() {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		ids, err := s.spareOf(day)
		if err != nil {
			return nil, 0, err
		}
		if ids = ids[:min(len(ids), maxSpare-n)]; len(ids) > 0 {
			days = append(days, spareDay{day, ids})
		}
		if n += len(ids); n == maxSpare {
			break
		}
	}
	return days, n, nil
}

// spareOf gives the keys of a camera's day that no segment has. The keyring is asked first: a key that it has is of a segment in the
// index, or of one that is being made, which is looked at before the index. Of a day with footage whose file was lost
// none is given: the file may come back.
func (s *Store) spareOf(day keyring.CameraDay) (spare []keyring.ID, err error) {
	ids, err := s.o.Keys.IDs(day.Camera, day.Day)
	if err != nil || len(ids) == 0 || s.isMaking(day.Camera, day.Day) {
		return nil, nil // a copy that cannot be read is told of by the keyring's own state
	}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		needed, lost := neededKeys(tx, day)
		if lost {
			return nil
		}
		for _, id := range ids {
			if !needed[id] {
				spare = append(spare, id)
			}
		}
		return nil
	})
	return spare, err
}

// neededKeys gives the keys of a camera's day that segments have, or that are on the way to being forgotten; lost tells whether a file
// of the day was lost, or a record cannot be read.
func neededKeys(tx *bbolt.Tx, day keyring.CameraDay) (needed map[keyring.ID]bool, lost bool) {
	needed = map[keyring.ID]bool{}
	end := day.Day.Add(24 * time.Hour)
	prefix := string(streamKey(day.Camera, ""))
	streams := tx.Bucket(bSegments).Cursor()
	for k, _ := streams.Seek([]byte(prefix)); strings.HasPrefix(string(k), prefix); k, _ = streams.Next() {
		whole := eachStarting(tx, k, day.Day, end, func(seg *Segment) { needed[seg.KeyID] = true })
		if !whole || lostBetween(tx, k, day.Day, end) {
			return nil, true
		}
	}
	c := tx.Bucket(bOutlived).Cursor()
	for k, _ := c.Seek([]byte(prefix)); strings.HasPrefix(string(k), prefix); k, _ = c.Next() {
		if o, err := readOutlived(k); err == nil {
			needed[o.id] = true
		}
	}
	return needed, false
}

// eachStarting calls f for the segments of a stream that start in [from, to), and tells whether all could be read.
func eachStarting(tx *bbolt.Tx, stream []byte, from, to time.Time, f func(*Segment)) bool {
	c := tx.Bucket(bSegments).Bucket(stream).Cursor()
	for k, v := c.Seek(nanoKey(from)); k != nil && nano(k).Before(to); k, v = c.Next() {
		seg, err := unmarshalSegment(k, v)
		if err != nil {
			return false
		}
		f(&seg)
	}
	return true
}

// lostBetween tells whether a gap of a stream within reach of [from, to) says that a file was lost.
func lostBetween(tx *bbolt.Tx, stream []byte, from, to time.Time) bool {
	b := tx.Bucket(bGaps).Bucket(stream)
	if b == nil {
		return false
	}
	c := b.Cursor()
	for k, v := c.Seek(nanoKey(from.Add(-MaxSegmentTime))); k != nil && nano(k).Before(to); k, v = c.Next() {
		if g, err := readGap(k, v); err != nil || g.cause == CauseLost {
			return true
		}
	}
	return false
}

// forgetSpare has keys forgotten, if it is sure that nothing needs them. Each day is looked at again before.
func (c *checking) forgetSpare(ctx context.Context, days []spareDay) error {
	if err := c.sureOfKeys(); err != nil {
		return err
	}
	for _, d := range days {
		if err := ctx.Err(); err != nil {
			return err
		}
		ids, err := c.s.spareOf(d.CameraDay)
		if err != nil {
			return err
		}
		if err := c.s.o.Keys.Forget(d.Camera, d.Day, ids[:min(len(ids), maxSpare)]...); err != nil {
			return err
		}
	}
	return nil
}

// sureOfKeys tells what is in the way of taking a key that the index does not know for one that nobody needs: footage may be where
// this check did not see it.
func (c *checking) sureOfKeys() error {
	if len(c.r.Findings) > 0 {
		return errors.New("the check found something, and footage may be where the index does not see it: check again when that is repaired")
	}
	for _, v := range c.s.list() {
		v.mu.Lock()
		attached := v.keys
		v.mu.Unlock()
		if st := v.status(); st.State == VolumeMissing || !attached {
			return fmt.Errorf("volume %s is not there, or its copy of the keyring is not open", st.Path)
		}
	}
	st := c.s.o.Keys.Status()
	if len(st.Locked) > 0 {
		return errors.New("a keyring is locked")
	}
	return c.s.knownVolumesThere(st.Copies)
}

// knownVolumesThere tells which volume that the index, or the keyring, knows is not in use, but for those that were taken out of use
// empty.
func (s *Store) knownVolumesThere(copies []keyring.Copy) error {
	emptied := map[string]bool{}
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bVolumes).ForEach(func(id, v []byte) error {
			var e volumeEntry
			if err := json.Unmarshal(v, &e); err != nil {
				return err
			}
			if emptied[string(id)] = e.Path == ""; e.Path != "" && s.volumeOf(e.Number) == nil {
				return fmt.Errorf("volume %s, which had footage, is not in use here", e.Path)
			}
			return nil
		})
	})
	for _, copied := range copies {
		if err == nil && copied.State == "away" && !emptied[copied.Volume] {
			err = fmt.Errorf("volume %s, which has a copy of the keyring, is not in use here", copied.Volume)
		}
	}
	return err
}
