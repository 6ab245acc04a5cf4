package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// The generic spaces of the PTZ specification, section 5.3.
const (
	spacePosition = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace"
	spaceZoom     = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace"
	ptzBody       = `<tt:Name>ptz</tt:Name><tt:UseCount>1</tt:UseCount><tt:NodeToken>node</tt:NodeToken><tt:DefaultPTZTimeout>PT10S</tt:DefaultPTZTimeout>`
)

func (s *Server) ptz() (PTZ, *fault) {
	if p := s.o.Device.PTZ(); p != nil {
		return p, nil
	}
	return nil, &noNode
}

func (s *Server) getNodes(req *soap.Node) (string, *fault) {
	if _, f := s.ptz(); f != nil {
		return "", f
	}
	node := `<tptz:PTZNode token="node"><tt:Name>node</tt:Name><tt:SupportedPTZSpaces><tt:AbsolutePanTiltPositionSpace><tt:URI>` + spacePosition +
		`</tt:URI><tt:XRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:XRange><tt:YRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:YRange></tt:AbsolutePanTiltPositionSpace><tt:AbsoluteZoomPositionSpace><tt:URI>` +
		spaceZoom + `</tt:URI><tt:XRange><tt:Min>0</tt:Min><tt:Max>1</tt:Max></tt:XRange></tt:AbsoluteZoomPositionSpace></tt:SupportedPTZSpaces><tt:MaximumNumberOfPresets>32</tt:MaximumNumberOfPresets><tt:HomeSupported>false</tt:HomeSupported></tptz:PTZNode>`
	return "<tptz:" + req.Name + "Response>" + node + "</tptz:" + req.Name + "Response>", nil
}

func (s *Server) getConfigurations(*soap.Node) (string, *fault) {
	if _, f := s.ptz(); f != nil {
		return "", f
	}
	return `<tptz:GetConfigurationsResponse><tptz:PTZConfiguration token="ptz">` + ptzBody + `</tptz:PTZConfiguration></tptz:GetConfigurationsResponse>`, nil
}

func (s *Server) getStatus(*soap.Node) (string, *fault) {
	p, f := s.ptz()
	if f != nil {
		return "", f
	}
	pan, tilt, zoom, moving := p.Position()
	state := "IDLE"
	if moving {
		state = "MOVING"
	}
	return fmt.Sprintf(`<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position><tt:PanTilt x="%g" y="%g" space="%s"/><tt:Zoom x="%g" space="%s"/></tt:Position><tt:MoveStatus><tt:PanTilt>%s</tt:PanTilt><tt:Zoom>%s</tt:Zoom></tt:MoveStatus><tt:UtcTime>%s</tt:UtcTime></tptz:PTZStatus></tptz:GetStatusResponse>`,
		pan, tilt, spacePosition, zoom, spaceZoom, state, state, s.o.Device.Now().UTC().Format(time.RFC3339)), nil
}

// vector reads PanTilt and Zoom of a move.
func vector(n *soap.Node) (pan, tilt, zoom float64) {
	read := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v != v {
			return 0
		}
		return min(max(v, -1), 1)
	}
	pt := n.Find("PanTilt")
	return read(pt.Attribute("x")), read(pt.Attribute("y")), read(n.Find("Zoom").Attribute("x"))
}

func (s *Server) absoluteMove(req *soap.Node) (string, *fault) {
	return s.move(req, "Position", func(p PTZ, pan, tilt, zoom float64) { p.Move(pan, tilt, zoom, false) })
}

func (s *Server) relativeMove(req *soap.Node) (string, *fault) {
	return s.move(req, "Translation", func(p PTZ, pan, tilt, zoom float64) { p.Move(pan, tilt, zoom, true) })
}

func (s *Server) continuousMove(req *soap.Node) (string, *fault) {
	return s.move(req, "Velocity", func(p PTZ, pan, tilt, zoom float64) { p.Drive(pan, tilt, zoom) })
}

func (s *Server) stop(req *soap.Node) (string, *fault) {
	return s.move(req, "", func(p PTZ, _, _, _ float64) { p.Drive(0, 0, 0) })
}

func (s *Server) move(req *soap.Node, vectorName string, do func(PTZ, float64, float64, float64)) (string, *fault) {
	p, f := s.ptz()
	if f != nil {
		return "", f
	}
	if _, ok := s.find(req.Get("ProfileToken")); !ok {
		return "", &noProfile
	}
	pan, tilt, zoom := vector(req.Find(vectorName))
	do(p, pan, tilt, zoom)
	return "<tptz:" + req.Name + "Response/>", nil
}

func (s *Server) getPresets(*soap.Node) (string, *fault) {
	p, f := s.ptz()
	if f != nil {
		return "", f
	}
	var b strings.Builder
	for _, r := range p.Presets() {
		fmt.Fprintf(&b, `<tptz:Preset token="%s"><tt:Name>%s</tt:Name><tt:PTZPosition><tt:PanTilt x="%g" y="%g"/><tt:Zoom x="%g"/></tt:PTZPosition></tptz:Preset>`,
			soap.Escape(r.Token), soap.Escape(r.Name), r.Pan, r.Tilt, r.Zoom)
	}
	return "<tptz:GetPresetsResponse>" + b.String() + "</tptz:GetPresetsResponse>", nil
}

func (s *Server) setPreset(req *soap.Node) (string, *fault) {
	p, f := s.ptz()
	if f != nil {
		return "", f
	}
	token := p.SavePreset(req.Get("PresetToken"), req.Get("PresetName"))
	if token == "" {
		return "", &noToken
	}
	return "<tptz:SetPresetResponse><tptz:PresetToken>" + soap.Escape(token) + "</tptz:PresetToken></tptz:SetPresetResponse>", nil
}

func (s *Server) removePreset(req *soap.Node) (string, *fault) {
	p, f := s.ptz()
	if f != nil {
		return "", f
	}
	if !p.RemovePreset(req.Get("PresetToken")) {
		return "", &noToken
	}
	return "<tptz:RemovePresetResponse/>", nil
}

func (s *Server) gotoPreset(req *soap.Node) (string, *fault) {
	p, f := s.ptz()
	if f != nil {
		return "", f
	}
	if !p.GotoPreset(req.Get("PresetToken")) {
		return "", &noToken
	}
	return "<tptz:GotoPresetResponse/>", nil
}
