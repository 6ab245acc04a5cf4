package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// Devices is what the gateway tells of the devices that cameras are, and changes at them. *gateway.Gateway implements it. A
// camera without a device, and what a device refuses, is a Refused error.
type Devices interface {
	// Device tells what was understood of a camera's device; fresh asks it anew.
	Device(ctx context.Context, camera string, fresh bool) (Device, error)
	// Probe tells what a device has that need not be a camera's.
	Probe(ctx context.Context, req ProbeRequest) (Device, error)
	// Picture fetches a picture that the device itself makes of a camera's stream, JPEG.
	Picture(ctx context.Context, camera, stream string) ([]byte, error)
	Encoders(ctx context.Context, camera string) ([]Encoder, error)
	SetEncoder(ctx context.Context, camera, token string, ch EncoderChange) (EncoderChanged, error)
	SetMetadata(ctx context.Context, camera, token string, m MetadataFlags) (Metadata, error)
	Overlays
	Cards
}

// Device is what was understood of a device.
type Device struct {
	Manufacturer string        `json:"manufacturer"`
	Model        string        `json:"model"`
	Firmware     string        `json:"firmware"`
	Serial       string        `json:"serial"`
	Hardware     string        `json:"hardware"`
	Skew         float64       `json:"skew_seconds" doc:"How far its clock is ahead, seconds."`
	Services     []string      `json:"services" doc:"Names of its ONVIF services."`
	PTZ          bool          `json:"ptz"`
	Thermal      bool          `json:"thermal"`
	Events       bool          `json:"events"`
	Inputs       int           `json:"inputs" doc:"Digital inputs, as its DeviceIO service counts them."`
	Relays       int           `json:"relays" doc:"Relay outputs, likewise."`
	Sources      []VideoSource `json:"sources" doc:"Its video sources. Each can be a camera of its own."`
	Sound        Sound         `json:"sound"`
	Metadata     []Metadata    `json:"metadata"`
	Warnings     []string      `json:"warnings" people:"read" doc:"What is amiss with it, in sentences."`
}

// VideoSource is a lens, or an input of an encoder.
type VideoSource struct {
	Token     string         `json:"token"`
	Name      string         `json:"name"`
	Kind      string         `json:"kind" enum:"visible,thermal"`
	Width     int            `json:"width" doc:"Pixels; 0 where the device does not say."`
	Height    int            `json:"height" doc:"Pixels; 0 where the device does not say."`
	FPS       float64        `json:"fps" doc:"Highest rate; 0 where the device does not say."`
	Profiles  []MediaProfile `json:"profiles" doc:"Its encodings, the largest picture first."`
	Cameras   []string       `json:"cameras" doc:"Ids of the cameras here that are this source."`
	Instances int            `json:"instances,omitempty" doc:"How many encoders the device promises to run at once; left out where it does not say."`
}

// MediaProfile is one encoding of a video source.
type MediaProfile struct {
	Token       string  `json:"token"`
	Name        string  `json:"name"`
	Role        string  `json:"role" enum:",main,sub,third" doc:"The stream that it is; empty: none."`
	Why         string  `json:"why" people:"read" doc:"Why it is no stream."`
	Encoder     string  `json:"encoder" doc:"Token of its video encoder."`
	Codec       string  `json:"codec"`
	Width       int     `json:"width" doc:"Pixels."`
	Height      int     `json:"height" doc:"Pixels."`
	FPS         float64 `json:"fps"`
	Bitrate     float64 `json:"bitrate" doc:"Limit, bits per second."`
	GOP         int     `json:"gop" doc:"Pictures from one key frame to the next."`
	Rotation    int     `json:"rotation" doc:"Degrees, clockwise."`
	Audio       string  `json:"audio" doc:"Codec of its sound; empty without."`
	BackChannel bool    `json:"back_channel" doc:"Sound can be sent to the device."`
	PTZ         bool    `json:"ptz"`
}

// Sound is what a device does with sound.
type Sound struct {
	Inputs      int          `json:"inputs"`
	Outputs     int          `json:"outputs"`
	BackChannel bool         `json:"back_channel" doc:"Sound can be sent to it."`
	Sends       []SoundCodec `json:"sends"`
	Plays       []SoundCodec `json:"plays"`
}

// SoundCodec is a codec of sound.
type SoundCodec struct {
	Codec string `json:"codec"`
	Rates []int  `json:"rates" doc:"Sample rates, kHz."`
}

// Metadata is what a metadata configuration carries.
type Metadata struct {
	Token string `json:"token"`
	Name  string `json:"name"`
	MetadataFlags
}

