package web

import (
	"context"
	"net/http"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Settings changes how the gateway is set up while it runs. *gateway.Gateway implements it.
type Settings interface {
	// Reload reads the configuration file again. A file that is not valid is a Misconfigured error, and changes nothing.
	Reload(ctx context.Context) (Reload, error)
	// RecordSettings gives what is recorded of a camera; ErrNotFound when there is none.
	RecordSettings(camera string) (RecordSettings, error)
	// SetRecordSettings changes that of an adopted camera, as a whole; InFile of one from the configuration file.
	SetRecordSettings(ctx context.Context, camera string, s RecordSettings) (RecordSettings, error)
}

// Reload is what came of reading the configuration file again.
type Reload struct {
	Added     []string `json:"added" doc:"Ids of cameras that are recorded from now on."`
	Removed   []string `json:"removed" doc:"Ids of cameras that were let go; their footage stays until its age ends."`
	Restarted []string `json:"restarted" doc:"Ids of cameras that were connected anew, because of what was changed about them."`
	Adapted   []string `json:"adapted" doc:"Ids of cameras that were changed without an interruption."`
	Untouched int      `json:"untouched" doc:"Cameras about which nothing changed."`
	Pending   []string `json:"pending" doc:"Fields that were changed and count only from the next start."`
	Warnings  []string `json:"warnings" people:"read" doc:"What is valid and yet unwise, in sentences."`
	Says      string   `json:"says" people:"read" doc:"All of it in one sentence."`
}

// RecordSettings is what of a camera is recorded, in the words of the configuration file's `record`.
type RecordSettings struct {
	Mode        string    `json:"mode,omitempty" enum:"continuous,event,schedule,off" doc:"continuous when left out."`
	PreRoll     string    `json:"pre_roll,omitempty" doc:"How much from before an event is kept, such as 5s."`
	PostRoll    string    `json:"post_roll,omitempty" doc:"How much after an event is kept, such as 10s."`
	Schedule    *Schedule `json:"schedule,omitempty" doc:"When what is recorded, with mode schedule."`
	Streams     []string  `json:"streams,omitempty" doc:"Ids of the streams that are recorded; main when left out."`
	MaxAge      string    `json:"max_age,omitempty" doc:"Footage older than this is deleted, such as 30d; the site's when left out, as the other ages."`
	EventMaxAge string    `json:"event_max_age,omitempty" doc:"Footage of events older than this is deleted."`
	MinAge      string    `json:"min_age,omitempty" doc:"How long footage is promised to be kept."`
	Volumes     []string  `json:"volumes,omitempty" doc:"Paths or ids of the volumes that it is recorded on while one takes footage; all when left out."`
	Mirror      bool      `json:"mirror,omitempty" doc:"Record to two volumes at once; there must be two."`
	Fill        string    `json:"fill,omitempty" enum:",card,off" doc:"Where footage that was lost is fetched from afterwards: the camera's own card, also when left out, or nowhere."`
}

// Schedule says when what is recorded. Times are the site's.
type Schedule struct {
	Rules      []ScheduleRule      `json:"rules,omitempty" doc:"Of the days of the week; the first that fits holds."`
	Otherwise  string              `json:"otherwise" enum:"continuous,event,off" doc:"Where no rule fits."`
	Exceptions []ScheduleException `json:"exceptions,omitempty" doc:"Days that are not like their day of the week."`
}

// ScheduleRule is a stretch of each of some days.
type ScheduleRule struct {
	Days []string `json:"days,omitempty" doc:"On which it begins, such as mon-fri or sun; every day when left out."`
	From string   `json:"from" doc:"Such as 08:00."`
	To   string   `json:"to" doc:"Such as 18:00; at or before from it is of the next day."`
	Mode string   `json:"mode" enum:"continuous,event,off"`
}

// ScheduleException is one or more days that are recorded otherwise.
type ScheduleException struct {
	Dates     []string       `json:"dates" doc:"Such as 2026-12-24, 12-24 or 2026-12-24..2027-01-02."`
	Rules     []ScheduleRule `json:"rules,omitempty"`
	Otherwise string         `json:"otherwise" enum:"continuous,event,off"`
}

func settingsRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "POST", pattern: v1 + "/config/reload", does: audit.ActionConfigReload, needs: auth.Configure, serve: (*Server).postReload,
			summary: "Read the configuration file again; cameras about which nothing changed are not touched", answers: gives[Reload](200, "What came of it.")},
		{method: "GET", pattern: v1 + "/cameras/{id}/record", needs: auth.See, serve: (*Server).getRecord,
			summary: "What of a camera is recorded, and how long it is kept", params: []param{paramCamera}, answers: gives[RecordSettings](200, "The settings.")},
		{method: "PUT", pattern: v1 + "/cameras/{id}/record", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putRecord,
			summary: "Change that, as a whole; of cameras that were added here, not of those of the configuration file", params: []param{paramCamera},
			body: jsonBody[RecordSettings](), answers: gives[RecordSettings](200, "The settings, as changed.")},
	}
}

func (s *Server) postReload(w http.ResponseWriter, r *request) error {
	outcome, err := s.o.Cameras.Reload(r.Context())
	if err != nil {
		return err
	}
	r.changed(nil, outcome)
	return reply(w, http.StatusOK, outcome.complete())
}

// complete has lists that are empty, not null.
func (r Reload) complete() Reload {
	for _, list := range []*[]string{&r.Added, &r.Removed, &r.Restarted, &r.Adapted, &r.Pending, &r.Warnings} {
		if *list == nil {
			*list = []string{}
		}
	}
	return r
}

func (s *Server) getRecord(w http.ResponseWriter, r *request) error {
	settings, err := s.o.Cameras.RecordSettings(r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, settings)
}

func (s *Server) putRecord(w http.ResponseWriter, r *request) error {
	var req RecordSettings
	if err := decode(r.body, &req); err != nil {
		return err
	}
	before, err := s.o.Cameras.RecordSettings(r.PathValue("id"))
	if err != nil {
		return err
	}
	settings, err := s.o.Cameras.SetRecordSettings(r.Context(), r.PathValue("id"), req)
	if err != nil {
		return err
	}
	r.changed(before, settings)
	return reply(w, http.StatusOK, settings)
}

// Misconfigured is the error of a configuration file that is not valid: every problem of it.
func Misconfigured(detail string) error { return kindConfig.with(detail) }

// InFile is the error of a change to a camera that only the configuration file may make.
func InFile() error { return kindInFile.with("") }
