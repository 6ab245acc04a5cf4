package storage

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

const (
	// MaxEventTime bounds an event: one that nobody ends counts as over after it.
	MaxEventTime = 24 * time.Hour
	// MaxEventRoll bounds how far an event reaches back before its start and on behind its end.
	MaxEventRoll = time.Hour
	// MaxEvents bounds the answer of Events.
	MaxEvents = 10_000
	// maxEventWord bounds kind and source, bytes.
	maxEventWord = 64
	// forgetEvents bounds how many events without footage are dropped when another is raised.
	forgetEvents = 16
	// eventHistory is how long events are kept of a camera that has no footage and whose footage has no maximum age.
	eventHistory = 400 * 24 * time.Hour
)

// ErrNoEvent says that there is no event of an id.
var ErrNoEvent = errors.New("no such event")

// Event is something that happened before a camera. Footage that it overlaps, with what it reaches back and on, is of
// KindEvent.
type Event struct {
	ID        string // 16 letters and digits, given by the store when the event is raised; sorts by time
	Camera    string
	Start     time.Time     // UTC; does not change
	End       time.Time     // UTC; zero while it lasts, and at most MaxEventTime after the start
	Kind      string        // what it is, such as "motion": 1 to 64 bytes of one line
	Source    string        // what said so, such as a rule or a camera's topic: at most 64 bytes; never who: it is stored in clear
	Pre, Post time.Duration // how far it reaches back before its start and on behind its end, up to MaxEventRoll
}

// covers gives the time that an event marks, its rolls included.
func (e *Event) covers() (from, to time.Time) {
	return e.Start.Add(-e.Pre), e.over().Add(e.Post)
}

// over is when an event ended, or will at the latest.
func (e *Event) over() time.Time {
	if e.End.IsZero() {
		return e.Start.Add(MaxEventTime)
	}
	return e.End
}

// Event raises an event, when its ID is empty, and gives it with its ID. With the ID and camera of one that was raised it
// sets that one's End and Post: it is extended, ended, or, with a zero End, lasts again. It returns when the journal of a
// volume has synced it; where no volume takes it, it is in the index and waits for one. Where there is none of the ID the
// error is ErrNoEvent.
func (s *Store) Event(e Event) (Event, error) {
	if e.ID != "" {
		before, err := s.EventOf(e.Camera, e.ID)
		if err != nil {
			return e, fmt.Errorf("change event: %w", err)
		}
		before.End, before.Post = e.End.UTC().Round(0), e.Post
		if e.End.IsZero() {
			before.End = time.Time{}
		}
		e = before
	} else if e.Start = e.Start.UTC().Round(0); !e.End.IsZero() {
		e.End = e.End.UTC().Round(0)
	}
	if err := e.check(); err != nil {
		return e, fmt.Errorf("raise event: %w", err)
	}
	if e.ID == "" {
		e.ID = newEventID(e.Start)
	}
	s.journalAny(e.record(s.now().UTC()))
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := s.forgetOld(tx, e.Camera); err != nil {
			return err
		}
		return putEvent(tx, &e)
	})
	if err != nil {
		return e, fmt.Errorf("note event: %w", err)
	}
	return e, nil
}

func (e *Event) check() error {
	switch {
	case !validName(e.Camera):
		return fmt.Errorf("%q names no camera", e.Camera)
	case e.Kind == "" || !validWord(e.Kind):
		return fmt.Errorf("its kind must be 1 to %d bytes of one line", maxEventWord)
	case !validWord(e.Source):
		return fmt.Errorf("its source must be at most %d bytes of one line", maxEventWord)
	case e.Start.Unix() <= 0 || e.Start.Year() > 2261:
		return errors.New("its start is no time that can be recorded")
	case !e.End.IsZero() && e.End.Before(e.Start):
		return errors.New("it ends before it starts")
	case !e.End.IsZero() && e.End.Sub(e.Start) > MaxEventTime:
		return fmt.Errorf("it lasts longer than %v", MaxEventTime)
	case e.Pre < 0 || e.Pre > MaxEventRoll || e.Post < 0 || e.Post > MaxEventRoll:
		return fmt.Errorf("it reaches back or on by more than %v", MaxEventRoll)
	}
	return nil
}

func validWord(s string) bool {
	if len(s) > maxEventWord || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// Events gives the events of a camera that overlap [from, to), in the order of their starts, at most limit (0: MaxEvents).
// Whoever wants more asks again from the start of the last.
func (s *Store) Events(camera string, from, to time.Time, limit int) (list []Event, err error) {
	if err := checkRange(from, to); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > MaxEvents {
		limit = MaxEvents
	}
	list = []Event{}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return eventsBetween(tx, camera, from, to, func(e Event) bool {
			if e.Start.Before(to) && (e.over().After(from) || e.End.Equal(e.Start) && !e.Start.Before(from)) {
				list = append(list, e)
			}
			return len(list) < limit
		})
	})
	return list, err
}

