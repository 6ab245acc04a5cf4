package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"holdfast/gateway/auth"
)

// Planner tells how cameras and their footage have done, and what space footage takes. *gateway.Gateway implements it.
type Planner interface {
	// CameraHealth looks at a week of the camera's footage where week is true.
	CameraHealth(camera string, week bool) (CameraHealth, error)
	StoragePlan(ask PlanRequest) (StoragePlan, error)
}

// CameraHealth is how a camera does, and did in the last week.
type CameraHealth struct {
	Camera    string         `json:"camera"`
	Name      string         `json:"name"`
	State     string         `json:"state" enum:"starting,online,offline,unauthorized,disabled"`
	Since     time.Time      `json:"since"`
	Recording string         `json:"recording" enum:"recording,waiting,idle,failing,off"`
	Streams   []StreamHealth `json:"streams"`
	Week      *WeekHealth    `json:"week" doc:"Of the stream that is recorded; null where nothing is, or whoever asks may neither watch its footage nor maintain the gateway."`
	Findings  []Amiss        `json:"findings" doc:"What is amiss, the worst first; empty: it is well."`
}

// StreamHealth is how a stream comes.
type StreamHealth struct {
	ID         string   `json:"id"`
	State      string   `json:"state"`
	Recorded   bool     `json:"recorded"`
	FPS        float64  `json:"fps" doc:"Over the last ten seconds."`
	Bitrate    float64  `json:"bitrate" doc:"Bits per second, over the same."`
	Lost       uint64   `json:"lost" doc:"Packets lost since the gateway started, or the camera was changed."`
	Reconnects int      `json:"reconnects" doc:"Times that it was connected again since then."`
	LastFrame  *float64 `json:"last_frame" doc:"How long ago its newest frame came, seconds; null where none did in this session."`
	KeyEvery   float64  `json:"key_interval" doc:"Seconds from one key frame to the next; 0 while not known."`
	Transport  string   `json:"transport"`
}

// WeekHealth is what is there of a week of footage, and what is not.
type WeekHealth struct {
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Recorded float64    `json:"recorded_seconds"`
	Unwanted float64    `json:"unwanted_seconds" doc:"Was not to be recorded."`
	Lost     float64    `json:"lost_seconds" doc:"Was to be recorded, and is missing."`
	Gaps     int        `json:"gaps" doc:"Of what is missing."`
	Longest  *Missing   `json:"longest" doc:"null without any."`
	Causes   []GapCause `json:"causes" doc:"Of what is missing, the most first."`
	List     []Missing  `json:"list" doc:"The newest first, at most 200."`
	Held     []Stretch  `json:"held" doc:"When there is footage; what lies between two of them is at least ten minutes."`
}

// Stretch is a stretch of time.
type Stretch struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Missing is a stretch of footage that is missing.
type Missing struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Seconds float64   `json:"seconds"`
	Cause   string    `json:"cause" people:"read"`
}

// GapCause sums up what is missing for one cause.
type GapCause struct {
	Cause   string  `json:"cause" people:"read"`
	Gaps    int     `json:"gaps"`
	Seconds float64 `json:"seconds"`
}

// Amiss is something that is not as it should be.
type Amiss struct {
	Severity string `json:"severity" enum:"warning,alarm"`
	What     string `json:"what" people:"read"`
	Do       string `json:"do" people:"read" doc:"What to do."`
}

// PlanRequest asks what footage would take.
type PlanRequest struct {
	Days    float64 // to be kept
	More    int     // further cameras
	Bitrate float64 // of each of those, bits per second; 0: the mean of those that there are
	Share   float64 // part of the time that is recorded, 0 to 1, of all; 0: as it is now
	Mirror  *bool   // to two volumes, all of them; nil: as it is now
}

// StoragePlan is what footage takes, and for how long the volumes have room.
type StoragePlan struct {
	Cameras  []PlanCamera `json:"cameras" doc:"Those that are recorded, with what was measured of them."`
	Rate     float64      `json:"rate" doc:"What all of them and the further ones write, bytes per second."`
	Space    int64        `json:"space" doc:"Bytes of the volumes in service that footage can have: what it has, and what is free beyond what is kept free."`
	Used     int64        `json:"used" doc:"Bytes of footage on them."`
	Locked   int64        `json:"locked" doc:"Bytes that locks hold."`
	Days     float64      `json:"days" doc:"For so long footage was asked to be kept."`
	Needed   int64        `json:"needed" doc:"Bytes for that, with 5 % on top for what varies."`
	Missing  int64        `json:"missing" doc:"Bytes that the volumes lack for it; 0: they have room."`
	Gives    float64      `json:"gives" doc:"For so many days the volumes have room at this rate; 0 while nothing is recorded."`
	Measured float64      `json:"measured" doc:"Over how long the rates were measured, seconds, of the camera with the least."`
	Says     string       `json:"says" people:"read" doc:"All of it in one sentence."`
}

