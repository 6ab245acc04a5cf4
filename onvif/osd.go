package onvif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

// OSD is text or an image that a device puts into its pictures (on-screen display; tt:OSDConfiguration).
type OSD struct {
	Token               string // "" for one that is to be made
	SourceConfiguration string // token of the video source configuration whose pictures have it
	Image               bool   // it is an image, which cannot be changed here; else text
	Position            string // UpperLeft, UpperRight, LowerLeft, LowerRight or Custom
	X, Y                float64
	Show                string // Plain, Date, Time or DateAndTime
	Text                string // of Plain
	DateFormat          string // such as yyyy-MM-dd; "": the device's
	TimeFormat          string // such as HH:mm:ss; "": the device's
	FontSize            int    // points; 0: the device's
}

// OSDOptions is what OSDs a device can show.
type OSDOptions struct {
	Total, Plain, DateAndTime int      // at most so many; 0 where the device does not say
	Positions                 []string // as OSD.Position
	Shows                     []string // as OSD.Show
	DateFormats, TimeFormats  []string
}

// Bounds of OSDs.
const (
	maxOSDs    = 64
	maxOSDText = 256 // bytes
)

// check tells what is wrong with an OSD before a device is asked for it.
func (o OSD) check() error {
	switch {
	case o.Image:
		return errors.New("only text is changed here; an image is changed at the device")
	case o.Position != "Custom" && o.Position != "UpperLeft" && o.Position != "UpperRight" && o.Position != "LowerLeft" && o.Position != "LowerRight":
		return fmt.Errorf("position %q: it is UpperLeft, UpperRight, LowerLeft, LowerRight or Custom", o.Position)
	case o.Position == "Custom" && (o.X < -1 || o.X > 1 || o.Y < -1 || o.Y > 1):
		return errors.New("x and y are from -1 (left, bottom) to 1 (right, top)")
	case o.Show != "Plain" && o.Show != "Date" && o.Show != "Time" && o.Show != "DateAndTime":
		return fmt.Errorf("show %q: it is Plain, Date, Time or DateAndTime", o.Show)
	case o.Show == "Plain" && o.Text == "":
		return errors.New("the text is missing")
	case len(o.Text) > maxOSDText:
		return fmt.Errorf("the text may have %d bytes", maxOSDText)
	}
	return nil
}

// OSDs lists the OSDs of a video source configuration, of all for "".
func (c *Client) OSDs(ctx context.Context, configuration string) ([]OSD, error) {
	inner := ""
	if configuration != "" {
		inner = `:ConfigurationToken>` + soap.Escape(configuration) + `</`
	}
	n, _, err := c.either(ctx, "ask for on-screen displays", osdQuestion("tr2", "GetOSDs", inner, "ConfigurationToken"), osdQuestion("trt", "GetOSDs", inner, "ConfigurationToken"))
	if err != nil {
		return nil, err
	}
	var list []OSD
	for _, v := range n.All("OSDs") {
		if o := readOSD(v); o.Token != "" && len(list) < maxOSDs && (configuration == "" || o.SourceConfiguration == configuration || o.SourceConfiguration == "") {
			list = append(list, o)
		}
	}
	return list, nil
}

// osdQuestion writes a question with at most one token, in the way of either service.
func osdQuestion(prefix, operation, inner, element string) string {
	if inner != "" {
		inner = "<" + prefix + inner + prefix + ":" + element + ">"
	}
	return "<" + prefix + ":" + operation + ">" + inner + "</" + prefix + ":" + operation + ">"
}

func readOSD(n *soap.Node) OSD {
	t := n.Find("TextString")
	o := OSD{Token: n.Attribute("token"), SourceConfiguration: n.Get("VideoSourceConfigurationToken"), Image: n.Get("Type") == "Image",
		Position: n.Get("Position", "Type"), Show: t.Get("Type"), Text: t.Get("PlainText"), DateFormat: t.Get("DateFormat"), TimeFormat: t.Get("TimeFormat"),
		FontSize: number(t.Get("FontSize"))}
	pos := n.Find("Position", "Pos")
	o.X, o.Y = signed(pos.Attribute("x")), signed(pos.Attribute("y"))
	return o
}

// signed reads a coordinate, -1 to 1.
func signed(s string) float64 {
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		return -min(decimal(rest), 1)
	}
	return min(decimal(s), 1)
}

