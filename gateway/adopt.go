package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"holdfast/config"
	"holdfast/onvif"
	"holdfast/onvif/discovery"
	"holdfast/rtsp"
)

// Adopted is a camera enrolled through the viewer, as state.db keeps it (sealed). Fields are only ever added.
type Adopted struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Endpoint   string        `json:"endpoint,omitempty"` // the device's urn:uuid: who it is, whatever its address
	ONVIF      string        `json:"onvif,omitempty"`
	RTSP       string        `json:"rtsp,omitempty"`
	Username   string        `json:"username,omitempty"`
	Password   string        `json:"password,omitempty"`
	Audio      bool          `json:"audio,omitempty"`
	Record     string        `json:"record"` // "continuous", "event" or "off"
	MaxAge     time.Duration `json:"max_age,omitempty"`
	Purpose    string        `json:"purpose,omitempty"`
	LegalBasis string        `json:"legal_basis,omitempty"`
	At         time.Time     `json:"at"`
}

// camera gives the adopted camera in the form that the file has.
func (a Adopted) camera() config.Camera {
	c := config.Camera{ID: a.ID, Name: a.Name, ONVIF: a.ONVIF, RTSP: a.RTSP, Username: a.Username,
		Password: config.Secret(a.Password), Transport: "auto", Audio: a.Audio, Purpose: a.Purpose, LegalBasis: a.LegalBasis}
	c.Record = config.DefaultRecord()
	c.Record.Mode = a.Record
	c.Record.Streams = []string{"main"}
	c.Record.MaxAge = config.Duration(a.MaxAge)
	return c
}

// Adoption asks for a camera to be enrolled.
type Adoption struct {
	Address            string // ONVIF host[:port] or device address, or an rtsp:// address
	Username, Password string
	Name               string // "": what the device calls itself
	Record             string // "": "continuous"
	Audio              bool   // record and offer sound: off unless asked for
	Endpoint           string // from discovery; "" when the address was typed
}

var (
	// ErrTaken says that the camera is declared in the configuration file, which wins.
	ErrTaken = errors.New("this camera is declared in the configuration file: change it there")
	// ErrFull says that the gateway has as many cameras as it takes.
	ErrFull = fmt.Errorf("one gateway takes %d cameras", maxCameras)
)

// maxText bounds what a person types about a camera, bytes.
const maxText = 200

func (r *Adoption) check() error {
	for _, s := range []string{r.Address, r.Username, r.Password, r.Name} {
		if len(s) > maxText {
			return fmt.Errorf("address, user name, password and name may have %d bytes each", maxText)
		}
	}
	if strings.TrimSpace(r.Address) == "" {
		return errors.New("the address is missing")
	}
	return nil
}

// Enrol asks the device who it is with these credentials, keeps it in state.db, and starts recording it. A device that
// was adopted before, at whatever address, is the same camera: it keeps its id and its footage.
func (g *Gateway) Enrol(ctx context.Context, req Adoption) (string, error) {
	if err := req.check(); err != nil {
		return "", err
	}
	a := Adopted{Name: req.Name, Endpoint: req.Endpoint, Username: req.Username, Password: req.Password,
		Audio: req.Audio, Record: cmp.Or(req.Record, "continuous"), At: g.now().UTC()}
	if a.Record != config.Continuous && a.Record != config.Event && a.Record != config.Off {
		return "", fmt.Errorf("record mode %q: allowed are continuous, event and off", a.Record)
	}
	if strings.HasPrefix(req.Address, "rtsp://") || strings.HasPrefix(req.Address, "rtsps://") {
		a.RTSP = req.Address
		a.Name = cmp.Or(a.Name, "Camera")
		if err := g.checkRTSP(a); err != nil {
			return "", err
		}
	} else if err := g.identify(ctx, req.Address, &a); err != nil {
		return "", err
	}
	return g.enrol(a)
}

// checkRTSP refuses an address that could never be connected to, before it is kept.
func (g *Gateway) checkRTSP(a Adopted) error {
	_, err := rtsp.NewSession(rtsp.Options{URL: a.RTSP, Username: a.Username, Password: a.Password, Dial: g.guard.DialContext}, nil)
	return err
}

// identify asks the device for its name, which also proves the credentials before anything is kept.
func (g *Gateway) identify(ctx context.Context, address string, a *Adopted) error {
	client, err := onvif.New(onvif.Options{Address: address, Username: a.Username, Password: a.Password,
		Dial: g.guard.DialContext, Log: g.log, Now: g.now})
	if err != nil {
		return err
	}
	dev, err := client.Probe(ctx)
	if err != nil {
		return err
	}
	a.ONVIF = address
	a.Name = cmp.Or(a.Name, called(dev), "Camera")
	return nil
}

