package storage

import (
	"maps"
	"time"

	"go.etcd.io/bbolt"
)

// Kind says what footage is kept for. It is found from events and locks when it is needed, and stored nowhere.
type Kind string

// The kinds of footage, by what of it goes first when space is needed.
const (
	KindContinuous Kind = "continuous"
	KindEvent      Kind = "event"  // an event, with its rolls, overlaps the segment
	KindLocked     Kind = "locked" // a lock does: it does not go
)

// Ages is how long footage is kept. Zero is: not said.
type Ages struct {
	Max   time.Duration // of continuous footage; 0: until space is needed
	Event time.Duration // of footage of events; 0: as Max
	Min   time.Duration // promised: when space needs it sooner, an alarm says so before
}

// of gives the greatest age of a kind, 0 where it has none.
func (a Ages) of(k Kind) time.Duration {
	switch {
	case k == KindLocked:
		return 0
	case k == KindEvent && a.Event > 0:
		return a.Event
	}
	return a.Max
}

// first is the age at which a segment may have to go, whatever its kind; 0: never by age.
func (a Ages) first() time.Duration {
	if a.Event > 0 && (a.Max <= 0 || a.Event < a.Max) {
		return a.Event
	}
	return a.Max
}

// longest is the age that no footage passes, locked apart; 0: there is none.
func (a Ages) longest() time.Duration {
	if a.Max <= 0 {
		return 0
	}
	return max(a.Max, a.Event)
}

// agesOf gives the ages of a camera's footage: what is not said for it is as for all.
func (s *Store) agesOf(camera string) Ages {
	s.mu.Lock()
	a, own := s.o.Ages, s.o.CameraAges[camera]
	s.mu.Unlock()
	if own.Max > 0 {
		a.Max = own.Max
	}
	if own.Event > 0 {
		a.Event = own.Event
	}
	if own.Min > 0 {
		a.Min = own.Min
	}
	if a.Max > 0 && a.Event > 0 { // a camera's own age may be longer than what was said of events for all
		a.Event = max(a.Event, a.Max)
	}
	if a.Max > 0 {
		a.Min = min(a.Min, a.Max)
	}
	return a
}

// Ages gives how long a camera's footage is kept: what is said of it, and of all.
func (s *Store) Ages(camera string) Ages { return s.agesOf(camera) }

// SetAges changes how long a camera's footage is kept; the zero value is: as for all.
func (s *Store) SetAges(camera string, a Ages) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ages := maps.Clone(s.o.CameraAges)
	if ages == nil {
		ages = map[string]Ages{}
	}
	ages[camera] = a
	s.o.CameraAges = ages
}

// SetSiteAges changes how long footage is kept where a camera says nothing else.
func (s *Store) SetSiteAges(a Ages) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Ages = a
}

// kindOf finds the kind of a segment.
func kindOf(tx *bbolt.Tx, seg *Segment) (Kind, error) {
	locks, err := lockedIn(tx, seg.Camera, seg.Start, seg.End)
	if err != nil || len(locks) > 0 {
		return KindLocked, err
	}
	marked, err := eventIn(tx, seg.Camera, seg.Start, seg.End)
	if err != nil || marked {
		return KindEvent, err
	}
	return KindContinuous, nil
}
