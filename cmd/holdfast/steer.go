package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// controlVerbs are what of cameras is driven: movement, picture, relays, lamps, places.
var controlVerbs = []verb{{"ptz", cameraPTZ}, {"preset", cameraPreset}, {"tour", cameraTour}, {"imaging", cameraImaging}, {"relay", cameraRelay},
	{"input", cameraInput}, {"thermal", cameraThermal}, {"position", cameraPosition}, {"aux", cameraAuxiliary}}

// controlTarget is which gateway and camera a command is about, and what it says beside its options.
type controlTarget struct {
	*deviceInquiry
	words []string
}

func controlOptions(t terminal, name, more string) controlTarget {
	return controlTarget{deviceInquiry: deviceOptions(t, name, more)}
}

// read takes the options, and the words before, between or behind them: at least few, and at most many.
func (c *controlTarget) read(args []string, few, many int) error {
	for len(args) > 0 {
		if strings.HasPrefix(args[0], "-") && !isNumber(args[0]) {
			if err := c.fs.Parse(args); err != nil {
				return err
			}
			args = c.fs.Args()
			continue
		}
		c.words, args = append(c.words, args[0]), args[1:]
	}
	switch {
	case *c.camera == "":
		return errNoCamera
	case len(c.words) < few || len(c.words) > many:
		return fmt.Errorf("say what is to be done (holdfast %s -h lists it)", c.fs.Name())
	}
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// ask sends a request about the camera.
func (c *controlTarget) ask(ctx context.Context, method, path string, body, answer any) (err error) {
	if c.l == nil {
		if c.l, err = c.running(ctx); err != nil {
			return err
		}
	}
	c.ctx = ctx // a stop is sent in spite of an interruption
	return c.inquiry.ask(method, c.of(strings.TrimPrefix(path, "/")), body, answer)
}

// directions are the words for movements: pan, tilt and zoom.
var directions = map[string][3]float64{"left": {-1, 0, 0}, "right": {1, 0, 0}, "up": {0, 1, 0}, "down": {0, -1, 0}, "in": {0, 0, 1}, "out": {0, 0, -1}}

const ptzHelp = `[left|right|up|down|in|out [--for TIME] [--speed PART] | to PAN TILT [ZOOM] | by PAN TILT [ZOOM] | centre X Y |
        geo LAT LON | stop | home | goto PRESET | take | release] [--degrees] [--take-over]`

func cameraPTZ(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "ptz", ptzHelp)
	length := c.fs.Duration("for", 500*time.Millisecond, "how long a movement goes on, a `TIME` of at most 1m")
	speed := c.fs.Float64("speed", 0.5, "how fast, a `PART` of the most: 0 to 1")
	degrees := c.fs.Bool("degrees", false, "pan and tilt are degrees, and not -1 to 1")
	over := c.fs.Bool("take-over", false, "from somebody who steers it")
	if err := c.read(args, 0, 4); err != nil {
		return err
	}
	if len(c.words) == 0 {
		return c.showPTZ(ctx, t)
	}
	if !(*speed > 0 && *speed <= 1) || *length <= 0 || *length > time.Minute {
		return errors.New("--speed is from 0 to 1, --for at most 1m")
	}
	m := web.Move{TakeOver: *over, Speed: speed}
	if *degrees {
		m.Unit = "degrees"
	}
	word, numbers := c.words[0], c.words[1:]
	if d, ok := directions[word]; ok && len(numbers) == 0 {
		return c.hold(ctx, t, d, *speed, *length, *over)
	}
	switch {
	case word == "stop" && len(numbers) == 0:
		return c.does(ctx, t, "POST", "/ptz/stop", nil)
	case word == "home" && len(numbers) == 0:
		return c.does(ctx, t, "POST", "/ptz/home/goto", web.GotoRequest{Speed: speed, TakeOver: *over})
	case word == "goto" && len(numbers) == 1:
		token, err := c.preset(ctx, numbers[0])
		if err != nil {
			return err
		}
		return c.does(ctx, t, "POST", "/ptz/presets/"+url.PathEscape(token)+"/goto", web.GotoRequest{Speed: speed, TakeOver: *over})
	case word == "take" && len(numbers) == 0:
		var d web.Driver
		if err := c.ask(ctx, "PUT", "/ptz/driver", web.DriveRequest{Seconds: 60, TakeOver: *over}, &d); err != nil {
			return err
		}
		return printJSON(t.out, d)
	case word == "release" && len(numbers) == 0:
		return c.does(ctx, t, "DELETE", "/ptz/driver", nil)
	}
	return c.moveTo(ctx, t, word, numbers, m)
}

