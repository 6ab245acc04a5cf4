package server

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast/onvif/internal/soap"
)

// Eventful is a Device that reports events.
type Eventful interface {
	Events() *Events
}

const (
	maxPullWait   = time.Minute // of a long poll
	maxQueue      = 256         // messages of one subscription that wait; the oldest goes beyond it
	maxPullCount  = 100         // messages in one answer
	maxTerm       = time.Hour   // that a subscription may ask to live
	defaultTerm   = 10 * time.Minute
	defaultPoints = 10
	consumerTime  = 2 * time.Second // for a consumer to take a message
)

// Item is a name with a value.
type Item struct{ Name, Value string }

// Event is one message. A property's value is kept, and told to whoever asks for the present states.
type Event struct {
	Topic        string // without prefix: VideoSource/MotionAlarm
	Property     bool
	Source, Data []Item
	At           time.Time // by the device's clock; zero: now
	Raw          string    // a whole NotificationMessage that is sent instead, as some vendor spells it; never a property
}

// EventTopic is what a device says of a topic in GetEventProperties.
type EventTopic struct {
	Topic        string
	Property     bool
	Source, Data []ItemDescription
}

// ItemDescription is the name and the type, such as xs:boolean or tt:ReferenceToken, of an item.
type ItemDescription struct{ Name, Type string }

// EventQuirks are the ways in which devices differ from the specification, or use what freedom it leaves.
type EventQuirks struct {
	AbsoluteOnly   bool // it takes times of termination by its clock only
	NoTermination  bool // it refuses every time of termination in CreatePullPointSubscription
	RefusesRenew   bool
	RefusesFilter  bool
	RefusesSync    bool
	AnswersAtOnce  bool          // with nothing, instead of waiting
	ShortPolls     time.Duration // it refuses longer ones, and says so; 0: a minute
	KeepsTerm      bool          // polls do not prolong
	Parameters     string        // namespace of a reference parameter that names the subscription; "": the address does
	BareParameters bool          // that parameter is in no namespace
	NoPullPoint    bool          // base notification only, as old devices have it
	NotFound       bool          // subscriptions that it does not know are answered with 404 and HTML
	Term           time.Duration // that it gives, whatever it is asked for; 0: what it is asked for
}

// EventOptions of a source of events.
type EventOptions struct {
	Topics        []EventTopic
	MaxPullPoints int              // 0: defaultPoints
	Now           func() time.Time // the device's clock; nil: time.Now
	Quirks        EventQuirks
}

// Events is what a device reports, and to whom: the event service of Core specification, section 9.
type Events struct {
	now func() time.Time // constant

	mu     sync.Mutex // guards what follows
	o      EventOptions
	states map[string]Event // values of properties
	order  []string         // their keys, in the order in which they came
	subs   map[string]*subscriber
	made   int
	pulled int  // PullMessages so far
	mute   bool // events reach nobody any more
	wake   chan struct{}
	tap    func(notification string)
}

// subscriber is one subscription.
type subscriber struct {
	id       string
	topics   []string // wanted; nil: all
	until    time.Time
	queue    []string      // NotificationMessages
	wake     chan struct{} // holds one when the queue is not empty
	pulling  bool
	consumer string // where base notification is delivered; "" for a pull point
}

// NewEvents makes a source of events.
func NewEvents(o EventOptions) *Events {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxPullPoints == 0 {
		o.MaxPullPoints = defaultPoints
	}
	return &Events{now: o.Now, o: o, states: make(map[string]Event), subs: make(map[string]*subscriber), wake: make(chan struct{}, 1)}
}

// SetQuirks changes how the device differs.
func (e *Events) SetQuirks(change func(*EventQuirks)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.o.Quirks)
}

func (e *Events) quirks() EventQuirks {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.o.Quirks
}

// Raise reports an event to every subscriber that wants its topic.
func (e *Events) Raise(v Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v.At.IsZero() {
		v.At = e.now()
	}
	operation := ""
	if v.Property {
		operation = "Changed"
		key := v.key()
		if _, known := e.states[key]; !known {
			e.order = append(e.order, key)
		}
		e.states[key] = v
	}
	if e.mute {
		return
	}
	if e.tap != nil {
		e.tap(v.message(operation))
	}
	for _, s := range e.subs {
		s.add(v, operation)
	}
	e.poke()
}

// poke wakes whoever delivers to consumers. Caller holds mu.
func (e *Events) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (v *Event) key() string { return fmt.Sprint(v.Topic, v.Source) }

// Tap has each event told to tap too, as a NotificationMessage with prefixes of its own: the device sends them in its metadata stream. tap
// must return at once, and raise nothing.
func (e *Events) Tap(tap func(notification string)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tap = tap
}

// States are the values of all properties, as NotificationMessages that tell them to whoever asks.
func (e *Events) States() (list []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range e.order {
		v := e.states[key]
		list = append(list, v.message("Initialized"))
	}
	return list
}

// Forget loses every subscription, as a restart does.
func (e *Events) Forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.subs {
		s.signal()
	}
	clear(e.subs)
}

// Mute keeps subscriptions, and tells them nothing any more: not even the states that they ask for.
func (e *Events) Mute(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mute = on
}

// Subscriptions is how many there are, and how often has been asked for messages.
func (e *Events) Subscriptions() (n, pulled int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.subs), e.pulled
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// add queues a message, unless it is not wanted.
func (s *subscriber) add(v Event, operation string) {
	if !s.wants(v.Topic) {
		return
	}
	if len(s.queue) == maxQueue {
		s.queue = s.queue[1:]
	}
	s.queue = append(s.queue, v.message(operation))
	s.signal()
}