// EachEvent calls f, until it says that it has enough, with the begin and the kind of the events of a camera that overlap [from, to), in the
// order of their starts. f is called within a transaction and must not call the store. Nothing else is made of a record: an axis
// counts tens of thousands of them.
func (s *Store) EachEvent(camera string, from, to time.Time, f func(start time.Time, kind string) bool) error {
	if err := checkRange(from, to); err != nil {
		return err
	}
	return s.index.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bEvents).Bucket([]byte(camera))
		if b == nil {
			return nil
		}
		c, kind := b.Cursor(), ""
		for k, v := c.Seek(nanoKey(from.Add(-MaxEventTime))); k != nil; k, v = c.Next() {
			if len(k) != eventKeySize || len(v) < eventFixed || len(v) < eventFixed+int(v[eventFixed-1]) {
				_, err := readEvent(camera, k, v)
				return err
			}
			start := nano(k)
			if !start.Before(to) {
				return nil
			}
			if start.Before(from) {
				e, err := readEvent(camera, k, v)
				if err != nil {
					return err
				}
				if !e.over().After(from) {
					continue
				}
			}
			if name := v[eventFixed : eventFixed+int(v[eventFixed-1])]; string(name) != kind {
				kind = string(name)
			}
			if !f(start, kind) {
				return nil
			}
		}
		return nil
	})
}

// EventOf gives an event of a camera. The error is ErrNoEvent when there is none of the id, or no longer.
func (s *Store) EventOf(camera, id string) (e Event, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		k, ok := eventKey(id)
		b := tx.Bucket(bEvents).Bucket([]byte(camera))
		if !ok || b == nil {
			return ErrNoEvent
		}
		v := b.Get(k)
		if v == nil {
			return ErrNoEvent
		}
		e, err = readEvent(camera, k, v)
		return err
	})
	return e, err
}

// An event's key in the index is its start (8) and two random bytes; its id is the key in letters.
const (
	eventKeySize = nanoseconds + 2
	eventFixed   = nanoseconds + 4 + 4 + 1 // end, pre, post, length of the kind
)

var eventLetters = base32.HexEncoding.WithPadding(base32.NoPadding)

func newEventID(start time.Time) string {
	k := binary.BigEndian.AppendUint64(make([]byte, 0, eventKeySize), uint64(start.UnixNano()))
	k = k[:eventKeySize]
	rand.Read(k[nanoseconds:])
	return eventLetters.EncodeToString(k)
}

// EventStart is when the event of an id began, which the id tells; false when it is no event's id.
func EventStart(id string) (time.Time, bool) {
	k, ok := eventKey(id)
	if !ok {
		return time.Time{}, false
	}
	return nano(k), true
}

func eventKey(id string) ([]byte, bool) {
	k, err := eventLetters.DecodeString(id)
	return k, err == nil && len(k) == eventKeySize && eventLetters.EncodeToString(k) == id
}

// putEvent writes an event's record, FORMAT.md.
func putEvent(tx *bbolt.Tx, e *Event) error {
	k, ok := eventKey(e.ID)
	if !ok {
		return fmt.Errorf("%q is no event's id", e.ID)
	}
	b, err := tx.Bucket(bEvents).CreateBucketIfNotExists([]byte(e.Camera))
	if err != nil {
		return err
	}
	b.FillPercent = 0.9 // keys mostly rise
	end := int64(0)
	if !e.End.IsZero() {
		end = e.End.UnixNano()
	}
	v := binary.BigEndian.AppendUint64(make([]byte, 0, eventFixed+len(e.Kind)+len(e.Source)), uint64(end))
	v = binary.BigEndian.AppendUint32(v, uint32(e.Pre/time.Millisecond))
	v = binary.BigEndian.AppendUint32(v, uint32(e.Post/time.Millisecond))
	v = append(v, byte(len(e.Kind)))
	return b.Put(k, append(append(v, e.Kind...), e.Source...))
}

