package keyring

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// CameraDay names the keys of a camera's UTC day.
type CameraDay struct {
	Camera string
	Day    time.Time // its beginning, UTC
}

// CameraDays gives the camera-days that have keys in the rings that are open, by camera and day. It calls no disk.
func (r *Ring) CameraDays() []CameraDay {
	r.mu.Lock()
	defer r.mu.Unlock()
	some := map[place]bool{}
	for _, s := range r.sets {
		for p := range s.days {
			some[p] = true
		}
	}
	list := make([]CameraDay, 0, len(some))
	for p := range some {
		list = append(list, CameraDay{p.camera, time.Unix(int64(p.day)*86400, 0).UTC()})
	}
	slices.SortFunc(list, func(a, b CameraDay) int { return cmp.Or(cmp.Compare(a.Camera, b.Camera), a.Day.Compare(b.Day)) })
	return list
}

// IDs names the keys of a camera-day that are not forgotten, from all copies that are attached, at most MaxKeys for each ring. An error
// says that a copy could not be read; what the others have is given all the same.
func (r *Ring) IDs(camera string, date time.Time) (ids []ID, err error) {
	p := place{camera, dayNumber(date)}
	for _, s := range r.allSets() {
		if _, lerr := r.load(s, p, nil); lerr != nil {
			err = fmt.Errorf("list keys of camera %s: %w", camera, lerr)
		}
		r.mu.Lock()
		if d := s.days[p]; d != nil {
			for id := range d.keys {
				if !r.isDead(id) {
					ids = append(ids, id)
				}
			}
		}
		r.mu.Unlock()
	}
	return ids, err
}