// called is what the device calls itself, on one line and no longer than what a person may type.
func called(dev *onvif.Device) string {
	name := strings.Join(strings.FieldsFunc(dev.Manufacturer+" "+dev.Model, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	return strings.TrimSpace(strings.ToValidUTF8(name[:min(len(name), maxText)], ""))
}

// enrol gives the camera its id, writes it, and runs it in place of an earlier one of the same identity.
func (g *Gateway) enrol(a Adopted) (string, error) {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	old, err := g.sameDevice(a)
	if err != nil {
		return "", err
	}
	if old == "" && len(g.list()) >= maxCameras {
		return "", ErrFull
	}
	if c, there := g.camera(old); there && c.origin == originConfig {
		return "", fmt.Errorf("this camera was adopted as %s before, and the configuration file has another camera of that id: give that one another id", old)
	}
	a.ID = old
	if a.ID == "" {
		a.ID = g.freeID(a.Name)
	}
	spec := a.camera()
	if err := g.state.adopt(a); err != nil {
		return "", fmt.Errorf("keep camera %s: %w", a.ID, err)
	}
	g.join(spec, old != "")
	g.clear("camera:" + a.ID) // what could not be opened of it is replaced
	g.log.Info("camera adopted", "camera", a.ID, "again", old != "")
	g.cameraChanged(a.ID)
	return a.ID, nil
}

// sameDevice finds the id under which the device was adopted before: by its endpoint, else by its address.
func (g *Gateway) sameDevice(a Adopted) (string, error) {
	for _, c := range g.conf.Cameras {
		if a.ONVIF != "" && onvif.HostPort(c.ONVIF) == onvif.HostPort(a.ONVIF) && c.ONVIF != "" || a.RTSP != "" && c.RTSP == a.RTSP {
			return "", ErrTaken
		}
	}
	list, _, err := g.state.adopted()
	if err != nil {
		return "", err
	}
	for _, b := range list {
		if a.Endpoint != "" && a.Endpoint == b.Endpoint {
			return b.ID, nil
		}
	}
	for _, b := range list {
		if (a.Endpoint == "" || b.Endpoint == "") && onvif.HostPort(a.ONVIF) == onvif.HostPort(b.ONVIF) && a.RTSP == b.RTSP {
			return b.ID, nil
		}
	}
	return "", nil
}

// maxID bounds an id made from a name, so that a number still fits behind it.
const maxID = 40

// freeID makes an id of a camera's name that no camera has.
func (g *Gateway) freeID(name string) string {
	base := slug(name)
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		if _, taken := g.camera(id); !taken {
			return id
		}
	}
}

// slug keeps of a name what an id may hold: small letters, digits and single hyphens.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case b.Len() >= maxID:
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return cmp.Or(strings.TrimSuffix(b.String(), "-"), "camera")
}

// Discovery is one device that answered a probe.
type Discovery struct {
	discovery.Found
	Adopted string // id of the camera that it is, "" when it is not adopted
}

// discoveryTime is how long answers are waited for: devices spread theirs over up to half a second, slow ones take two.
const discoveryTime = 3 * time.Second

// Find asks every network of this machine for ONVIF devices.
func (g *Gateway) Find(ctx context.Context) ([]Discovery, error) {
	found, err := discovery.Probe(ctx, discovery.Options{Timeout: discoveryTime})
	if err != nil {
		return nil, err
	}
	known, err := g.knownDevices()
	if err != nil {
		return nil, err
	}
	list := make([]Discovery, 0, len(found))
	for _, f := range found {
		list = append(list, Discovery{Found: f, Adopted: cmp.Or(known[f.ID], known[onvif.HostPort(f.Address())])})
	}
	return list, nil
}

// knownDevices maps endpoints and addresses to the ids of the cameras that have them.
func (g *Gateway) knownDevices() (map[string]string, error) {
	known := make(map[string]string)
	for _, c := range g.list() {
		if c.spec.ONVIF != "" {
			known[onvif.HostPort(c.spec.ONVIF)] = c.spec.ID
		}
	}
	list, _, err := g.state.adopted()
	for _, a := range list {
		if a.Endpoint != "" {
			known[a.Endpoint] = a.ID
		}
	}
	return known, err
}
