// Package simcam is whole simulated cameras: an ONVIF device that is found by discovery (onvif/onviftest) and the RTSP
// server that it names (rtsp/rtsptest), each on loopback ports of its own, playing clips that are part of the program.
// The demo and the tests use the same ones.
//
// The clips are a minute long and have a clock burned in that shows the position in the minute; a camera starts them in
// step with the wall clock, so that the seconds in the picture are true. scripts/clips makes them.
package simcam

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
	"holdfast/rtsp/rtsptest"
)

//go:embed clips/*.mp4
var clips embed.FS

// The credentials of every simulated camera where nothing else is said: of the kind that has to be taken literally.
const (
	DefaultUsername = "operator"
	DefaultPassword = "p@ss:w/ö?rd#1"
)

// Options of a camera.
type Options struct {
	Kind               onviftest.Kind   // "" is fixed
	Name               string           // "" is the kind's
	Username, Password string           // "" are the defaults
	PTZ                server.PTZQuirks // how its movement departs from the specification
	Site               string           // where it is: a camera of the same name elsewhere is another
	Host               string           // address that it listens on; "" is 127.0.0.1
	Serial             string           // "" is made of the name
	Announce           bool             // say Hello when it begins, and Bye when it ends
	Basic              bool             // its streams ask for the password in clear
	Lively             bool             // it tells what it sees: boxes, temperatures and motion, in a metadata track and by its event service
	Card               Card             // of kind g: what is odd about it
	Log                *slog.Logger
}

// Camera is a simulated camera.
type Camera struct {
	o      Options
	device *onviftest.Device
	sights []*sight // one for each path; none of one that is not lively
	onvif  *server.Server
	rtsp   *rtsptest.Server
	card   *card // of kind g
}

var names = map[onviftest.Kind]string{onviftest.Fixed: "Shop floor", onviftest.PTZ: "Gate", onviftest.Thermal: "Yard thermal",
	onviftest.Encoder: "Encoder", onviftest.BiSpectrum: "Fence", onviftest.ProfileS: "Old camera", onviftest.ProfileT: "Hall", onviftest.ProfileG: "Back door"}

// New opens the camera's ports; Run plays.
func New(o Options) (*Camera, error) {
	if o.Kind == "" {
		o.Kind = onviftest.Fixed
	}
	if o.Name == "" {
		o.Name = names[o.Kind]
	}
	if o.Username == "" {
		o.Username, o.Password = DefaultUsername, DefaultPassword
	}
	c := &Camera{o: o}
	main, sub, err := load(o.Kind)
	if err != nil {
		return nil, err
	}
	paths := map[string]*rtsptest.Clip{"main": main, "sub": sub}
	if o.Kind == onviftest.BiSpectrum {
		if paths["thermal/main"], paths["thermal/sub"], err = load(onviftest.Thermal); err != nil {
			return nil, err
		}
	}
	if o.Lively {
		for name, clip := range paths {
			sees := &sight{kind: o.Kind}
			if strings.HasPrefix(name, "thermal/") {
				sees.kind = onviftest.Thermal
			}
			clip.Document, clip.DocumentEvery = sees.document, sightEvery
			c.sights = append(c.sights, sees)
		}
	}
	var kept map[string]*rtsptest.Card
	if o.Kind == onviftest.ProfileG {
		c.card = newCard(o.Card, paths)
		kept = map[string]*rtsptest.Card{cardPath: c.card.replay}
	}
	listen := net.JoinHostPort(cmp.Or(o.Host, "127.0.0.1"), "0")
	c.rtsp, err = rtsptest.New(rtsptest.Options{Listen: listen, Username: o.Username, Password: o.Password, Basic: o.Basic, UDP: true, Phase: minute, Paths: paths, Cards: kept, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open camera %s: %w", o.Name, err)
	}
	profiles := onviftest.Each(o.Kind, []server.Profile{profile("main", main, c.rtsp), profile("sub", sub, c.rtsp)}, func(source int, p server.Profile) server.Profile {
		if hot := paths["thermal/"+p.Token]; source == 1 && hot != nil {
			shown := profile("thermal/"+p.Token, hot, c.rtsp)
			shown.Token, shown.Name = p.Token, p.Name
			return shown
		}
		return p // the inputs of an encoder show the same
	})
	c.device = onviftest.New(onviftest.Options{Kind: o.Kind, Name: o.Name, Site: o.Site, Serial: o.Serial, PTZ: o.PTZ, Profiles: profiles, Skew: o.Card.Skew})
	c.putCard()
	c.onvif, err = server.New(server.Options{Listen: listen, Device: c.device, Username: o.Username, Password: o.Password, Discovery: true, Announce: o.Announce, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open camera %s: %w", o.Name, err)
	}
	return c, nil
}

// minute is the position in the present minute.
func minute() time.Duration {
	now := time.Now()
	return now.Sub(now.Truncate(time.Minute))
}

// load reads a kind's clips; kinds without any have those of a fixed camera. Fixed cameras have sound.
func load(k onviftest.Kind) (main, sub *rtsptest.Clip, err error) {
	if k != onviftest.PTZ && k != onviftest.Thermal {
		k = onviftest.Fixed
	}
	if main, err = clip(string(k) + "-main"); err != nil {
		return nil, nil, err
	}
	if sub, err = clip(string(k) + "-sub"); err != nil {
		return nil, nil, err
	}
	if k == onviftest.Fixed {
		main.PCMU = pips()
	}
	return main, sub, nil
}

func clip(name string) (*rtsptest.Clip, error) {
	data, err := clips.ReadFile("clips/" + name + ".mp4")
	if err != nil {
		return nil, fmt.Errorf("load clip: %w", err)
	}
	c, err := rtsptest.LoadClip(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("load clip %s: %w", name, err)
	}
	return c, nil
}

// leastKbps is the least limit of a bit rate that the simulated encoders offer.
const leastKbps = 100

func profile(token string, c *rtsptest.Clip, s *rtsptest.Server) server.Profile {
	bytes := 0
	for _, u := range c.Units {
		for _, n := range u.NALs {
			bytes += len(n)
		}
	}
	fps := float64(len(c.Units)) / c.Duration.Seconds()
	return server.Profile{Token: token, Name: strings.ToUpper(token[:1]) + token[1:] + " stream", Codec: c.Codec, Width: c.Width, Height: c.Height,
		FPS: int(fps + 0.5), Kbps: max(leastKbps, int(float64(bytes*8)/c.Duration.Seconds()/1000)+1), GOP: 2 * int(fps+0.5), StreamURI: s.URL(token)}
}

// pips is a second of µ-law sound with a soft pip at its beginning.
func pips() []byte {
	const rate, pip, hertz, peak = 8000, 400, 880, 6000
	b := make([]byte, rate)
	for i := range b {
		v := 0.0
		if i < pip {
			v = peak * math.Sin(math.Pi*float64(i)/pip) * math.Sin(2*math.Pi*hertz*float64(i)/rate)
		}
		b[i] = mulaw(int(v))
	}
	return b
}

// mulaw is ITU-T G.711 µ-law of a 16-bit sample.
func mulaw(v int) byte {
	const bias, clipped = 0x84, 32635
	sign := byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, clipped) + bias
	exponent := byte(7)
	for mask := 0x4000; v&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | exponent<<4 | byte(v>>(exponent+3))&0x0f)
}

