package onvif

import (
	"context"

	"holdfast/onvif/internal/soap"
)

// SourceMode is a way in which a video source can work: its rate, size and codecs at once (Media2 Service Specification, section
// 5.11).
type SourceMode struct {
	Token         string
	Enabled       bool
	FPS           float64 // at most
	Width, Height int     // at most, pixels
	Codecs        []string
	Reboot        bool // the device restarts to switch to it
	Description   string
}

// maxModes bounds the modes of a video source.
const maxModes = 64

// SourceModes lists the modes of a video source.
func (c *Client) SourceModes(ctx context.Context, source string) ([]SourceMode, error) {
	token := `VideoSourceToken>` + soap.Escape(source) + `</`
	n, _, err := c.either(ctx, "ask for video source modes",
		`<tr2:GetVideoSourceModes><tr2:`+token+`tr2:VideoSourceToken></tr2:GetVideoSourceModes>`,
		`<trt:GetVideoSourceModes><trt:`+token+`trt:VideoSourceToken></trt:GetVideoSourceModes>`)
	if err != nil {
		return nil, err
	}
	var list []SourceMode
	for _, v := range n.All("VideoSourceModes") {
		m := SourceMode{Token: v.Attribute("token"), Enabled: isTrue(v.Attribute("Enabled")), FPS: decimal(v.Get("MaxFramerate")),
			Width: number(v.Get("MaxResolution", "Width")), Height: number(v.Get("MaxResolution", "Height")), Reboot: isTrue(v.Get("Reboot")), Description: v.Get("Description")}
		for _, w := range wordList(v.Get("Encodings")) {
			m.Codecs = append(m.Codecs, codecName(w))
		}
		if m.Token != "" && len(list) < maxModes {
			list = append(list, m)
		}
	}
	return list, nil
}

// SetSourceMode switches a video source to a mode. reboots tells that the device restarts now.
func (c *Client) SetSourceMode(ctx context.Context, source, mode string) (reboots bool, err error) {
	in := func(p string) string {
		return `<` + p + `:SetVideoSourceMode><` + p + `:VideoSourceToken>` + soap.Escape(source) + `</` + p + `:VideoSourceToken><` + p + `:VideoSourceModeToken>` +
			soap.Escape(mode) + `</` + p + `:VideoSourceModeToken></` + p + `:SetVideoSourceMode>`
	}
	n, _, err := c.either(ctx, "set the mode of a video source", in("tr2"), in("trt"))
	if err != nil {
		return false, err
	}
	return isTrue(n.Get("Reboot")), nil
}
