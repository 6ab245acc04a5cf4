package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/gateway/auth"
	"holdfast/gateway/motion"
	"holdfast/gateway/playback"
	"holdfast/storage"
)

// Bounds of an overview.
const (
	maxSlots          = 2000
	defaultSlots      = 500
	maxOverviewIDs    = 64
	maxOverviewEvents = 50_000 // counted of one camera
	overviewWorkers   = 2      // cameras looked at at the same time, of one overview
	maxOverviews      = 4      // made at the same time
)

// Overview is many cameras' history on one axis, at the resolution of whoever draws it.
type Overview struct {
	From    time.Time        `json:"from"`
	To      time.Time        `json:"to"`
	Slots   int              `json:"slots" doc:"Equal pieces that the range is cut into."`
	Cameras []CameraOverview `json:"cameras"`
	LeftOut int              `json:"left_out" doc:"How many cameras are beyond the 64 that one answer is of, the removed ones last: they are told of when they are named."`
}

// CameraOverview is the history of one camera.
type CameraOverview struct {
	ID       string         `json:"id"`
	Stream   string         `json:"stream" doc:"The stream that it is about."`
	Runs     []OverviewRun  `json:"runs" doc:"What the slots hold, one after the other; what is not there at the end is not known, or lies in the future."`
	Events   []OverviewMark `json:"events" doc:"Slots in which events begin."`
	More     bool           `json:"more" doc:"There are more events than the 50000 that were counted."`
	Locks    []OverviewLock `json:"locks" doc:"What is kept from deletion, where one may see locks."`
	Activity []int          `json:"activity" doc:"How much moves, from 0 to 100, of each slot; -1 where that is not known. Empty unless asked for."`
}

// OverviewRun is a number of slots that hold the same.
type OverviewRun struct {
	N     int    `json:"n" doc:"How many slots."`
	Class string `json:"class" enum:"recorded,filled,partly,lost,unwanted,deleted," doc:"recorded: nothing that was to be is missing; filled: the same, and some of it was put into a gap afterwards; partly: recorded, and something of it was lost; lost: nothing is recorded, and it was to be; unwanted: it was not to be; deleted: on purpose; empty: nothing is known."`
	Cause string `json:"cause,omitempty" people:"read" doc:"Why something is missing: the first cause, as spans have it."`
}

// OverviewMark counts the events that begin in a slot.
type OverviewMark struct {
	Slot  int    `json:"slot"`
	Count int    `json:"count"`
	Kind  string `json:"kind" doc:"Of the first of them."`
}

// OverviewLock is a range that is kept from deletion.
type OverviewLock struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func overviewRoutes() []route {
	return []route{
		{method: "GET", pattern: "/api/v1/overview", filters: "cameras whose footage may not be played are left out", needs: auth.Playback, serve: (*Server).getOverview,
			summary: "What is recorded of many cameras, what is missing and why, and what happened, at a resolution that is asked for",
			params: []param{paramFrom, paramTo,
				{"cameras", "query", false, "string", "Ids, separated by commas, at most 64; every camera when left out, as far as 64 go: left_out counts the others."}, paramFormer,
				{"slots", "query", false, "string", "How many pieces the range is cut into, 1 to 2000; 500 when left out."},
				{"activity", "query", false, "flag", "1: with how much moves, of a range of at most 26 hours."}},
			answers: gives[Overview](200, "The overview.")},
	}
}

// askedOverview is what a request for an overview asks for.
type askedOverview struct {
	from, to time.Time
	slots    int
	cameras  []string // nil: every one
	former   bool     // those too that are there no longer
	activity bool
}

func parseOverview(raw string) (a askedOverview, err error) {
	q, err := parseQuery(raw)
	if err != nil {
		return a, err
	}
	if a.from, a.to, err = parseRange(q); err != nil {
		return a, err
	}
	if a.to.Sub(a.from) > maxSpansRange {
		return a, field(kindRange.with(fmt.Sprintf("An overview is of at most %d days.", maxSpansRange/(24*time.Hour))), "to")
	}
	if a.activity, err = parseFlag(q, "activity"); err != nil {
		return a, err
	}
	if a.activity && a.to.Sub(a.from) > playback.MaxCurve {
		return a, field(kindRange.with(fmt.Sprintf("Activity is told of at most %v.", playback.MaxCurve)), "to")
	}
	if a.cameras, a.former, err = parseCameras(q); err != nil {
		return a, err
	}
	a.slots, err = parseCount(q, "slots", defaultSlots, maxSlots)
	return a, err
}

