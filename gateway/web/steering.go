package web

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Steering turns and zooms cameras. *gateway.Gateway implements it.
type Steering interface {
	// PTZ tells what a camera can, where it looks and who steers it.
	PTZ(ctx context.Context, camera string, who auth.Identity) (PTZ, error)
	// Move moves a camera. A continuous movement lasts for as long as it is renewed.
	Move(ctx context.Context, camera string, who auth.Identity, m Move) (Moved, error)
	// Stop stops a camera, whoever steers it.
	Stop(ctx context.Context, camera string, who auth.Identity) (Stopped, error)
	// Steer does what a camera has a name for: presets, home, tours, auxiliary commands.
	Steer(ctx context.Context, camera string, who auth.Identity, a PTZAct) (PTZAct, error)
	// Drive takes a camera for oneself for a time, or extends it; LetGo ends that.
	Drive(camera string, who auth.Identity, d DriveRequest) (Driver, error)
	LetGo(camera string, who auth.Identity) error
}

// PTZ is what a camera can, where it looks and who steers it.
type PTZ struct {
	Absolute    *PTZWay      `json:"absolute" doc:"Moves to a position; null where it cannot."`
	Relative    *PTZWay      `json:"relative" doc:"Moves by a distance; null where it cannot. With unit fov, the point of the picture comes to its centre."`
	Continuous  *PTZWay      `json:"continuous" doc:"Moves with a velocity; null where it cannot."`
	Speed       bool         `json:"speed" doc:"Whether the speed of absolute and relative moves can be chosen."`
	GeoMove     bool         `json:"geo_move" doc:"Whether it can look at a place on the earth."`
	Home        bool         `json:"home" doc:"Whether it has a home position."`
	HomeFixed   bool         `json:"home_fixed" doc:"Whether that cannot be set."`
	MaxPresets  int          `json:"max_presets"`
	MaxTours    int          `json:"max_tours" doc:"0: it has no tours."`
	Position    *PTZPosition `json:"position" doc:"Where it looks; null where it does not tell."`
	Moving      *bool        `json:"moving" doc:"Whether it says that it moves; null where it does not tell."`
	Presets     []Preset     `json:"presets"`
	Tours       []Tour       `json:"tours"`
	Auxiliary   []string     `json:"auxiliary" doc:"Commands that it takes, of its own and of what it hangs on."`
	Driver      *Driver      `json:"driver" doc:"Who steers it at present; null for nobody."`
	RenewWithin float64      `json:"renew_within" doc:"A continuous movement that is not renewed for so long is stopped, seconds."`
	Trouble     string       `json:"trouble" doc:"Why it may still be moving; empty where nothing is wrong."`
}

// PTZWay is one way to move, and how far.
type PTZWay struct {
	Units   []string    `json:"units" doc:"What pan and tilt may be said in: generic, degrees, fov. Empty: it does not turn."`
	Pan     *Ends       `json:"pan,omitempty" doc:"Least and most, in the first unit; left out where it has no end."`
	Tilt    *Ends       `json:"tilt,omitempty"`
	Degrees *PTZDegrees `json:"degrees,omitempty" doc:"Least and most in degrees, where it can be told in degrees too."`
	Zoom    *Ends       `json:"zoom,omitempty" doc:"Least and most; left out where it does not zoom."`
}

// Ends are the least and the most of a number.
type Ends struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// PTZDegrees are ends in degrees.
type PTZDegrees struct {
	Pan  *Ends `json:"pan,omitempty"`
	Tilt *Ends `json:"tilt,omitempty"`
}

// PTZPosition is where a camera looks.
type PTZPosition struct {
	Pan         *float64 `json:"pan" doc:"In the generic unit."`
	Tilt        *float64 `json:"tilt"`
	PanDegrees  *float64 `json:"pan_degrees" doc:"null where the camera does not tell degrees."`
	TiltDegrees *float64 `json:"tilt_degrees"`
	Zoom        *float64 `json:"zoom"`
}

// Preset is a kept position.
type Preset struct {
	Token string `json:"token"`
	Name  string `json:"name" doc:"Empty where the camera has none for it: on some that is a place that nobody has set."`
}

