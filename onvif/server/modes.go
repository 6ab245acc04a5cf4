package server

import (
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

func (s *Server) getVideoSourceModes(req *soap.Node) (string, *fault) {
	d, ok := s.o.Device.(Switched)
	source := req.Get("VideoSourceToken")
	if !ok || len(d.Modes(source)) == 0 {
		return "", &notSupported
	}
	var b strings.Builder
	p := prefixes[req.Space]
	for _, m := range d.Modes(source) {
		fmt.Fprintf(&b, `<%s:VideoSourceModes token="%s" Enabled="%t"><%s:MaxFramerate>%d</%s:MaxFramerate><%s:MaxResolution><tt:Width>%d</tt:Width><tt:Height>%d</tt:Height></%s:MaxResolution><%s:Encodings>%s</%s:Encodings><%s:Reboot>%t</%s:Reboot><%s:Description>%s</%s:Description></%s:VideoSourceModes>`,
			p, soap.Escape(m.Token), m.Enabled, p, m.FPS, p, p, m.Width, m.Height, p, p, strings.Join(m.Codecs, " "), p, p, m.Reboot, p, p, soap.Escape(m.Description), p, p)
	}
	return answer(req, b.String())
}

func (s *Server) setVideoSourceMode(req *soap.Node) (string, *fault) {
	d, ok := s.o.Device.(Switched)
	if !ok {
		return "", &notSupported
	}
	source := req.Get("VideoSourceToken")
	if len(d.Modes(source)) == 0 {
		return "", &noVideoSource
	}
	reboots, ok := d.SetMode(source, req.Get("VideoSourceModeToken"))
	if !ok {
		return "", &noMode
	}
	p := prefixes[req.Space]
	return answer(req, fmt.Sprintf("<%s:Reboot>%t</%s:Reboot>", p, reboots, p))
}

const metadataToken = "metadata"

// metadata is the device's metadata configuration, if it has one.
func (s *Server) metadata() (body string, ok bool) {
	d, has := s.o.Device.(Annotated)
	if !has {
		return "", false
	}
	m, ok := d.Metadata()
	if !ok {
		return "", false
	}
	events := ""
	if m.Events {
		events = "<tt:Events/>"
	}
	return fmt.Sprintf(`<tt:Name>Metadata</tt:Name><tt:UseCount>%d</tt:UseCount><tt:PTZStatus><tt:Status>%t</tt:Status><tt:Position>%t</tt:Position></tt:PTZStatus>%s<tt:Analytics>%t</tt:Analytics>%s<tt:SessionTimeout>PT60S</tt:SessionTimeout>`,
		len(s.o.Device.Profiles()), m.Status, m.Position, events, m.Analytics, noMulticast), true
}

func (s *Server) getMetadataConfigurations(req *soap.Node) (string, *fault) {
	body, ok := s.metadata()
	if !ok {
		return answer(req, "")
	}
	p := prefixes[req.Space]
	return answer(req, "<"+p+`:Configurations token="`+metadataToken+`">`+body+"</"+p+":Configurations>")
}

func (s *Server) setMetadataConfiguration(req *soap.Node) (string, *fault) {
	n := req.Find("Configuration")
	if _, ok := s.metadata(); !ok || n.Attribute("token") != metadataToken {
		return "", &noConfig
	}
	s.o.Device.(Annotated).SetMetadata(Metadata{Analytics: n.Get("Analytics") == "true", Events: n.Find("Events") != nil,
		Status: n.Get("PTZStatus", "Status") == "true", Position: n.Get("PTZStatus", "Position") == "true"})
	return answer(req, "")
}
