package onvif

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// ErrNoPTZ says that a profile cannot be steered.
var ErrNoPTZ = errors.New("this picture cannot be turned or zoomed")

const (
	maxPresets = 512 // of a node that are read
	moveTime   = 4 * time.Second
)

// PTZ steers what a profile shows. It holds what was learned of the mechanism, and may be used by several goroutines; who
// steers at the same time as somebody else is not its concern.
type PTZ struct {
	c *Client // constant, as all up to mu

	Profile                string // token
	Configuration          PTZConfiguration
	Node                   PTZNode
	MinTimeout, MaxTimeout time.Duration // of a continuous movement at the camera; both 0: not said
	MoveStatus             bool          // the device says that it tells whether it moves
	StatusPosition         bool          // the device says that it tells where it stands

	mu      sync.Mutex // guards what follows
	timeout custom
}

// custom is how a device wants an argument that is optional.
type custom uint8

const (
	untried custom = iota
	wanted         // it takes the argument
	unwanted
)

// PTZ learns how a profile is steered: its configuration, the node, what can be set. Errors: *Error; ErrNoService and ErrNoPTZ
// where the device, or the profile, has no PTZ.
func (c *Client) PTZ(ctx context.Context, profile string) (*PTZ, error) {
	if _, err := c.service(ctx, soap.NSPTZ); err != nil {
		return nil, err
	}
	p := &PTZ{c: c, Profile: profile}
	var err error
	if p.Configuration, err = c.profilePTZ(ctx, profile); err != nil {
		return nil, err
	}
	if err := p.learnNode(ctx); err != nil {
		return nil, err
	}
	o, err := c.PTZConfigurationOptions(ctx, p.Configuration.Token)
	if err != nil && !declined(err) {
		return nil, err
	}
	p.MinTimeout, p.MaxTimeout = o.MinTimeout, o.MaxTimeout
	if p.Node.Spaces.Empty() {
		p.Node.Spaces = o.Spaces
	}
	n, err := c.ask(ctx, soap.NSPTZ, "ask what PTZ can do", "<tptz:GetServiceCapabilities/>")
	if err != nil && !declined(err) {
		return nil, err
	}
	said := n.Find("Capabilities")
	p.MoveStatus, p.StatusPosition = tt.Bool(said.Attribute("MoveStatus")), tt.Bool(said.Attribute("StatusPosition"))
	return p, nil
}

// profilePTZ gives the PTZ configuration of a profile, by Media2 where the device has it. Devices that do not tell it of the
// profile are taken at the first configuration there is.
func (c *Client) profilePTZ(ctx context.Context, profile string) (PTZConfiguration, error) {
	const doing = "ask how a profile is steered"
	if two, err := c.has(ctx, soap.NSMedia2); err != nil {
		return PTZConfiguration{}, err
	} else if two {
		n, err := c.ask(ctx, soap.NSMedia2, doing, "<tr2:GetProfiles><tr2:Token>"+soap.Escape(profile)+"</tr2:Token><tr2:Type>PTZ</tr2:Type></tr2:GetProfiles>")
		for _, p := range n.All("Profiles") {
			if conf := p.Find("Configurations", "PTZ"); conf != nil && p.Attribute("token") == profile {
				return tt.ReadPTZConfiguration(conf), nil
			}
		}
		if err != nil && !declined(err) {
			return PTZConfiguration{}, err
		}
	}
	if one, _ := c.has(ctx, soap.NSMedia); one {
		n, err := c.ask(ctx, soap.NSMedia, doing, "<trt:GetProfile><trt:ProfileToken>"+soap.Escape(profile)+"</trt:ProfileToken></trt:GetProfile>")
		if p := n.Find("Profile"); err == nil && p != nil {
			if conf := p.Find("PTZConfiguration"); conf != nil {
				return tt.ReadPTZConfiguration(conf), nil
			}
			return PTZConfiguration{}, fail(Refused, doing, ErrNoPTZ)
		} else if err != nil && !declined(err) {
			return PTZConfiguration{}, err
		}
	}
	list, err := c.PTZConfigurations(ctx)
	if err == nil && len(list) == 0 {
		err = fail(Refused, doing, ErrNoPTZ)
	}
	if err != nil {
		return PTZConfiguration{}, err
	}
	return list[0], nil
}

func (p *PTZ) learnNode(ctx context.Context) error {
	nodes, err := p.c.PTZNodes(ctx)
	if err != nil && !declined(err) {
		return err
	}
	for _, n := range nodes {
		if n.Token == p.Configuration.Node {
			p.Node = n
			return nil
		}
	}
	if p.Configuration.Node != "" { // some devices have nodes one by one only
		n, err := p.c.ask(ctx, soap.NSPTZ, "ask for a PTZ node", "<tptz:GetNode><tptz:NodeToken>"+soap.Escape(p.Configuration.Node)+"</tptz:NodeToken></tptz:GetNode>")
		if err != nil && !declined(err) {
			return err
		}
		if k := n.Find("PTZNode"); err == nil && k != nil {
			p.Node = tt.ReadPTZNode(k)
			return nil
		}
	}
	if len(nodes) > 0 {
		p.Node = nodes[0]
	}
	return nil
}

// PTZNodes lists the mechanisms of a device.
func (c *Client) PTZNodes(ctx context.Context) (list []PTZNode, err error) {
	n, err := c.ask(ctx, soap.NSPTZ, "ask for PTZ nodes", "<tptz:GetNodes/>")
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("PTZNode") {
		list = append(list, tt.ReadPTZNode(k))
	}
	return list, nil
}