// Tour is a round of presets.
type Tour struct {
	Token     string     `json:"token,omitempty"`
	Name      string     `json:"name,omitempty"`
	State     string     `json:"state,omitempty" doc:"Idle, Touring or Paused."`
	AutoStart bool       `json:"auto_start,omitempty" doc:"It starts when the camera does."`
	Times     int        `json:"times,omitempty" doc:"How often it goes round; until it is stopped when left out."`
	Direction string     `json:"direction,omitempty" enum:",Forward,Backward"`
	Random    bool       `json:"random,omitempty"`
	Spots     []TourSpot `json:"spots,omitempty"`
}

// TourSpot is one stay of a tour.
type TourSpot struct {
	Preset string  `json:"preset,omitempty" doc:"Token; the home position when left out."`
	Stay   float64 `json:"stay,omitempty" doc:"How long it stays, seconds; as the camera likes when left out."`
	Speed  float64 `json:"speed,omitempty" doc:"0 to 1; as the camera likes when left out."`
}

// Driver is who steers a camera. Others wait, or take over where they may.
type Driver struct {
	Name  string    `json:"name"`
	You   bool      `json:"you"`
	Until time.Time `json:"until" doc:"It ends then, unless they go on."`
}

// DriveRequest takes a camera for oneself.
type DriveRequest struct {
	Seconds  float64 `json:"seconds,omitempty" doc:"For how long beyond the last movement, at most 300; 10 when left out."`
	TakeOver bool    `json:"take_over,omitempty" doc:"From somebody who steers it and may not configure cameras; for those who may."`
}

// Move is a movement.
type Move struct {
	Kind     string   `json:"kind" enum:"continuous,absolute,relative,geo"`
	Unit     string   `json:"unit,omitempty" enum:",generic,degrees,fov" doc:"What pan and tilt are said in; generic when left out: -1 to 1, zoom 0 to 1."`
	Pan      *float64 `json:"pan,omitempty" doc:"To the right. Of continuous movements a velocity."`
	Tilt     *float64 `json:"tilt,omitempty" doc:"Up."`
	Zoom     *float64 `json:"zoom,omitempty" doc:"In."`
	Speed    *float64 `json:"speed,omitempty" doc:"0 to 1; the camera's own when left out. Not of continuous movements."`
	Hold     string   `json:"hold,omitempty" doc:"Of a continuous movement: which one is renewed. Left out: it begins."`
	Lat      *float64 `json:"lat,omitempty" doc:"Of geo: degrees north."`
	Lon      *float64 `json:"lon,omitempty" doc:"Degrees east."`
	Height   *float64 `json:"elevation,omitempty" doc:"Metres above WGS 84."`
	Width    float64  `json:"area_width,omitempty" doc:"What is to be seen, metres; the zoom stays when left out."`
	TakeOver bool     `json:"take_over,omitempty" doc:"From somebody who steers it and may not configure cameras; for those who may."`
}

// Moved is what came of a movement.
type Moved struct {
	Hold        string   `json:"hold,omitempty" doc:"Of a continuous movement: it is renewed by this."`
	Renewed     bool     `json:"renewed,omitempty" doc:"It was going on already."`
	RenewWithin float64  `json:"renew_within,omitempty" doc:"Seconds."`
	Clamped     []string `json:"clamped,omitempty" doc:"What was more than the camera takes, and what it became."`
	Driver      Driver   `json:"driver"`
}

// Stopped is what came of stopping.
type Stopped struct {
	Confirmed bool `json:"confirmed" doc:"The camera stands, as far as it tells."`
}

// PTZAct is something that a camera has a name for.
type PTZAct struct {
	Do       string   `json:"do" enum:"preset.goto,preset.set,preset.remove,home.goto,home.set,tour.set,tour.start,tour.stop,tour.pause,tour.remove"`
	Token    string   `json:"token,omitempty" doc:"Of the preset or tour. Left out, set makes a new one."`
	Name     string   `json:"name,omitempty"`
	Speed    *float64 `json:"speed,omitempty" doc:"0 to 1."`
	Tour     *Tour    `json:"tour,omitempty"`
	Command  string   `json:"command,omitempty" doc:"One of those that the camera names."`
	TakeOver bool     `json:"take_over,omitempty"`
}

// PresetRequest keeps the present position.
type PresetRequest struct {
	Name     string `json:"name,omitempty" doc:"At most 64 bytes; as the camera likes when left out."`
	TakeOver bool   `json:"take_over,omitempty"`
}