// PlanCamera is what one camera writes.
type PlanCamera struct {
	Camera string  `json:"camera"`
	Name   string  `json:"name"`
	Rate   float64 `json:"rate" doc:"Bytes per second, on all volumes together."`
	Mode   string  `json:"mode"`
	Mirror bool    `json:"mirror"`
	By     string  `json:"by" enum:"day,now,none" doc:"How that is known: averaged over a day, from the stream's present bit rate, or not at all."`
}

func plannerRoutes() []route {
	number := func(name, doc string) param { return param{name, "query", false, "string", doc} }
	return []route{
		{method: "GET", pattern: "/api/v1/health/cameras", filters: "cameras that may not be seen are left out; the week is of those whose footage may be watched", needs: auth.See, serve: (*Server).getCameraHealth,
			summary: "How each camera does: its streams, what is missing of a week, and what to do", answers: gives[[]CameraHealth](200, "The cameras.")},
		{method: "GET", pattern: "/api/v1/storage-plan", needs: auth.Maintain, serve: (*Server).getStoragePlan,
			summary: "What footage takes at the measured rates, and for how long the volumes have room", params: []param{number("days", "To be kept; 30 when left out."), number("cameras", "Further cameras, at most 1000."),
				number("bitrate", "Of each of those, kbit/s; the mean of those that there are when left out."), number("share", "Per cent of the time that is recorded, of all; as it is when left out."), number("mirror", "1 or 0: all to two volumes, or none; as it is when left out.")},
			answers: gives[StoragePlan](200, "The plan.")},
	}
}

func (s *Server) getCameraHealth(w http.ResponseWriter, r *request) error {
	list := []CameraHealth{}
	for _, c := range s.o.Cameras.Cameras() {
		if !r.who.MayOn(auth.See, c.ID) {
			continue
		}
		h, err := s.o.Cameras.CameraHealth(c.ID, r.who.MayOn(auth.Playback, c.ID) || r.who.May(auth.Maintain))
		if err != nil {
			return err
		}
		h.Streams, h.Findings = listed(h.Streams), listed(h.Findings)
		if h.Week != nil {
			wk := *h.Week // others are answered with it too
			wk.Causes, wk.List, wk.Held = listed(wk.Causes), listed(wk.List), listed(wk.Held)
			h.Week = &wk
		}
		list = append(list, h)
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) getStoragePlan(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	ask, err := parsePlan(q)
	if err != nil {
		return err
	}
	p, err := s.o.Cameras.StoragePlan(ask)
	if err != nil {
		return err
	}
	p.Cameras = listed(p.Cameras)
	return reply(w, http.StatusOK, p)
}

// parsePlan reads what a plan is asked for.
func parsePlan(q url.Values) (ask PlanRequest, err error) {
	number := func(name string, least, most, otherwise float64) float64 {
		text := q.Get(name)
		if text == "" {
			return otherwise
		}
		n, e := strconv.ParseFloat(text, 64)
		if e != nil || !(n >= least && n <= most) {
			err = field(kindRule.with("It is a number between "+strconv.FormatFloat(least, 'f', -1, 64)+" and "+strconv.FormatFloat(most, 'f', -1, 64)+"."), name)
			return otherwise
		}
		return n
	}
	ask.Days = number("days", 0.01, 3650, 30)
	ask.More = int(number("cameras", 0, 1000, 0))
	ask.Bitrate = 1000 * number("bitrate", 0, 1_000_000, 0)
	ask.Share = number("share", 1, 100, 0) / 100
	switch q.Get("mirror") {
	case "":
	case "0", "1":
		is := q.Get("mirror") == "1"
		ask.Mirror = &is
	default:
		err = field(kindRule.with("It is 1 or 0."), "mirror")
	}
	return ask, err
}
