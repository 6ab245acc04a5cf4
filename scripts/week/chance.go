package main

import (
	"math"
	"slices"
	"time"

	"holdfast/storage"
)

// gap is a time in which nothing was recorded.
type gap struct {
	from, to time.Time
	cause    storage.Cause
	filled   bool // its footage was fetched from the camera's card
}

// gaps are those that a habit brings, none of which overlap.
func (p *past) gaps(from, to time.Time) (list []gap) {
	ago := func(hours, minutes float64, cause storage.Cause) gap {
		begin := to.Add(-time.Duration(hours * float64(time.Hour))).Truncate(step)
		return gap{from: begin, to: begin.Add(time.Duration(minutes * float64(time.Minute)).Truncate(step)), cause: cause}
	}
	switch p.habit {
	case "shaky":
		list = []gap{ago(150, 4, storage.CauseNetwork), ago(122, 22, storage.CauseNetwork), ago(71, 130, storage.CauseNetwork), ago(27, 9, storage.CauseStalled), ago(7.2, 17, storage.CauseNetwork), ago(1.4, 6, storage.CauseNetwork)}
		list[1].filled, list[4].filled = true, true
	case "lost":
		list = []gap{ago(96, 35, storage.CauseAuth), ago(47./60, 60, storage.CauseOffline)}
	case "late":
		list = []gap{ago(16, 540, storage.CauseDisabled)}
	case "full":
		list = []gap{ago(54, 1.5, storage.CauseSlow), ago(53.5, 61, storage.CauseFull), ago(3.1, 2, storage.CauseRestart)}
	}
	for day := from.Truncate(24 * time.Hour); p.habit != "motion" && day.Before(to); day = day.Add(72 * time.Hour) { // the machine was updated
		if at := day.Add(3 * time.Hour); at.After(from) && to.Sub(at) > 24*time.Hour && !taken(list, at) {
			list = append(list, gap{from: at, to: at.Add(40 * time.Second), cause: storage.CauseStopped})
		}
	}
	return slices.DeleteFunc(list, func(g gap) bool { return g.from.Before(from.Add(time.Hour)) })
}

func taken(list []gap, at time.Time) bool {
	return slices.ContainsFunc(list, func(g gap) bool { return at.After(g.from.Add(-time.Hour)) && at.Before(g.to.Add(time.Hour)) })
}

// seen is what cameras report, and how often of a hundred times.
var seen = []struct {
	kind   string
	source string
	often  int
}{{"motion", "VideoSource/MotionAlarm", 56}, {"person", "RuleEngine/ObjectDetector/Human", 78}, {"vehicle", "RuleEngine/ObjectDetector/Vehicle", 86},
	{"line", "RuleEngine/LineDetector/Crossed", 94}, {"digital-input", "Device/Trigger/DigitalInput", 98}, {"mark", "viewer", 100}}

// happenings are the events between two times: many by day, few at night, none of which overlap.
func (p *past) happenings(from, to time.Time) (list []storage.Event) {
	for at := from; ; {
		at = at.Add(time.Duration((2 + p.luck.ExpFloat64()*30/bustle(at)) * float64(time.Minute)))
		length := time.Duration(5+p.luck.IntN(70)) * time.Second
		if !at.Add(length).Before(to) {
			return list
		}
		n := p.luck.IntN(100)
		for _, s := range seen {
			if n >= s.often {
				continue
			}
			e := storage.Event{Camera: p.id, Start: at, End: at.Add(length), Kind: s.kind, Source: s.source, Pre: 5 * time.Second, Post: 10 * time.Second}
			if s.kind == "mark" {
				e.End = at
			}
			list = append(list, e)
			break
		}
		at = at.Add(length)
	}
}

// bustle is how much goes on at an hour of the day, 0.05 to about 1.
func bustle(at time.Time) float64 {
	h := float64(at.Hour()) + float64(at.Minute())/60
	return 0.05 + 0.95*math.Pow(math.Max(0, math.Sin(math.Pi*(h-5)/17)), 1.5)
}