// GotoRequest goes to a kept position.
type GotoRequest struct {
	Speed    *float64 `json:"speed,omitempty" doc:"0 to 1; the camera's own when left out."`
	TakeOver bool     `json:"take_over,omitempty"`
}

// TourRequest starts, stops or pauses a tour.
type TourRequest struct {
	Operation string `json:"operation" enum:"start,stop,pause"`
	TakeOver  bool   `json:"take_over,omitempty"`
}

// AuxiliaryRequest sends a command.
type AuxiliaryRequest struct {
	Command string `json:"command" doc:"One of those that the camera names, such as tt:Wiper|On."`
}

// Bounds of what is said to a camera.
const (
	maxCameraWord = 64 // bytes of a name or token
	maxTourSpots  = 64
	maxDriving    = 300 // seconds
)

func steeringRoutes() []route {
	const ptz = "/api/v1/cameras/{id}/ptz"
	on := []param{paramCamera}
	preset := []param{paramCamera, {"preset", "path", true, "string", "Token of the preset."}}
	tour := []param{paramCamera, {"tour", "path", true, "string", "Token of the tour."}}
	return []route{
		{method: "GET", pattern: ptz, needs: auth.PTZ, serve: (*Server).getPTZ,
			summary: "What a camera that turns can, where it looks and who steers it", params: on, answers: gives[PTZ](200, "It.")},
		{method: "POST", pattern: ptz + "/move", does: audit.ActionPTZ, needs: auth.PTZ, serve: (*Server).postMove,
			summary: "Move a camera; a continuous movement is sent again and again while it is to go on, and is in the audit log once", params: on,
			body: jsonBody[Move](), answers: gives[Moved](200, "It moves.")},
		{method: "POST", pattern: ptz + "/stop", does: audit.ActionPTZ, needs: auth.PTZ, serve: (*Server).postStop,
			summary: "Stop a camera, whoever steers it, and make sure that it stands", params: on, answers: gives[Stopped](200, "It stands, or does not say that it moves.")},
		{method: "PUT", pattern: ptz + "/driver", unlogged: "what is done while it lasts is in the log", needs: auth.PTZ, serve: (*Server).putDriver,
			summary: "Take a camera for oneself", params: on, body: jsonBody[DriveRequest](), answers: gives[Driver](200, "Until when.")},
		{method: "DELETE", pattern: ptz + "/driver", unlogged: "what was done while it lasted is in the log", needs: auth.PTZ, serve: (*Server).deleteDriver,
			summary: "Let others steer", params: on, answers: done("They may.")},
		{method: "POST", pattern: ptz + "/presets", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).putPreset,
			summary: "Keep the present position", params: on, body: jsonBody[PresetRequest](), answers: gives[PTZAct](200, "It is kept under the token.")},
		{method: "PUT", pattern: ptz + "/presets/{preset}", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).putPreset,
			summary: "Keep the present position in the place of another", params: preset, body: jsonBody[PresetRequest](), answers: gives[PTZAct](200, "It is kept.")},
		{method: "DELETE", pattern: ptz + "/presets/{preset}", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).deletePreset,
			summary: "Forget a kept position", params: preset, answers: done("Forgotten.")},
		{method: "POST", pattern: ptz + "/presets/{preset}/goto", does: audit.ActionPTZ, needs: auth.PTZ, serve: (*Server).postPresetGoto,
			summary: "Go to a kept position", params: preset, body: jsonBody[GotoRequest](), answers: done("It goes there.")},
		{method: "POST", pattern: ptz + "/home/goto", does: audit.ActionPTZ, needs: auth.PTZ, serve: (*Server).postHomeGoto,
			summary: "Go to the home position", params: on, body: jsonBody[GotoRequest](), answers: done("It goes there.")},
		{method: "PUT", pattern: ptz + "/home", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).putHome,
			summary: "Make the present position the home position", params: on, answers: done("It is.")},
		{method: "POST", pattern: ptz + "/tours", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).putTour,
			summary: "Make a tour", params: on, body: jsonBody[Tour](), answers: gives[PTZAct](200, "The tour, with its token.")},
		{method: "PUT", pattern: ptz + "/tours/{tour}", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).putTour,
			summary: "Change a tour, as a whole", params: tour, body: jsonBody[Tour](), answers: gives[PTZAct](200, "The tour.")},
		{method: "DELETE", pattern: ptz + "/tours/{tour}", does: audit.ActionPTZChange, needs: auth.Control, serve: (*Server).deleteTour,
			summary: "Remove a tour", params: tour, answers: done("Removed.")},
		{method: "POST", pattern: ptz + "/tours/{tour}", does: audit.ActionPTZ, needs: auth.PTZ, serve: (*Server).postTour,
			summary: "Start, stop or pause a tour", params: tour, body: jsonBody[TourRequest](), answers: done("It does.")},
	}
}

