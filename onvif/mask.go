package onvif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

// Mask is a privacy mask that a device paints over its pictures before they leave it (Media2 Service Specification, section 5.10).
type Mask struct {
	Token               string // "" for one that is to be made
	SourceConfiguration string // token of the video source configuration
	Points              []Point
	Type                string // Color, Pixelated or Blurred
	Enabled             bool
}

// Point is a place in the picture: x from -1, left, to 1, right, and y from -1, bottom, to 1, top.
type Point struct{ X, Y float64 }

// MaskOptions is what masks a device can have.
type MaskOptions struct {
	Max, MaxPoints int
	Types          []string
	Rectangles     bool // only
}

// Bounds of masks.
const (
	maxMasks      = 64
	maxMaskPoints = 64
)

func (m Mask) check() error {
	if len(m.Points) < 3 || len(m.Points) > maxMaskPoints {
		return fmt.Errorf("a mask has 3 to %d points", maxMaskPoints)
	}
	for _, p := range m.Points {
		if p.X < -1 || p.X > 1 || p.Y < -1 || p.Y > 1 {
			return errors.New("points are from -1 (left, bottom) to 1 (right, top)")
		}
	}
	if m.Type != "Color" && m.Type != "Pixelated" && m.Type != "Blurred" {
		return fmt.Errorf("type %q: it is Color, Pixelated or Blurred", m.Type)
	}
	return nil
}

// Masks lists the masks of a video source configuration, of all for "". Devices without Media2 have none that can be asked for.
func (c *Client) Masks(ctx context.Context, configuration string) ([]Mask, error) {
	inner := ""
	if configuration != "" {
		inner = `<tr2:ConfigurationToken>` + soap.Escape(configuration) + `</tr2:ConfigurationToken>`
	}
	n, err := c.ask(ctx, soap.NSMedia2, "ask for privacy masks", `<tr2:GetMasks>`+inner+`</tr2:GetMasks>`)
	if err != nil {
		return nil, err
	}
	var list []Mask
	for _, v := range n.All("Masks") {
		m := Mask{Token: v.Attribute("token"), SourceConfiguration: v.Get("ConfigurationToken"), Type: v.Get("Type"), Enabled: isTrue(v.Get("Enabled"))}
		for _, p := range v.Find("Polygon").All("Point") {
			if len(m.Points) < maxMaskPoints {
				m.Points = append(m.Points, Point{signed(p.Attribute("x")), signed(p.Attribute("y"))})
			}
		}
		if m.Token != "" && len(list) < maxMasks {
			list = append(list, m)
		}
	}
	return list, nil
}

// MaskOptions asks what masks a video source configuration can have.
func (c *Client) MaskOptions(ctx context.Context, configuration string) (MaskOptions, error) {
	n, err := c.ask(ctx, soap.NSMedia2, "ask what privacy masks there can be",
		`<tr2:GetMaskOptions><tr2:ConfigurationToken>`+soap.Escape(configuration)+`</tr2:ConfigurationToken></tr2:GetMaskOptions>`)
	if err != nil {
		return MaskOptions{}, err
	}
	v := n.Find("Options")
	return MaskOptions{Max: number(v.Get("MaxMasks")), MaxPoints: number(v.Get("MaxPoints")), Types: texts(v.All("Types")),
		Rectangles: isTrue(v.Attribute("RectangleOnly"))}, nil
}

func (m Mask) xml() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<tr2:Mask token="%s"><tr2:ConfigurationToken>%s</tr2:ConfigurationToken><tr2:Polygon>`, soap.Escape(m.Token), soap.Escape(m.SourceConfiguration))
	for _, p := range m.Points {
		fmt.Fprintf(&b, `<tt:Point x="%s" y="%s"/>`, plainFloat(p.X), plainFloat(p.Y))
	}
	fmt.Fprintf(&b, `</tr2:Polygon><tr2:Type>%s</tr2:Type>`, soap.Escape(m.Type))
	if m.Type == "Color" {
		b.WriteString(`<tr2:Color X="0" Y="128" Z="128" Colorspace="http://www.onvif.org/ver10/colorspace/YCbCr"/>`) // black
	}
	fmt.Fprintf(&b, `<tr2:Enabled>%t</tr2:Enabled></tr2:Mask>`, m.Enabled)
	return b.String()
}

// PutMask makes a mask without a token, or changes the one of its token, and reads back what the device has. A mask of a colour is
// black.
func (c *Client) PutMask(ctx context.Context, m Mask) (Mask, error) {
	doing, operation := "make a privacy mask", "CreateMask"
	if m.Token != "" {
		doing, operation = "change a privacy mask", "SetMask"
	}
	if err := m.check(); err != nil {
		return Mask{}, unasked(doing, err)
	}
	n, err := c.ask(ctx, soap.NSMedia2, doing, "<tr2:"+operation+">"+m.xml()+"</tr2:"+operation+">")
	if err != nil {
		return Mask{}, err
	}
	token := cmp.Or(m.Token, n.Get("Token"))
	list, err := c.Masks(ctx, m.SourceConfiguration)
	if err != nil {
		return Mask{}, err
	}
	for _, now := range list {
		if now.Token == token {
			return now, nil
		}
	}
	return Mask{}, fail(Refused, doing, errors.New("the device took it, and does not list it"))
}

// DeleteMask takes a mask away.
func (c *Client) DeleteMask(ctx context.Context, token string) error {
	_, err := c.ask(ctx, soap.NSMedia2, "delete a privacy mask", `<tr2:DeleteMask><tr2:Token>`+soap.Escape(token)+`</tr2:Token></tr2:DeleteMask>`)
	return err
}
