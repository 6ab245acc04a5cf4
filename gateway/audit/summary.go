package audit

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// maxSummed bounds how many persons, and how many cameras, a summary names; the rest is counted together under "…".
const maxSummed = 1000

// rest is what a summary counts under when there are more names than it takes.
const rest = "…"

// Summary is what was done in a month.
type Summary struct {
	From, To time.Time // the month, in the time zone that was asked for
	Entries  int64
	Refused  int64
	Failed   int64
	Lost     int64            // entries that found no room
	Actions  map[string]int64 // by action
	Persons  []Sum            // who acted, most entries first
	Cameras  []Sum            // whose pictures or settings it was about, most entries first
	Pruned   bool             // entries of the month are deleted already
}

// Sum is what one person did, or what was done with one camera.
type Sum struct {
	ID        string
	Name      string // login name at the last entry that can be read; "" when it is forgotten, or of a camera
	Entries   int64
	Refused   int64
	Live      time.Duration // watched live, of sessions that ended in the month
	Playback  time.Duration // of footage that was watched
	Exports   int64
	Snapshots int64
	Changes   int64     // settings, cameras, people, rights, volumes, keys
	Last      time.Time // when the last was
}

// Summary counts what was done in the month that a moment lies in, in its time zone. It reads that month's entries.
func (r *Reader) Summary(ctx context.Context, month time.Time) (*Summary, error) {
	year, m, _ := month.Date()
	s := &Summary{From: time.Date(year, m, 1, 0, 0, 0, 0, month.Location()), Actions: map[string]int64{}}
	s.To = s.From.AddDate(0, 1, 0)
	c := &counting{r: r, s: s, persons: map[string]*Sum{}, cameras: map[string]*Sum{}, begun: map[string]stamp{}}
	match := newMatch(Query{From: s.From, To: s.To})
	for _, file := range r.stretches(match.mayBeIn) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := r.lines(file, false, func(_ int64, text []byte) bool {
			if l, ok := match.match(text); ok {
				c.count(&l)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	s.Persons, s.Cameras = inOrder(c.persons), inOrder(c.cameras)
	r.state.RLock()
	defer r.state.RUnlock()
	s.Pruned = r.pruned() > 0 && r.extents[0].Min > stampOf(s.From)
	return s, nil
}

// counting goes through the entries of a month.
type counting struct {
	r                *Reader
	s                *Summary
	persons, cameras map[string]*Sum
	begun            map[string]stamp // live sessions, by id
}

func (c *counting) count(l *line) {
	c.s.Entries++
	c.s.Actions[l.Action]++
	switch l.Outcome {
	case Refused:
		c.s.Refused++
	case Failed:
		c.s.Failed++
	}
	if l.Action == ActionLost {
		var after struct{ Count int64 }
		if json.Unmarshal(l.After, &after) == nil {
			c.s.Lost += after.Count
		}
	}
	live := c.live(l)
	if l.Person != "" {
		sum := sumOf(c.persons, l.Person)
		sum.add(l, live)
		if p, _ := openPersonal(c.r.keys, l); p.Name != "" {
			sum.Name = p.Name
		}
	}
	if l.Camera != "" {
		sumOf(c.cameras, l.Camera).add(l, live)
	}
}

// live is how long a session lasted that this entry ends.
func (c *counting) live(l *line) time.Duration {
	switch {
	case l.Action == ActionLiveStart && l.Outcome == Done && len(c.begun) < maxQueue:
		c.begun[l.Session] = l.Time
	case l.Action == ActionLiveEnd:
		begun, ok := c.begun[l.Session]
		delete(c.begun, l.Session)
		if !ok { // it began in the month before
			begun = stampOf(c.s.From)
		}
		return max(0, time.Duration(l.Time-begun)*time.Millisecond)
	}
	return 0
}

func sumOf(sums map[string]*Sum, id string) *Sum {
	if sums[id] == nil && len(sums) >= maxSummed {
		id = rest
	}
	if sums[id] == nil {
		sums[id] = &Sum{ID: id}
	}
	return sums[id]
}

// changing are the families of actions that change what others find.
var changing = []string{"setting", "config", "camera", "person", "role", "group", "policy", "volume", "key", "lock", "token", "erase"}

func (s *Sum) add(l *line, live time.Duration) {
	s.Entries++
	s.Last = l.Time.time()
	s.Live += live
	if l.Outcome == Refused {
		s.Refused++
	}
	if l.Outcome != Done {
		return
	}
	switch {
	case l.Action == ActionPlayback:
		s.Playback += max(0, time.Duration(l.To-l.From)*time.Millisecond)
	case l.Action == ActionExport:
		s.Exports++
	case l.Action == ActionSnapshot:
		s.Snapshots++
	case slices.Contains(changing, family(l.Action)):
		s.Changes++
	}
}

func inOrder(sums map[string]*Sum) []Sum {
	list := []Sum{}
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, *sums[id])
	}
	slices.SortStableFunc(list, func(a, b Sum) int { return int(min(max(b.Entries-a.Entries, -1), 1)) })
	return list
}
