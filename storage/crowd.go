package storage

import "fmt"

// isCrowded tells whether space is needed and the volume has no footage that could make it: other files fill it, or it is too
// small for the segments that are being written.
func (v *volume) isCrowded() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.crowded && v.free < max(v.keepFree(), reopenRoom)
}

// crowdAlarm is the alarm of a volume that is about to be full of what retention cannot delete. Once it is full, its own alarm
// says so in this one's place.
func (s *Store) crowdAlarm(v *volume) (a Alarm, ok bool) {
	st := v.status()
	if !st.Usable() || !v.isCrowded() {
		return a, false
	}
	a = Alarm{ID: "crowded:" + st.Path, What: fmt.Sprintf("Volume %s has %.3g MB free, and holds no footage that could be deleted to make room.", st.Path, float64(st.Free)/1e6),
		Means: "Other files fill it, or it is too small for what is recorded. Once it is full, what is recorded goes to the other volumes.",
		Do:    "Move other files off it, or add a disk. The alarm goes by itself once there is room."}
	if !s.elsewhere(v) {
		a.Means = "Other files fill it, or it is too small for what is recorded. Once it is full, what is recorded is lost: a gap `disk full`."
	}
	return a, true
}
