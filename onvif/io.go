package onvif

import (
	"context"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// maxPins bounds the relays and inputs of a device that are read.
const maxPins = 256

// deviceIO asks the DeviceIO service and, where that is not there or says no, the Device service, which had these operations
// first.
func (c *Client) deviceIO(ctx context.Context, doing, newer, older string) (*soap.Node, error) {
	n, err := c.ask(ctx, soap.NSDeviceIO, doing, newer)
	if err == nil || !declined(err) {
		return n, err
	}
	return c.ask(ctx, soap.NSDevice, doing, older)
}

// Relays lists the outputs that switch. How they are switched ONVIF tells by events only.
func (c *Client) Relays(ctx context.Context) (list []Relay, err error) {
	const ask = "<tds:GetRelayOutputs/>" // the DeviceIO service has the same element
	n, err := c.deviceIO(ctx, "ask for relays", ask, ask)
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("RelayOutputs") {
		if r := tt.ReadRelay(k); r.Token != "" && len(list) < maxPins {
			list = append(list, r)
		}
	}
	return list, nil
}

// RelayOptions tells what relays' settings can be. Only devices with the DeviceIO service tell it.
func (c *Client) RelayOptions(ctx context.Context) (list []RelayOptions, err error) {
	n, err := c.ask(ctx, soap.NSDeviceIO, "ask what relays can be", "<tmd:GetRelayOutputOptions/>")
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("RelayOutputOptions") {
		if len(list) < maxPins {
			list = append(list, tt.ReadRelayOptions(k))
		}
	}
	return list, nil
}

// SetRelayState switches a relay. A monostable one falls back by itself.
func (c *Client) SetRelayState(ctx context.Context, token string, active bool) error {
	state := "inactive"
	if active {
		state = "active"
	}
	ask := "<tds:SetRelayOutputState><tds:RelayOutputToken>" + soap.Escape(token) + "</tds:RelayOutputToken><tds:LogicalState>" + state + "</tds:LogicalState></tds:SetRelayOutputState>"
	_, err := c.deviceIO(ctx, "switch a relay", ask, ask)
	return err
}

// SetRelay changes how a relay works, and gives what the device made of it. It is checked against the options where the device
// tells them: the error is an *InvalidError then.
func (c *Client) SetRelay(ctx context.Context, r Relay) (Relay, error) {
	options, err := c.RelayOptions(ctx)
	if err != nil && !declined(err) {
		return r, err
	}
	for _, o := range options {
		if o.Token == r.Token {
			if err := o.Check(r); err != nil {
				return r, err
			}
		}
	}
	_, err = c.deviceIO(ctx, "change a relay", "<tmd:SetRelayOutputSettings>"+r.XML("tmd:RelayOutput")+"</tmd:SetRelayOutputSettings>",
		"<tds:SetRelayOutputSettings><tds:RelayOutputToken>"+soap.Escape(r.Token)+"</tds:RelayOutputToken>"+r.Settings("tds:Properties")+"</tds:SetRelayOutputSettings>")
	if err != nil {
		return r, err
	}
	list, err := c.Relays(ctx)
	if i := slices.IndexFunc(list, func(x Relay) bool { return x.Token == r.Token }); i >= 0 {
		return list[i], nil
	}
	return r, err
}

// Inputs lists the digital inputs. How they are ONVIF tells by events only.
func (c *Client) Inputs(ctx context.Context) (list []Input, err error) {
	n, err := c.ask(ctx, soap.NSDeviceIO, "ask for inputs", "<tmd:GetDigitalInputs/>")
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("DigitalInputs") {
		if i := tt.ReadInput(k); i.Token != "" && len(list) < maxPins {
			list = append(list, i)
		}
	}
	return list, nil
}

// AuxiliaryCommands lists the commands that the device itself takes, beside those of PTZ nodes: of the capabilities of the
// Device service, in the newer and the older form.
func (c *Client) AuxiliaryCommands(ctx context.Context) (list []string, err error) {
	n, err := c.ask(ctx, soap.NSDevice, "ask for auxiliary commands", "<tds:GetServiceCapabilities/>")
	if err != nil && !declined(err) {
		return nil, err
	}
	list = strings.Fields(n.Find("Capabilities", "Misc").Attribute("AuxiliaryCommands"))
	if len(list) == 0 {
		n, err = c.ask(ctx, soap.NSDevice, "ask for auxiliary commands", "<tds:GetCapabilities><tds:Category>Device</tds:Category></tds:GetCapabilities>")
		if err != nil && !declined(err) {
			return nil, err
		}
		for _, k := range n.Find("Capabilities", "Device", "IO", "Extension").All("AuxiliaryCommands") {
			if k.Text != "" && k.Text != "nothing" { // what Hikvision calls having none
				list = append(list, k.Text)
			}
		}
	}
	return list[:min(len(list), maxPins)], nil
}

// Auxiliary sends the device itself a command, one of AuxiliaryCommands.
func (c *Client) Auxiliary(ctx context.Context, command string) error {
	_, err := c.ask(ctx, soap.NSDevice, "send an auxiliary command", "<tds:SendAuxiliaryCommand><tds:AuxiliaryCommand>"+soap.Escape(command)+"</tds:AuxiliaryCommand></tds:SendAuxiliaryCommand>")
	return err
}
