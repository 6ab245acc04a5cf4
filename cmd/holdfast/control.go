package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// numberOption is an option whose number may be left out.
type numberOption struct{ to **float64 }

func (n numberOption) String() string { return "" }

func (n numberOption) Set(s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", s)
	}
	*n.to = &v
	return nil
}

func number(fs *flag.FlagSet, to **float64, name, usage string) {
	fs.Var(numberOption{to}, name, usage)
}

func cameraImaging(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "imaging", "[--brightness N] [--day-night HOW] … | focus to|by|move N | focus stop | preset TOKEN")
	var s web.ImagingSettings
	number(c.fs, &s.Brightness, "brightness", "a number of the camera's own")
	number(c.fs, &s.Contrast, "contrast", "likewise")
	number(c.fs, &s.ColorSaturation, "saturation", "likewise")
	number(c.fs, &s.Sharpness, "sharpness", "likewise")
	number(c.fs, &s.NoiseReduction, "noise-reduction", "from 0 to 1")
	c.fs.StringVar(&s.IrCutFilter, "day-night", "", "the filter: `HOW` is ON for day, OFF for night, or AUTO")
	var exposure web.Exposure
	c.fs.StringVar(&exposure.Mode, "exposure", "", "`HOW`: AUTO or MANUAL")
	number(c.fs, &exposure.ExposureTime, "exposure-time", "microseconds")
	number(c.fs, &exposure.Gain, "gain", "decibels")
	number(c.fs, &exposure.Iris, "iris", "decibels")
	modes := map[string]*string{}
	for _, name := range []string{"focus", "white-balance", "wdr", "backlight", "stabilization", "defogging"} {
		modes[name] = c.fs.String(name, "", "`HOW`: ON or OFF, AUTO or MANUAL, as the camera has it")
	}
	if err := c.read(args, 0, 3); err != nil {
		return err
	}
	if exposure != (web.Exposure{}) {
		s.Exposure = &exposure
	}
	if m := *modes["focus"]; m != "" {
		s.Focus = &web.FocusMode{AutoFocusMode: m}
	}
	if m := *modes["white-balance"]; m != "" {
		s.WhiteBalance = &web.WhiteBalance{Mode: m}
	}
	for name, to := range map[string]**web.Level{"wdr": &s.WideDynamicRange, "backlight": &s.BacklightCompensation, "stabilization": &s.ImageStabilization, "defogging": &s.Defogging} {
		if m := *modes[name]; m != "" {
			*to = &web.Level{Mode: m}
		}
	}
	var i web.Imaging
	switch {
	case len(c.words) > 0 && c.words[0] == "focus":
		return c.focus(ctx, t, c.words[1:])
	case len(c.words) == 2 && c.words[0] == "preset":
		if err := c.ask(ctx, "PUT", "/imaging", web.ImagingChange{Preset: c.words[1]}, &i); err != nil {
			return err
		}
	case len(c.words) > 0:
		return fmt.Errorf("%q is not known (holdfast %s -h lists what can be said)", c.words[0], c.fs.Name())
	case s != (web.ImagingSettings{}):
		if err := c.ask(ctx, "PUT", "/imaging", web.ImagingChange{ImagingSettings: s}, &i); err != nil {
			return err
		}
	default:
		if err := c.ask(ctx, "GET", "/imaging", nil, &i); err != nil {
			return err
		}
	}
	if *c.asJSON {
		return printJSON(t.out, i)
	}
	return printJSON(t.out, i.Settings)
}

func (c *controlTarget) focus(ctx context.Context, t terminal, words []string) error {
	var f web.FocusRequest
	to := map[string]**float64{"to": &f.Position, "by": &f.Distance, "move": &f.Velocity}
	switch {
	case len(words) == 1 && words[0] == "stop":
		f.Stop = true
	case len(words) == 2 && to[words[0]] != nil:
		if err := (numberOption{to[words[0]]}).Set(words[1]); err != nil {
			return err
		}
	default:
		return errors.New("say focus to N, focus by N, focus move N or focus stop")
	}
	var at web.Focus
	if err := c.ask(ctx, "POST", "/imaging/focus", f, &at); err != nil {
		return err
	}
	return printJSON(t.out, at)
}

func cameraRelay(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "relay", "[on TOKEN | off TOKEN | set TOKEN --mode HOW --delay SECONDS --idle open|closed]")
	var s web.RelaySettings
	c.fs.StringVar(&s.Mode, "mode", "Bistable", "`HOW` it works: Bistable, or Monostable, which falls back")
	c.fs.Float64Var(&s.Delay, "delay", 0, "`SECONDS` until it falls back")
	c.fs.StringVar(&s.Idle, "idle", "open", "how its contact is while it is inactive, `open` or closed")
	if err := c.read(args, 0, 2); err != nil {
		return err
	}
	if len(c.words) == 2 {
		path := "/relays/" + url.PathEscape(c.words[1])
		var r web.Relay
		var err error
		switch c.words[0] {
		case "on", "off":
			err = c.ask(ctx, "PUT", path, web.RelayRequest{Active: c.words[0] == "on"}, &r)
		case "set":
			err = c.ask(ctx, "PUT", path+"/settings", s, &r)
		default:
			err = fmt.Errorf("%q is not known: say on, off or set", c.words[0])
		}
		if err != nil {
			return err
		}
		return c.printRelays(t, r, []web.Relay{r})
	}
	if len(c.words) > 0 {
		return errors.New("which relay?")
	}
	var list []web.Relay
	if err := c.ask(ctx, "GET", "/relays", nil, &list); err != nil {
		return err
	}
	return c.printRelays(t, list, list)
}