// paramFormer has a question about several cameras be of those too that are there no longer.
var paramFormer = param{"removed", "query", false, "flag", "1: also the cameras that are there no longer and of which there is footage. One of them that is named is meant in any case."}

// parseCameras is which cameras a question about several is of; nil: every one, with former also those that are there no longer.
func parseCameras(q url.Values) (ids []string, former bool, err error) {
	if former, err = parseFlag(q, paramFormer.name); err != nil {
		return nil, false, err
	}
	if list := q.Get("cameras"); list != "" {
		ids = strings.Split(list, ",")
	}
	if len(ids) > maxOverviewIDs {
		return nil, false, field(kindRequest.with(fmt.Sprintf("At most %d cameras are named at once.", maxOverviewIDs)), "cameras")
	}
	return ids, former, nil
}

// overviewTurn waits until few enough questions that walk the index of many cameras are being answered; the caller leaves when it is done.
func (s *Server) overviewTurn(ctx context.Context) (leave func(), err error) {
	select {
	case s.overviews <- struct{}{}:
		return func() { <-s.overviews }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Server) getOverview(w http.ResponseWriter, r *request) error {
	a, err := parseOverview(r.URL.RawQuery)
	if err != nil {
		return err
	}
	leave, err := s.overviewTurn(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	chosen, out, err := s.playable(r.who, a.cameras, a.former)
	if err != nil {
		return err
	}
	o := Overview{From: a.from, To: a.to, Slots: a.slots, Cameras: make([]CameraOverview, len(chosen)), LeftOut: out}
	g, ctx := errgroup.WithContext(r.Context())
	g.SetLimit(overviewWorkers)
	for i, c := range chosen {
		g.Go(func() (err error) {
			o.Cameras[i], err = s.overview(ctx, r.who, c, a)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return reply(w, http.StatusOK, o)
}

// playable are the cameras that a question about several is answered for: those whose footage may be played, at most maxOverviewIDs; and
// how many are left out by that.
func (s *Server) playable(who auth.Identity, named []string, former bool) (list []Camera, out int, err error) {
	list, err = s.recordedCameras(named, former)
	list = slices.DeleteFunc(list, func(c Camera) bool { return !who.MayOn(auth.Playback, c.ID) })
	out = max(0, len(list)-maxOverviewIDs)
	return list[:len(list)-out], out, err
}

// overview looks at one camera.
func (s *Server) overview(ctx context.Context, who auth.Identity, c Camera, a askedOverview) (o CameraOverview, err error) {
	if err := ctx.Err(); err != nil {
		return o, err
	}
	o = CameraOverview{ID: c.ID, Locks: []OverviewLock{}, Activity: []int{}}
	if o.Stream, err = recordedStream(c, nil); err != nil {
		return o, err
	}
	slots := newSlots(a)
	if err := s.o.Archive.EachSpan(c.ID, o.Stream, a.from, a.to, slots.add); err != nil {
		return o, err
	}
	o.Runs = slots.runs()
	if o.Events, o.More, err = s.marks(c.ID, a); err != nil {
		return o, err
	}
	if who.MayOn(auth.Lock, c.ID) {
		locks, err := s.o.Cameras.FootageLocks(c.ID, a.from, a.to)
		if err != nil {
			return o, err
		}
		for _, l := range locks {
			o.Locks = append(o.Locks, OverviewLock{l.From, l.To})
		}
	}
	if a.activity {
		curve, err := s.o.Footage.Activity(ctx, c.ID, o.Stream, a.from, a.to)
		if err != nil {
			return o, err
		}
		o.Activity = resample(curve, a)
	}
	return o, nil
}

// slotOf is the slot that a moment lies in; it may lie outside of all.
func (a *askedOverview) slotOf(t time.Time) int {
	return int(float64(t.Sub(a.from)) / float64(a.to.Sub(a.from)) * float64(a.slots))
}

// What a slot may hold, as bits: several spans may lie in one.
const (
	holdsRecorded = 1 << iota
	holdsLost
	holdsDeleted
	holdsUnwanted
	holdsFilled
)

// classOf names what a slot holds: footage and its loss show whatever else is there.
func classOf(held byte) string {
	switch {
	case held&holdsRecorded != 0 && held&holdsLost != 0:
		return "partly"
	case held&holdsFilled != 0:
		return "filled"
	case held&holdsRecorded != 0:
		return "recorded"
	case held&holdsLost != 0:
		return "lost"
	case held&holdsDeleted != 0:
		return "deleted"
	case held&holdsUnwanted != 0:
		return "unwanted"
	}
	return ""
}

// slotHolds is what a span has a slot hold.
func slotHolds(sp *storage.Span) byte {
	if !sp.Gap && sp.Filled != (storage.Filled{}) {
		return holdsRecorded | holdsFilled
	}
	if !sp.Gap {
		return holdsRecorded
	}
	switch sp.Cause.Class() {
	case storage.Lost:
		return holdsLost
	case storage.Deleted:
		return holdsDeleted
	}
	return holdsUnwanted
}

// slots is what the slots of an overview hold, of one camera.
type slots struct {
	a      askedOverview
	held   []byte
	causes []storage.Cause
}

func newSlots(a askedOverview) *slots {
	return &slots{a, make([]byte, a.slots), make([]storage.Cause, a.slots)}
}

// add has a span be in the slots that it covers.
func (s *slots) add(sp storage.Span) {
	held := slotHolds(&sp)
	first, last := max(s.a.slotOf(sp.Start), 0), min(s.a.slotOf(sp.End.Add(-1)), s.a.slots-1)
	for k := first; k <= last; k++ {
		s.held[k] |= held
		if sp.Gap && (s.causes[k] == "" || sp.Lost()) {
			s.causes[k] = sp.Cause
		}
	}
}

// runs puts slots that hold the same into one.
func (s *slots) runs() []OverviewRun {
	end := s.a.slots
	for end > 0 && s.held[end-1] == 0 {
		end--
	}
	runs := []OverviewRun{}
	for k := range end {
		run := OverviewRun{N: 1, Class: classOf(s.held[k])}
		if run.Class != "recorded" {
			run.Cause = string(s.causes[k])
		}
		if n := len(runs); n > 0 && runs[n-1].Class == run.Class && runs[n-1].Cause == run.Cause {
			runs[n-1].N++
		} else {
			runs = append(runs, run)
		}
	}
	return runs
}

// marks counts events by the slots that they begin in.
func (s *Server) marks(camera string, a askedOverview) (list []OverviewMark, more bool, err error) {
	list = []OverviewMark{}
	counted := 0
	err = s.o.Archive.EachEvent(camera, a.from, a.to, func(start time.Time, kind string) bool {
		if more = counted == maxOverviewEvents; more {
			return false
		}
		counted++
		slot := min(max(a.slotOf(start), 0), a.slots-1)
		if n := len(list); n > 0 && list[n-1].Slot == slot {
			list[n-1].Count++
		} else {
			list = append(list, OverviewMark{Slot: slot, Count: 1, Kind: kind})
		}
		return true
	})
	return list, more, err
}

// resample gives a curve of motion.Step to slots: the greatest value of each.
func resample(curve []byte, a askedOverview) []int {
	list := make([]int, a.slots)
	for k := range list {
		list[k] = -1
		begin := a.from.Add(time.Duration(float64(k) / float64(a.slots) * float64(a.to.Sub(a.from))))
		end := a.from.Add(time.Duration(float64(k+1) / float64(a.slots) * float64(a.to.Sub(a.from))))
		first := a.from.Truncate(motion.Step)
		for i := int(begin.Sub(first) / motion.Step); i < len(curve) && first.Add(time.Duration(i)*motion.Step).Before(end); i++ {
			if curve[i] != motion.None {
				list[k] = max(list[k], int(curve[i]))
			}
		}
	}
	return list
}
