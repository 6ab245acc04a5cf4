package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"holdfast/config"
	"holdfast/gateway/statedb"
	"holdfast/gateway/vault"
	"holdfast/onvif"
	"holdfast/onvif/discovery"
	"holdfast/rtsp"
)

// Adopted is a camera enrolled through the viewer, as state.db keeps it (sealed). Fields are only ever added.
type Adopted struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Endpoint   string          `json:"endpoint,omitempty"` // the device's urn:uuid: who it is, whatever its address
	ONVIF      string          `json:"onvif,omitempty"`
	Source     string          `json:"source,omitempty"`   // token of the video source that it is, of a device with several; "": the first
	Streams    []string        `json:"streams,omitempty"`  // those that the device had; nil: main and sub
	Profiles   []profileOf     `json:"profiles,omitempty"` // of those streams for which somebody chose one
	Named      string          `json:"named,omitempty"`    // address that the operator gave, where the device has moved to another since
	RTSP       string          `json:"rtsp,omitempty"`
	Username   string          `json:"username,omitempty"`
	Password   string          `json:"password,omitempty"`
	Audio      bool            `json:"audio,omitempty"`
	Record     string          `json:"record"` // "continuous", "event" or "off", as it was adopted
	MaxAge     time.Duration   `json:"max_age,omitempty"`
	Mirror     bool            `json:"mirror,omitempty"`   // recorded to two volumes at once, as it was adopted
	Settings   json.RawMessage `json:"settings,omitempty"` // of its recording, as the file's record; instead of the three before
	Purpose    string          `json:"purpose,omitempty"`
	LegalBasis string          `json:"legal_basis,omitempty"`
	Disabled   bool            `json:"disabled,omitempty"` // switched off
	At         time.Time       `json:"at"`
	Removed    *time.Time      `json:"removed,omitempty"` // it is no camera any more; its id and footage are the device's, should it be added again

	// Who the device said that it is, when its credentials were last given by somebody; see follow.
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	Serial       string `json:"serial,omitempty"`
}

// profileOf is the media profile of a stream.
type profileOf struct {
	Stream  string `json:"stream"`
	Profile string `json:"profile"`
}

// camera gives the adopted camera in the form that the file has. An error is of its settings, which are then left out.
func (a Adopted) camera() (config.Camera, error) {
	c := config.Camera{ID: a.ID, Name: a.Name, ONVIF: a.ONVIF, Source: a.Source, RTSP: a.RTSP, Username: a.Username,
		Password: config.Secret(a.Password), Transport: "auto", Audio: a.Audio, Purpose: a.Purpose, LegalBasis: a.LegalBasis, Disabled: a.Disabled}
	for _, id := range a.Streams {
		c.Streams = append(c.Streams, config.Stream{ID: id, Profile: a.profile(id)})
	}
	c.Record = config.DefaultRecord()
	c.Record.Mode = a.Record
	c.Record.Streams = []string{"main"}
	c.Record.MaxAge, c.Record.Mirror = config.Duration(a.MaxAge), a.Mirror
	if len(a.Settings) == 0 {
		return c, nil
	}
	r, err := config.ParseRecord("settings", a.Settings)
	if err != nil {
		c.Record.Mode, c.Record.MaxAge = config.Continuous, 0
		return c, err
	}
	c.Record = r
	return c, nil
}

// profile is the media profile that somebody chose for a stream; "" where nobody did.
func (a Adopted) profile(stream string) string {
	for _, p := range a.Profiles {
		if p.Stream == stream {
			return p.Profile
		}
	}
	return ""
}

// Adoption asks for a camera to be enrolled.
type Adoption struct {
	Address            string // ONVIF host[:port] or device address, or an rtsp:// address
	Username, Password string
	Name               string // "": what the device calls itself
	Record             string // "": "continuous"
	Audio              bool   // record and offer sound: off unless asked for
	Endpoint           string // from discovery; "" when the address was typed: the device is asked
	Mirror             bool   // record to two volumes at once

	// Sources are the tokens of the video sources to enrol, each as a camera of its own. Empty: the first; AllSources alone: each
	// that can be recorded.
	Sources []string

	// Streams are the media profiles that are to be streams, of whichever video source they are.
	Streams []profileOf

	pattern naming // of the name
}

// AllSources stands for every video source of a device.
const AllSources = "all"

