package web

import (
	"context"
	"net/http"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Control changes the picture of cameras and what they switch. *gateway.Gateway implements it.
type Control interface {
	Imaging(ctx context.Context, camera string) (Imaging, error)
	SetImaging(ctx context.Context, camera string, c ImagingChange) (Imaging, error)
	MoveFocus(ctx context.Context, camera string, f FocusRequest) (Focus, error)

	Relays(ctx context.Context, camera string) ([]Relay, error)
	SwitchRelay(ctx context.Context, camera, relay string, active bool) (Relay, error)
	SetRelay(ctx context.Context, camera, relay string, s RelaySettings) (Relay, error)
	Inputs(ctx context.Context, camera string) ([]Input, error)
	Auxiliary(ctx context.Context, camera string) ([]string, error)
	SendAuxiliary(ctx context.Context, camera, command string) error

	Thermal(ctx context.Context, camera string) (Thermal, error)
	SetThermal(ctx context.Context, camera string, c ThermalChange) (Thermal, error)

	Position(ctx context.Context, camera string) ([]Position, error)
	SetPosition(ctx context.Context, camera string, p Position) ([]Position, error)
	DeletePosition(ctx context.Context, camera string) error
}

// Imaging is how a camera makes its picture, and what of that can be changed.
type Imaging struct {
	Settings ImagingSettings `json:"settings"`
	Options  []Option        `json:"options" doc:"What can be set, and to what."`
	Focus    *Focus          `json:"focus" doc:"null where the focus cannot be moved."`
	Presets  []Named         `json:"presets" doc:"Sets of settings that the camera keeps."`
	Preset   string          `json:"preset" doc:"Token of the one in force; empty for none."`
}

// Option is what a setting can be.
type Option struct {
	Name  string   `json:"name" doc:"Such as brightness or exposure.gain."`
	Modes []string `json:"modes,omitempty"`
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
}

// Named is something that a camera has a token and a name for.
type Named struct {
	Token string `json:"token"`
	Name  string `json:"name"`
	Type  string `json:"type,omitempty"`
}

// ImagingSettings are settings of the picture. What is left out the camera does not have; in a change, it stays.
type ImagingSettings struct {
	Brightness            *float64      `json:"brightness,omitempty" doc:"In the camera's own numbers, as all that have no unit."`
	ColorSaturation       *float64      `json:"color_saturation,omitempty"`
	Contrast              *float64      `json:"contrast,omitempty"`
	Sharpness             *float64      `json:"sharpness,omitempty"`
	IrCutFilter           string        `json:"ir_cut_filter,omitempty" enum:",ON,OFF,AUTO" doc:"ON is day, OFF is night."`
	Exposure              *Exposure     `json:"exposure,omitempty"`
	Focus                 *FocusMode    `json:"focus,omitempty"`
	WhiteBalance          *WhiteBalance `json:"white_balance,omitempty"`
	WideDynamicRange      *Level        `json:"wide_dynamic_range,omitempty"`
	BacklightCompensation *Level        `json:"backlight_compensation,omitempty"`
	ImageStabilization    *Level        `json:"image_stabilization,omitempty"`
	ToneCompensation      *Level        `json:"tone_compensation,omitempty"`
	Defogging             *Level        `json:"defogging,omitempty"`
	NoiseReduction        *float64      `json:"noise_reduction,omitempty" doc:"0 to 1."`
}

// Level is something that is switched and has a strength.
type Level struct {
	Mode  string   `json:"mode,omitempty" doc:"ON, OFF; some have AUTO."`
	Level *float64 `json:"level,omitempty"`
}

// Exposure is how light is taken. Times are microseconds, gains and irises decibels.
type Exposure struct {
	Mode            string   `json:"mode,omitempty" enum:",AUTO,MANUAL"`
	Priority        string   `json:"priority,omitempty" enum:",LowNoise,FrameRate"`
	MinExposureTime *float64 `json:"min_exposure_time,omitempty"`
	MaxExposureTime *float64 `json:"max_exposure_time,omitempty"`
	MinGain         *float64 `json:"min_gain,omitempty"`
	MaxGain         *float64 `json:"max_gain,omitempty"`
	MinIris         *float64 `json:"min_iris,omitempty"`
	MaxIris         *float64 `json:"max_iris,omitempty"`
	ExposureTime    *float64 `json:"exposure_time,omitempty"`
	Gain            *float64 `json:"gain,omitempty"`
	Iris            *float64 `json:"iris,omitempty"`
	WindowLeft      *float64 `json:"window_left,omitempty" doc:"What is measured: -1 to 1, as the other three; all four or none."`
	WindowTop       *float64 `json:"window_top,omitempty"`
	WindowRight     *float64 `json:"window_right,omitempty"`
	WindowBottom    *float64 `json:"window_bottom,omitempty"`
}

// FocusMode is whether the camera focuses by itself, and how. Limits are metres.
type FocusMode struct {
	AutoFocusMode string   `json:"mode,omitempty" enum:",AUTO,MANUAL"`
	DefaultSpeed  *float64 `json:"default_speed,omitempty"`
	NearLimit     *float64 `json:"near_limit,omitempty"`
	FarLimit      *float64 `json:"far_limit,omitempty"`
}

// WhiteBalance is how colours are kept true.
type WhiteBalance struct {
	Mode   string   `json:"mode,omitempty" enum:",AUTO,MANUAL"`
	CrGain *float64 `json:"cr_gain,omitempty"`
	CbGain *float64 `json:"cb_gain,omitempty"`
}

// ImagingChange changes settings, or puts a kept set in force.
type ImagingChange struct {
	ImagingSettings
	Preset string `json:"preset,omitempty" doc:"Token of a kept set; alone."`
}

// Focus is where the focus is and how it can be moved.
type Focus struct {
	Position *float64 `json:"position" doc:"In the camera's own numbers; null where it does not tell."`
	State    string   `json:"state" doc:"IDLE, MOVING or UNKNOWN; empty where it does not tell."`
	Options  []Option `json:"options" doc:"position, distance and velocity: those that there are."`
}

// FocusRequest moves the focus: exactly one of position, distance, velocity and stop.
type FocusRequest struct {
	Position *float64 `json:"position,omitempty"`
	Distance *float64 `json:"distance,omitempty" doc:"Positive is away from the camera."`
	Velocity *float64 `json:"velocity,omitempty" doc:"Until it is stopped: by the gateway after three seconds at the latest."`
	Speed    *float64 `json:"speed,omitempty" doc:"Of the first two."`
	Stop     bool     `json:"stop,omitempty"`
}

// Relay is an output that switches.
type Relay struct {
	Token  string   `json:"token"`
	Active *bool    `json:"active" doc:"As the camera told it by an event, or as it was switched last from here; null where neither is known."`
	Modes  []string `json:"modes" doc:"How it can work; empty where the camera does not tell."`
	RelaySettings
}

// RelaySettings are how a relay works.
type RelaySettings struct {
	Mode  string  `json:"mode" enum:"Monostable,Bistable" doc:"Monostable: it falls back after the delay."`
	Delay float64 `json:"delay" doc:"Seconds, of a monostable one."`
	Idle  string  `json:"idle" enum:"open,closed" doc:"How its contact is while it is inactive."`
}

// RelayRequest switches a relay.
type RelayRequest struct {
	Active bool `json:"active"`
}

// Input is a digital input.
type Input struct {
	Token  string     `json:"token"`
	Idle   string     `json:"idle" doc:"open or closed; empty where the camera does not tell."`
	Active *bool      `json:"active" doc:"As the camera told it last by an event; null where it has not."`
	Since  *time.Time `json:"since,omitempty" doc:"When it told that."`
}

// Thermal is how a thermal camera makes its picture and measures. Temperatures are kelvin.
type Thermal struct {
	Palette    string           `json:"palette" doc:"Token."`
	Palettes   []Named          `json:"palettes"`
	Polarity   string           `json:"polarity" doc:"WhiteHot or BlackHot."`
	NUCTable   string           `json:"nuc_table" doc:"Token; empty for none."`
	NUCTables  []NUCTable       `json:"nuc_tables" doc:"Corrections of the sensor."`
	Cooler     *bool            `json:"cooler" doc:"Whether it runs; null where there is none."`
	Radiometry *ThermalMeasures `json:"radiometry" doc:"null where the camera does not measure."`
	Readings   []Reading        `json:"readings" doc:"The last of each spot and box that the camera reported, as far as its events are followed."`
	Unplaced   string           `json:"unplaced,omitempty" doc:"Why it is not known where in the picture the temperatures are measured."`
}

// Reading is what a spot or a box of a thermal picture measured, kelvin.
type Reading struct {
	Item    string      `json:"item" doc:"What read it, as the camera calls it."`
	At      time.Time   `json:"at"`
	Spot    *float64    `json:"spot,omitempty" doc:"Of a spot."`
	Max     *float64    `json:"max,omitempty" doc:"Of a box, as what follows."`
	Min     *float64    `json:"min,omitempty"`
	Average *float64    `json:"average,omitempty"`
	Median  *float64    `json:"median,omitempty"`
	Box     *[4]float64 `json:"box,omitempty" doc:"Where in the picture: left, bottom, right and top, of which -1 is left and bottom of the picture and 1 right and top (ONVIF's normalised coordinates); of a spot, without extent. Left out where the camera does not tell, or told it of another time or view."`
	Frame   string      `json:"frame,omitempty" doc:"What the camera counted that place in: normalised, as the standard has it, or pixels of the video source."`
}

// NUCTable is a correction of a thermal sensor.
type NUCTable struct {
	Token string   `json:"token"`
	Name  string   `json:"name"`
	Low   *float64 `json:"low,omitempty" doc:"Least temperature that it is for, kelvin."`
	High  *float64 `json:"high,omitempty"`
}

// ThermalMeasures are what temperatures are reckoned with.
type ThermalMeasures struct {
	Radiometry
	Options []Option `json:"options"`
}

// Radiometry is what temperatures are reckoned with. What is left out the camera does not have; in a change, it stays.
type Radiometry struct {
	ReflectedAmbientTemperature *float64 `json:"reflected_ambient_temperature,omitempty" doc:"Kelvin, as all temperatures."`
	Emissivity                  *float64 `json:"emissivity,omitempty" doc:"0 to 1."`
	DistanceToObject            *float64 `json:"distance_to_object,omitempty" doc:"Metres."`
	RelativeHumidity            *float64 `json:"relative_humidity,omitempty" doc:"Per cent."`
	AtmosphericTemperature      *float64 `json:"atmospheric_temperature,omitempty"`
	AtmosphericTransmittance    *float64 `json:"atmospheric_transmittance,omitempty" doc:"0 to 1."`
	ExtOpticsTemperature        *float64 `json:"ext_optics_temperature,omitempty"`
	ExtOpticsTransmittance      *float64 `json:"ext_optics_transmittance,omitempty" doc:"0 to 1."`
}

// ThermalChange changes what is given.
type ThermalChange struct {
	Palette    string      `json:"palette,omitempty" doc:"Token."`
	Polarity   string      `json:"polarity,omitempty" enum:",WhiteHot,BlackHot"`
	NUCTable   string      `json:"nuc_table,omitempty" doc:"Token."`
	Cooler     *bool       `json:"cooler,omitempty"`
	Radiometry *Radiometry `json:"radiometry,omitempty"`
}

// Position is where a camera, or a part of it, is and where it looks, as the camera keeps it.
type Position struct {
	Entity    string   `json:"entity,omitempty" doc:"What it is of, such as VideoSource; left out: the camera."`
	Token     string   `json:"token,omitempty" doc:"Of that."`
	Fixed     bool     `json:"fixed,omitempty" doc:"It cannot be set."`
	Lat       *float64 `json:"lat,omitempty" doc:"Degrees north, WGS 84."`
	Lon       *float64 `json:"lon,omitempty" doc:"Degrees east."`
	Elevation *float64 `json:"elevation,omitempty" doc:"Metres."`
	Yaw       *float64 `json:"yaw,omitempty" doc:"Degrees from north to the east."`
	Pitch     *float64 `json:"pitch,omitempty" doc:"Degrees above the horizon."`
	Roll      *float64 `json:"roll,omitempty" doc:"Degrees about its view."`
}

func controlRoutes() []route {
	const camera = "/api/v1/cameras/{id}"
	on := []param{paramCamera}
	relay := []param{paramCamera, {"relay", "path", true, "string", "Token of the relay."}}
	return []route{
		{method: "GET", pattern: camera + "/imaging", needs: auth.Control, serve: (*Server).getImaging,
			summary: "How a camera makes its picture, and what of that can be changed", params: on, answers: gives[Imaging](200, "It.")},
		{method: "PUT", pattern: camera + "/imaging", does: audit.ActionImaging, needs: auth.Control, serve: (*Server).putImaging,
			summary: "Change what is given of that; the answer is what the camera made of it", params: on, body: jsonBody[ImagingChange](), answers: gives[Imaging](200, "As it is now.")},
		{method: "POST", pattern: camera + "/imaging/focus", does: audit.ActionImaging, needs: auth.Control, serve: (*Server).postFocus,
			summary: "Move the focus, or stop it", params: on, body: jsonBody[FocusRequest](), answers: gives[Focus](200, "Where it is.")},
		{method: "GET", pattern: camera + "/relays", needs: auth.Control, serve: (*Server).getRelays,
			summary: "The relays of a camera", params: on, answers: gives[[]Relay](200, "They.")},
		{method: "PUT", pattern: camera + "/relays/{relay}", does: audit.ActionRelay, needs: auth.Control, serve: (*Server).putRelay,
			summary: "Switch a relay", params: relay, body: jsonBody[RelayRequest](), answers: gives[Relay](200, "The relay.")},
		{method: "PUT", pattern: camera + "/relays/{relay}/settings", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putRelaySettings,
			summary: "Change how a relay works", params: relay, body: jsonBody[RelaySettings](), answers: gives[Relay](200, "The relay, as the camera made of it.")},
		{method: "GET", pattern: camera + "/inputs", needs: auth.See, serve: (*Server).getInputs,
			summary: "The digital inputs of a camera", params: on, answers: gives[[]Input](200, "They.")},
		{method: "GET", pattern: camera + "/auxiliary", needs: auth.Control, serve: (*Server).getAuxiliary,
			summary: "What else a camera switches: wipers, lamps", params: on, answers: gives[[]string](200, "The commands.")},
		{method: "POST", pattern: camera + "/auxiliary", does: audit.ActionAuxiliary, needs: auth.Control, serve: (*Server).postAuxiliary,
			summary: "Send one of those commands", params: on, body: jsonBody[AuxiliaryRequest](), answers: done("The camera took it.")},
		{method: "GET", pattern: camera + "/thermal", needs: auth.Control, serve: (*Server).getThermal,
			summary: "How a thermal camera makes its picture and measures; temperatures are kelvin", params: on, answers: gives[Thermal](200, "It.")},
		{method: "PUT", pattern: camera + "/thermal", does: audit.ActionThermal, needs: auth.Control, serve: (*Server).putThermal,
			summary: "Change what is given of that", params: on, body: jsonBody[ThermalChange](), answers: gives[Thermal](200, "As the camera made of it.")},
		{method: "GET", pattern: camera + "/position", needs: auth.See, serve: (*Server).getPosition,
			summary: "Where a camera says that it is and looks", params: on, answers: gives[[]Position](200, "Of the camera and its parts; none where it does not know.")},
		{method: "PUT", pattern: camera + "/position", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putPosition,
			summary: "Tell a camera where it is", params: on, body: jsonBody[Position](), answers: gives[[]Position](200, "As the camera made of it.")},
		{method: "DELETE", pattern: camera + "/position", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).deletePosition,
			summary: "Have a camera forget where it is", params: on, answers: done("Forgotten.")},
	}
}

