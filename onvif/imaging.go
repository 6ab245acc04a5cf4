package onvif

import (
	"context"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// image sends an operation of the imaging service about a video source; more is what follows its token.
func (c *Client) image(ctx context.Context, operation, doing, source, more string) (*soap.Node, error) {
	return c.ask(ctx, soap.NSImaging, doing, "<timg:"+operation+"><timg:VideoSourceToken>"+soap.Escape(source)+"</timg:VideoSourceToken>"+more+"</timg:"+operation+">")
}

// ImagingSettings tells how a video source makes its picture.
func (c *Client) ImagingSettings(ctx context.Context, source string) (ImagingSettings, error) {
	n, err := c.image(ctx, "GetImagingSettings", "ask for imaging settings", source, "")
	if err != nil {
		return ImagingSettings{}, err
	}
	return tt.ReadImagingSettings(n.Find("ImagingSettings")), nil
}

// ImagingOptions tells what the settings can be.
func (c *Client) ImagingOptions(ctx context.Context, source string) (ImagingOptions, error) {
	n, err := c.image(ctx, "GetOptions", "ask what imaging settings can be", source, "")
	if err != nil {
		return ImagingOptions{}, err
	}
	return tt.ReadImagingOptions(n.Find("ImagingOptions")), nil
}

// SetImagingSettings changes settings and gives what the device made of them. What the change leaves out stays. It is checked
// against the options before anything is changed: the error is an *InvalidError then.
func (c *Client) SetImagingSettings(ctx context.Context, source string, change ImagingSettings) (ImagingSettings, error) {
	options, err := c.ImagingOptions(ctx, source)
	if err != nil {
		return ImagingSettings{}, err
	}
	if err := options.Check(change); err != nil {
		return ImagingSettings{}, err
	}
	was, err := c.ImagingSettings(ctx, source)
	if err != nil {
		return ImagingSettings{}, err
	}
	want := change.Over(was)
	if _, err := c.image(ctx, "SetImagingSettings", "change imaging settings", source, want.XML("timg:ImagingSettings")+"<timg:ForcePersistence>true</timg:ForcePersistence>"); err != nil {
		return ImagingSettings{}, err
	}
	return c.ImagingSettings(ctx, source)
}

// FocusMoveOptions tells how the focus can be moved.
func (c *Client) FocusMoveOptions(ctx context.Context, source string) (FocusMoveOptions, error) {
	n, err := c.image(ctx, "GetMoveOptions", "ask how the focus moves", source, "")
	if err != nil {
		return FocusMoveOptions{}, err
	}
	return tt.ReadFocusMoveOptions(n.Find("MoveOptions")), nil
}

// MoveFocus moves the focus. It is checked against what the device says it can: the error is an *InvalidError then.
func (c *Client) MoveFocus(ctx context.Context, source string, m FocusMove) error {
	o, err := c.FocusMoveOptions(ctx, source)
	if err != nil {
		return err
	}
	if err := o.Check(m); err != nil {
		return err
	}
	_, err = c.image(ctx, "Move", "move the focus", source, m.XML("timg:Focus"))
	return err
}

// StopFocus stops a movement of the focus.
func (c *Client) StopFocus(ctx context.Context, source string) error {
	_, err := c.image(ctx, "Stop", "stop the focus", source, "")
	return err
}

// FocusStatus tells where the focus is.
func (c *Client) FocusStatus(ctx context.Context, source string) (FocusStatus, error) {
	n, err := c.image(ctx, "GetStatus", "ask where the focus is", source, "")
	if err != nil {
		return FocusStatus{}, err
	}
	return tt.ReadFocusStatus(n.Find("Status")), nil
}

// ImagingPresets lists the sets of settings that the device keeps, and which of them is in force; "" for none.
func (c *Client) ImagingPresets(ctx context.Context, source string) (list []ImagingPreset, current string, err error) {
	n, err := c.image(ctx, "GetPresets", "ask for imaging presets", source, "")
	if err != nil {
		return nil, "", err
	}
	for _, k := range n.All("Preset") {
		if p := tt.ReadImagingPreset(k); p.Token != "" && len(list) < maxPresets {
			list = append(list, p)
		}
	}
	n, err = c.image(ctx, "GetCurrentPreset", "ask which imaging preset is in force", source, "")
	if err != nil {
		return nil, "", err
	}
	return list, n.Find("Preset").Attribute("token"), nil
}

// SetImagingPreset puts a kept set of settings in force.
func (c *Client) SetImagingPreset(ctx context.Context, source, token string) error {
	_, err := c.image(ctx, "SetCurrentPreset", "choose an imaging preset", source, "<timg:PresetToken>"+soap.Escape(token)+"</timg:PresetToken>")
	return err
}