var (
	// ErrTaken says that the camera is declared in the configuration file, which wins.
	ErrTaken = errors.New("this camera is declared in the configuration file: change it there")
	// ErrFull says that the gateway has as many cameras as it takes.
	ErrFull = fmt.Errorf("one gateway takes %d cameras", maxCameras)

	errOneVolume = errors.New("a camera is recorded to two volumes at once only where there are two: add a volume first")
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
// was adopted before, at whatever address, is the same camera: it keeps its id and its footage. Of a device with several video
// sources it gives the id of the first camera that was enrolled.
func (g *Gateway) Enrol(ctx context.Context, req Adoption) (string, error) {
	ids, err := g.EnrolSources(ctx, req)
	if len(ids) == 0 {
		return "", err
	}
	return ids[0], err
}

// EnrolSources enrols as Enrol does, and gives the ids of all cameras that came of it, in the order of the sources. An error
// leaves those that are given already enrolled.
func (g *Gateway) EnrolSources(ctx context.Context, req Adoption) (ids []string, err error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	a := Adopted{Name: req.Name, Endpoint: req.Endpoint, Username: req.Username, Password: req.Password,
		Audio: req.Audio, Record: cmp.Or(req.Record, "continuous"), Mirror: req.Mirror, At: g.now().UTC()}
	if a.Mirror && len(g.store.Volumes()) < 2 {
		return nil, errOneVolume
	}
	if a.Record != config.Continuous && a.Record != config.Event && a.Record != config.Off {
		return nil, fmt.Errorf("record mode %q: allowed are continuous, event and off", a.Record)
	}
	list, err := g.enrolments(ctx, req, a)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		id, err := g.enrol(e, req.Record != "")
		if id != "" {
			ids = append(ids, id)
		}
		if err != nil {
			return ids, err
		}
	}
	return ids, nil
}

// isRTSP tells whether an address is that of a stream, and not of a device.
func isRTSP(address string) bool {
	return strings.HasPrefix(address, "rtsp://") || strings.HasPrefix(address, "rtsps://")
}

// enrolments are what is to be kept of a device, or of a stream alone.
func (g *Gateway) enrolments(ctx context.Context, req Adoption, a Adopted) ([]enrolment, error) {
	if !isRTSP(req.Address) {
		return g.identify(ctx, req, a)
	}
	if len(req.Sources)+len(req.Streams) > 0 {
		return nil, errNoSources
	}
	a.RTSP, a.Name = req.Address, cmp.Or(req.pattern.name(a.Name, req.Address, &onvif.Device{}), "Camera")
	return []enrolment{{Adopted: a, first: true}}, g.checkRTSP(a)
}

// checkRTSP refuses an address that could never be connected to, before it is kept.
func (g *Gateway) checkRTSP(a Adopted) error {
	_, err := rtsp.NewSession(rtsp.Options{URL: a.RTSP, Username: a.Username, Password: a.Password, Dial: g.asking.DialContext}, nil)
	return err
}

// identify asks the device who it is, which also proves the credentials before anything is kept, and gives what is to be kept of
// the video sources that are asked for.
func (g *Gateway) identify(ctx context.Context, req Adoption, a Adopted) ([]enrolment, error) {
	_, dev, err := g.probeAt(ctx, req.Address, a.Username, a.Password)
	if err != nil {
		return nil, err
	}
	a.ONVIF = req.Address
	a.Name = cmp.Or(req.pattern.name(a.Name, req.Address, dev), called(dev), "Camera")
	a.Manufacturer, a.Model, a.Serial = dev.Manufacturer, dev.Model, dev.Serial
	if a.Endpoint == "" {
		a.Endpoint = discovery.Endpoint(ctx, onvif.ServiceAddress(req.Address), g.asking.ListenPacket, g.asking.DialContext)
	}
	wanted, err := chosen(dev, req.Sources)
	if err != nil {
		return nil, err
	}
	several := len(dev.Sources) > 1
	list := make([]enrolment, 0, len(wanted))
	for _, i := range wanted {
		s := &dev.Sources[i]
		e := enrolment{Adopted: a, first: i == 0}
		if e.Streams, e.Profiles, err = streamsOf(s, req.Streams); err != nil {
			return nil, err
		}
		if several {
			e.Source = s.Token
		}
		if len(wanted) > 1 {
			e.Name = sourceName(a.Name, s, i)
		}
		list = append(list, e)
	}
	return list, nil
}

