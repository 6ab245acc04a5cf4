package onvif_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
)

// story feeds a tracker lines such as "Changed rule State true", and collects what it tells.
type story struct {
	t   *testing.T
	p   *onvif.Properties
	now time.Time
}

func newStory(t *testing.T) *story {
	return &story{t, onvif.NewProperties(15 * time.Minute), time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
}

func (s *story) note(operation onvif.Operation, rule, name, value string) onvif.Notification {
	s.now = s.now.Add(time.Second)
	return onvif.Notification{Topic: "RuleEngine/CellMotionDetector/Motion", Operation: operation, At: s.now,
		Source: []onvif.Item{{Name: "Rule", Value: rule}}, Data: []onvif.Item{{Name: name, Value: value}}}
}

func (s *story) take(n onvif.Notification) string {
	o, ok := s.p.Take(n)
	if !ok {
		return ""
	}
	return map[onvif.Turn]string{onvif.Moment: "moment", onvif.Began: "began", onvif.Ended: "ended"}[o.Turn] + " " + n.From()
}

func (s *story) wants(got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("told %q, want %q", got, want)
	}
}

func TestStateIsToldWhenItTurnsAndNotWhenItIsRepeated(t *testing.T) {
	s := newStory(t)
	s.wants(s.take(s.note(onvif.Initialized, "1", "IsMotion", "false")), "")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "true")), "began 1")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "1")), "")
	s.wants(s.take(s.note(onvif.Changed, "2", "IsMotion", "True")), "began 2")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "0")), "ended 1")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "off")), "")
	if s.p.Lasting() != 1 {
		t.Errorf("%d last", s.p.Lasting())
	}
}

func TestWhatIsSoWhenOneSubscribesIsNoEvent(t *testing.T) {
	s := newStory(t)
	s.wants(s.take(s.note(onvif.Initialized, "1", "IsMotion", "true")), "")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "false")), "")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "true")), "began 1")
	// The device is subscribed to anew: it tells the same state.
	s.p.Resync()
	s.wants(s.take(s.note(onvif.Initialized, "1", "IsMotion", "true")), "")
	if l := s.p.Unconfirmed(s.now); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	// And once more: now it does not.
	s.p.Resync()
	if l := s.p.Unconfirmed(s.now); len(l) != 1 || l[0].Turn != onvif.Ended || l[0].Why == "" {
		t.Errorf("%+v", l)
	}
	// What was known not to be so and is so now began while nobody listened.
	s.wants(s.take(s.note(onvif.Initialized, "1", "IsMotion", "true")), "began 1")
}

func TestMomentsAreNoStates(t *testing.T) {
	s := newStory(t)
	s.wants(s.take(s.note(onvif.Initialized, "line", "ObjectId", "0")), "")
	s.wants(s.take(s.note(onvif.Changed, "line", "ObjectId", "1")), "moment line")
	s.wants(s.take(s.note("", "line", "ObjectId", "1")), "moment line")
	s.wants(s.take(s.note(onvif.Deleted, "line", "ObjectId", "1")), "")
}

func TestStateOfSeveralObjectsEndsWithTheLast(t *testing.T) {
	s := newStory(t)
	of := func(object, inside string) onvif.Notification {
		n := s.note(onvif.Changed, "field", "IsInside", inside)
		n.Key = []onvif.Item{{Name: "ObjectId", Value: object}}
		return n
	}
	s.wants(s.take(of("1", "true")), "began field")
	s.wants(s.take(of("2", "true")), "")
	s.wants(s.take(of("1", "false")), "")
	s.wants(s.take(of("2", "false")), "ended field")
}

func TestStateEndsWithTheBoundARestartAndADeletion(t *testing.T) {
	s := newStory(t)
	s.take(s.note(onvif.Changed, "1", "IsMotion", "true"))
	s.now = s.now.Add(14 * time.Minute)
	if l := s.p.Overdue(s.now); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	s.now = s.now.Add(time.Minute)
	if l := s.p.Overdue(s.now); len(l) != 1 {
		t.Errorf("%+v", l)
	}
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "true")), "") // it has not been over
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "false")), "")
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "true")), "began 1")
	if l := s.p.Forget(s.now, "restart"); len(l) != 1 || l[0].Why != "restart" {
		t.Errorf("%+v", l)
	}
	s.wants(s.take(s.note(onvif.Changed, "1", "IsMotion", "true")), "began 1")
	s.wants(s.take(s.note(onvif.Deleted, "1", "IsMotion", "true")), "ended 1")
}

func TestStatesOfADeviceAreBounded(t *testing.T) {
	s := newStory(t)
	for i := range 2000 {
		got := s.take(s.note(onvif.Changed, fmt.Sprint(i), "IsMotion", "true"))
		if !strings.HasSuffix(got, fmt.Sprint(" ", i)) {
			t.Fatalf("%d: %q", i, got)
		}
	}
	if n := s.p.Lasting(); n != 512 {
		t.Errorf("%d states are followed", n)
	}
}