func (s *Server) getImaging(w http.ResponseWriter, r *request) error {
	i, err := s.o.Cameras.Imaging(r.Context(), r.PathValue("id"))
	return replyOr(w, i, err)
}

// replyOr sends a value, unless there is an error.
func replyOr(w http.ResponseWriter, value any, err error) error {
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, value)
}

func (s *Server) putImaging(w http.ResponseWriter, r *request) error {
	var c ImagingChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	switch {
	case c == ImagingChange{}:
		return field(kindRule.with("Give what is to be changed."), "brightness")
	case c.Preset != "" && c.ImagingSettings != ImagingSettings{}:
		return field(kindRule.with("A kept set is put in force alone."), "preset")
	}
	r.changed(nil, c)
	i, err := s.o.Cameras.SetImaging(r.Context(), r.PathValue("id"), c)
	return replyOr(w, i, err)
}

func (s *Server) postFocus(w http.ResponseWriter, r *request) error {
	var f FocusRequest
	if err := decode(r.body, &f); err != nil {
		return err
	}
	r.changed(nil, f)
	at, err := s.o.Cameras.MoveFocus(r.Context(), r.PathValue("id"), f)
	return replyOr(w, at, err)
}

func (s *Server) getRelays(w http.ResponseWriter, r *request) error {
	list, err := s.o.Cameras.Relays(r.Context(), r.PathValue("id"))
	return replyOr(w, list, err)
}