// MetadataFlags are what metadata may carry.
type MetadataFlags struct {
	Analytics bool `json:"analytics" doc:"What the device's analytics see."`
	Events    bool `json:"events"`
	Status    bool `json:"ptz_status" doc:"Whether the camera moves."`
	Position  bool `json:"ptz_position" doc:"Where it looks."`
}

// ProbeRequest asks what a device has.
type ProbeRequest struct {
	Address  string `json:"address" doc:"Host, host:port or address of the device."`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

// Encoder is a video encoder of a device.
type Encoder struct {
	Token    string           `json:"token"`
	Name     string           `json:"name"`
	Profiles []string         `json:"profiles" doc:"Tokens of the camera's profiles that have it."`
	Roles    []string         `json:"roles" doc:"The camera's streams that it makes."`
	Codec    string           `json:"codec"`
	Profile  string           `json:"profile" doc:"Of the codec."`
	Width    int              `json:"width" doc:"Pixels."`
	Height   int              `json:"height" doc:"Pixels."`
	FPS      float64          `json:"fps"`
	Bitrate  int              `json:"bitrate" doc:"Limit, kbit/s."`
	GOP      int              `json:"gop" doc:"Pictures from one key frame to the next."`
	Quality  float64          `json:"quality" doc:"In the device's own measure."`
	Constant bool             `json:"constant" doc:"Constant bit rate."`
	Options  []EncoderOptions `json:"options" doc:"What it offers, for each codec."`
}

// EncoderOptions is what an encoder offers with a codec.
type EncoderOptions struct {
	Codec    string    `json:"codec"`
	Profiles []string  `json:"profiles"`
	Sizes    []Size    `json:"sizes"`
	Rates    []float64 `json:"rates" doc:"Pictures per second, where the device lists them."`
	Rate     Bounds    `json:"rate" doc:"Pictures per second, where the device does not list them."`
	Bitrate  Bounds    `json:"bitrate" doc:"kbit/s."`
	GOP      Bounds    `json:"gop"`
	Quality  Bounds    `json:"quality"`
	Constant bool      `json:"constant" doc:"Constant bit rate can be switched on."`
}

// Size is the size of a picture.
type Size struct {
	Width  int `json:"width" doc:"Pixels."`
	Height int `json:"height" doc:"Pixels."`
}

// Bounds are the least and the most; most is 0 where the device does not say.
type Bounds struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// EncoderChange is what is to be changed of an encoder; what is left out stays.
type EncoderChange struct {
	Codec    string  `json:"codec,omitempty" doc:"H264, H265 or what the options name."`
	Profile  string  `json:"profile,omitempty" doc:"Of the codec."`
	Width    int     `json:"width,omitempty"`
	Height   int     `json:"height,omitempty"`
	FPS      float64 `json:"fps,omitempty"`
	Bitrate  int     `json:"bitrate,omitempty" doc:"kbit/s."`
	GOP      int     `json:"gop,omitempty" doc:"Pictures from one key frame to the next."`
	Quality  float64 `json:"quality,omitempty"`
	Constant *bool   `json:"constant,omitempty" doc:"Constant bit rate."`
}

// EncoderChanged is what became of a change.
type EncoderChanged struct {
	Before      Encoder  `json:"before"`
	Now         Encoder  `json:"now" doc:"As the device tells after the change."`
	Differences []string `json:"differences" doc:"Between what was asked for and what the device made of it, in words; empty: it took all."`
}

func deviceRoutes() []route {
	const v1 = "/api/v1"
	const camera = v1 + "/cameras/{id}"
	fresh := param{"fresh", "query", false, "flag", "1: ask the device anew."}
	token := param{"token", "path", true, "string", "Token at the device."}
	routes := []route{
		{method: "POST", pattern: v1 + "/probe", does: audit.ActionCameraSearch, needs: auth.Configure, serve: (*Server).postProbe,
			summary: "Ask a device what it has, before it is added", body: jsonBody[ProbeRequest](), answers: gives[Device](200, "What was understood.")},
		{method: "GET", pattern: camera + "/device", needs: auth.Configure, serve: (*Server).getDevice,
			summary: "What was understood of a camera's device", params: []param{paramCamera, fresh}, answers: gives[Device](200, "What was understood.")},
		{method: "GET", pattern: camera + "/camera.jpg", does: audit.ActionSnapshot, needs: auth.Live, serve: (*Server).getPicture,
			summary: "A picture that the device itself makes; snapshot.jpg is of the stream", params: []param{paramCamera, paramStream}, answers: sends("image/jpeg", "The picture.")},
		{method: "GET", pattern: camera + "/encoders", needs: auth.Configure, serve: (*Server).getEncoders,
			summary: "A camera's video encoders and what they offer", params: []param{paramCamera}, answers: gives[[]Encoder](200, "The encoders.")},
		{method: "PUT", pattern: camera + "/encoders/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putEncoder,
			summary: "Change a video encoder; what the device does not offer is refused", params: []param{paramCamera, token}, body: jsonBody[EncoderChange](), answers: gives[EncoderChanged](200, "What the device made of it.")},
		{method: "PUT", pattern: camera + "/metadata/{token}", does: audit.ActionCameraChange, needs: auth.Configure, serve: (*Server).putMetadata,
			summary: "Change what a camera's metadata carry", params: []param{paramCamera, token}, body: jsonBody[MetadataFlags](), answers: gives[Metadata](200, "What the device made of it.")},
	}
	return append(routes, overlayRoutes()...)
}

func (r ProbeRequest) check() error {
	return AdoptRequest{Address: r.Address, Username: r.Username, Password: r.Password}.check()
}

func (s *Server) postProbe(w http.ResponseWriter, r *request) error {
	var req ProbeRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	r.changed(nil, map[string]string{"address": req.Address})
	d, err := s.o.Cameras.Probe(r.Context(), req)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, d.complete())
}

