package onvif

import (
	"slices"
	"strings"
	"time"
)

const (
	// maxProperties bounds the states of one device that are followed. What comes beyond them is told as moments.
	maxProperties = 512
	// maxObjects bounds the objects that are followed in one state: those inside a field.
	maxObjects = 64
)

// Turn is which way a state turned.
type Turn uint8

// The turns.
const (
	Moment Turn = iota + 1 // it happened, and did not last
	Began                  // something became so
	Ended                  // it is not so any more
)

// Occurrence is what a notification means: that something happened, began or ended.
type Occurrence struct {
	Turn Turn
	Kind Kind
	Key  string // which state it is: the same at its beginning and its end
	Note Notification
	At   time.Time // by our clock
	Why  string    // why it ended, when the device did not say that it did; "" else
}

// Properties follows the states that a device tells of (properties of Core specification, section 9.3), apart from what is told as
// a moment. A state is one of topic and source, which names the rule; what is told of each object in it is one state that ends
// with the last of them. What is so when one subscribes is known, and no occurrence: it did not happen now. It is for
// one goroutine.
type Properties struct {
	limit  time.Duration // that an occurrence lasts at most
	states map[string]*property
}

type property struct {
	on        map[string]bool // keys of the objects for which it is so; "" where the device names none
	told      bool            // its beginning was told, and its end was not
	began     time.Time
	first     Notification
	confirmed bool // since the last Resync
	pulled    bool // a subscription has told of it
	kind      Kind
}

// NewProperties makes an empty one. What lasts longer than limit is told as ended then, and begins anew only after the device
// has said that it was over.
func NewProperties(limit time.Duration) *Properties {
	return &Properties{limit: limit, states: make(map[string]*property)}
}

// Take notes a notification and tells what it means; ok is false when nothing happened: a state that was known, or one that is
// told because it was asked for.
func (p *Properties) Take(n Notification) (o Occurrence, ok bool) {
	name, on, state := n.active()
	o = Occurrence{Kind: n.Kind(), Note: n, At: n.At}
	if !state {
		o.Turn = Moment
		return o, n.Operation != Initialized && n.Operation != Deleted
	}
	if n.Operation == Deleted {
		on = false
	}
	o.Key = keyOf(&n, name)
	s := p.states[o.Key]
	if s == nil {
		return p.meet(o, on, object(&n))
	}
	return p.turn(s, o, on, object(&n))
}

// meet takes the first that is heard of a state.
func (p *Properties) meet(o Occurrence, on bool, object string) (Occurrence, bool) {
	if len(p.states) >= maxProperties {
		o.Turn = Moment
		return o, on && o.Note.Operation != Initialized
	}
	s := &property{on: make(map[string]bool), confirmed: true, pulled: !o.Note.Streamed, kind: o.Kind}
	p.states[o.Key] = s
	if o.Note.Operation != Initialized {
		return p.turn(s, o, on, object)
	}
	if on { // it is so, since when nobody knows
		s.on[object] = true
		s.began, s.first = o.At, o.Note
	}
	return o, false
}

func (p *Properties) turn(s *property, o Occurrence, on bool, object string) (Occurrence, bool) {
	s.confirmed = true
	s.pulled = s.pulled || !o.Note.Streamed
	was := len(s.on) > 0
	switch {
	case !on && object == "":
		clear(s.on)
	case !on:
		delete(s.on, object)
	case len(s.on) < maxObjects:
		s.on[object] = true
	}
	is := len(s.on) > 0
	switch {
	case is && !was:
		s.told, s.began, s.first, s.kind = true, o.At, o.Note, o.Kind
		o.Turn = Began
		return o, true
	case was && !is && s.told:
		s.told = false
		o.Turn, o.Kind = Ended, s.kind
		if o.At.Before(s.began) {
			o.At = s.began
		}
		return o, true
	}
	return o, false
}

// keyOf names a state: topic, source, and the item that says whether it is so, since some devices say several things under one
// topic.
func keyOf(n *Notification, name string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(n.Topic))
	for _, i := range n.Source {
		b.WriteString("\x00" + i.Name + "\x01" + i.Value)
	}
	return b.String() + "\x00" + strings.ToLower(name)
}

// object names the object that a notification is about: its key, which is ObjectId in the Analytics specification.
func object(n *Notification) string {
	var b strings.Builder
	for _, i := range n.Key {
		b.WriteString("\x00" + i.Name + "\x01" + i.Value)
	}
	return b.String()
}

// Resync says that the device is about to tell all its states again. Unconfirmed ends what it does not.
func (p *Properties) Resync() {
	for _, s := range p.states {
		s.confirmed = false
	}
}

// Unconfirmed ends what lasts and was not told again since Resync. What only the metadata track tells of is not meant.
func (p *Properties) Unconfirmed(now time.Time) []Occurrence {
	return p.end(now, "the camera does not say any more that it is so", func(s *property) bool { return !s.confirmed && s.pulled }, true)
}

// TrackEnded ends what only the metadata track told of, which has ended.
func (p *Properties) TrackEnded(now time.Time) []Occurrence {
	return p.end(now, "the stream that told of it has ended", func(s *property) bool { return !s.pulled }, true)
}

// Forget ends everything that lasts: the device has restarted, or is not reached any more.
func (p *Properties) Forget(now time.Time, why string) []Occurrence {
	return p.end(now, why, func(*property) bool { return true }, true)
}

// Overdue ends what has lasted as long as anything may. It is not so anew before the device has said that it was over.
func (p *Properties) Overdue(now time.Time) []Occurrence {
	return p.end(now, "it had lasted as long as an event may", func(s *property) bool { return now.Sub(s.began) >= p.limit }, false)
}

// Resume takes up what lasted when whoever listened before stopped: which is asked of each state that is so and of which nothing was
// told, and where it says yes, the end will be told. It gives the keys of those.
func (p *Properties) Resume(which func(Kind, Notification) bool) (keys []string) {
	for key, s := range p.states {
		if len(s.on) > 0 && !s.told && which(s.kind, s.first) {
			s.told = true
			keys = append(keys, key)
		}
	}
	return keys
}

// Lasting is how many states are so, and have not been told as ended.
func (p *Properties) Lasting() (n int) {
	for _, s := range p.states {
		if s.told {
			n++
		}
	}
	return n
}

func (p *Properties) end(now time.Time, why string, which func(*property) bool, over bool) (list []Occurrence) {
	for key, s := range p.states {
		if !which(s) {
			continue
		}
		if s.told {
			s.told = false
			list = append(list, Occurrence{Turn: Ended, Kind: s.kind, Key: key, Note: s.first, At: now, Why: why})
			if over { // what was so before anybody asked stays known, or it would begin each time that the device is asked
				clear(s.on)
			}
		}
	}
	slices.SortFunc(list, func(a, b Occurrence) int { return strings.Compare(a.Key, b.Key) })
	return list
}