// PTZConfigurations lists how the mechanisms of a device are used.
func (c *Client) PTZConfigurations(ctx context.Context) (list []PTZConfiguration, err error) {
	n, err := c.ask(ctx, soap.NSPTZ, "ask for PTZ configurations", "<tptz:GetConfigurations/>")
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("PTZConfiguration") {
		list = append(list, tt.ReadPTZConfiguration(k))
	}
	return list, nil
}

// PTZConfigurationOptions tells what a configuration can be.
func (c *Client) PTZConfigurationOptions(ctx context.Context, configuration string) (PTZConfigurationOptions, error) {
	n, err := c.ask(ctx, soap.NSPTZ, "ask what a PTZ configuration can be", "<tptz:GetConfigurationOptions><tptz:ConfigurationToken>"+
		soap.Escape(configuration)+"</tptz:ConfigurationToken></tptz:GetConfigurationOptions>")
	if err != nil {
		return PTZConfigurationOptions{}, err
	}
	return tt.ReadPTZConfigurationOptions(n.Find("PTZConfigurationOptions")), nil
}

// ask sends an operation about the profile; more is what follows its token.
func (p *PTZ) ask(ctx context.Context, operation, doing, more string, apart bool) (*soap.Node, error) {
	at, err := p.c.service(ctx, soap.NSPTZ)
	if err != nil {
		return nil, err
	}
	return p.c.do(ctx, request{to: at, doing: doing, limit: moveTime, apart: apart,
		body: "<tptz:" + operation + "><tptz:ProfileToken>" + soap.Escape(p.Profile) + "</tptz:ProfileToken>" + more + "</tptz:" + operation + ">"})
}

func (p *PTZ) tell(ctx context.Context, operation, doing, more string) error {
	_, err := p.ask(ctx, operation, doing, more, false)
	return err
}

// Status tells where the camera looks and whether it moves. Many devices leave out one or both.
func (p *PTZ) Status(ctx context.Context) (PTZStatus, error) {
	n, err := p.ask(ctx, "GetStatus", "ask where the camera looks", "", false)
	if err != nil {
		return PTZStatus{}, err
	}
	return tt.ReadPTZStatus(n.Find("PTZStatus")), nil
}

// Presets lists the kept positions, at most maxPresets.
func (p *PTZ) Presets(ctx context.Context) (list []PTZPreset, err error) {
	n, err := p.ask(ctx, "GetPresets", "ask for presets", "", false)
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("Preset") {
		if r := tt.ReadPTZPreset(k); r.Token != "" && len(list) < maxPresets {
			list = append(list, r)
		}
	}
	return list, nil
}

// SetPreset keeps the present position: as a new preset, or in the place of the one with the token. It gives the token.
func (p *PTZ) SetPreset(ctx context.Context, token, name string) (string, error) {
	more := ""
	if name != "" {
		more = "<tptz:PresetName>" + soap.Escape(name) + "</tptz:PresetName>"
	}
	if token != "" {
		more += "<tptz:PresetToken>" + soap.Escape(token) + "</tptz:PresetToken>"
	}
	n, err := p.ask(ctx, "SetPreset", "keep a preset", more, false)
	if err != nil {
		return "", err
	}
	if t := n.Get("PresetToken"); t != "" {
		return t, nil
	}
	if token == "" {
		return "", fail(Protocol, "keep a preset", errors.New("the answer does not say which it became"))
	}
	return token, nil
}

// RemovePreset forgets a kept position.
func (p *PTZ) RemovePreset(ctx context.Context, token string) error {
	return p.tell(ctx, "RemovePreset", "remove a preset", presetToken(token))
}

// GotoPreset goes to a kept position. speed is 0 to 1; nil is the device's own.
func (p *PTZ) GotoPreset(ctx context.Context, token string, speed *float64) error {
	return p.tell(ctx, "GotoPreset", "go to a preset", presetToken(token)+p.speed(speed, true, true))
}

func presetToken(token string) string {
	return "<tptz:PresetToken>" + soap.Escape(token) + "</tptz:PresetToken>"
}

// GotoHome goes to the home position.
func (p *PTZ) GotoHome(ctx context.Context, speed *float64) error {
	return p.tell(ctx, "GotoHomePosition", "go to the home position", p.speed(speed, true, true))
}

// SetHome makes the present position the home position.
func (p *PTZ) SetHome(ctx context.Context) error {
	return p.tell(ctx, "SetHomePosition", "set the home position", "")
}

// GeoMove looks at a place on the earth. width and height of what is to be seen are metres; 0 leaves the zoom as it is.
func (p *PTZ) GeoMove(ctx context.Context, to GeoLocation, width, height float64, speed *float64) error {
	if !p.Node.GeoMove {
		return fail(Refused, "look at a place", errors.New("this camera does not find places on the earth (GeoMove)"))
	}
	if err := to.Check(); err != nil {
		return err
	}
	more := to.XML("tptz:Target") + p.speed(speed, true, true)
	if height > 0 {
		more += fmt.Sprintf("<tptz:AreaHeight>%g</tptz:AreaHeight>", height)
	}
	if width > 0 {
		more += fmt.Sprintf("<tptz:AreaWidth>%g</tptz:AreaWidth>", width)
	}
	return p.tell(ctx, "GeoMove", "look at a place", more)
}

// Auxiliary sends a command to what hangs on the node: a wiper, a lamp. It is one of Node.Auxiliary.
func (p *PTZ) Auxiliary(ctx context.Context, command string) error {
	return p.tell(ctx, "SendAuxiliaryCommand", "send an auxiliary command", "<tptz:AuxiliaryData>"+soap.Escape(command)+"</tptz:AuxiliaryData>")
}
