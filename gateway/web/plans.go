package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Plans are floor plans and maps with cameras on them. *gateway.Gateway implements it; ErrNotFound of a plan, or a camera on it, that there
// is not.
type Plans interface {
	Plans() ([]Plan, error)
	AddPlan(ctx context.Context, req NewPlan) (Plan, error)
	RenamePlan(ctx context.Context, plan, name string) (Plan, error)
	SetPlanPicture(ctx context.Context, plan string, data []byte) (Plan, error)
	PlanPicture(plan string) (mime string, data []byte, err error)
	RemovePlan(ctx context.Context, plan string) error
	PlaceCamera(ctx context.Context, plan string, at Placement) (Plan, error)
	UnplaceCamera(ctx context.Context, plan, camera string) (Plan, error)
}

// The kinds of a plan.
const (
	PlanFloor = "floor" // a picture: places are parts of its width and height
	PlanGeo   = "geo"   // coordinates of the earth, drawn without any map
)

// MaxPicture bounds an uploaded picture, bytes.
const MaxPicture = 12 << 20

// Plan is a floor plan, or a piece of the earth.
type Plan struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Kind    string      `json:"kind" enum:"floor,geo" doc:"floor: a picture. geo: coordinates of the earth (WGS 84), drawn without any map, since none is fetched from anywhere."`
	Width   int         `json:"width" doc:"Of its picture, pixels; 0 without one."`
	Height  int         `json:"height" doc:"Pixels."`
	Picture int         `json:"picture" doc:"Counts up with each picture that it got; 0: it has none."`
	Cameras []Placement `json:"cameras" doc:"Of those that whoever asks may see."`
}

// Placement is a camera on a plan.
type Placement struct {
	Camera    string  `json:"camera"`
	X         float64 `json:"x" doc:"Of a floor plan: part of its width, 0 to 1. Of geo: longitude, degrees."`
	Y         float64 `json:"y" doc:"Of a floor plan: part of its height from above, 0 to 1. Of geo: latitude, degrees."`
	Direction float64 `json:"direction" doc:"Where it looks: degrees clockwise from above, or from north; 0 up to 360."`
	View      float64 `json:"view" doc:"Its horizontal field of view, degrees; 0: not known, and not drawn."`
	Range     float64 `json:"range" doc:"How far the view is drawn: of a floor plan part of its width, up to 2; of geo metres, up to 10000."`
}

// NewPlan makes a plan.
type NewPlan struct {
	Name string `json:"name" doc:"At most 128 bytes."`
	Kind string `json:"kind,omitempty" enum:",floor,geo" doc:"floor when left out."`
}

// PlanName names a plan.
type PlanName struct {
	Name string `json:"name" doc:"At most 128 bytes."`
}

// PlacementAt is where a camera is put.
type PlacementAt struct {
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Direction float64 `json:"direction,omitempty"`
	View      float64 `json:"view,omitempty"`
	Range     float64 `json:"range,omitempty"`
}

func planRoutes() []route {
	const plans = "/api/v1/plans"
	const one = plans + "/{plan}"
	plan := param{"plan", "path", true, "string", "Id of the plan."}
	camera := param{"camera", "path", true, "string", "Id of the camera."}
	return []route{
		{method: "GET", pattern: plans, filters: "cameras that may not be seen, and plans without one that may, are left out", needs: auth.See, serve: (*Server).getPlans,
			summary: "Floor plans and maps, with the cameras on them", answers: gives[[]Plan](200, "The plans, by name.")},
		{method: "POST", pattern: plans, does: audit.ActionSettingChange, needs: auth.Configure, serve: (*Server).postPlan,
			summary: "Make a plan; 32 at most", body: jsonBody[NewPlan](), answers: gives[Plan](201, "The plan.")},
		{method: "PATCH", pattern: one, does: audit.ActionSettingChange, needs: auth.Configure, serve: (*Server).patchPlan,
			summary: "Name a plan anew", params: []param{plan}, body: jsonBody[PlanName](), answers: gives[Plan](200, "The plan.")},
		{method: "DELETE", pattern: one, does: audit.ActionSettingChange, needs: auth.Configure, serve: (*Server).deletePlan,
			summary: "Remove a plan; its cameras are not touched", params: []param{plan}, answers: done("Removed.")},
		{method: "GET", pattern: one + "/picture", filters: "plans without a camera that may be seen are not there", needs: auth.See, serve: (*Server).getPlanPicture,
			summary: "The picture of a plan", params: []param{plan}, answers: append(sends("image/png", "A drawing."), answer{status: 200, mime: "image/jpeg", doc: "A photo."})},
		{method: "PUT", pattern: one + "/picture", does: audit.ActionSettingChange, needs: auth.Configure, serve: (*Server).putPlanPicture,
			summary: "Give a plan a picture: PNG or JPEG, at most 12 MB and 24 million pixels. It is encoded anew, at most 2560 pixels wide and high, without what else the file held", params: []param{plan},
			body: &body{mime: "application/octet-stream", max: MaxPicture}, answers: gives[Plan](200, "The plan.")},
		{method: "PUT", pattern: one + "/cameras/{camera}", does: audit.ActionSettingChange, needs: auth.Configure, serve: (*Server).putPlacement,
			summary: "Put a camera on a plan, or move it there", params: []param{plan, camera}, body: jsonBody[PlacementAt](), answers: gives[Plan](200, "The plan.")},
		{method: "DELETE", pattern: one + "/cameras/{camera}", does: audit.ActionSettingChange, needs: auth.Configure, serve: (*Server).deletePlacement,
			summary: "Take a camera off a plan", params: []param{plan, camera}, answers: gives[Plan](200, "The plan.")},
	}
}