func (s *Server) getPTZ(w http.ResponseWriter, r *request) error {
	p, err := s.o.Cameras.PTZ(r.Context(), r.PathValue("id"), r.who)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, p.complete())
}

// complete has lists that are empty, not null.
func (p PTZ) complete() PTZ {
	if p.Presets == nil {
		p.Presets = []Preset{}
	}
	if p.Tours == nil {
		p.Tours = []Tour{}
	}
	if p.Auxiliary == nil {
		p.Auxiliary = []string{}
	}
	return p
}

func (s *Server) postMove(w http.ResponseWriter, r *request) error {
	var m Move
	if err := decode(r.body, &m); err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	moved, err := s.o.Cameras.Move(r.Context(), r.PathValue("id"), r.who, m)
	if err != nil {
		return err
	}
	if r.changed(nil, m); moved.Renewed {
		r.entry.Action = "" // a movement is one entry, however often it is renewed
	}
	return reply(w, http.StatusOK, moved)
}

func (m Move) check() error {
	switch {
	case m.Kind != "continuous" && m.Kind != "absolute" && m.Kind != "relative" && m.Kind != "geo":
		return field(kindRule.with("It is continuous, absolute, relative or geo."), "kind")
	case m.Unit != "" && m.Unit != "generic" && m.Unit != "degrees" && m.Unit != "fov":
		return field(kindRule.with("It is generic, degrees or fov."), "unit")
	case m.Hold != "" && m.Kind != "continuous":
		return field(kindRule.with("It goes with a continuous movement."), "hold")
	case len(m.Hold) > maxCameraWord:
		return field(kindRule.with("It is no movement's."), "hold")
	case m.Kind == "geo" && (m.Lat == nil || m.Lon == nil):
		return field(kindRule.with("Give lat and lon."), "lat")
	case m.Kind != "geo" && m.Pan == nil && m.Tilt == nil && m.Zoom == nil:
		return field(kindRule.with("Give pan, tilt or zoom."), "pan")
	case m.Width < 0:
		return field(kindRule.with("It is not below 0."), "area_width")
	}
	return checkSpeed(m.Speed)
}

func checkSpeed(v *float64) error {
	if v != nil && !(*v >= 0 && *v <= 1) {
		return field(kindRule.with("It is from 0 to 1."), "speed")
	}
	return nil
}

// checkWord holds what is called something on a camera to what may be shown.
func checkWord(name, v string) error {
	if len(v) > maxCameraWord || hasControl(v) || !utf8.ValidString(v) {
		return field(kindRule.with("It is longer than 64 bytes, or holds characters that cannot be shown."), name)
	}
	return nil
}

func (s *Server) postStop(w http.ResponseWriter, r *request) error {
	stopped, err := s.o.Cameras.Stop(r.Context(), r.PathValue("id"), r.who)
	if err != nil {
		return err
	}
	r.changed(nil, map[string]string{"kind": "stop"})
	return reply(w, http.StatusOK, stopped)
}

func (s *Server) putDriver(w http.ResponseWriter, r *request) error {
	var d DriveRequest
	if err := decode(r.body, &d); err != nil {
		return err
	}
	if !(d.Seconds >= 0 && d.Seconds <= maxDriving) {
		return field(kindRule.with("It is from 0 to 300 seconds."), "seconds")
	}
	driver, err := s.o.Cameras.Drive(r.PathValue("id"), r.who, d)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, driver)
}

