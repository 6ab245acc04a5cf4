package onvif

import (
	"context"
	"io"
	"slices"
	"strings"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// warm sends an operation of the thermal service about a video source; more is what follows its token.
func (c *Client) warm(ctx context.Context, operation, doing, source, more string) (*soap.Node, error) {
	return c.ask(ctx, soap.NSThermal, doing, "<tth:"+operation+"><tth:VideoSourceToken>"+soap.Escape(source)+"</tth:VideoSourceToken>"+more+"</tth:"+operation+">")
}

// ThermalSources lists the video sources that are thermal.
func (c *Client) ThermalSources(ctx context.Context) (tokens []string, err error) {
	n, err := c.ask(ctx, soap.NSThermal, "ask for thermal configurations", "<tth:GetConfigurations/>")
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("Configurations") {
		if t := k.Attribute("token"); t != "" && len(tokens) < maxPins {
			tokens = append(tokens, t)
		}
	}
	return tokens, nil
}

// Thermal tells how a thermal source makes its picture.
func (c *Client) Thermal(ctx context.Context, source string) (Thermal, error) {
	n, err := c.warm(ctx, "GetConfiguration", "ask for a thermal configuration", source, "")
	if err != nil {
		return Thermal{}, err
	}
	return tt.ReadThermal(n.Find("Configuration")), nil
}

// ThermalOptions tells what its configuration can be.
func (c *Client) ThermalOptions(ctx context.Context, source string) (ThermalOptions, error) {
	n, err := c.warm(ctx, "GetConfigurationOptions", "ask what a thermal configuration can be", source, "")
	if err != nil {
		return ThermalOptions{}, err
	}
	return tt.ReadThermalOptions(n.Find("ConfigurationOptions")), nil
}

// ThermalChange is what of a thermal configuration is to be changed; what is empty or nil stays.
type ThermalChange struct {
	Palette, NUC string // tokens
	Polarity     string // WhiteHot, BlackHot
	Cooler       *bool
}

// SetThermal changes a thermal configuration and gives what the device made of it. Errors: *Error, *InvalidError.
func (c *Client) SetThermal(ctx context.Context, source string, change ThermalChange) (Thermal, error) {
	o, err := c.ThermalOptions(ctx, source)
	if err != nil {
		return Thermal{}, err
	}
	t, err := c.Thermal(ctx, source)
	if err != nil {
		return Thermal{}, err
	}
	if change.Palette != "" {
		i := slices.IndexFunc(o.Palettes, func(p Palette) bool { return p.Token == change.Palette })
		if i < 0 {
			return t, &InvalidError{Field: "palette", Why: "This camera has no palette of this token."}
		}
		t.Palette = o.Palettes[i]
	}
	if change.NUC != "" {
		i := slices.IndexFunc(o.NUCTables, func(n NUCTable) bool { return n.Token == change.NUC })
		if i < 0 {
			return t, &InvalidError{Field: "nuc_table", Why: "This camera has no table of this token."}
		}
		t.NUC = &o.NUCTables[i]
	}
	switch change.Polarity {
	case "":
	case "WhiteHot", "BlackHot":
		t.Polarity = change.Polarity
	default:
		return t, &InvalidError{Field: "polarity", Why: "It is WhiteHot or BlackHot."}
	}
	if change.Cooler != nil {
		if t.Cooler == nil {
			return t, &InvalidError{Field: "cooler", Why: "This camera has no cooler."}
		}
		t.Cooler, t.CoolerRunTime = change.Cooler, nil
	}
	if _, err := c.warm(ctx, "SetConfiguration", "change a thermal configuration", source, t.XML("tth:Configuration")); err != nil {
		return Thermal{}, err
	}
	return c.Thermal(ctx, source)
}

// Radiometry tells what temperatures are reckoned with. Errors: *Error, of class Refused where the camera does not measure.
func (c *Client) Radiometry(ctx context.Context, source string) (Radiometry, error) {
	n, err := c.warm(ctx, "GetRadiometryConfiguration", "ask what temperatures are reckoned with", source, "")
	if err != nil {
		return Radiometry{}, err
	}
	return tt.ReadRadiometry(n.Find("Configuration")), nil
}

// RadiometryOptions tells what its parameters can be.
func (c *Client) RadiometryOptions(ctx context.Context, source string) (RadiometryOptions, error) {
	n, err := c.warm(ctx, "GetRadiometryConfigurationOptions", "ask what radiometry can be", source, "")
	if err != nil {
		return RadiometryOptions{}, err
	}
	return tt.ReadRadiometryOptions(n.Find("ConfigurationOptions")), nil
}

// SetRadiometry changes parameters, and gives what the device made of them; what is nil stays. Errors: *Error, *InvalidError.
func (c *Client) SetRadiometry(ctx context.Context, source string, change Radiometry) (Radiometry, error) {
	o, err := c.RadiometryOptions(ctx, source)
	if err != nil {
		return Radiometry{}, err
	}
	if err := o.Check(change); err != nil {
		return Radiometry{}, err
	}
	was, err := c.Radiometry(ctx, source)
	if err != nil {
		return Radiometry{}, err
	}
	want := change.Over(was)
	if _, err := c.warm(ctx, "SetRadiometryConfiguration", "change what temperatures are reckoned with", source, want.XML("tth:Configuration")); err != nil {
		return Radiometry{}, err
	}
	return c.Radiometry(ctx, source)
}

// ReadTemperatures reads the spot and box readings of a document of a metadata stream, or of a notification. Temperatures are
// kelvin. The document is bounded as every answer of a device is.
func ReadTemperatures(document io.Reader) ([]Temperature, error) {
	n, err := soap.Parse(document)
	if err != nil {
		return nil, err
	}
	return tt.ReadTemperatures(n), nil
}

// Temperatures gives the spot and box readings of a notification, kelvin.
func (v *Notification) Temperatures() (list []Temperature) {
	for _, e := range v.Elements {
		got, err := ReadTemperatures(strings.NewReader(e.XML))
		if err != nil {
			continue // cut, or not XML: others are read
		}
		for _, t := range got {
			if t.Item == "" {
				t.Item = v.Get("AnalyticsModuleName")
			}
			list = append(list, t)
		}
	}
	return list
}
