package storage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// usualRate is what a stream is taken to write before it is measured, bytes per second: 4 Mbit/s.
const usualRate = 500_000

// pick chooses the volume for a new segment: the one that would take longest to fill, were this stream added to what is
// written to it now. So streams spread over volumes, and a large volume gets more of them than a small one. Those that are
// slow are avoided while one is ok, those where space is needed and nothing is left that may be deleted while there is another, those
// that have not answered for a while as long as another answers, and those that are emptied while any other is usable.
//
// A camera that is pinned is recorded on its own volumes while one of them takes footage, and on the others otherwise: the
// next segment returns.
func (s *Store) pick(camera string) (*volume, error) {
	if pins := s.pins()[camera]; len(pins) > 0 {
		if v, err := best(s.pinned(pins)); err == nil && v.takes() {
			return v, nil
		}
	}
	return best(s.list())
}

// pins are the volumes that cameras are pinned to, by camera.
func (s *Store) pins() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o.Pins
}

// SetPins changes the volumes that a camera is recorded on while one of them takes footage, ids or paths; none: all. It holds
// from the next segment on.
func (s *Store) SetPins(camera string, volumes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pins := maps.Clone(s.o.Pins)
	if pins == nil {
		pins = map[string][]string{}
	}
	if pins[camera] = volumes; len(volumes) == 0 {
		delete(pins, camera)
	}
	s.o.Pins = pins
}

// pinned gives the volumes that pins name by id or path.
func (s *Store) pinned(pins []string) (list []*volume) {
	for _, v := range s.list() {
		if st := v.status(); slices.Contains(pins, st.Path) || st.ID != "" && slices.Contains(pins, st.ID) {
			list = append(list, v)
		}
	}
	return list
}

// unpinned are the cameras that are not recorded where they are pinned to.
func (s *Store) unpinned() (list []Alarm) {
	all := s.pins()
	for _, camera := range slices.Sorted(maps.Keys(all)) {
		pins := all[camera]
		if len(pins) == 0 {
			continue
		}
		if v, err := best(s.pinned(pins)); err == nil && v.takes() {
			continue
		}
		list = append(list, Alarm{ID: "pinned:" + camera, What: fmt.Sprintf("None of the volumes that camera %s is pinned to takes footage: %s.", camera, strings.Join(pins, ", ")),
			Means: "It is recorded on the other volumes, and returns with the next segment.", Do: "Mend one of them, or name others in the camera's record.volumes."})
	}
	return list
}

// best chooses among volumes; the error says why none takes footage.
func best(list []*volume) (*volume, error) {
	var best *volume
	var most float64
	var rank int
	why := error(&VolumeError{Cause: CauseMissing, Err: errors.New("there is none")})
	for _, v := range list {
		st := v.status()
		if !st.Usable() {
			why = &VolumeError{Cause: causeOfState[st.State], Err: errors.New(st.Cause)}
			continue
		}
		if r, lasts := v.rank(st), lasting(st); best == nil || r > rank || r == rank && lasts > most {
			best, most, rank = v, lasts, r
		}
	}
	if best == nil {
		return nil, why
	}
	return best, nil
}

// rank sorts usable volumes into classes, of which a better one is preferred whatever the room.
func (v *volume) rank(st VolumeStatus) (rank int) {
	for i, good := range []bool{st.State == VolumeOK, !v.isStuck() && !v.isCrowded(), v.takes(), !v.draining()} {
		if good {
			rank |= 1 << i
		}
	}
	return rank
}

// lasting is how many seconds a volume would take to fill with one more stream, less where syncing takes long.
func lasting(st VolumeStatus) float64 {
	load := max(st.Rate, float64(st.Streams)*usualRate) + usualRate
	lasts := float64(st.Free) / load
	if st.Latency.P95 > quickSync {
		lasts *= float64(quickSync) / float64(st.Latency.P95)
	}
	return lasts
}

// begins notes that a segment is being written on the volume from now on; ends, that it is no more.
func (v *volume) begins() { v.count(1) }
func (v *volume) ends()   { v.count(-1) }

func (v *volume) count(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.streams += n
}