// moveTo makes a movement of numbers.
func (c *controlTarget) moveTo(ctx context.Context, t terminal, word string, numbers []string, m web.Move) error {
	var v []float64
	for _, n := range numbers {
		f, err := strconv.ParseFloat(n, 64)
		if err != nil {
			return fmt.Errorf("%q is no number", n)
		}
		v = append(v, f)
	}
	kinds := map[string]string{"to": "absolute", "by": "relative", "centre": "relative", "geo": "geo"}
	m.Kind = kinds[word]
	if m.Kind == "" || len(v) < 2 || len(v) > 3 {
		return fmt.Errorf("say what is to be done (holdfast %s -h lists it)", c.fs.Name())
	}
	if word == "geo" {
		m.Lat, m.Lon, m.Unit = &v[0], &v[1], ""
	} else {
		m.Pan, m.Tilt = &v[0], &v[1]
	}
	if word == "centre" {
		m.Unit = "fov"
	}
	switch {
	case len(v) == 3 && word == "geo":
		m.Height = &v[2]
	case len(v) == 3:
		m.Zoom = &v[2]
	}
	var moved web.Moved
	if err := c.ask(ctx, "POST", "/ptz/move", m, &moved); err != nil {
		return err
	}
	return c.tellMoved(t, moved)
}

func (c *controlTarget) tellMoved(t terminal, moved web.Moved) error {
	if *c.asJSON {
		return printJSON(t.out, moved)
	}
	for _, cut := range moved.Clamped {
		fmt.Fprintln(t.out, cut)
	}
	return nil
}

// hold moves the camera for a time: it renews the movement, and stops it. Where the command is ended, the gateway stops it.
func (c *controlTarget) hold(ctx context.Context, t terminal, d [3]float64, speed float64, length time.Duration, over bool) error {
	pan, tilt, zoom := d[0]*speed, d[1]*speed, d[2]*speed
	m := web.Move{Kind: "continuous", Pan: &pan, Tilt: &tilt, Zoom: &zoom, TakeOver: over}
	var moved web.Moved
	if err := c.ask(ctx, "POST", "/ptz/move", m, &moved); err != nil {
		return err
	}
	end := time.After(length)
	tick := time.NewTicker(time.Duration(moved.RenewWithin * float64(time.Second) / 3))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end:
			if err := c.ask(ctx, "POST", "/ptz/stop", nil, nil); err != nil {
				return err
			}
			return c.tellMoved(t, moved)
		case <-tick.C:
			m.Hold = moved.Hold
			if err := c.ask(ctx, "POST", "/ptz/move", m, &moved); err != nil {
				return err
			}
		}
	}
}

// does sends a request of which the answer is that it was done.
func (c *controlTarget) does(ctx context.Context, t terminal, method, path string, body any) error {
	if err := c.ask(ctx, method, path, body, nil); err != nil {
		return err
	}
	if *c.asJSON {
		return printJSON(t.out, map[string]bool{"done": true})
	}
	return nil
}

func (c *controlTarget) showPTZ(ctx context.Context, t terminal) error {
	var p web.PTZ
	if err := c.ask(ctx, "GET", "/ptz", nil, &p); err != nil {
		return err
	}
	if *c.asJSON {
		return printJSON(t.out, p)
	}
	for _, w := range []struct {
		name string
		way  *web.PTZWay
	}{{"absolute", p.Absolute}, {"relative", p.Relative}, {"continuous", p.Continuous}} {
		if w.way != nil {
			fmt.Fprintf(t.out, "%-11s %s%s\n", w.name, strings.Join(w.way.Units, ", "), map[bool]string{true: ", zoom"}[w.way.Zoom != nil])
		}
	}
	if at := p.Position; at != nil {
		fmt.Fprintf(t.out, "position    pan %s tilt %s zoom %s\n", shownNumber(at.Pan), shownNumber(at.Tilt), shownNumber(at.Zoom))
	}
	if p.Driver != nil {
		fmt.Fprintf(t.out, "steered by  %s until %s\n", p.Driver.Name, p.Driver.Until.Format(time.RFC3339))
	}
	fmt.Fprintf(t.out, "presets     %d of %d\ntours       %d of %d\nhome        %t\n", len(p.Presets), p.MaxPresets, len(p.Tours), p.MaxTours, p.Home)
	if p.Trouble != "" {
		fmt.Fprintf(t.out, "TROUBLE     %s\n", p.Trouble)
	}
	return nil
}

func shownNumber(v *float64) string {
	if v == nil {
		return "?"
	}
	return strconv.FormatFloat(*v, 'f', 3, 64)
}

// preset gives the token of a preset that is named by its name or its token.
func (c *controlTarget) preset(ctx context.Context, name string) (string, error) {
	var p web.PTZ
	if err := c.ask(ctx, "GET", "/ptz", nil, &p); err != nil {
		return "", err
	}
	named := func(same func(web.Preset) bool) (string, bool) {
		i := slices.IndexFunc(p.Presets, same)
		if i < 0 {
			return "", false
		}
		return p.Presets[i].Token, true
	}
	if token, ok := named(func(r web.Preset) bool { return r.Name != "" && strings.EqualFold(r.Name, name) }); ok {
		return token, nil
	}
	if token, ok := named(func(r web.Preset) bool { return r.Token == name }); ok {
		return token, nil
	}
	return "", fmt.Errorf("the camera has no preset %q (holdfast camera preset --camera %s lists them)", name, *c.camera)
}

