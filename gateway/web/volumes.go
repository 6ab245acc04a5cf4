package web

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Volume is one place for footage.
type Volume struct {
	ID         string    `json:"id"`
	Path       string    `json:"path"`
	State      string    `json:"state" enum:"ok,slow,full,read-only,missing,failing"`
	Cause      string    `json:"cause" people:"read"`
	Free       int64     `json:"free" doc:"Bytes."`
	Total      int64     `json:"total" doc:"Bytes."`
	SyncMS     float64   `json:"sync_ms" doc:"How long syncing takes, milliseconds."`
	Disks      []Disk    `json:"disks" doc:"What the disks below it say of themselves; empty where no helper asks them."`
	Do         string    `json:"do" people:"read" doc:"What to do, empty when ok."`
	Since      time.Time `json:"since" doc:"Since when the state is so."`
	Used       int64     `json:"used" doc:"Bytes of footage on it."`
	MedianMS   float64   `json:"sync_median_ms" doc:"Half of the recent syncs take longer, milliseconds."`
	P95MS      float64   `json:"sync_p95_ms" doc:"One recent sync in twenty takes longer, milliseconds."`
	Rate       float64   `json:"write_rate" doc:"Bytes per second that are written to it."`
	Written    uint64    `json:"written" doc:"Bytes written since the gateway started."`
	Streams    int       `json:"streams" doc:"Streams that are recorded on it now."`
	Verify     Verify    `json:"verify" doc:"How far reading its footage again is, which finds rot."`
	IntervalMS float64   `json:"interval_ms" doc:"How long what is recorded on it is gathered before it is synced, milliseconds."`
	Segments   int64     `json:"segments" doc:"Closed segments on it."`
	Source     string    `json:"source" enum:"config,added" doc:"Where it is named. One from the configuration file can only be removed there."`
	Draining   *Draining `json:"draining" doc:"How far emptying it is; null while it is not emptied."`
}

// Draining is how far the emptying of a volume is.
type Draining struct {
	Since    time.Time `json:"since"`
	Segments int64     `json:"segments" doc:"Closed segments that are left."`
	Bytes    int64     `json:"bytes" doc:"Bytes that are left."`
	Moved    int64     `json:"moved" doc:"Segments that were moved since the gateway started."`
	MovedB   int64     `json:"moved_bytes" doc:"Bytes that were moved since the gateway started."`
	Left     float64   `json:"left_seconds" doc:"How long it will take at the present rate; 0 while that is not known."`
	Waits    string    `json:"waits" people:"read" doc:"Why nothing is moved now, empty while something is."`
	Damaged  int       `json:"damaged" doc:"Segments that cannot be moved, because their bytes are not those that were recorded."`
	Done     bool      `json:"done" doc:"Nothing is left: the volume can be removed."`
}

// VolumeRequest asks for a directory to be taken into use.
type VolumeRequest struct {
	Path    string `json:"path" doc:"The directory, absolute. It is empty, or was a volume of this site."`
	Adopt   bool   `json:"adopt,omitempty" doc:"Take it also when it has files, was another site's, or lost its identity."`
	MinFree int64  `json:"min_free,omitempty" doc:"Bytes that are kept free; 0: 5 % of it."`
}

// Volumes is what can be done with volumes while the gateway runs.
type Volumes interface {
	Volumes() []Volume
	AddVolume(ctx context.Context, req VolumeRequest) (Volume, error)
	DrainVolume(ctx context.Context, id string) (Volume, error)
	CancelDrain(ctx context.Context, id string) (Volume, error)
	RemoveVolume(ctx context.Context, id string, forget bool) error
}

var paramVolume = param{"id", "path", true, "string", "Id of the volume, or its path."}

func volumeRoutes() []route {
	const v1 = "/api/v1/volumes"
	forget := param{"forget", "query", false, "flag", "1: also when it has footage, which is then off the timelines."}
	return []route{
		{method: "GET", pattern: v1, needs: auth.Maintain, serve: (*Server).getVolumes,
			summary: "The volumes, their states and what is measured of them", answers: gives[[]Volume](200, "The volumes.")},
		{method: "POST", pattern: v1, does: audit.ActionVolumeAdd, needs: auth.Maintain, serve: (*Server).postVolume,
			summary: "Take a directory into use for footage", body: jsonBody[VolumeRequest](), answers: gives[Volume](201, "The volume.")},
		{method: "DELETE", pattern: v1 + "/{id}", does: audit.ActionVolumeRemove, needs: auth.Maintain, serve: (*Server).deleteVolume,
			summary: "Take a volume out of use; nothing on it is touched", params: []param{paramVolume, forget}, answers: done("It is no longer in use.")},
		{method: "POST", pattern: v1 + "/{id}/drain", does: audit.ActionVolumeDrain, needs: auth.Maintain, serve: (*Server).postDrain,
			summary: "Empty a volume: move its footage to the others while recording goes on", params: []param{paramVolume}, answers: gives[Volume](202, "It has begun.")},
		{method: "DELETE", pattern: v1 + "/{id}/drain", does: audit.ActionVolumeDrain, needs: auth.Maintain, serve: (*Server).deleteDrain,
			summary: "End the emptying of a volume", params: []param{paramVolume}, answers: gives[Volume](200, "It has ended; what was moved stays where it is.")},
	}
}

func (s *Server) getVolumes(w http.ResponseWriter, _ *request) error {
	return reply(w, http.StatusOK, s.o.Cameras.Volumes())
}

func (s *Server) postVolume(w http.ResponseWriter, r *request) error {
	var req VolumeRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	switch {
	case !filepath.IsAbs(req.Path) || len(req.Path) > maxVolumePath || hasControl(req.Path):
		return field(kindRule.with("It is no absolute path."), "path")
	case req.MinFree < 0:
		return field(kindRule.with("It is 0 or more."), "min_free")
	}
	v, err := s.o.Cameras.AddVolume(r.Context(), req)
	if err != nil {
		return err
	}
	r.entry.Target = v.ID
	r.changed(nil, req)
	return reply(w, http.StatusCreated, v)
}

// maxVolumePath bounds the path of a volume, bytes: what Linux takes.
const maxVolumePath = 4096

func (s *Server) deleteVolume(w http.ResponseWriter, r *request) error {
	r.entry.Target = clipID(r.PathValue("id"))
	if err := s.o.Cameras.RemoveVolume(r.Context(), r.PathValue("id"), r.URL.Query().Get("forget") == "1"); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postDrain(w http.ResponseWriter, r *request) error {
	r.entry.Target = clipID(r.PathValue("id"))
	v, err := s.o.Cameras.DrainVolume(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusAccepted, v)
}

func (s *Server) deleteDrain(w http.ResponseWriter, r *request) error {
	r.entry.Target, r.entry.Reason = clipID(r.PathValue("id")), "cancelled"
	v, err := s.o.Cameras.CancelDrain(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

// Verify is how far reading a volume's footage again is.
type Verify struct {
	Last    time.Time `json:"last,omitempty,omitzero" doc:"When the last whole pass began; nothing when there was none."`
	Ended   time.Time `json:"ended,omitempty,omitzero" doc:"When it ended."`
	Started time.Time `json:"started,omitempty,omitzero" doc:"When the pass that goes on began; nothing when none does."`
	Bytes   int64     `json:"bytes" doc:"Read in the pass that goes on."`
	Damaged int       `json:"damaged" doc:"Files that this pass, or the last one, found damaged."`
}