func (s *Server) getDevice(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	d, err := s.o.Cameras.Device(r.Context(), r.PathValue("id"), q.Get("fresh") == "1")
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, d.complete())
}

// complete has lists that are empty, not null.
func (d Device) complete() Device {
	d.Services, d.Warnings, d.Metadata, d.Sources = listed(d.Services), listed(d.Warnings), listed(d.Metadata), listed(d.Sources)
	d.Sound.Sends, d.Sound.Plays = soundList(d.Sound.Sends), soundList(d.Sound.Plays)
	for i := range d.Sources {
		d.Sources[i].Profiles, d.Sources[i].Cameras = listed(d.Sources[i].Profiles), listed(d.Sources[i].Cameras)
	}
	return d
}

func soundList(l []SoundCodec) []SoundCodec {
	for i := range l {
		l[i].Rates = listed(l[i].Rates)
	}
	return listed(l)
}

// listed is empty, not null.
func listed[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func (s *Server) getPicture(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	id, err := parseStream(q)
	if err != nil {
		return err
	}
	data, err := s.o.Cameras.Picture(r.Context(), r.PathValue("id"), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
	return nil
}

func (s *Server) getEncoders(w http.ResponseWriter, r *request) error {
	l, err := s.o.Cameras.Encoders(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	for i := range l {
		l[i] = l[i].complete()
	}
	return reply(w, http.StatusOK, listed(l))
}

func (e Encoder) complete() Encoder {
	e.Profiles, e.Roles, e.Options = listed(e.Profiles), listed(e.Roles), listed(e.Options)
	for i := range e.Options {
		o := &e.Options[i]
		o.Profiles, o.Sizes, o.Rates = listed(o.Profiles), listed(o.Sizes), listed(o.Rates)
	}
	return e
}

// check tells what no encoder takes, before a device is asked.
func (c EncoderChange) check() error {
	switch {
	case c == EncoderChange{}:
		return kindRule.with("Nothing is to be changed.")
	case c.Width < 0 || c.Height < 0 || c.Bitrate < 0 || c.GOP < 0 || c.FPS < 0 || c.Quality < 0:
		return kindRule.with("No value may be below 0.")
	case len(c.Codec) > maxCameraName || len(c.Profile) > maxCameraName || hasControl(c.Codec+c.Profile):
		return field(kindRule.with("It is no name of a codec."), "codec")
	}
	return nil
}

func (s *Server) putEncoder(w http.ResponseWriter, r *request) error {
	var ch EncoderChange
	if err := decode(r.body, &ch); err != nil {
		return err
	}
	if err := ch.check(); err != nil {
		return err
	}
	r.entry.Target = clipID(r.PathValue("token"))
	got, err := s.o.Cameras.SetEncoder(r.Context(), r.PathValue("id"), r.PathValue("token"), ch)
	if err != nil {
		return err
	}
	got.Before, got.Now, got.Differences = got.Before.complete(), got.Now.complete(), listed(got.Differences)
	r.changed(settingsOf(got.Before), settingsOf(got.Now))
	return reply(w, http.StatusOK, got)
}

// settingsOf is what of an encoder is set, for the audit log.
func settingsOf(e Encoder) json.RawMessage {
	e.Options = nil
	return asJSON(e)
}

func (s *Server) putMetadata(w http.ResponseWriter, r *request) error {
	var m MetadataFlags
	if err := decode(r.body, &m); err != nil {
		return err
	}
	r.entry.Target = clipID(r.PathValue("token"))
	now, err := s.o.Cameras.SetMetadata(r.Context(), r.PathValue("id"), r.PathValue("token"), m)
	if err != nil {
		return err
	}
	r.changed(nil, now)
	return reply(w, http.StatusOK, now)
}