func (s *Server) putRelay(w http.ResponseWriter, r *request) error {
	var q RelayRequest
	if err := decode(r.body, &q); err != nil {
		return err
	}
	r.entry.Target = clipID(r.PathValue("relay"))
	r.changed(nil, q)
	relay, err := s.o.Cameras.SwitchRelay(r.Context(), r.PathValue("id"), r.PathValue("relay"), q.Active)
	return replyOr(w, relay, err)
}

func (s *Server) putRelaySettings(w http.ResponseWriter, r *request) error {
	var q RelaySettings
	if err := decode(r.body, &q); err != nil {
		return err
	}
	switch {
	case q.Mode != "Monostable" && q.Mode != "Bistable":
		return field(kindRule.with("It is Monostable or Bistable."), "mode")
	case q.Idle != "open" && q.Idle != "closed":
		return field(kindRule.with("It is open or closed."), "idle")
	case !(q.Delay >= 0 && q.Delay <= 86400):
		return field(kindRule.with("It is from 0 to a day, in seconds."), "delay")
	}
	r.entry.Target = clipID(r.PathValue("relay"))
	relay, err := s.o.Cameras.SetRelay(r.Context(), r.PathValue("id"), r.PathValue("relay"), q)
	r.changed(nil, relay)
	return replyOr(w, relay, err)
}

