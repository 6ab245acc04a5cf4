package server

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"holdfast/onvif/internal/soap"
)

func (s *Server) getVideoEncoderConfigurations(req *soap.Node) (string, *fault) {
	x := prefixes[req.Space]
	var b strings.Builder
	for _, p := range s.o.Device.Profiles() {
		if t := req.Get("ConfigurationToken"); t != "" && t != encoderToken(p) {
			continue
		}
		body, attributes := encoder1(p), ""
		if req.Space == soap.NSMedia2 {
			body, attributes = encoder2(p), encoderAttributes(p)
		} else if p.Codec == "H265" {
			continue
		}
		b.WriteString("<" + x + `:Configurations token="` + soap.Escape(encoderToken(p)) + `"` + attributes + ">" + body + "</" + x + ":Configurations>")
	}
	return answer(req, b.String())
}

// encoding finds the profile whose encoder configuration has a token.
func (s *Server) encoding(token string) (Encoding, Profile, *fault) {
	d, ok := s.o.Device.(Encoding)
	if !ok {
		return nil, Profile{}, &notSupported
	}
	for _, p := range s.o.Device.Profiles() {
		if encoderToken(p) == token {
			return d, p, nil
		}
	}
	return nil, Profile{}, &noConfig
}

func (s *Server) getVideoEncoderConfigurationOptions(req *soap.Node) (string, *fault) {
	d, p, f := s.encoding(cmp.Or(req.Get("ConfigurationToken"), "vec-"+req.Get("ProfileToken")))
	if f != nil {
		return "", f
	}
	var b strings.Builder
	for _, o := range d.EncoderOptions(p.Token) {
		if req.Space == soap.NSMedia2 {
			b.WriteString(options2(o))
		} else {
			b.WriteString(options1(o))
		}
	}
	if req.Space == soap.NSMedia2 {
		return answer(req, b.String())
	}
	ext := ""
	for _, o := range d.EncoderOptions(p.Token) {
		if o.Codec == "H264" {
			ext += "<tt:H264>" + body1(o) + fmt.Sprintf("<tt:BitrateRange><tt:Min>%d</tt:Min><tt:Max>%d</tt:Max></tt:BitrateRange></tt:H264>", o.MinKbps, o.MaxKbps)
		}
	}
	return answer(req, "<trt:Options><tt:QualityRange><tt:Min>1</tt:Min><tt:Max>10</tt:Max></tt:QualityRange>"+b.String()+"<tt:Extension>"+ext+"</tt:Extension></trt:Options>")
}

func options2(o EncoderOptions) string {
	var b strings.Builder
	b.WriteString("<tr2:Options")
	if o.MaxGOP > 0 {
		fmt.Fprintf(&b, ` GovLengthRange="%d %d" ProfilesSupported="%s"`, o.MinGOP, o.MaxGOP, strings.Join(o.Profiles, " "))
	}
	rates := make([]string, len(o.Rates))
	for i, r := range o.Rates {
		rates[i] = strconv.Itoa(r)
	}
	fmt.Fprintf(&b, ` FrameRatesSupported="%s" ConstantBitRateSupported="%t"><tt:Encoding>%s</tt:Encoding><tt:QualityRange><tt:Min>1</tt:Min><tt:Max>10</tt:Max></tt:QualityRange>`,
		strings.Join(rates, " "), o.Constant, o.Codec)
	b.WriteString(sizes(o))
	fmt.Fprintf(&b, "<tt:BitrateRange><tt:Min>%d</tt:Min><tt:Max>%d</tt:Max></tt:BitrateRange></tr2:Options>", o.MinKbps, o.MaxKbps)
	return b.String()
}

func sizes(o EncoderOptions) string {
	var b strings.Builder
	for _, r := range o.Sizes {
		fmt.Fprintf(&b, "<tt:ResolutionsAvailable><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:ResolutionsAvailable>", r[0], r[1])
	}
	return b.String()
}

// options1 is what the Media service says of a codec that it can name.
func options1(o EncoderOptions) string {
	if o.Codec != "H264" {
		return ""
	}
	return "<tt:H264>" + body1(o) + "</tt:H264>"
}

func body1(o EncoderOptions) string {
	var b strings.Builder
	b.WriteString(sizes(o))
	fmt.Fprintf(&b, "<tt:GovLengthRange><tt:Min>%d</tt:Min><tt:Max>%d</tt:Max></tt:GovLengthRange><tt:FrameRateRange><tt:Min>%d</tt:Min><tt:Max>%d</tt:Max></tt:FrameRateRange><tt:EncodingIntervalRange><tt:Min>1</tt:Min><tt:Max>1</tt:Max></tt:EncodingIntervalRange>",
		o.MinGOP, o.MaxGOP, o.Rates[len(o.Rates)-1], o.Rates[0])
	for _, p := range o.Profiles {
		b.WriteString("<tt:H264ProfilesSupported>" + p + "</tt:H264ProfilesSupported>")
	}
	return b.String()
}

func (s *Server) setVideoEncoderConfiguration(req *soap.Node) (string, *fault) {
	n := req.Find("Configuration")
	d, p, f := s.encoding(n.Attribute("token"))
	if f != nil {
		return "", f
	}
	want := p
	want.Codec, want.Width, want.Height = n.Get("Encoding"), whole(n.Get("Resolution", "Width")), whole(n.Get("Resolution", "Height"))
	want.Quality = whole(n.Get("Quality"))
	if r := n.Find("RateControl"); r != nil {
		want.FPS, want.Kbps, want.Constant = whole(r.Get("FrameRateLimit")), whole(r.Get("BitrateLimit")), r.Attribute("ConstantBitRate") == "true"
	}
	if req.Space == soap.NSMedia2 {
		want.GOP, want.EncoderProfile = whole(cmp.Or(n.Attribute("GovLength"), strconv.Itoa(p.GOP))), cmp.Or(n.Attribute("Profile"), p.EncoderProfile)
	} else {
		want.GOP, want.EncoderProfile = whole(cmp.Or(n.Get("H264", "GovLength"), strconv.Itoa(p.GOP))), cmp.Or(n.Get("H264", "H264Profile"), p.EncoderProfile)
	}
	if !d.SetEncoder(p.Token, want) {
		return "", &configModify
	}
	return answer(req, "")
}

// whole reads a number and leaves out what follows the point. What is none is -1, which no device takes.
func whole(s string) int {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1e6 {
		return -1
	}
	return int(f)
}

func (s *Server) getVideoEncoderInstances(req *soap.Node) (string, *fault) {
	d, ok := s.o.Device.(Encoding)
	if !ok {
		return "", &notSupported
	}
	if _, ok := s.configured(req.Get("ConfigurationToken")); !ok {
		return "", &noConfig
	}
	n := d.Instances()
	if req.Space == soap.NSMedia2 {
		return answer(req, fmt.Sprintf("<tr2:Info><tr2:Codec><tr2:Encoding>H264</tr2:Encoding><tr2:Number>%d</tr2:Number></tr2:Codec><tr2:Total>%d</tr2:Total></tr2:Info>", n, n))
	}
	return answer(req, fmt.Sprintf("<trt:TotalNumber>%d</trt:TotalNumber><trt:H264>%d</trt:H264>", n, n))
}