// Run plays until ctx ends. It returns nil then.
func (c *Camera) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.rtsp.Run(ctx) })
	g.Go(func() error { return c.onvif.Run(ctx) })
	if len(c.sights) > 0 {
		g.Go(func() error { return c.live(ctx) })
	}
	err := g.Wait()
	if ctx.Err() != nil && err == ctx.Err() {
		return nil
	}
	return err
}

// Name is what the camera calls itself.
func (c *Camera) Name() string { return c.o.Name }

// Kind is fixed, ptz or thermal.
func (c *Camera) Kind() string { return string(c.o.Kind) }

// Endpoint is who the device is, urn:uuid:….
func (c *Camera) Endpoint() string { return c.device.Info().Endpoint }

// Username is that of its one user.
func (c *Camera) Username() string { return c.o.Username }

// Password is that of its one user.
func (c *Camera) Password() string { return c.o.Password }

// ONVIF is the address of the device service.
func (c *Camera) ONVIF() string { return c.onvif.XAddr() }

// Calls is how often each ONVIF operation was asked for.
func (c *Camera) Calls() map[string]int { return c.onvif.Calls() }

// RTSP is the address of a stream, without credentials.
func (c *Camera) RTSP(stream string) string { return c.rtsp.URL(stream) }

// Device gives the device's state, for what it reports and for its faults.
func (c *Camera) Device() *onviftest.Device { return c.device }

// RTSPServer gives the streams' server, for its faults.
func (c *Camera) RTSPServer() *rtsptest.Server { return c.rtsp }

// Demo makes n cameras of four kinds in turn, with names of their own. They are other devices than those of another site, which
// discovery may find at the same time.
func Demo(n int, site string, log *slog.Logger) ([]*Camera, error) {
	kinds := []onviftest.Kind{onviftest.Fixed, onviftest.PTZ, onviftest.Thermal, onviftest.ProfileT}
	list := make([]*Camera, 0, n)
	for i := range n {
		o := Options{Kind: kinds[i%len(kinds)], Site: site, Lively: true, Log: log}
		if round := i / len(kinds); round > 0 {
			o.Name = fmt.Sprintf("%s %d", names[o.Kind], round+1)
		}
		c, err := New(o)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