func (c *controlTarget) printRelays(t terminal, asJSON any, list []web.Relay) error {
	if *c.asJSON {
		return printJSON(t.out, asJSON)
	}
	for _, r := range list {
		state := "not known"
		if r.Active != nil {
			state = map[bool]string{true: "active", false: "inactive"}[*r.Active]
		}
		fmt.Fprintf(t.out, "%s\t%s\t%s\tfalls back after %gs\tidle %s\n", r.Token, state, r.Mode, r.Delay, r.Idle)
	}
	return nil
}

func cameraInput(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "input", "")
	if err := c.read(args, 0, 0); err != nil {
		return err
	}
	var list []web.Input
	if err := c.ask(ctx, "GET", "/inputs", nil, &list); err != nil {
		return err
	}
	if *c.asJSON {
		return printJSON(t.out, list)
	}
	for _, i := range list {
		state := "not told yet"
		if i.Active != nil {
			state = map[bool]string{true: "active", false: "idle"}[*i.Active]
			if i.Since != nil {
				state += " since " + i.Since.Format(time.RFC3339)
			}
		}
		fmt.Fprintf(t.out, "%s\t%s\t%s while idle\n", i.Token, state, cmp.Or(i.Idle, "not told how it is"))
	}
	return nil
}

func cameraAuxiliary(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "aux", "[COMMAND]")
	if err := c.read(args, 0, 1); err != nil {
		return err
	}
	if len(c.words) == 1 {
		return c.does(ctx, t, "POST", "/auxiliary", web.AuxiliaryRequest{Command: c.words[0]})
	}
	var list []string
	if err := c.ask(ctx, "GET", "/auxiliary", nil, &list); err != nil {
		return err
	}
	if *c.asJSON {
		return printJSON(t.out, list)
	}
	fmt.Fprint(t.out, strings.Join(append(list, ""), "\n"))
	return nil
}

func cameraThermal(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "thermal", "[--palette TOKEN] [--polarity HOW] [--emissivity N] …")
	var s web.ThermalChange
	var r web.Radiometry
	c.fs.StringVar(&s.Palette, "palette", "", "the `TOKEN` of a palette")
	c.fs.StringVar(&s.Polarity, "polarity", "", "`HOW`: WhiteHot or BlackHot")
	c.fs.StringVar(&s.NUCTable, "nuc-table", "", "the `TOKEN` of a correction")
	number(c.fs, &r.Emissivity, "emissivity", "from 0 to 1")
	number(c.fs, &r.DistanceToObject, "distance", "metres")
	number(c.fs, &r.ReflectedAmbientTemperature, "reflected", "temperature of what is reflected, kelvin")
	number(c.fs, &r.AtmosphericTemperature, "atmosphere", "temperature of the air, kelvin")
	number(c.fs, &r.RelativeHumidity, "humidity", "per cent")
	if err := c.read(args, 0, 0); err != nil {
		return err
	}
	if r != (web.Radiometry{}) {
		s.Radiometry = &r
	}
	var now web.Thermal
	method, body := "GET", any(nil)
	if s != (web.ThermalChange{}) {
		method, body = "PUT", s
	}
	if err := c.ask(ctx, method, "/thermal", body, &now); err != nil {
		return err
	}
	return printJSON(t.out, now)
}

func cameraPosition(ctx context.Context, t terminal, args []string) error {
	c := controlOptions(t, "position", "[set LAT LON [ELEVATION] [--yaw N] [--pitch N] [--roll N] | forget]")
	var p web.Position
	number(c.fs, &p.Yaw, "yaw", "degrees from north to the east")
	number(c.fs, &p.Pitch, "pitch", "degrees above the horizon")
	number(c.fs, &p.Roll, "roll", "degrees about its view")
	if err := c.read(args, 0, 4); err != nil {
		return err
	}
	var list []web.Position
	switch {
	case len(c.words) == 0:
		if err := c.ask(ctx, "GET", "/position", nil, &list); err != nil {
			return err
		}
	case len(c.words) == 1 && c.words[0] == "forget":
		return c.does(ctx, t, "DELETE", "/position", nil)
	case c.words[0] == "set" && len(c.words) >= 3:
		for i, to := range []**float64{&p.Lat, &p.Lon, &p.Elevation}[:len(c.words)-1] {
			if err := (numberOption{to}).Set(c.words[i+1]); err != nil {
				return err
			}
		}
		if err := c.ask(ctx, "PUT", "/position", p, &list); err != nil {
			return err
		}
	default:
		return fmt.Errorf("say set LAT LON, or forget (holdfast %s -h lists the options)", c.fs.Name())
	}
	if *c.asJSON {
		return printJSON(t.out, list)
	}
	for _, l := range list {
		fmt.Fprintf(t.out, "%s\tlat %s lon %s yaw %s\n", strings.TrimSpace(l.Entity+" "+l.Token), shownNumber(l.Lat), shownNumber(l.Lon), shownNumber(l.Yaw))
	}
	return nil
}