// xml writes the OSD inside an element of a prefix. Its order is that of tt:OSDConfiguration.
func (o OSD) xml(prefix string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<%s:OSD token="%s"><tt:VideoSourceConfigurationToken>%s</tt:VideoSourceConfigurationToken><tt:Type>Text</tt:Type><tt:Position><tt:Type>%s</tt:Type>`,
		prefix, soap.Escape(o.Token), soap.Escape(o.SourceConfiguration), soap.Escape(o.Position))
	if o.Position == "Custom" {
		fmt.Fprintf(&b, `<tt:Pos x="%s" y="%s"/>`, plainFloat(o.X), plainFloat(o.Y))
	}
	b.WriteString(`</tt:Position><tt:TextString><tt:Type>` + soap.Escape(o.Show) + `</tt:Type>`)
	if o.Show == "Date" || o.Show == "DateAndTime" {
		b.WriteString(`<tt:DateFormat>` + soap.Escape(cmp.Or(o.DateFormat, "yyyy-MM-dd")) + `</tt:DateFormat>`)
	}
	if o.Show == "Time" || o.Show == "DateAndTime" {
		b.WriteString(`<tt:TimeFormat>` + soap.Escape(cmp.Or(o.TimeFormat, "HH:mm:ss")) + `</tt:TimeFormat>`)
	}
	if o.FontSize > 0 {
		fmt.Fprintf(&b, `<tt:FontSize>%d</tt:FontSize>`, o.FontSize)
	}
	if o.Show == "Plain" {
		b.WriteString(`<tt:PlainText>` + soap.Escape(o.Text) + `</tt:PlainText>`)
	}
	return b.String() + `</tt:TextString></` + prefix + `:OSD>`
}

// OSDOptions asks what OSDs a video source configuration can have.
func (c *Client) OSDOptions(ctx context.Context, configuration string) (OSDOptions, error) {
	inner := `:ConfigurationToken>` + soap.Escape(configuration) + `</`
	n, _, err := c.either(ctx, "ask what on-screen displays there can be",
		osdQuestion("tr2", "GetOSDOptions", inner, "ConfigurationToken"), osdQuestion("trt", "GetOSDOptions", inner, "ConfigurationToken"))
	if err != nil {
		return OSDOptions{}, err
	}
	v := n.Find("OSDOptions")
	most := v.Find("MaximumNumberOfOSDs")
	o := OSDOptions{Total: number(most.Attribute("Total")), Plain: number(most.Attribute("PlainText")), DateAndTime: number(most.Attribute("DateAndTime"))}
	o.Positions, o.Shows = texts(v.All("PositionOption")), texts(v.Find("TextOption").All("Type"))
	o.DateFormats, o.TimeFormats = texts(v.Find("TextOption").All("DateFormat")), texts(v.Find("TextOption").All("TimeFormat"))
	return o, nil
}

func texts(list []*soap.Node) (out []string) {
	for _, n := range list[:min(len(list), maxOptions)] {
		out = append(out, n.Text)
	}
	return out
}

// PutOSD makes an OSD without a token, or changes the one of its token, and reads back what the device shows.
func (c *Client) PutOSD(ctx context.Context, o OSD) (OSD, error) {
	doing, operation := "make an on-screen display", "CreateOSD"
	if o.Token != "" {
		doing, operation = "change an on-screen display", "SetOSD"
	}
	if err := o.check(); err != nil {
		return OSD{}, unasked(doing, err)
	}
	question := func(prefix string) string {
		return "<" + prefix + ":" + operation + ">" + o.xml(prefix) + "</" + prefix + ":" + operation + ">"
	}
	n, _, err := c.either(ctx, doing, question("tr2"), question("trt"))
	if err != nil {
		return OSD{}, err
	}
	token := cmp.Or(o.Token, n.Get("OSDToken"))
	list, err := c.OSDs(ctx, o.SourceConfiguration)
	if err != nil {
		return OSD{}, err
	}
	for _, now := range list {
		if now.Token == token {
			return now, nil
		}
	}
	return OSD{}, fail(Refused, doing, errors.New("the device took it, and does not list it"))
}

// DeleteOSD takes an OSD away.
func (c *Client) DeleteOSD(ctx context.Context, token string) error {
	inner := `:OSDToken>` + soap.Escape(token) + `</`
	_, _, err := c.either(ctx, "delete an on-screen display", osdQuestion("tr2", "DeleteOSD", inner, "OSDToken"), osdQuestion("trt", "DeleteOSD", inner, "OSDToken"))
	return err
}
