package storage

import (
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// statusOf is the present state of a volume with what the index has on it.
func (s *Store) statusOf(v *volume) VolumeStatus {
	var onIt held
	number := s.numberOf(v)
	s.index.db.View(func(tx *bbolt.Tx) error { // an error leaves it at nothing
		for c := classFree; c < classes; c++ {
			h := heldOn(tx, number, c)
			onIt.bytes, onIt.segments = onIt.bytes+h.bytes, onIt.segments+h.segments
		}
		return nil
	})
	st := v.status()
	st.Verified = s.verified(st.ID)
	v.mu.Lock()
	defer v.mu.Unlock()
	st.Used, st.Held, st.Spare, st.Draining = onIt.bytes, onIt.segments, v.keepFree(), v.progress(onIt)
	return st
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
