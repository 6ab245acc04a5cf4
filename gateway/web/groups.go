package web

import (
	"net/http"
	"slices"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// CameraGroup is a named set of cameras.
type CameraGroup struct {
	ID      string   `json:"id" doc:"What grants name it by, after group:"`
	Name    string   `json:"name"`
	Cameras []string `json:"cameras" doc:"Ids, of those that whoever asks may see."`
}

// CameraGroupChange makes a group, or changes it as a whole.
type CameraGroupChange struct {
	Name    string   `json:"name" doc:"At most 80 bytes."`
	Cameras []string `json:"cameras" doc:"Ids of cameras."`
}

func groupRoutes() []route {
	const v1 = "/api/v1/camera-groups"
	group := param{"id", "path", true, "string", "Id of the group: 1 to 64 small letters, digits and dashes."}
	return []route{
		{method: "GET", pattern: v1, filters: "cameras that may not be seen, and groups without one that may, are left out", needs: auth.See, serve: (*Server).getGroups,
			summary: "The groups of cameras", answers: gives[[]CameraGroup](200, "The groups, by name.")},
		{method: "PUT", pattern: v1 + "/{id}", does: audit.ActionGroupChange, needs: auth.People, serve: (*Server).putGroup,
			summary: "Make a group of cameras, or change it; rights that name it change at once", params: []param{group}, body: jsonBody[CameraGroupChange](), answers: gives[CameraGroup](200, "The group.")},
		{method: "DELETE", pattern: v1 + "/{id}", does: audit.ActionGroupChange, needs: auth.People, serve: (*Server).deleteGroup,
			summary: "Remove a group that no right, token or rule names", params: []param{group}, answers: done("Removed.")},
	}
}

// getGroups leaves out what the asker may not see. Whoever gives rights over cameras sees them all.
func (s *Server) getGroups(w http.ResponseWriter, r *request) error {
	list := []CameraGroup{}
	for _, g := range s.o.Auth.Groups() {
		told := CameraGroup{ID: g.ID, Name: g.Name, Cameras: []string{}}
		for _, c := range g.Cameras {
			if r.who.MayOn(auth.See, c) {
				told.Cameras = append(told.Cameras, c)
			}
		}
		if len(told.Cameras) > 0 || r.who.May(auth.People) {
			list = append(list, told)
		}
	}
	return reply(w, http.StatusOK, list)
}

// groupFacts is what the audit log keeps of a group; nil of none.
func (s *Server) groupFacts(id string) any {
	for _, g := range s.o.Auth.Groups() {
		if g.ID == id {
			return CameraGroupChange{Name: g.Name, Cameras: orEmpty(g.Cameras)}
		}
	}
	return nil
}

// inGroup tells whether a camera is in a group already.
func (s *Server) inGroup(id, camera string) bool {
	return slices.ContainsFunc(s.o.Auth.Groups(), func(g auth.Group) bool { return g.ID == id && slices.Contains(g.Cameras, camera) })
}

func (s *Server) putGroup(w http.ResponseWriter, r *request) error {
	var c CameraGroupChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	id := r.PathValue("id")
	r.entry.Target = clipID(id)
	before := s.groupFacts(id)
	for _, camera := range c.Cameras {
		if _, err := s.recordedCamera(camera); err != nil && !s.inGroup(id, camera) { // one that is gone, with its footage, may stay
			return field(kindRule.with("There is no such camera."), "cameras")
		}
	}
	if err := s.o.Auth.PutGroup(r.who, auth.Group{ID: id, Name: c.Name, Cameras: c.Cameras}); err != nil {
		return err
	}
	r.changed(before, s.groupFacts(id))
	return reply(w, http.StatusOK, CameraGroup{ID: id, Name: c.Name, Cameras: orEmpty(c.Cameras)})
}

func (s *Server) deleteGroup(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	r.entry.Target = clipID(id)
	before := s.groupFacts(id)
	if err := s.o.Auth.RemoveGroup(id); err != nil {
		return err
	}
	r.changed(before, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
