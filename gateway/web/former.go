package web

import (
	"net/http"
	"slices"
	"time"

	"holdfast/gateway/auth"
)

// FormerCamera is a camera that is there no longer, and of which there is footage. Taking a camera away changes nobody's rights: they name it by
// its id, by a group that it is still in, or as one of all, and its id is never another's. So whoever could play it can until its footage is gone,
// and nobody else.
type FormerCamera struct {
	ID          string     `json:"id"`
	Name        string     `json:"name" doc:"What it was called; its id, of one that the configuration file had."`
	Removed     *time.Time `json:"removed" doc:"When it was removed; null of one that left the configuration file."`
	Streams     []string   `json:"streams" doc:"Ids of the streams of which there is footage."`
	Oldest      time.Time  `json:"oldest" doc:"Begin of the oldest footage."`
	Newest      time.Time  `json:"newest" doc:"End of the newest."`
	MaxAge      float64    `json:"max_age" doc:"Continuous footage older than this is deleted, seconds; 0: when space is needed. One that was added here keeps the age that was set of it; of one from the file it is the site's."`
	EventMaxAge float64    `json:"event_max_age" doc:"Footage of events older than this is deleted, seconds; 0: as max_age."`
	Until       *time.Time `json:"until" doc:"When the last of its footage is deleted, locks apart; null: when space is needed."`
	Says        string     `json:"says" people:"read" doc:"How long its footage is there, in words."`
	May         []string   `json:"may" doc:"What whoever asks may do with its footage at this moment, as the permissions are called."`
}

// Former tells of cameras that are there no longer. *gateway.Gateway implements it.
type Former interface {
	FormerCameras() ([]FormerCamera, error)
	FormerCamera(id string) (FormerCamera, error) // ErrNotFound
}

func formerRoutes() []route {
	return []route{
		{method: "GET", pattern: "/api/v1/removed-cameras", filters: "cameras whose footage may not be played are left out", needs: auth.Playback, serve: (*Server).getFormer,
			summary: "Cameras that are there no longer and of which there is footage: what there is, until when, and what may be done with it. It is asked for, locked, exported and erased by the camera's id like any other", answers: gives[[]FormerCamera](200, "By their ids.")},
	}
}

// ofFootage are the permissions that count for a camera of which footage is all that there is.
var ofFootage = []auth.Permission{auth.Audio, auth.Playback, auth.Export, auth.Lock, auth.Erase, auth.Approve}

func (s *Server) getFormer(w http.ResponseWriter, r *request) error {
	all, err := s.o.Cameras.FormerCameras()
	if err != nil {
		return err
	}
	list := []FormerCamera{}
	for _, f := range all {
		if !r.who.MayOn(auth.Playback, f.ID) {
			continue
		}
		f.May = []string{}
		for _, p := range ofFootage {
			if r.who.MayOn(p, f.ID) {
				f.May = append(f.May, p.String())
			}
		}
		list = append(list, f)
	}
	return reply(w, http.StatusOK, list)
}

// recordedCamera is the camera of an id as far as its footage goes: one that is there, or one that was.
func (s *Server) recordedCamera(id string) (Camera, error) {
	if c, ok := s.o.Cameras.Camera(id); ok {
		return c.complete(), nil
	}
	f, err := s.o.Cameras.FormerCamera(id)
	if err != nil {
		return Camera{}, err
	}
	return f.recorded(), nil
}

// recorded is the camera in the form that those have that are there.
func (f *FormerCamera) recorded() Camera {
	return Camera{ID: f.ID, Name: f.Name, Record: Recording{Streams: f.Streams}}.complete()
}

// recordedCameras are the cameras that a question about several is of: those that are named, or every one that is there; with former, also those
// that were.
func (s *Server) recordedCameras(named []string, former bool) ([]Camera, error) {
	list, there := []Camera{}, map[string]bool{}
	for _, c := range s.o.Cameras.Cameras() {
		there[c.ID] = true
		if named == nil || slices.Contains(named, c.ID) {
			list = append(list, c)
		}
	}
	if !former && (named == nil || !slices.ContainsFunc(named, func(id string) bool { return !there[id] })) {
		return list, nil
	}
	gone, err := s.o.Cameras.FormerCameras()
	if err != nil {
		return nil, err
	}
	for _, f := range gone {
		if named == nil || slices.Contains(named, f.ID) {
			list = append(list, f.recorded())
		}
	}
	return list, nil
}