// Fits tells whether the place can be on a plan of a kind.
func (p Placement) Fits(kind string) error {
	within := func(v, from, to float64) bool { return !math.IsNaN(v) && v >= from && v <= to }
	x, y, reach := [2]float64{0, 1}, [2]float64{0, 1}, 2.0
	if kind == PlanGeo {
		x, y, reach = [2]float64{-180, 180}, [2]float64{-90, 90}, 10_000
	}
	switch {
	case !within(p.X, x[0], x[1]):
		return field(kindRule.with(fmt.Sprintf("It is between %v and %v.", x[0], x[1])), "x")
	case !within(p.Y, y[0], y[1]):
		return field(kindRule.with(fmt.Sprintf("It is between %v and %v.", y[0], y[1])), "y")
	case !within(p.Direction, 0, 360):
		return field(kindRule.with("It is between 0 and 360 degrees."), "direction")
	case !within(p.View, 0, 360):
		return field(kindRule.with("It is between 0 and 360 degrees."), "view")
	case !within(p.Range, 0, reach):
		return field(kindRule.with(fmt.Sprintf("It is between 0 and %v.", reach)), "range")
	}
	return nil
}

// shownTo is the plan as somebody may see it; false where there is nothing on it for them.
func (p Plan) shownTo(who auth.Identity) (Plan, bool) {
	p.Cameras = listed(slices.DeleteFunc(slices.Clone(p.Cameras), func(at Placement) bool { return !who.MayOn(auth.See, at.Camera) }))
	return p, len(p.Cameras) > 0 || who.May(auth.Configure)
}

func (s *Server) getPlans(w http.ResponseWriter, r *request) error {
	all, err := s.o.Cameras.Plans()
	if err != nil {
		return err
	}
	list := []Plan{}
	for _, p := range all {
		if p, ok := p.shownTo(r.who); ok {
			list = append(list, p)
		}
	}
	return reply(w, http.StatusOK, list)
}

func planName(name string) error {
	if name == "" || len(name) > maxCameraName || hasControl(name) {
		return field(kindRule.with("The name is missing, too long, or holds characters that cannot be shown."), "name")
	}
	return nil
}

func (s *Server) postPlan(w http.ResponseWriter, r *request) error {
	var req NewPlan
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := planName(req.Name); err != nil {
		return err
	}
	switch req.Kind {
	case "":
		req.Kind = PlanFloor
	case PlanFloor, PlanGeo:
	default:
		return field(kindRule.with("It is floor or geo."), "kind")
	}
	p, err := s.o.Cameras.AddPlan(r.Context(), req)
	if err != nil {
		return err
	}
	return s.planChanged(w, r, http.StatusCreated, p, map[string]string{"plan": p.ID, "name": p.Name})
}

// planChanged answers with a plan that was changed, and has the log say how.
func (s *Server) planChanged(w http.ResponseWriter, r *request, status int, p Plan, how any) error {
	r.entry.Target = clipID("plan/" + p.ID)
	r.changed(nil, how)
	p, _ = p.shownTo(r.who)
	return reply(w, status, p)
}

func (s *Server) patchPlan(w http.ResponseWriter, r *request) error {
	var req PlanName
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := planName(req.Name); err != nil {
		return err
	}
	p, err := s.o.Cameras.RenamePlan(r.Context(), r.PathValue("plan"), req.Name)
	if err != nil {
		return err
	}
	return s.planChanged(w, r, http.StatusOK, p, req)
}

func (s *Server) deletePlan(w http.ResponseWriter, r *request) error {
	r.entry.Target = clipID("plan/" + r.PathValue("plan"))
	if err := s.o.Cameras.RemovePlan(r.Context(), r.PathValue("plan")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// seenPlan finds a plan that whoever asks may look at.
func (s *Server) seenPlan(r *request) (Plan, error) {
	all, err := s.o.Cameras.Plans()
	if err != nil {
		return Plan{}, err
	}
	for _, p := range all {
		if p, ok := p.shownTo(r.who); ok && p.ID == r.PathValue("plan") {
			return p, nil
		}
	}
	return Plan{}, kindNotFound.with("")
}

func (s *Server) getPlanPicture(w http.ResponseWriter, r *request) error {
	p, err := s.seenPlan(r)
	if err != nil {
		return err
	}
	mime, data, err := s.o.Cameras.PlanPicture(p.ID)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mime)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", fmt.Sprintf(`"%d"`, p.Picture))
	if r.Header.Get("If-None-Match") == h.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
	return nil
}

func (s *Server) putPlanPicture(w http.ResponseWriter, r *request) error {
	p, err := s.o.Cameras.SetPlanPicture(r.Context(), r.PathValue("plan"), r.body)
	if err != nil {
		return err
	}
	return s.planChanged(w, r, http.StatusOK, p, map[string]int{"width": p.Width, "height": p.Height})
}

func (s *Server) putPlacement(w http.ResponseWriter, r *request) error {
	var req PlacementAt
	if err := decode(r.body, &req); err != nil {
		return err
	}
	at := Placement{Camera: r.PathValue("camera"), X: req.X, Y: req.Y, Direction: req.Direction, View: req.View, Range: req.Range}
	p, err := s.o.Cameras.PlaceCamera(r.Context(), r.PathValue("plan"), at)
	if err != nil {
		return err
	}
	return s.planChanged(w, r, http.StatusOK, p, at)
}

func (s *Server) deletePlacement(w http.ResponseWriter, r *request) error {
	p, err := s.o.Cameras.UnplaceCamera(r.Context(), r.PathValue("plan"), r.PathValue("camera"))
	if err != nil {
		return err
	}
	return s.planChanged(w, r, http.StatusOK, p, map[string]string{"removed": r.PathValue("camera")})
}
