package web

import (
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Adoptions adds many devices, in the background and one request at a time, and keeps the outcome of the last.
//
// It is the gateway that works through the list and not the page: who closes a tablet after thirty cameras have the other thirty
// all the same, whoever looks sees the same progress, and each device is asked once whichever way its answer goes.
type Adoptions interface {
	// StartAdoption begins; told is called for each device that was added, by several goroutines. Running when one runs already.
	StartAdoption(req AdoptionRequest, told func(address string, cameras []string)) (AdoptionJob, error)
	Adoption() (job AdoptionJob, ok bool)       // false when none ran since the start
	CancelAdoption() (job AdoptionJob, ok bool) // ends the one that runs, and waits for its end
}

// MaxAdoption bounds the devices of one request.
const MaxAdoption = 256

// AdoptionRequest asks for many devices to be added. What is said here of all holds where a device says nothing of its own.
type AdoptionRequest struct {
	Username string           `json:"username,omitempty"`
	Password string           `json:"password,omitempty"`
	Name     string           `json:"name,omitempty" doc:"Pattern of their names: {n}, {nn} and {nnn} are the number, {maker}, {model} and {host} what the device is and where; {name} what discovery calls it. Empty: what each calls itself."`
	First    int              `json:"first,omitempty" doc:"Number of the first in the pattern; 1 when left out."`
	Record   string           `json:"record,omitempty" enum:",continuous,event,off" doc:"Empty: continuous."`
	Mirror   bool             `json:"mirror,omitempty" doc:"Record to two volumes at once; there must be two."`
	Devices  []AdoptionDevice `json:"devices" doc:"At most 256, each address once."`
}

// AdoptionDevice is one device that is to be added.
type AdoptionDevice struct {
	Address  string         `json:"address"`
	Endpoint string         `json:"endpoint,omitempty" doc:"Its id from discovery, unless that is shared."`
	Username string         `json:"username,omitempty" doc:"Left out with the password: those of all."`
	Password string         `json:"password,omitempty"`
	Name     string         `json:"name,omitempty" doc:"Instead of the pattern; it may be one too."`
	Called   string         `json:"called,omitempty" doc:"What discovery calls it, for {name}."`
	Record   string         `json:"record,omitempty" enum:",continuous,event,off"`
	Sources  []string       `json:"sources,omitempty" doc:"Tokens of its video sources, each a camera of its own; all: each that can be recorded; left out: the first."`
	Streams  []StreamChoice `json:"streams,omitempty" doc:"Which of its profiles are which stream; left out: chosen by what they carry."`
}

// AdoptionJob is how far it is with many devices.
type AdoptionJob struct {
	State   string           `json:"state" enum:"running,done,cancelled"`
	Started time.Time        `json:"started"`
	Ended   *time.Time       `json:"ended"`
	Of      int              `json:"of" doc:"Devices."`
	Done    int              `json:"done" doc:"Devices whose turn is over."`
	Added   int              `json:"added" doc:"Devices that were added."`
	Devices []AdoptionResult `json:"devices" doc:"In the order of the request."`
}

// AdoptionResult is what came of one device. Each is asked once: one that refused the password is not asked again.
type AdoptionResult struct {
	Address string   `json:"address"`
	State   string   `json:"state" enum:"waiting,asking,added,refused,failed,stopped" doc:"refused: it did not take user name and password."`
	Cameras []string `json:"cameras" doc:"Ids of the cameras that came of it."`
	Name    string   `json:"name" doc:"Of the first of them."`
	Says    string   `json:"says" people:"read" doc:"Why it was not added."`
	Do      string   `json:"do" people:"read" doc:"What to do."`
	Seconds float64  `json:"seconds" doc:"How long it took."`
}

func adoptionRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "POST", pattern: v1 + "/adoption", does: audit.ActionCameraAdd, needs: auth.Configure, serve: (*Server).postAdoption,
			summary: "Add many devices; goes on in the background, four at a time, one request at a time. Each device is asked once", body: &body{mime: "application/json", schema: typeOf[AdoptionRequest](), max: maxAdoptionBody}, answers: gives[AdoptionJob](202, "It runs.")},
		{method: "GET", pattern: v1 + "/adoption", needs: auth.Configure, serve: (*Server).getAdoption,
			summary: "How far it is with many devices, or what came of the last time", answers: gives[AdoptionJob](200, "The devices.")},
		{method: "DELETE", pattern: v1 + "/adoption", does: audit.ActionCameraAdd, needs: auth.Configure, serve: (*Server).deleteAdoption,
			summary: "Stop adding devices; what was added stays", answers: gives[AdoptionJob](200, "It has ended.")},
	}
}

// maxAdoptionBody is room for as many devices as may be with what is said of each, bytes.
const maxAdoptionBody = 1 << 20

func (q AdoptionRequest) check() error {
	if len(q.Devices) == 0 || len(q.Devices) > MaxAdoption {
		return field(kindRule.with("It takes 1 to 256 devices at a time."), "devices")
	}
	if q.First < 0 || q.First > 1_000_000 {
		return field(kindRule.with("It is between 0 and a million."), "first")
	}
	if err := (AdoptRequest{Address: "all", Username: q.Username, Password: q.Password, Name: q.Name, Record: q.Record}).check(); err != nil {
		return err
	}
	for _, d := range q.Devices {
		if err := (AdoptRequest{Address: d.Address, Endpoint: d.Endpoint, Username: d.Username, Password: d.Password, Name: d.Name, Record: d.Record, Sources: d.Sources, Streams: d.Streams}).check(); err != nil {
			return err
		}
		if len(d.Called) > maxAddress || hasControl(d.Called) {
			return field(kindRule.with("It is no name."), "called")
		}
	}
	return nil
}

func (s *Server) postAdoption(w http.ResponseWriter, r *request) error {
	var req AdoptionRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	addresses := make([]string, len(req.Devices))
	for i, d := range req.Devices {
		addresses[i] = d.Address
	}
	r.changed(nil, map[string]any{"devices": addresses})
	one := r.entry // of each device that is added, by whoever asked for it
	job, err := s.o.Cameras.StartAdoption(req, func(address string, cameras []string) {
		e := one
		e.Time, e.Camera, e.After = s.o.Now(), cameras[0], asJSON(map[string]any{"address": address, "cameras": cameras})
		s.o.Audit.Add(e)
	})
	if err != nil {
		return err
	}
	return reply(w, http.StatusAccepted, job.complete())
}

func (s *Server) getAdoption(w http.ResponseWriter, _ *request) error {
	job, ok := s.o.Cameras.Adoption()
	if !ok {
		return kindNotFound.with("Nothing was added this way since the gateway started.")
	}
	return reply(w, http.StatusOK, job.complete())
}

func (s *Server) deleteAdoption(w http.ResponseWriter, r *request) error {
	r.entry.Reason = "cancelled"
	job, ok := s.o.Cameras.CancelAdoption()
	if !ok {
		return kindNotFound.with("Nothing was added this way since the gateway started.")
	}
	return reply(w, http.StatusOK, job.complete())
}

// complete has lists that are empty, not null.
func (j AdoptionJob) complete() AdoptionJob {
	j.Devices = listed(j.Devices)
	for i := range j.Devices {
		j.Devices[i].Cameras = listed(j.Devices[i].Cameras)
	}
	return j
}
