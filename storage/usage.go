package storage

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// countPeriod is the time between two counts of how much footage is on each volume. In between it is reckoned.
	countPeriod = time.Hour
	// countPart bounds one transaction of a count, records: a few milliseconds.
	countPart = 10_000
)

// holds notes that a volume has n bytes of footage more.
func (v *volume) holds(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.used += n
}

// countUsed counts now and then how many bytes of footage are on each volume, until ctx ends.
func (s *Store) countUsed(ctx context.Context) {
	tick := time.NewTicker(countPeriod)
	defer tick.Stop()
	for {
		if err := s.count(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("count footage", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// count adds up the sizes of all closed segments. What is closed or deleted meanwhile makes it wrong by that much, until
// the next count.
func (s *Store) count(ctx context.Context) error {
	used := map[uint16]int64{}
	var streams [][]byte
	err := s.index.streams(func(_ *bbolt.Tx, camera, stream string, _ *bbolt.Bucket) error {
		streams = append(streams, streamKey(camera, stream))
		return nil
	})
	for _, k := range streams {
		for next := []byte{}; next != nil && err == nil; err = ctx.Err() {
			next = s.countPart(k, next, used)
		}
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, v := range s.numbers {
		v.mu.Lock()
		v.used = used[n]
		v.mu.Unlock()
	}
	return nil
}

// countPart adds up some segments of a stream from a key on, and gives the key to go on with; nil at the end.
func (s *Store) countPart(stream, from []byte, used map[uint16]int64) (next []byte) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bSegments).Bucket(stream)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		n := 0
		for k, v := c.Seek(from); k != nil; k, v = c.Next() {
			if n++; n > countPart {
				next = append(next, k...)
				return nil
			}
			seg, err := unmarshalSegment(k, v)
			if err != nil || seg.Open {
				continue // a check names it
			}
			used[seg.volume] += seg.Size
			if seg.mirror.volume != 0 {
				used[seg.mirror.volume] += seg.Size
			}
		}
		return nil
	})
	return next
}

// slowness are the alarms of a volume that takes footage, but slowly, while footage depends on it.
func (s *Store) slowness(v *volume, st VolumeStatus) []Alarm {
	if st.Streams == 0 || st.State == VolumeOK && st.Interval <= BatchTime {
		return nil
	}
	a := Alarm{ID: "slow:" + st.Path, Since: st.Since, Do: doAbout[VolumeSlow],
		What:  fmt.Sprintf("Volume %s syncs slowly: half of the syncs take more than %v, one in twenty more than %v.", st.Path, round(st.Latency.Median), round(st.Latency.P95)),
		Means: fmt.Sprintf("What is recorded on it is synced every %v instead of every %v. A power cut costs that much more. Recording goes on.", round(st.Interval), BatchTime)}
	if st.State == VolumeSlow && s.elsewhere(v) {
		a.Means += " New segments begin on the other volumes."
	}
	return []Alarm{a}
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