func (s *subscriber) wants(topic string) bool {
	if s.topics == nil || topic == "" {
		return true
	}
	for _, t := range s.topics {
		if begin, all := strings.CutSuffix(t, "//."); t == topic || all && (begin == topic || strings.HasPrefix(topic, begin+"/")) {
			return true
		}
	}
	return false
}

// tellStates queues the values of all properties. Caller holds mu.
func (e *Events) tellStates(s *subscriber) {
	if e.mute {
		return
	}
	for _, key := range e.order {
		s.add(e.states[key], "Initialized")
	}
	e.poke()
}

// subscribe makes a subscription.
func (e *Events) subscribe(topics []string, term time.Duration, consumer string) (s *subscriber, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	if len(e.subs) >= e.o.MaxPullPoints {
		return nil, false
	}
	e.made++
	s = &subscriber{id: strconv.Itoa(e.made), topics: topics, wake: make(chan struct{}, 1), consumer: consumer}
	s.until = e.now().Add(e.term(term))
	e.subs[s.id] = s
	e.tellStates(s)
	return s, true
}

func (e *Events) term(asked time.Duration) time.Duration {
	switch {
	case e.o.Quirks.Term > 0:
		return e.o.Quirks.Term
	case asked == 0:
		return defaultTerm
	}
	return min(asked, maxTerm)
}

// expire ends subscriptions whose time has come. Caller holds mu.
func (e *Events) expire() {
	for id, s := range e.subs {
		if s.until.Before(e.now()) && !s.pulling {
			delete(e.subs, id)
		}
	}
}

// find gives a subscription that is alive.
func (e *Events) find(id string) (*subscriber, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	s, ok := e.subs[id]
	return s, ok
}

func (e *Events) unsubscribe(s *subscriber) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.subs, s.id)
	s.signal()
}

func (e *Events) renew(s *subscriber, term time.Duration) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.until = e.now().Add(e.term(term))
	return s.until
}

func (e *Events) synchronise(s *subscriber) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tellStates(s)
}

// pull waits until there are messages, or the time is over. ok is false when the subscription ended meanwhile, or another poll waits.
func (e *Events) pull(ctx context.Context, s *subscriber, wait time.Duration, limit int) (list []string, until time.Time, ok bool) {
	if !e.begin(s) {
		return nil, until, false
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		list, ok = e.taken(s, limit)
		if !ok || len(list) > 0 {
			break
		}
		select {
		case <-s.wake:
			continue
		case <-over.C:
		case <-ctx.Done():
		}
		break
	}
	return list, e.end(s, wait), ok
}

func (e *Events) begin(s *subscriber) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pulled++
	if s.pulling {
		return false
	}
	s.pulling = true
	return true
}

// end prolongs a subscription by the time of its poll, as the specification asks.
func (e *Events) end(s *subscriber, wait time.Duration) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.pulling = false
	if at := e.now().Add(wait); at.After(s.until) && !e.o.Quirks.KeepsTerm {
		s.until = at
	}
	return s.until
}

func (e *Events) taken(s *subscriber, limit int) (list []string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.subs[s.id] != s {
		return nil, false
	}
	n := min(len(s.queue), limit)
	list, s.queue = s.queue[:n:n], s.queue[n:]
	return list, true
}

// terminationOf reads the time of termination of a request. ok is false for what the device does not take.
func (e *Events) terminationOf(s string) (d time.Duration, ok bool) {
	q := e.quirks()
	if s == "" {
		return 0, true
	}
	if at, err := soap.Time(s); err == nil {
		d = at.Sub(e.now())
		return d, d > 0
	}
	d, err := soap.Duration(s)
	return d, err == nil && d > 0 && !q.AbsoluteOnly
}

// topicsOf reads a filter: topics without prefixes, nil for all. ok is false for what the device does not take.
func (e *Events) topicsOf(n *soap.Node) (list []string, ok bool) {
	f := n.Find("Filter")
	if f == nil || len(f.Kids) == 0 {
		return nil, true
	}
	t := f.Find("TopicExpression")
	if t == nil || e.quirks().RefusesFilter {
		return nil, false
	}
	for _, one := range strings.Split(t.Text, "|") {
		one = strings.TrimSpace(one)
		if i := strings.IndexByte(one, ':'); i >= 0 {
			one = one[i+1:]
		}
		list = append(list, one)
	}
	return list, true
}

// subscriptionOf finds the subscription that a request is for: by its address, or by the reference parameter that it must carry
// in the namespace in which it was given.
func (e *Events) subscriptionOf(u *url.URL, root *soap.Node) (*subscriber, bool) {
	q := e.quirks()
	if q.Parameters == "" && !q.BareParameters {
		return e.find(u.Query().Get("Idx"))
	}
	for _, k := range root.Find("Header").All("SubscriptionId") {
		if k.Space == q.Parameters && k.Attribute("IsReferenceParameter") == "true" {
			return e.find(k.Text)
		}
	}
	return nil, false
}

// consumers gives what waits for consumers of base notification, and takes it.
func (e *Events) consumers() map[string][]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expire()
	all := make(map[string][]string)
	for _, s := range e.subs {
		if s.consumer != "" && len(s.queue) > 0 {
			all[s.consumer] = append(all[s.consumer], s.queue...)
			s.queue = nil
		}
	}
	return all
}

// topics are the described topics by path.
func (e *Events) topics() []EventTopic {
	list := slices.Clone(e.o.Topics)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Topic < list[j].Topic })
	return list
}