func (s *Server) getInputs(w http.ResponseWriter, r *request) error {
	list, err := s.o.Cameras.Inputs(r.Context(), r.PathValue("id"))
	return replyOr(w, list, err)
}

func (s *Server) getAuxiliary(w http.ResponseWriter, r *request) error {
	list, err := s.o.Cameras.Auxiliary(r.Context(), r.PathValue("id"))
	return replyOr(w, list, err)
}

func (s *Server) postAuxiliary(w http.ResponseWriter, r *request) error {
	var q AuxiliaryRequest
	if err := decode(r.body, &q); err != nil {
		return err
	}
	if err := checkWord("command", q.Command); err != nil {
		return err
	}
	r.changed(nil, q)
	if err := s.o.Cameras.SendAuxiliary(r.Context(), r.PathValue("id"), q.Command); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) getThermal(w http.ResponseWriter, r *request) error {
	t, err := s.o.Cameras.Thermal(r.Context(), r.PathValue("id"))
	return replyOr(w, t, err)
}

func (s *Server) putThermal(w http.ResponseWriter, r *request) error {
	var c ThermalChange
	if err := decode(r.body, &c); err != nil {
		return err
	}
	r.changed(nil, c)
	t, err := s.o.Cameras.SetThermal(r.Context(), r.PathValue("id"), c)
	return replyOr(w, t, err)
}

func (s *Server) getPosition(w http.ResponseWriter, r *request) error {
	list, err := s.o.Cameras.Position(r.Context(), r.PathValue("id"))
	return replyOr(w, list, err)
}

func (s *Server) putPosition(w http.ResponseWriter, r *request) error {
	var p Position
	if err := decode(r.body, &p); err != nil {
		return err
	}
	switch {
	case (p.Lat == nil) != (p.Lon == nil):
		return field(kindRule.with("Latitude and longitude go together."), "lat")
	case len(p.Entity) > maxCameraWord || len(p.Token) > maxCameraWord:
		return field(kindRule.with("It is longer than 64 bytes."), "token")
	}
	list, err := s.o.Cameras.SetPosition(r.Context(), r.PathValue("id"), p)
	r.changed(nil, p)
	return replyOr(w, list, err)
}

func (s *Server) deletePosition(w http.ResponseWriter, r *request) error {
	if err := s.o.Cameras.DeletePosition(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
