package audit

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
)

// maxWatched bounds how many viewings are given.
const maxWatched = 1000

// Viewing is somebody who saw a camera's pictures of one moment.
type Viewing struct {
	Record           // the entry that says so; of a live session the one that began it
	Live   bool      // it was watched as it happened; else from the recording, when the entry says
	Until  time.Time // of a live session: when it ended; zero: it goes on
	Open   bool      // of a live session: nobody said that it ended, and the program that showed it did end
}

// Viewings are who saw a moment of a camera.
type Viewings struct {
	Live     []Viewing // who watched it as it happened, in the order in which they began
	Recorded []Viewing // who saw, took or listed the recording of it since, oldest first
	More     bool      // there are more than 1000 of one of them
	Pruned   time.Time // entries from before are deleted; zero: none is
}

// Watched tells who saw what a camera showed at a moment: live, or its recording at any time since. It reads the files of entries
// from the last start of the program before that moment on, as far as they name the camera.
func (r *Reader) Watched(ctx context.Context, camera string, at time.Time) (*Viewings, error) {
	w := &watched{camera: camera, at: stampOf(at), live: map[string]*Viewing{}}
	list := r.stretches(func(x *extent) bool { return x.hasAction(ActionStart) && x.Min <= w.at })
	begin, err := r.lastStart(ctx, list, w.at)
	if err != nil {
		return nil, err
	}
	list = r.stretches(func(x *extent) bool {
		return x.end() > begin && (holds(x, x.Cameras, camera) || x.hasAction(ActionStart))
	})
	named, start := part("camera", camera, true), part("action", ActionStart, true)
	for _, s := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := r.lines(s, false, func(seq int64, text []byte) bool {
			if seq >= begin && (bytes.Contains(text, named) || bytes.Contains(text, start)) { // reading a line is what costs
				w.take(r, text)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return w.result(r), nil
}

// lastStart is the number of the last entry before a moment that says that the program started: what was watched before has ended.
func (r *Reader) lastStart(ctx context.Context, list []stretch, at stamp) (found int64, err error) {
	m := newMatch(Query{Action: ActionStart})
	found = -1
	for _, s := range slices.Backward(list) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		err := r.lines(s, true, func(seq int64, text []byte) bool {
			if l, ok := m.match(text); ok && l.Action == ActionStart && l.Time <= at {
				found = seq
			}
			return found < 0
		})
		if err != nil || found >= 0 {
			return max(found, 0), err
		}
	}
	return 0, nil
}

// watched goes through entries in order.
type watched struct {
	camera   string
	at       stamp
	live     map[string]*Viewing // by session
	order    []*Viewing
	recorded []Viewing
	more     bool
}

func (w *watched) take(r *Reader, text []byte) {
	l, err := skim(text)
	if err != nil || l.Outcome != Done {
		return
	}
	switch {
	case l.Action == ActionStart:
		w.ended("", l.Time)
	case l.Camera != w.camera:
	case l.Action == ActionLiveStart && l.Time <= w.at:
		if len(w.order) >= maxWatched {
			w.more = true
			return
		}
		v := &Viewing{Record: r.record(&l), Live: true}
		w.live[l.Session], w.order = v, append(w.order, v)
	case l.Action == ActionLiveEnd:
		w.ended(l.Session, l.Time)
	case l.From != 0 && l.From <= w.at && w.at < l.To:
		if len(w.recorded) >= maxWatched {
			w.more = true
			return
		}
		w.recorded = append(w.recorded, Viewing{Record: r.record(&l)})
	case l.Action == ActionSnapshot && l.From == 0 && l.Time-l.Time%1000 == w.at-w.at%1000:
		w.recorded = append(w.recorded, Viewing{Record: r.record(&l), Live: true, Until: l.Time.time()})
	}
}

// ended notes the end of a session; "": the program started anew, and all have ended before.
func (w *watched) ended(session string, at stamp) {
	if session == "" {
		for _, v := range w.live {
			v.Open, v.Until = true, at.time()
		}
		clear(w.live)
		return
	}
	if v := w.live[session]; v != nil {
		v.Until = at.time()
		delete(w.live, session)
	}
}

func (w *watched) result(r *Reader) *Viewings {
	v := &Viewings{Live: []Viewing{}, Recorded: []Viewing{}, More: w.more}
	for _, l := range w.order {
		if l.Until.IsZero() || stampOf(l.Until) > w.at {
			v.Live = append(v.Live, *l)
		}
	}
	for _, s := range w.recorded {
		if s.Live {
			v.Live = append(v.Live, s)
		} else {
			v.Recorded = append(v.Recorded, s)
		}
	}
	r.state.RLock()
	defer r.state.RUnlock()
	if r.pruned() > 0 {
		v.Pruned = r.extents[0].Min.time()
	}
	return v
}

// family is the first word of an action: what a summary counts together.
func family(action string) string {
	word, _, _ := strings.Cut(action, ".")
	return word
}