func (s *Server) deleteDriver(w http.ResponseWriter, r *request) error {
	if err := s.o.Cameras.LetGo(r.PathValue("id"), r.who); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// act does something that a camera has a name for, and gives what it became.
func (s *Server) act(r *request, a PTZAct) (PTZAct, error) {
	for name, v := range map[string]string{"token": a.Token, "name": a.Name, "command": a.Command} {
		if err := checkWord(name, v); err != nil {
			return a, err
		}
	}
	if err := checkSpeed(a.Speed); err != nil {
		return a, err
	}
	a, err := s.o.Cameras.Steer(r.Context(), r.PathValue("id"), r.who, a)
	r.changed(nil, a)
	return a, err
}

// doAct answers with nothing.
func (s *Server) doAct(w http.ResponseWriter, r *request, a PTZAct) error {
	if _, err := s.act(r, a); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// showAct answers with what it became.
func (s *Server) showAct(w http.ResponseWriter, r *request, a PTZAct) error {
	a, err := s.act(r, a)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, a)
}

func (s *Server) putPreset(w http.ResponseWriter, r *request) error {
	var p PresetRequest
	if err := decode(r.body, &p); err != nil {
		return err
	}
	return s.showAct(w, r, PTZAct{Do: "preset.set", Token: r.PathValue("preset"), Name: p.Name, TakeOver: p.TakeOver})
}

func (s *Server) deletePreset(w http.ResponseWriter, r *request) error {
	return s.doAct(w, r, PTZAct{Do: "preset.remove", Token: r.PathValue("preset")})
}

func (s *Server) postPresetGoto(w http.ResponseWriter, r *request) error {
	var g GotoRequest
	if err := decode(r.body, &g); err != nil {
		return err
	}
	return s.doAct(w, r, PTZAct{Do: "preset.goto", Token: r.PathValue("preset"), Speed: g.Speed, TakeOver: g.TakeOver})
}

func (s *Server) postHomeGoto(w http.ResponseWriter, r *request) error {
	var g GotoRequest
	if err := decode(r.body, &g); err != nil {
		return err
	}
	return s.doAct(w, r, PTZAct{Do: "home.goto", Speed: g.Speed, TakeOver: g.TakeOver})
}

func (s *Server) putHome(w http.ResponseWriter, r *request) error {
	return s.doAct(w, r, PTZAct{Do: "home.set"})
}

func (s *Server) putTour(w http.ResponseWriter, r *request) error {
	var t Tour
	if err := decode(r.body, &t); err != nil {
		return err
	}
	t.Token = r.PathValue("tour")
	if err := t.check(); err != nil {
		return err
	}
	return s.showAct(w, r, PTZAct{Do: "tour.set", Token: t.Token, Tour: &t})
}

func (t Tour) check() error {
	switch {
	case len(t.Spots) == 0 || len(t.Spots) > maxTourSpots:
		return field(kindRule.with("A tour has 1 to 64 of them."), "spots")
	case t.Times < 0 || t.Times > 1<<20:
		return field(kindRule.with("It is not so often."), "times")
	case t.Direction != "" && t.Direction != "Forward" && t.Direction != "Backward":
		return field(kindRule.with("It is Forward or Backward."), "direction")
	}
	for _, spot := range t.Spots {
		if !(spot.Stay >= 0 && spot.Stay <= 86400) || !(spot.Speed >= 0 && spot.Speed <= 1) || len(spot.Preset) > maxCameraWord {
			return field(kindRule.with("A stay is at most a day, a speed from 0 to 1."), "spots")
		}
	}
	return checkWord("name", t.Name)
}

func (s *Server) deleteTour(w http.ResponseWriter, r *request) error {
	return s.doAct(w, r, PTZAct{Do: "tour.remove", Token: r.PathValue("tour")})
}

func (s *Server) postTour(w http.ResponseWriter, r *request) error {
	var t TourRequest
	if err := decode(r.body, &t); err != nil {
		return err
	}
	if t.Operation != "start" && t.Operation != "stop" && t.Operation != "pause" {
		return field(kindRule.with("It is start, stop or pause."), "operation")
	}
	return s.doAct(w, r, PTZAct{Do: "tour." + t.Operation, Token: r.PathValue("tour"), TakeOver: t.TakeOver})
}

// Driven is the error of a movement of a camera that somebody else steers: who, and until when.
func Driven(name string, until time.Time) error {
	return kindDriven.with(name + " steers it until " + until.UTC().Format(time.RFC3339) + ".")
}

// MoveOver is the error of renewing a movement that has ended: why it did.
func MoveOver(why string) error { return kindMoveOver.with(why) }