// probeAt asks a device that need not be a camera here what it is.
func (g *Gateway) probeAt(ctx context.Context, address, username, password string) (*onvif.Client, *onvif.Device, error) {
	client, err := onvif.New(onvif.Options{Address: address, Username: username, Password: password,
		Dial: g.asking.DialContext, TLS: anyCertificate(), Refused: refusedBy(g.asking), Log: g.log, Now: g.now})
	if err != nil {
		return nil, nil, err
	}
	dev, err := client.Probe(ctx)
	return client, dev, err
}

// called is what the device calls itself, on one line and no longer than what a person may type.
func called(dev *onvif.Device) string {
	name := oneLine(dev.Manufacturer + " " + dev.Model)
	return strings.TrimSpace(strings.ToValidUTF8(name[:min(len(name), maxText)], ""))
}

// oneLine puts what a device says on one line.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// enrol gives the camera its id, writes it, and runs it in place of an earlier one of the same identity, whose settings it keeps
// unless it is said again how it is recorded.
func (g *Gateway) enrol(e enrolment, again bool) (string, error) {
	a := e.Adopted
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	old, err := g.sameDevice(e)
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
		if a.ID, err = g.freeID(a.Name); err != nil {
			return "", err
		}
	}
	if before, err := g.state.adoptedOf(a.ID); err == nil && before.Removed == nil {
		a.Purpose, a.LegalBasis, a.At = before.Purpose, before.LegalBasis, before.At // and its place on the wall
		if !again {
			a.Settings, a.MaxAge = before.Settings, before.MaxAge // other credentials are no other settings
		}
	}
	spec := g.specOf(a)
	kept := wrap(g.state.adoptAnew(a), "keep camera "+a.ID)
	if !statedb.Counts(kept) {
		return "", kept
	}
	g.join(spec, old != "")
	g.clear("camera:" + a.ID) // what could not be opened of it is replaced
	g.log.Info("camera adopted", "camera", a.ID, "again", old != "")
	g.cameraChanged(a.ID)
	return a.ID, kept
}

// sameDevice finds the id under which the video source was adopted before: by its device's endpoint, else by its address.
func (g *Gateway) sameDevice(e enrolment) (string, error) {
	a := e.Adopted
	g.mu.Lock()
	declared := g.declared
	g.mu.Unlock()
	for _, c := range declared {
		if a.ONVIF != "" && onvif.HostPort(c.ONVIF) == onvif.HostPort(a.ONVIF) && c.ONVIF != "" && e.shows(c.Source) || a.RTSP != "" && c.RTSP == a.RTSP {
			return "", ErrTaken
		}
	}
	list, err := g.state.everAdopted() // one that was removed is the same camera again
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(list, func(a, b Adopted) int { return cmp.Compare(bit(a.Removed != nil), bit(b.Removed != nil)) })
	for _, b := range list {
		if a.Endpoint != "" && a.Endpoint == b.Endpoint && !differs(a.Serial, b.Serial) && e.shows(b.Source) {
			return b.ID, nil
		}
	}
	for _, b := range list {
		if b.Removed != nil && a.RTSP == "" && (a.Serial == "" || a.Serial != b.Serial) {
			continue // another device may have its address since
		}
		if (a.Endpoint == "" || b.Endpoint == "") && onvif.HostPort(a.ONVIF) == onvif.HostPort(b.ONVIF) && a.RTSP == b.RTSP && e.shows(b.Source) {
			return b.ID, nil
		}
	}
	return "", nil
}

func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}

// differs tells whether two things that devices say of themselves are known and are not the same: cloned firmware has one
// endpoint address, and serial numbers of its own.
func differs(a, b string) bool { return a != "" && b != "" && a != b }

// maxID bounds an id made from a name, so that a number still fits behind it.
const maxID = 40

// freeID makes an id of a camera's name that no camera has, nor one that is locked and may be opened again.
func (g *Gateway) freeID(name string) (string, error) {
	_, lost, err := g.state.adopted()
	if err != nil {
		return "", err
	}
	ever, err := g.state.everAdopted()
	if err != nil {
		return "", err
	}
	was := func(id string) bool { return slices.ContainsFunc(ever, func(a Adopted) bool { return a.ID == id }) }
	base := slug(name)
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		if _, taken := g.camera(id); !taken && !was(id) && !errors.Is(lost[id], vault.ErrLocked) {
			return id, nil
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
