package server

import (
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

// The device has one video source.
const sourceToken = "source"

func (s *Server) getProfiles(req *soap.Node) (string, *fault) {
	var b strings.Builder
	for _, p := range s.o.Device.Profiles() {
		if req.Space == soap.NSMedia2 {
			b.WriteString(s.profile2(p))
			continue
		}
		if p.Codec == "H264" { // the first Media service cannot name H.265
			b.WriteString(s.profile1("Profiles", p))
		}
	}
	if req.Space == soap.NSMedia2 {
		return "<tr2:GetProfilesResponse>" + b.String() + "</tr2:GetProfilesResponse>", nil
	}
	return "<trt:GetProfilesResponse>" + b.String() + "</trt:GetProfilesResponse>", nil
}

func (s *Server) getProfile(req *soap.Node) (string, *fault) {
	p, ok := s.find(req.Get("ProfileToken"))
	if !ok {
		return "", &noProfile
	}
	return "<trt:GetProfileResponse>" + s.profile1("Profile", p) + "</trt:GetProfileResponse>", nil
}

func (s *Server) find(token string) (Profile, bool) {
	for _, p := range s.o.Device.Profiles() {
		if p.Token == token {
			return p, true
		}
	}
	return Profile{}, false
}

func (s *Server) profile1(element string, p Profile) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<trt:%s token="%s" fixed="true"><tt:Name>%s</tt:Name>`, element, soap.Escape(p.Token), soap.Escape(p.Name))
	b.WriteString(`<tt:VideoSourceConfiguration token="vsc">` + s.sourceBody() + `</tt:VideoSourceConfiguration>`)
	b.WriteString(`<tt:VideoEncoderConfiguration token="vec-` + soap.Escape(p.Token) + `">` + encoder1(p) + `</tt:VideoEncoderConfiguration>`)
	if s.o.Device.PTZ() != nil {
		b.WriteString(`<tt:PTZConfiguration token="ptz">` + ptzBody + `</tt:PTZConfiguration>`)
	}
	return b.String() + "</trt:" + element + ">"
}

func (s *Server) profile2(p Profile) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<tr2:Profiles token="%s" fixed="true"><tr2:Name>%s</tr2:Name><tr2:Configurations>`, soap.Escape(p.Token), soap.Escape(p.Name))
	b.WriteString(`<tr2:VideoSource token="vsc">` + s.sourceBody() + `</tr2:VideoSource>`)
	b.WriteString(`<tr2:VideoEncoder token="vec-` + soap.Escape(p.Token) + fmt.Sprintf(`" GovLength="%d" Profile="High">`, p.GOP) + encoder2(p) + `</tr2:VideoEncoder>`)
	if s.o.Device.PTZ() != nil {
		b.WriteString(`<tr2:PTZ token="ptz">` + ptzBody + `</tr2:PTZ>`)
	}
	return b.String() + "</tr2:Configurations></tr2:Profiles>"
}

// sourceBody is the configuration of the one video source, at the largest picture.
func (s *Server) sourceBody() string {
	w, h := 0, 0
	for _, p := range s.o.Device.Profiles() {
		w, h = max(w, p.Width), max(h, p.Height)
	}
	return fmt.Sprintf(`<tt:Name>source</tt:Name><tt:UseCount>%d</tt:UseCount><tt:SourceToken>%s</tt:SourceToken><tt:Bounds x="0" y="0" width="%d" height="%d"/>`,
		len(s.o.Device.Profiles()), sourceToken, w, h)
}

const noMulticast = `<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>`

func encoder1(p Profile) string {
	return fmt.Sprintf(`<tt:Name>%s</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%s</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>%d</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>%d</tt:BitrateLimit></tt:RateControl><tt:H264><tt:GovLength>%d</tt:GovLength><tt:H264Profile>High</tt:H264Profile></tt:H264>%s<tt:SessionTimeout>PT60S</tt:SessionTimeout>`,
		soap.Escape(p.Name), p.Codec, p.Width, p.Height, p.FPS, p.Kbps, p.GOP, noMulticast)
}

func encoder2(p Profile) string {
	return fmt.Sprintf(`<tt:Name>%s</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%s</tt:Encoding><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution><tt:RateControl ConstantBitRate="false"><tt:FrameRateLimit>%d</tt:FrameRateLimit><tt:BitrateLimit>%d</tt:BitrateLimit></tt:RateControl><tt:Quality>5</tt:Quality>`,
		soap.Escape(p.Name), p.Codec, p.Width, p.Height, p.FPS, p.Kbps)
}

func (s *Server) getStreamURI(req *soap.Node) (string, *fault) {
	p, ok := s.find(req.Get("ProfileToken"))
	if !ok {
		return "", &noProfile
	}
	if req.Space == soap.NSMedia2 {
		return "<tr2:GetStreamUriResponse><tr2:Uri>" + soap.Escape(p.StreamURI) + "</tr2:Uri></tr2:GetStreamUriResponse>", nil
	}
	return "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>" + soap.Escape(p.StreamURI) +
		"</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>", nil
}

func (s *Server) getVideoSources(*soap.Node) (string, *fault) {
	w, h, fps := 0, 0, 0
	for _, p := range s.o.Device.Profiles() {
		w, h, fps = max(w, p.Width), max(h, p.Height), max(fps, p.FPS)
	}
	return fmt.Sprintf(`<trt:GetVideoSourcesResponse><trt:VideoSources token="%s"><tt:Framerate>%d</tt:Framerate><tt:Resolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>`,
		sourceToken, fps, w, h), nil
}

func (s *Server) getVideoSourceConfigurations(req *soap.Node) (string, *fault) {
	p := prefixes[req.Space]
	return "<" + p + ":GetVideoSourceConfigurationsResponse><" + p + `:Configurations token="vsc">` + s.sourceBody() + "</" + p +
		":Configurations></" + p + ":GetVideoSourceConfigurationsResponse>", nil
}

func (s *Server) getVideoEncoderConfigurations(req *soap.Node) (string, *fault) {
	x := prefixes[req.Space]
	var b strings.Builder
	for _, p := range s.o.Device.Profiles() {
		body, attributes := encoder1(p), ""
		if req.Space == soap.NSMedia2 {
			body, attributes = encoder2(p), fmt.Sprintf(` GovLength="%d" Profile="High"`, p.GOP)
		}
		b.WriteString("<" + x + `:Configurations token="vec-` + soap.Escape(p.Token) + `"` + attributes + ">" + body + "</" + x + ":Configurations>")
	}
	return "<" + x + ":GetVideoEncoderConfigurationsResponse>" + b.String() + "</" + x + ":GetVideoEncoderConfigurationsResponse>", nil
}
