package tt

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Relay is an output that switches (tt:RelayOutput).
type Relay struct {
	Token string
	Mode  string        // Monostable: it falls back after Delay. Bistable: it stays
	Delay time.Duration // of a monostable one
	Idle  string        // open or closed: how its contact is while it is inactive
}

// ReadRelay reads tt:RelayOutput.
func ReadRelay(n *soap.Node) Relay {
	r := Relay{Token: text(n.Attribute("token")), Mode: text(n.Get("Properties", "Mode")), Idle: strings.ToLower(text(n.Get("Properties", "IdleState")))}
	r.Delay, _ = ParseDuration(n.Get("Properties", "DelayTime"))
	return r
}

// XML is the relay as an element.
func (r *Relay) XML(element string) string {
	return "<" + element + ` token="` + soap.Escape(r.Token) + `">` + r.Settings("tt:Properties") + "</" + element + ">"
}

// Settings is tt:RelayOutputSettings as an element.
func (r *Relay) Settings(element string) string {
	return "<" + element + ">" + writeText("tt:Mode", r.Mode) + "<tt:DelayTime>" + FormatDuration(r.Delay) + "</tt:DelayTime>" + writeText("tt:IdleState", r.Idle) + "</" + element + ">"
}

// ReadRelaySettings reads tt:RelayOutputSettings.
func ReadRelaySettings(token string, n *soap.Node) Relay {
	r := Relay{Token: token, Mode: text(n.Get("Mode")), Idle: text(n.Get("IdleState"))}
	r.Delay, _ = ParseDuration(n.Get("DelayTime"))
	return r
}

// RelayOptions are what a relay's settings can be (tmd:RelayOutputOptions).
type RelayOptions struct {
	Token    string
	Modes    []string
	Delays   []time.Duration // the ends of a range, or the only ones where Discrete
	Discrete bool
}

// ReadRelayOptions reads tmd:RelayOutputOptions.
func ReadRelayOptions(n *soap.Node) RelayOptions {
	o := RelayOptions{Token: text(n.Attribute("token")), Modes: texts(n, "Mode"), Discrete: Bool(n.Get("Discrete"))}
	for _, f := range strings.Fields(n.Get("DelayTimes")) {
		if v, ok := parseFloat(f); ok && v >= 0 && v < 1e6 && len(o.Delays) < maxList {
			o.Delays = append(o.Delays, time.Duration(v*float64(time.Second)))
		}
	}
	return o
}

// XML is the options as an element of the DeviceIO service.
func (o *RelayOptions) XML(element string) string {
	var delays []string
	for _, d := range o.Delays {
		delays = append(delays, formatFloat(d.Seconds()))
	}
	return "<" + element + ` token="` + soap.Escape(o.Token) + `">` + writeTexts("tmd:Mode", o.Modes) + writeText("tmd:DelayTimes", strings.Join(delays, " ")) +
		"<tmd:Discrete>" + strconv.FormatBool(o.Discrete) + "</tmd:Discrete></" + element + ">"
}

// Check tells whether a relay's settings can be. The error is an *InvalidError.
func (o *RelayOptions) Check(r Relay) error {
	if err := inModes("mode", r.Mode, o.Modes); err != nil {
		return err
	}
	if r.Mode != "Monostable" || len(o.Delays) == 0 {
		return nil
	}
	low, high := slices.Min(o.Delays), slices.Max(o.Delays)
	switch {
	case o.Discrete && !slices.Contains(o.Delays, r.Delay):
		return invalid("delay", "This camera takes only: %v.", o.Delays)
	case r.Delay < low || r.Delay > high:
		return invalid("delay", "%v is not from %v to %v.", r.Delay, low, high)
	}
	return nil
}

// Input is a digital input (tt:DigitalInput).
type Input struct {
	Token string
	Idle  string // open or closed; "" where the device does not say
}

// ReadInput reads tt:DigitalInput.
func ReadInput(n *soap.Node) Input {
	return Input{text(n.Attribute("token")), strings.ToLower(text(n.Attribute("IdleState")))}
}

// XML is the input as an element.
func (i Input) XML(element string) string {
	return "<" + element + ` token="` + soap.Escape(i.Token) + `"` + textAttribute("IdleState", i.Idle) + "/>"
}
