package server

import (
	"time"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

const (
	ptzBody    = `<tt:Name>ptz</tt:Name><tt:UseCount>1</tt:UseCount><tt:NodeToken>node</tt:NodeToken><tt:DefaultPTZTimeout>PT10S</tt:DefaultPTZTimeout>`
	ptzTimeout = 10 * time.Second // of a continuous movement without one
	minTimeout = time.Second
	maxTimeout = time.Minute
)

func ptzOperations() map[string]operation {
	ptz := func(do func(*Server, PTZ, *soap.Node) (string, *fault)) operation {
		return operation{soap.NSPTZ, false, func(s *Server, req *soap.Node) (string, *fault) {
			p := s.o.Device.PTZ()
			if p == nil {
				return "", &noNode
			}
			return do(s, p, req)
		}}
	}
	profile := func(do func(*Server, PTZ, *soap.Node) (string, *fault)) operation {
		return ptz(func(s *Server, p PTZ, req *soap.Node) (string, *fault) {
			if _, ok := s.find(req.Get("ProfileToken")); !ok {
				return "", &noProfile
			}
			return do(s, p, req)
		})
	}
	return map[string]operation{
		"GetNodes":                     ptz((*Server).getNodes),
		"GetNode":                      ptz((*Server).getNode),
		"tptz:GetConfigurations":       ptz((*Server).getConfigurations),
		"tptz:GetConfiguration":        ptz((*Server).getConfiguration),
		"tptz:GetConfigurationOptions": ptz((*Server).getConfigurationOptions),
		"GetCompatibleConfigurations":  profile((*Server).getConfigurations),
		"tptz:GetStatus":               profile((*Server).getStatus),
		"AbsoluteMove":                 profile((*Server).absoluteMove),
		"RelativeMove":                 profile((*Server).relativeMove),
		"ContinuousMove":               profile((*Server).continuousMove),
		"tptz:Stop":                    profile((*Server).stop),
		"GeoMove":                      profile((*Server).geoMove),
		"tptz:GetPresets":              profile((*Server).getPresets),
		"SetPreset":                    profile((*Server).setPreset),
		"RemovePreset":                 profile(byToken(PTZ.RemovePreset)),
		"GotoPreset":                   profile(byToken(PTZ.GotoPreset)),
		"GotoHomePosition":             profile(done(PTZ.GotoHome)),
		"SetHomePosition":              profile(done(PTZ.SetHome)),
		"tptz:SendAuxiliaryCommand":    profile((*Server).ptzAuxiliary),
		"GetPresetTours":               profile((*Server).getPresetTours),
		"GetPresetTour":                profile((*Server).getPresetTours),
		"GetPresetTourOptions":         profile((*Server).getPresetTourOptions),
		"CreatePresetTour":             profile((*Server).createPresetTour),
		"ModifyPresetTour":             profile((*Server).modifyPresetTour),
		"OperatePresetTour":            profile((*Server).operatePresetTour),
		"RemovePresetTour":             profile((*Server).removePresetTour),
	}
}

// byToken is an operation that is done with the preset of a token.
func byToken(do func(PTZ, string) bool) func(*Server, PTZ, *soap.Node) (string, *fault) {
	return func(_ *Server, p PTZ, req *soap.Node) (string, *fault) {
		if !do(p, req.Get("PresetToken")) {
			return "", &noToken
		}
		return "<tptz:" + req.Name + "Response/>", nil
	}
}

// done is an operation that cannot fail.
func done(do func(PTZ)) func(*Server, PTZ, *soap.Node) (string, *fault) {
	return func(_ *Server, p PTZ, req *soap.Node) (string, *fault) {
		do(p)
		return "<tptz:" + req.Name + "Response/>", nil
	}
}

func (s *Server) getNodes(p PTZ, _ *soap.Node) (string, *fault) {
	if p.Quirks().NoNodes {
		return "", &notSupported
	}
	n := p.Node()
	return "<tptz:GetNodesResponse>" + n.XML("tptz:PTZNode") + "</tptz:GetNodesResponse>", nil
}

func (s *Server) getNode(p PTZ, req *soap.Node) (string, *fault) {
	n := p.Node()
	if req.Get("NodeToken") != n.Token {
		return "", &noNode
	}
	return "<tptz:GetNodeResponse>" + n.XML("tptz:PTZNode") + "</tptz:GetNodeResponse>", nil
}

func (s *Server) getConfigurations(_ PTZ, req *soap.Node) (string, *fault) {
	return "<tptz:" + req.Name + `Response><tptz:PTZConfiguration token="ptz">` + ptzBody + "</tptz:PTZConfiguration></tptz:" + req.Name + "Response>", nil
}

func (s *Server) getConfiguration(p PTZ, req *soap.Node) (string, *fault) {
	if req.Get("PTZConfigurationToken") != "ptz" {
		return "", &noConfig
	}
	return s.getConfigurations(p, req)
}

func (s *Server) getConfigurationOptions(p PTZ, req *soap.Node) (string, *fault) {
	if req.Get("ConfigurationToken") != "ptz" {
		return "", &noConfig
	}
	n := p.Node()
	return "<tptz:GetConfigurationOptionsResponse><tptz:PTZConfigurationOptions><tt:Spaces>" + n.Spaces.XML() + "</tt:Spaces><tt:PTZTimeout><tt:Min>" +
		tt.FormatDuration(minTimeout) + "</tt:Min><tt:Max>" + tt.FormatDuration(maxTimeout) +
		"</tt:Max></tt:PTZTimeout></tptz:PTZConfigurationOptions></tptz:GetConfigurationOptionsResponse>", nil
}

func (s *Server) getStatus(p PTZ, _ *soap.Node) (string, *fault) {
	q := p.Quirks()
	if q.NoStatus {
		return "", &notSupported
	}
	pan, tilt, zoom, moving := p.Position()
	st := tt.PTZStatus{UTC: s.o.Device.Now()}
	if !q.NoMoveStatus {
		st.PanTiltMove, st.ZoomMove = "IDLE", "IDLE"
		if moving {
			st.PanTiltMove, st.ZoomMove = "MOVING", "MOVING"
		}
	}
	if !q.NoPosition {
		n := p.Node()
		at := n.Spaces.AbsolutePanTilt[0]
		st.Position = tt.PTZVector{PanTilt: &tt.Vector2D{X: spread(pan, unity, at.X), Y: spread(tilt, unity, at.Y), Space: at.URI}, Zoom: &tt.Vector1D{X: zoom, Space: tt.ZoomPositionGeneric}}
	}
	return "<tptz:GetStatusResponse>" + st.XML("tptz:PTZStatus") + "</tptz:GetStatusResponse>", nil
}

var unity = tt.Range{Min: -1, Max: 1}

// spread reckons a number of one range into another.
func spread(v float64, from, to tt.Range) float64 {
	return to.Min + (v-from.Min)/(from.Max-from.Min)*(to.Max-to.Min)
}

// asked is the space of a vector: the one that it names, else the first of the node.
func asked(list []tt.Space, uri string) (tt.Space, bool) {
	for _, s := range list {
		if s.URI == uri || uri == "" {
			return s, true
		}
	}
	return tt.Space{}, false
}

// generic reads a vector into the generic spaces. distances are reckoned without the ranges' offset.
func generic(n *soap.Node, panTilt, zooms []tt.Space, distances bool, out *fault) (pan, tilt, zoom *float64, f *fault) {
	v := tt.ReadPTZVector(n)
	if v.PanTilt != nil {
		at, ok := asked(panTilt, v.PanTilt.Space)
		switch {
		case !ok:
			return nil, nil, nil, &noSpace
		case !at.X.Has(v.PanTilt.X) || !at.Y.Has(v.PanTilt.Y):
			return nil, nil, nil, out
		}
		x, y := v.PanTilt.X, v.PanTilt.Y
		if at.Unit() == tt.Degrees {
			x, y = spread(x, at.X, unity), spread(y, at.Y, unity)
			if distances {
				x, y = v.PanTilt.X/at.X.Max, v.PanTilt.Y/at.Y.Max
			}
		}
		pan, tilt = &x, &y
	}
	if v.Zoom != nil {
		at, ok := asked(zooms, v.Zoom.Space)
		switch {
		case !ok:
			return nil, nil, nil, &noSpace
		case !at.X.Has(v.Zoom.X):
			return nil, nil, nil, out
		}
		zoom = &v.Zoom.X
	}
	return pan, tilt, zoom, nil
}

func (s *Server) absoluteMove(p PTZ, req *soap.Node) (string, *fault) {
	n := p.Node()
	pan, tilt, zoom, f := generic(req.Find("Position"), n.Spaces.AbsolutePanTilt, n.Spaces.AbsoluteZoom, false, &badPosition)
	if f != nil {
		return "", f
	}
	p.Move(pan, tilt, zoom, false)
	return "<tptz:AbsoluteMoveResponse/>", nil
}

func (s *Server) relativeMove(p PTZ, req *soap.Node) (string, *fault) {
	n := p.Node()
	by := req.Find("Translation")
	pan, tilt, zoom, f := generic(by, n.Spaces.RelativePanTilt, n.Spaces.RelativeZoom, true, &badTranslation)
	if f != nil {
		return "", f
	}
	if v := tt.ReadPTZVector(by); v.PanTilt != nil && tt.UnitOf(v.PanTilt.Space) == tt.FieldOfView {
		width, height := p.View()
		*pan, *tilt = *pan*width, *tilt*height
	}
	p.Move(pan, tilt, zoom, true)
	return "<tptz:RelativeMoveResponse/>", nil
}

func (s *Server) continuousMove(p PTZ, req *soap.Node) (string, *fault) {
	n := p.Node()
	pan, tilt, zoom, f := generic(req.Find("Velocity"), n.Spaces.ContinuousPanTilt, n.Spaces.ContinuousZoom, true, &badVelocity)
	if f != nil {
		return "", f
	}
	timeout, q := ptzTimeout, p.Quirks()
	given := req.Find("Timeout")
	if given != nil && q.RefusesTimeout || given == nil && q.InsistsOnTimeout {
		return "", &badTimeout
	}
	if given != nil {
		var ok bool
		if timeout, ok = tt.ParseDuration(given.Text); !ok || timeout < minTimeout || timeout > maxTimeout {
			return "", &badTimeout
		}
	}
	p.Drive(pan, tilt, zoom, timeout)
	return "<tptz:ContinuousMoveResponse/>", nil
}

func (s *Server) stop(p PTZ, req *soap.Node) (string, *fault) {
	all := func(name string) bool { return req.Find(name) == nil || tt.Bool(req.Get(name)) } // both default to true
	p.Stop(all("PanTilt"), all("Zoom"))
	return "<tptz:StopResponse/>", nil
}

func (s *Server) geoMove(p PTZ, req *soap.Node) (string, *fault) {
	if !p.Node().GeoMove {
		return "", &noGeoMove
	}
	to := tt.ReadGeoLocation(req.Find("Target"))
	if to == nil || to.Check() != nil {
		return "", &badPosition
	}
	if p.GeoMove(*to, number(req.Get("AreaWidth")), number(req.Get("AreaHeight"))) != nil {
		return "", &noPlace
	}
	return "<tptz:GeoMoveResponse/>", nil
}

func (s *Server) getPresets(p PTZ, _ *soap.Node) (string, *fault) {
	b := "<tptz:GetPresetsResponse>"
	for _, r := range p.Presets() {
		if p.Quirks().UnnamedPresets {
			r.Name = ""
		}
		b += r.XML("tptz:Preset")
	}
	return b + "</tptz:GetPresetsResponse>", nil
}

func (s *Server) setPreset(p PTZ, req *soap.Node) (string, *fault) {
	token := p.SavePreset(req.Get("PresetToken"), req.Get("PresetName"))
	if token == "" {
		return "", &noToken
	}
	return "<tptz:SetPresetResponse><tptz:PresetToken>" + soap.Escape(token) + "</tptz:PresetToken></tptz:SetPresetResponse>", nil
}

func (s *Server) ptzAuxiliary(p PTZ, req *soap.Node) (string, *fault) {
	command := req.Get("AuxiliaryData")
	if !p.Auxiliary(command) {
		return "", &noAuxiliary
	}
	return "<tptz:SendAuxiliaryCommandResponse><tptz:AuxiliaryResponse>" + soap.Escape(command) + "</tptz:AuxiliaryResponse></tptz:SendAuxiliaryCommandResponse>", nil
}

func (s *Server) getPresetTours(p PTZ, req *soap.Node) (string, *fault) {
	b, one := "", req.Get("PresetTourToken")
	for _, t := range p.Tours() {
		if req.Name == "GetPresetTours" || t.Token == one {
			b += t.XML("tptz:PresetTour")
		}
	}
	if req.Name == "GetPresetTour" && b == "" {
		return "", &noToken
	}
	return "<tptz:" + req.Name + "Response>" + b + "</tptz:" + req.Name + "Response>", nil
}

func (s *Server) getPresetTourOptions(p PTZ, _ *soap.Node) (string, *fault) {
	o := tt.TourOptions{Directions: []string{"Forward", "Backward"}, Home: true, MinStay: time.Second, MaxStay: time.Hour}
	for _, r := range p.Presets() {
		o.Presets = append(o.Presets, r.Token)
	}
	return "<tptz:GetPresetTourOptionsResponse>" + o.XML("tptz:Options") + "</tptz:GetPresetTourOptionsResponse>", nil
}

func (s *Server) createPresetTour(p PTZ, _ *soap.Node) (string, *fault) {
	token := p.CreateTour()
	if token == "" {
		return "", &manyTours
	}
	return "<tptz:CreatePresetTourResponse><tptz:PresetTourToken>" + soap.Escape(token) + "</tptz:PresetTourToken></tptz:CreatePresetTourResponse>", nil
}

func (s *Server) modifyPresetTour(p PTZ, req *soap.Node) (string, *fault) {
	if !p.ModifyTour(tt.ReadPresetTour(req.Find("PresetTour"))) {
		return "", &badTour
	}
	return "<tptz:ModifyPresetTourResponse/>", nil
}

func (s *Server) operatePresetTour(p PTZ, req *soap.Node) (string, *fault) {
	if !p.OperateTour(req.Get("PresetTourToken"), req.Get("Operation")) {
		return "", &badTour
	}
	return "<tptz:OperatePresetTourResponse/>", nil
}

func (s *Server) removePresetTour(p PTZ, req *soap.Node) (string, *fault) {
	if !p.RemoveTour(req.Get("PresetTourToken")) {
		return "", &noToken
	}
	return "<tptz:RemovePresetTourResponse/>", nil
}