func cameraPreset(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "preset", "[list | set NAME | replace PRESET | remove PRESET | goto PRESET | set-home]")
	if err := c.read(args, 0, 2); err != nil {
		return err
	}
	word := strings.Join(c.words[:min(len(c.words), 1)], "")
	switch {
	case word == "" || word == "list":
		var p web.PTZ
		if err := c.ask(ctx, "GET", "/ptz", nil, &p); err != nil {
			return err
		}
		if *c.asJSON {
			return printJSON(t.out, p.Presets)
		}
		for _, r := range p.Presets {
			fmt.Fprintf(t.out, "%s\t%s\n", r.Token, r.Name)
		}
		return nil
	case word == "set-home" && len(c.words) == 1:
		return c.does(ctx, t, "PUT", "/ptz/home", nil)
	case len(c.words) != 2:
		return fmt.Errorf("which preset? (holdfast %s -h lists what can be said)", c.fs.Name())
	case word == "set":
		return c.showAct(ctx, t, "POST", "/ptz/presets", web.PresetRequest{Name: c.words[1]})
	}
	token, err := c.preset(ctx, c.words[1])
	if err != nil {
		return err
	}
	path := "/ptz/presets/" + url.PathEscape(token)
	switch word {
	case "replace":
		return c.showAct(ctx, t, "PUT", path, web.PresetRequest{})
	case "remove":
		return c.does(ctx, t, "DELETE", path, nil)
	case "goto":
		return c.does(ctx, t, "POST", path+"/goto", web.GotoRequest{})
	}
	return fmt.Errorf("%q is not known (holdfast %s -h lists what can be said)", word, c.fs.Name())
}

// showAct sends a request, and tells under which token it was kept.
func (c *controlTarget) showAct(ctx context.Context, t terminal, method, path string, body any) error {
	var a web.PTZAct
	if err := c.ask(ctx, method, path, body, &a); err != nil {
		return err
	}
	if *c.asJSON {
		return printJSON(t.out, a)
	}
	fmt.Fprintln(t.out, a.Token)
	return nil
}

func cameraTour(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "tour", "[list | set NAME PRESET[@SECONDS],… [--tour TOKEN] | start TOKEN | stop TOKEN | pause TOKEN | remove TOKEN]")
	which := c.fs.String("tour", "", "change the tour of this `TOKEN`, instead of making one")
	if err := c.read(args, 0, 3); err != nil {
		return err
	}
	word := strings.Join(c.words[:min(len(c.words), 1)], "")
	switch {
	case word == "" || word == "list":
		var p web.PTZ
		if err := c.ask(ctx, "GET", "/ptz", nil, &p); err != nil {
			return err
		}
		if *c.asJSON {
			return printJSON(t.out, p.Tours)
		}
		for _, r := range p.Tours {
			fmt.Fprintf(t.out, "%s\t%s\t%s\t%d spots\n", r.Token, r.Name, r.State, len(r.Spots))
		}
		return nil
	case word == "set" && len(c.words) == 3:
		spots, err := c.spots(ctx, c.words[2])
		if err != nil {
			return err
		}
		tour := web.Tour{Name: c.words[1], Spots: spots}
		if *which != "" {
			return c.showAct(ctx, t, "PUT", "/ptz/tours/"+url.PathEscape(*which), tour)
		}
		return c.showAct(ctx, t, "POST", "/ptz/tours", tour)
	case len(c.words) != 2:
		return fmt.Errorf("which tour? (holdfast %s -h lists what can be said)", c.fs.Name())
	case word == "remove":
		return c.does(ctx, t, "DELETE", "/ptz/tours/"+url.PathEscape(c.words[1]), nil)
	}
	return c.does(ctx, t, "POST", "/ptz/tours/"+url.PathEscape(c.words[1]), web.TourRequest{Operation: word})
}

// spots reads where a tour stays: presets by name or token, each with the seconds behind an @.
func (c *controlTarget) spots(ctx context.Context, text string) (list []web.TourSpot, err error) {
	for _, one := range strings.Split(text, ",") {
		name, stay, timed := strings.Cut(one, "@")
		s := web.TourSpot{}
		if timed {
			if s.Stay, err = strconv.ParseFloat(stay, 64); err != nil {
				return nil, fmt.Errorf("%q is no number of seconds", stay)
			}
		}
		if name != "home" {
			if s.Preset, err = c.preset(ctx, name); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return list, nil
}
