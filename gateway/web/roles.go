package web

import (
	"net/http"
	"slices"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Role is a named set of permissions.
type Role struct {
	ID          string   `json:"id" doc:"What grants name it by."`
	Name        string   `json:"name" people:"read if Ready" doc:"The site's own are given as somebody wrote them, whatever the language."`
	Says        string   `json:"says" people:"read if Ready" doc:"What it is for."`
	Permissions []string `json:"permissions"`
	Ready       bool     `json:"ready" doc:"It comes with the program and cannot be changed."`
	Holders     int      `json:"holders" doc:"How many people have it."`
}

// RoleChange makes a role, or changes it as a whole.
type RoleChange struct {
	Name        string   `json:"name" doc:"At most 80 bytes."`
	Says        string   `json:"says,omitempty" doc:"What it is for, at most 400 bytes."`
	Permissions []string `json:"permissions" doc:"As /api/v1/permissions lists them."`
}

// PermissionEntry is one permission, in words.
type PermissionEntry struct {
	ID        string `json:"id"`
	OfCameras bool   `json:"of_cameras" doc:"It counts for the cameras of the grant that gives it; the others count only from a grant over all cameras."`
	Says      string `json:"says" people:"read" doc:"What it allows."`
}

// paramRole names a role.
var paramRole = param{"id", "path", true, "string", "Id of the role: 1 to 64 small letters, digits and dashes."}

func roleRoutes() []route {
	const v1 = "/api/v1"
	return []route{
		{method: "GET", pattern: v1 + "/permissions", needs: auth.Self, serve: (*Server).getPermissions,
			summary: "All that can be allowed, in words", answers: gives[[]PermissionEntry](200, "The permissions.")},
		{method: "GET", pattern: v1 + "/roles", needs: auth.People, serve: (*Server).getRoles,
			summary: "The roles: those that come with the program, then the site's own", answers: gives[[]Role](200, "The roles.")},
		{method: "PUT", pattern: v1 + "/roles/{id}", does: audit.ActionRoleChange, needs: auth.People, serve: (*Server).putRole,
			summary: "Make a role, or change it; what its holders may do no more ends at once", params: []param{paramRole}, body: jsonBody[RoleChange](), answers: gives[Role](200, "The role.")},
		{method: "DELETE", pattern: v1 + "/roles/{id}", does: audit.ActionRoleChange, needs: auth.People, serve: (*Server).deleteRole,
			summary: "Remove a role that nobody has", params: []param{paramRole}, answers: done("Removed.")},
	}
}

// saysOf puts each permission in words.
var saysOf = map[auth.Permission]string{
	auth.Self:      "See and end one's own sessions, and change what is held about oneself. Everybody may.",
	auth.See:       "Know a camera, its state and its trouble. No pictures.",
	auth.Live:      "Watch live pictures and take snapshots of them.",
	auth.Audio:     "Hear sound, live where the camera's sound may be heard, and recorded. Without it footage is shown and exported without sound.",
	auth.Talk:      "Speak through a camera.",
	auth.Playback:  "Know and watch recorded footage.",
	auth.Export:    "Take footage away.",
	auth.PTZ:       "Turn and zoom a camera.",
	auth.Control:   "Switch relays, lights and wipers; change the picture.",
	auth.Raise:     "Raise and end events.",
	auth.Lock:      "Keep footage from deletion, and see who keeps what and why.",
	auth.Erase:     "Erase footage, and see what was erased.",
	auth.Approve:   "Approve what somebody else may do only with a second person.",
	auth.Configure: "Find, add and change cameras.",
	auth.Maintain:  "Volumes, check of the archive, connections and certificate.",
	auth.People:    "People, their rights, sessions and tokens.",
	auth.Tokens:    "Make API tokens for oneself.",
	auth.Audit:     "Read the audit log.",
	auth.Privacy:   "Answer people's requests about their data.",
	auth.Keys:      "See the state of the keyring; confirm, change and restore its root key.",
	auth.Metrics:   "Read the counters.",
}

func (s *Server) getPermissions(w http.ResponseWriter, _ *request) error {
	list := []PermissionEntry{}
	for _, p := range auth.Permissions() {
		list = append(list, PermissionEntry{ID: p.String(), OfCameras: p.OfCameras(), Says: saysOf[p]})
	}
	return reply(w, http.StatusOK, list)
}

func roleOf(r auth.Role) Role {
	return Role{ID: r.ID, Name: r.Name, Says: r.Says, Permissions: namesOf(r.Permissions), Ready: r.Ready}
}

// withHolders is a role with how many people have it.
func (s *Server) withHolders(r auth.Role) Role {
	told := roleOf(r)
	for _, p := range s.o.Auth.People() {
		if slices.ContainsFunc(p.Grants, func(g auth.Grant) bool { return g.Role == r.ID }) {
			told.Holders++
		}
	}
	return told
}

func (s *Server) getRoles(w http.ResponseWriter, _ *request) error {
	list := []Role{}
	for _, r := range s.o.Auth.Roles() {
		list = append(list, s.withHolders(r))
	}
	return reply(w, http.StatusOK, list)
}

// role finds a role as it is; nil when there is none.
func (s *Server) role(id string) *auth.Role {
	for _, r := range s.o.Auth.Roles() {
		if r.ID == id {
			return &r
		}
	}
	return nil
}

// roleFacts is what the audit log keeps of a role; nil of none.
func roleFacts(r *auth.Role) any {
	if r == nil {
		return nil
	}
	return RoleChange{Name: r.Name, Says: r.Says, Permissions: namesOf(r.Permissions)}
}

func (s *Server) putRole(w http.ResponseWriter, r *request) error {
	var c RoleChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	set, err := setOf(c.Permissions)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	r.entry.Target = clipID(id)
	before := s.role(id)
	role := auth.Role{ID: id, Name: c.Name, Says: c.Says, Permissions: set}
	if err := s.o.Auth.PutRole(r.who, role); err != nil {
		return err
	}
	r.changed(roleFacts(before), roleFacts(&role))
	return reply(w, http.StatusOK, s.withHolders(role))
}

func (s *Server) deleteRole(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	r.entry.Target = clipID(id)
	before := s.role(id)
	if err := s.o.Auth.RemoveRole(r.who, id); err != nil {
		return err
	}
	r.changed(roleFacts(before), nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
