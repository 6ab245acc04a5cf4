package gateway

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Alarm is a condition that needs a person. It is raised once and lasts until it is cleared.
type Alarm struct {
	ID       string // what it is about, "face:127.0.0.1:8080": raising it again replaces it
	Severity string // "warning", or "alarm" when footage is being lost or nobody can see it
	Since    time.Time
	What     string // what happened
	Means    string // what it means for the footage
	Do       string // what to do
}

// alarms is the set of present alarms, bounded by the number of things that can fail.
type alarms struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]Alarm
}

func newAlarms(now func() time.Time) *alarms {
	return &alarms{now: now, byID: make(map[string]Alarm)}
}

// raise adds or replaces an alarm, keeping since when it has lasted. It tells whether anything changed.
func (a *alarms) raise(al Alarm) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was, there := a.byID[al.ID]
	if there {
		al.Since = was.Since
	} else if al.Since.IsZero() {
		al.Since = a.now().UTC()
	}
	a.byID[al.ID] = al
	return !there || was != al
}

// clear ends an alarm. It tells whether there was one.
func (a *alarms) clear(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, there := a.byID[id]
	delete(a.byID, id)
	return there
}

// list gives the present alarms, the oldest first.
func (a *alarms) list() []Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := make([]Alarm, 0, len(a.byID))
	for _, al := range a.byID {
		l = append(l, al)
	}
	slices.SortFunc(l, func(x, y Alarm) int {
		if c := x.Since.Compare(y.Since); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return l
}