func readEvent(camera string, k, v []byte) (e Event, err error) {
	if len(k) != eventKeySize || len(v) < eventFixed || len(v) < eventFixed+int(v[eventFixed-1]) {
		return e, errors.New("read index: an event's record is malformed")
	}
	e = Event{ID: eventLetters.EncodeToString(k), Camera: camera, Start: nano(k)}
	if end := nano(v); end.UnixNano() != 0 {
		e.End = end
	}
	e.Pre = time.Duration(binary.BigEndian.Uint32(v[8:])) * time.Millisecond
	e.Post = time.Duration(binary.BigEndian.Uint32(v[12:])) * time.Millisecond
	kind := eventFixed + int(v[eventFixed-1])
	e.Kind, e.Source = string(v[eventFixed:kind]), string(v[kind:])
	return e, nil
}

// eventsBetween calls f, until it says that it has enough, for the events of a camera that may cover part of [from, to), rolls
// included, in the order of their starts.
func eventsBetween(tx *bbolt.Tx, camera string, from, to time.Time, f func(Event) bool) error {
	b := tx.Bucket(bEvents).Bucket([]byte(camera))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	last := to.Add(MaxEventRoll)
	for k, v := c.Seek(nanoKey(from.Add(-MaxEventTime - MaxEventRoll))); k != nil; k, v = c.Next() {
		e, err := readEvent(camera, k, v)
		if err != nil {
			return err
		}
		if !e.Start.Before(last) || !f(e) {
			return nil
		}
	}
	return nil
}

// eventIn tells whether an event of the camera covers part of [from, to).
func eventIn(tx *bbolt.Tx, camera string, from, to time.Time) (there bool, err error) {
	err = eventsBetween(tx, camera, from, to, func(e Event) bool {
		begin, end := e.covers()
		there = begin.Before(to) && (end.After(from) || !begin.Before(from))
		return !there
	})
	return there, err
}

// dropEvents forgets the events before a time, at most limit of them: the camera's footage begins later.
func dropEvents(tx *bbolt.Tx, camera string, before time.Time, limit int) error {
	b := tx.Bucket(bEvents).Bucket([]byte(camera))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, v := c.First(); k != nil && limit > 0; k, v = c.First() {
		e, err := readEvent(camera, k, v)
		if err != nil {
			return err
		}
		if _, end := e.covers(); end.After(before) {
			return nil
		}
		if err := b.Delete(k); err != nil {
			return err
		}
		limit--
	}
	return nil
}

// forgetOld drops events of a camera that are older than its footage and than footage may get: a camera that is not recorded
// would else keep them for ever.
func (s *Store) forgetOld(tx *bbolt.Tx, camera string) error {
	age := s.agesOf(camera).longest()
	if age <= 0 {
		age = eventHistory
	}
	before := s.now().Add(-age)
	if first, ok := firstOfCamera(tx, camera); ok {
		before = earlier(before, first)
	}
	return dropEvents(tx, camera, before, forgetEvents)
}

// ForgetEvents does that for every camera: one that is there no longer, or is switched off, raises none that would have its old ones dropped.
// While the clock is in doubt nothing is.
func (s *Store) ForgetEvents() error {
	if !s.guard.believed(s.now()) {
		return nil
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		var cameras []string
		err := tx.Bucket(bEvents).ForEachBucket(func(k []byte) error { cameras = append(cameras, string(k)); return nil })
		for _, camera := range cameras {
			err = errors.Join(err, s.forgetOld(tx, camera))
		}
		return err
	})
}

// firstOfCamera is where the oldest footage of any stream of a camera begins.
func firstOfCamera(tx *bbolt.Tx, camera string) (first time.Time, ok bool) {
	all := tx.Bucket(bSegments)
	c := all.Cursor()
	prefix := string(streamKey(camera, ""))
	for k, _ := c.Seek([]byte(prefix)); len(k) >= len(prefix) && string(k[:len(prefix)]) == prefix; k, _ = c.Next() {
		b := all.Bucket(k)
		if b == nil {
			continue
		}
		if key, _ := b.Cursor().First(); key != nil && (!ok || nano(key).Before(first)) {
			first, ok = nano(key), true
		}
	}
	return first, ok
}

func (e *Event) record(now time.Time) record {
	r := record{Type: "event", At: now, Camera: e.Camera, ID: e.ID, Kind: e.Kind, Source: e.Source, Pre: e.Pre, Post: e.Post}
	if !e.End.IsZero() {
		end := e.End
		r.End = &end
	}
	return r
}

// eventFrom reads an event from a journal.
func eventFrom(r *record) (e Event, ok bool) {
	k, ok := eventKey(r.ID)
	if !ok {
		return e, false
	}
	e = Event{ID: r.ID, Camera: r.Camera, Start: nano(k), Kind: r.Kind, Source: r.Source, Pre: r.Pre, Post: r.Post}
	if r.End != nil {
		e.End = r.End.UTC()
	}
	return e, e.check() == nil
}
