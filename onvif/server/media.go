package server

import (
	"cmp"
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

// sourceToken is that of the video source of a device that has one.
const sourceToken = "source"

// answer wraps what an operation gives in its response element, in the namespace of the question.
func answer(req *soap.Node, inner string) (string, *fault) {
	name := prefixes[req.Space] + ":" + req.Name + "Response"
	return "<" + name + ">" + inner + "</" + name + ">", nil
}

// sources are the device's video sources.
func (s *Server) sources() []VideoSource {
	if d, ok := s.o.Device.(Sourced); ok {
		if list := d.VideoSources(); len(list) > 0 {
			return list
		}
	}
	v := VideoSource{Token: sourceToken, Name: "source"}
	for _, p := range s.o.Device.Profiles() {
		v.Width, v.Height, v.FPS = max(v.Width, p.Width), max(v.Height, p.Height), max(v.FPS, p.FPS)
	}
	return []VideoSource{v}
}

// sourceOf is the video source that a profile shows.
func (s *Server) sourceOf(p Profile) VideoSource {
	list := s.sources()
	for _, v := range list {
		if v.Token == p.Source {
			return v
		}
	}
	return list[0]
}

// sourceConfiguration is the token of a source's one configuration.
func sourceConfiguration(v VideoSource) string {
	if v.Token == sourceToken {
		return "vsc"
	}
	return "vsc-" + v.Token
}

// configured finds the source of a configuration's token.
func (s *Server) configured(token string) (VideoSource, bool) {
	for _, v := range s.sources() {
		if sourceConfiguration(v) == token {
			return v, true
		}
	}
	return VideoSource{}, false
}

func (s *Server) getProfiles(req *soap.Node) (string, *fault) {
	var b strings.Builder
	for _, p := range s.o.Device.Profiles() {
		if t := req.Get("Token"); t != "" && t != p.Token {
			continue
		}
		if req.Space == soap.NSMedia2 {
			b.WriteString(s.profile2(p))
			continue
		}
		if p.Codec != "H265" { // the first Media service cannot name it
			b.WriteString(s.profile1("Profiles", p))
		}
	}
	return answer(req, b.String())
}

func (s *Server) getProfile(req *soap.Node) (string, *fault) {
	p, ok := s.find(req.Get("ProfileToken"))
	if !ok {
		return "", &noProfile
	}
	return answer(req, s.profile1("Profile", p))
}

func (s *Server) find(token string) (Profile, bool) {
	for _, p := range s.o.Device.Profiles() {
		if p.Token == token {
			return p, true
		}
	}
	return Profile{}, false
}

// encoderToken is that of a profile's encoder configuration: each has its own.
func encoderToken(p Profile) string { return "vec-" + p.Token }

func (s *Server) profile1(element string, p Profile) string {
	var b strings.Builder
	v := s.sourceOf(p)
	fmt.Fprintf(&b, `<trt:%s token="%s" fixed="true"><tt:Name>%s</tt:Name>`, element, soap.Escape(p.Token), soap.Escape(p.Name))
	b.WriteString(`<tt:VideoSourceConfiguration token="` + sourceConfiguration(v) + `">` + s.sourceBody(v) + `</tt:VideoSourceConfiguration>`)
	b.WriteString(`<tt:VideoEncoderConfiguration token="` + soap.Escape(encoderToken(p)) + `">` + encoder1(p) + `</tt:VideoEncoderConfiguration>`)
	if p.Audio != "" {
		b.WriteString(`<tt:AudioEncoderConfiguration token="aec">` + audioEncoder1(p) + `</tt:AudioEncoderConfiguration>`)
	}
	b.WriteString(s.analytics("tt:VideoAnalyticsConfiguration", v))
	if s.o.Device.PTZ() != nil {
		b.WriteString(`<tt:PTZConfiguration token="ptz">` + ptzBody + `</tt:PTZConfiguration>`)
	}
	if m, ok := s.metadata(); ok {
		b.WriteString(`<tt:MetadataConfiguration token="` + metadataToken + `">` + m + `</tt:MetadataConfiguration>`)
	}
	if len(s.sound().Plays) > 0 {
		b.WriteString(`<tt:Extension><tt:AudioOutputConfiguration token="aoc">` + outputBody + `</tt:AudioOutputConfiguration></tt:Extension>`)
	}
	return b.String() + "</trt:" + element + ">"
}

func (s *Server) profile2(p Profile) string {
	var b strings.Builder
	v := s.sourceOf(p)
	fmt.Fprintf(&b, `<tr2:Profiles token="%s" fixed="true"><tr2:Name>%s</tr2:Name><tr2:Configurations>`, soap.Escape(p.Token), soap.Escape(p.Name))
	b.WriteString(`<tr2:VideoSource token="` + sourceConfiguration(v) + `">` + s.sourceBody(v) + `</tr2:VideoSource>`)
	b.WriteString(`<tr2:VideoEncoder token="` + soap.Escape(encoderToken(p)) + `"` + encoderAttributes(p) + `>` + encoder2(p) + `</tr2:VideoEncoder>`)
	if p.Audio != "" {
		b.WriteString(`<tr2:AudioEncoder token="aec">` + audioEncoder2(p) + `</tr2:AudioEncoder>`)
	}
	b.WriteString(s.analytics("tr2:Analytics", v))
	if s.o.Device.PTZ() != nil {
		b.WriteString(`<tr2:PTZ token="ptz">` + ptzBody + `</tr2:PTZ>`)
	}
	if m, ok := s.metadata(); ok {
		b.WriteString(`<tr2:Metadata token="` + metadataToken + `">` + m + `</tr2:Metadata>`)
	}
	if len(s.sound().Plays) > 0 {
		b.WriteString(`<tr2:AudioOutput token="aoc">` + outputBody + `</tr2:AudioOutput>`)
	}
	return b.String() + "</tr2:Configurations></tr2:Profiles>"
}

// sourceBody is the configuration of a video source, at its full picture.
func (s *Server) sourceBody(v VideoSource) string {
	count := 0
	for _, p := range s.o.Device.Profiles() {
		if s.sourceOf(p).Token == v.Token {
			count++
		}
	}
	return fmt.Sprintf(`<tt:Name>%s</tt:Name><tt:UseCount>%d</tt:UseCount><tt:SourceToken>%s</tt:SourceToken><tt:Bounds x="0" y="0" width="%d" height="%d"/>`,
		soap.Escape(v.Name), count, soap.Escape(v.Token), v.Width, v.Height)
}

const noMulticast = `<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>`

func encoder1(p Profile) string {
	codec := ""
	if p.Codec == "H264" {
		codec = fmt.Sprintf(`<tt:H264><tt:GovLength>%d</tt:GovLength><tt:H264Profile>%s</tt:H264Profile></tt:H264>`, p.GOP, cmp.Or(p.EncoderProfile, "High"))
	}
	return fmt.Sprintf(`<tt:Name>%s</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%s</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution><tt:Quality>%d</tt:Quality><tt:RateControl><tt:FrameRateLimit>%d</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>%d</tt:BitrateLimit></tt:RateControl>%s%s<tt:SessionTimeout>PT60S</tt:SessionTimeout>`,
		soap.Escape(p.Name), p.Codec, p.Width, p.Height, cmp.Or(p.Quality, 5), p.FPS, p.Kbps, codec, noMulticast)
}

func encoder2(p Profile) string {
	return fmt.Sprintf(`<tt:Name>%s</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%s</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution><tt:RateControl ConstantBitRate="%t"><tt:FrameRateLimit>%d</tt:FrameRateLimit><tt:BitrateLimit>%d</tt:BitrateLimit></tt:RateControl>%s<tt:Quality>%d</tt:Quality>`,
		soap.Escape(p.Name), p.Codec, p.Width, p.Height, p.Constant, p.FPS, p.Kbps, noMulticast, cmp.Or(p.Quality, 5))
}

func encoderAttributes(p Profile) string {
	if p.Codec == "JPEG" {
		return ""
	}
	return fmt.Sprintf(` GovLength="%d" Profile="%s"`, p.GOP, cmp.Or(p.EncoderProfile, "High"))
}

func (s *Server) getStreamURI(req *soap.Node) (string, *fault) {
	p, ok := s.find(req.Get("ProfileToken"))
	if !ok {
		return "", &noProfile
	}
	uri := p.StreamURI
	if req.Get("Protocol") == "RtspMulticast" || req.Get("StreamSetup", "Stream") == "RTP-Multicast" {
		if uri = p.MulticastURI; uri == "" {
			return "", &noMulticasting
		}
	}
	if req.Space == soap.NSMedia2 {
		return answer(req, "<tr2:Uri>"+soap.Escape(uri)+"</tr2:Uri>")
	}
	return answer(req, mediaURI(uri))
}

func mediaURI(uri string) string {
	return "<trt:MediaUri><tt:Uri>" + soap.Escape(uri) +
		"</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>"
}

func (s *Server) getVideoSources(req *soap.Node) (string, *fault) {
	var b strings.Builder
	for _, v := range s.sources() {
		fmt.Fprintf(&b, `<trt:VideoSources token="%s"><tt:Framerate>%d</tt:Framerate><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution></trt:VideoSources>`,
			soap.Escape(v.Token), v.FPS, v.Width, v.Height)
	}
	return answer(req, b.String())
}

func (s *Server) getVideoSourceConfigurations(req *soap.Node) (string, *fault) {
	var b strings.Builder
	p := prefixes[req.Space]
	for _, v := range s.sources() {
		b.WriteString("<" + p + `:Configurations token="` + sourceConfiguration(v) + `">` + s.sourceBody(v) + "</" + p + ":Configurations>")
	}
	return answer(req, b.String())
}

// getSnapshotURI says where the pictures of a profile are (see picture).
func (s *Server) getSnapshotURI(req *soap.Node) (string, *fault) {
	_, has := s.o.Device.(Pictured)
	p, ok := s.find(req.Get("ProfileToken"))
	switch {
	case !ok:
		return "", &noProfile
	case !has:
		return "", &notSupported
	}
	uri := s.address("snapshot") + "?profile=" + p.Token
	if req.Space == soap.NSMedia2 {
		return answer(req, "<tr2:Uri>"+soap.Escape(uri)+"</tr2:Uri>")
	}
	return answer(req, mediaURI(uri))
}
