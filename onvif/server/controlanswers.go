package server

import (
	"slices"
	"strconv"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return v
}

// controlOperations are those of imaging, relays and inputs, thermal, auxiliary commands and places.
func controlOperations() map[string]operation {
	imaging := func(do func(*Server, Imaging, *soap.Node) (string, *fault)) operation {
		return operation{soap.NSImaging, false, func(s *Server, req *soap.Node) (string, *fault) {
			i := s.controls().Imaging()
			switch {
			case i == nil:
				return "", &notSupported
			case !s.hasSource(req.Get("VideoSourceToken")):
				return "", &noSource
			}
			return do(s, i, req)
		}}
	}
	io := func(space string, do func(IO, *soap.Node) (string, *fault)) operation {
		return operation{space, false, func(s *Server, req *soap.Node) (string, *fault) {
			i := s.controls().IO()
			if i == nil || i.Old() && req.Space == soap.NSDeviceIO {
				return "", &notSupported
			}
			return do(i, req)
		}}
	}
	thermal := func(do func(Thermal, *soap.Node) (string, *fault)) operation {
		return operation{soap.NSThermal, false, func(s *Server, req *soap.Node) (string, *fault) {
			t := s.controls().Thermal()
			switch {
			case t == nil:
				return "", &notSupported
			case req.Name == "GetConfigurations":
			case !s.hasSource(req.Get("VideoSourceToken")):
				return "", &noSource
			case req.Get("VideoSourceToken") != t.Source():
				return "", &noThermal
			}
			return do(t, req)
		}}
	}
	options := io("", getRelayOutputOptions)
	options.public = true
	return map[string]operation{
		"GetImagingSettings": imaging((*Server).getImagingSettings), "SetImagingSettings": imaging((*Server).setImagingSettings),
		"timg:GetOptions": imaging((*Server).getImagingOptions), "timg:GetMoveOptions": imaging((*Server).getMoveOptions),
		"timg:Move": imaging((*Server).moveFocus), "timg:Stop": imaging((*Server).stopFocus), "timg:GetStatus": imaging((*Server).getFocusStatus),
		"timg:GetPresets": imaging((*Server).getImagingPresets), "timg:GetCurrentPreset": imaging((*Server).getCurrentPreset), "timg:SetCurrentPreset": imaging((*Server).setCurrentPreset),

		"tds:GetRelayOutputs": io(soap.NSDevice, getRelayOutputs), "tmd:GetRelayOutputs": io(soap.NSDeviceIO, getRelayOutputs), "tmd:GetRelayOutputOptions": options,
		"tds:SetRelayOutputSettings": io(soap.NSDevice, setRelaySettings), "tmd:SetRelayOutputSettings": io(soap.NSDeviceIO, setRelaySettings),
		"tds:SetRelayOutputState": io(soap.NSDevice, setRelayState), "tmd:SetRelayOutputState": io(soap.NSDeviceIO, setRelayState),
		"tmd:GetDigitalInputs": io(soap.NSDeviceIO, getDigitalInputs),

		"tth:GetConfiguration": thermal(getThermal), "tth:GetConfigurations": thermal(getThermals), "tth:GetConfigurationOptions": thermal(getThermalOptions),
		"tth:SetConfiguration": thermal(setThermal), "GetRadiometryConfiguration": thermal(getRadiometry),
		"GetRadiometryConfigurationOptions": thermal(getRadiometryOptions), "SetRadiometryConfiguration": thermal(setRadiometry),

		"tds:SendAuxiliaryCommand": {soap.NSDevice, false, (*Server).sendAuxiliaryCommand},
		"GetGeoLocation":           {soap.NSDevice, false, (*Server).getGeoLocation},
		"SetGeoLocation":           {soap.NSDevice, false, (*Server).setGeoLocation},
		"DeleteGeoLocation":        {soap.NSDevice, false, (*Server).deleteGeoLocation},
	}
}

// hasSource tells whether the device has a video source of a token.
func (s *Server) hasSource(token string) bool {
	return slices.ContainsFunc(s.sources(), func(v VideoSource) bool { return v.Token == token })
}

func (s *Server) getImagingSettings(i Imaging, _ *soap.Node) (string, *fault) {
	now, _ := i.Imaging()
	return "<timg:GetImagingSettingsResponse>" + now.XML("timg:ImagingSettings") + "</timg:GetImagingSettingsResponse>", nil
}

func (s *Server) setImagingSettings(i Imaging, req *soap.Node) (string, *fault) {
	want := tt.ReadImagingSettings(req.Find("ImagingSettings"))
	if _, may := i.Imaging(); may.Check(want) != nil {
		return "", &badSettings
	}
	i.SetImaging(want)
	return "<timg:SetImagingSettingsResponse/>", nil
}

func (s *Server) getImagingOptions(i Imaging, _ *soap.Node) (string, *fault) {
	_, may := i.Imaging()
	return "<timg:GetOptionsResponse>" + may.XML("timg:ImagingOptions") + "</timg:GetOptionsResponse>", nil
}

func (s *Server) getMoveOptions(i Imaging, _ *soap.Node) (string, *fault) {
	may, _ := i.Focus()
	return "<timg:GetMoveOptionsResponse>" + may.XML("timg:MoveOptions") + "</timg:GetMoveOptionsResponse>", nil
}

func (s *Server) moveFocus(i Imaging, req *soap.Node) (string, *fault) {
	m := tt.ReadFocusMove(req.Find("Focus"))
	if may, _ := i.Focus(); may.Check(m) != nil {
		return "", &badSettings
	}
	i.MoveFocus(m)
	return "<timg:MoveResponse/>", nil
}

func (s *Server) stopFocus(i Imaging, _ *soap.Node) (string, *fault) {
	i.StopFocus()
	return "<timg:StopResponse/>", nil
}

func (s *Server) getFocusStatus(i Imaging, _ *soap.Node) (string, *fault) {
	_, at := i.Focus()
	return "<timg:GetStatusResponse>" + at.XML("timg:Status") + "</timg:GetStatusResponse>", nil
}

func (s *Server) getImagingPresets(i Imaging, _ *soap.Node) (string, *fault) {
	list, _ := i.ImagingPresets()
	if len(list) == 0 {
		return "", &notSupported
	}
	b := "<timg:GetPresetsResponse>"
	for _, p := range list {
		b += p.XML()
	}
	return b + "</timg:GetPresetsResponse>", nil
}

func (s *Server) getCurrentPreset(i Imaging, _ *soap.Node) (string, *fault) {
	list, current := i.ImagingPresets()
	b := "<timg:GetCurrentPresetResponse>"
	for _, p := range list {
		if p.Token == current {
			b += p.XML()
		}
	}
	return b + "</timg:GetCurrentPresetResponse>", nil
}

func (s *Server) setCurrentPreset(i Imaging, req *soap.Node) (string, *fault) {
	if !i.SetImagingPreset(req.Get("PresetToken")) {
		return "", &noToken
	}
	return "<timg:SetCurrentPresetResponse/>", nil
}

func getRelayOutputs(i IO, req *soap.Node) (string, *fault) {
	b := "<tds:GetRelayOutputsResponse>" // of both services (DeviceIO specification, section 5.8)
	for _, r := range i.Relays() {
		b += r.XML("tds:RelayOutputs")
	}
	return b + "</tds:GetRelayOutputsResponse>", nil
}

func getRelayOutputOptions(i IO, req *soap.Node) (string, *fault) {
	b, one := "", req.Get("RelayOutputToken")
	for _, o := range i.RelayOptions() {
		if one == "" || one == o.Token {
			b += o.XML("tmd:RelayOutputOptions")
		}
	}
	return "<tmd:GetRelayOutputOptionsResponse>" + b + "</tmd:GetRelayOutputOptionsResponse>", nil
}

func setRelaySettings(i IO, req *soap.Node) (string, *fault) {
	r := tt.ReadRelaySettings(req.Get("RelayOutputToken"), req.Find("Properties"))
	if k := req.Find("RelayOutput"); k != nil { // DeviceIO's form
		r = tt.ReadRelay(k)
	}
	at := slices.IndexFunc(i.RelayOptions(), func(o tt.RelayOptions) bool { return o.Token == r.Token })
	switch {
	case at < 0:
		return "", &noRelay
	case i.RelayOptions()[at].Check(r) != nil || !i.SetRelay(r):
		return "", &badRelay
	}
	p := prefixes[req.Space]
	return "<" + p + ":SetRelayOutputSettingsResponse/>", nil
}

func setRelayState(i IO, req *soap.Node) (string, *fault) {
	state := req.Get("LogicalState")
	switch {
	case state != "active" && state != "inactive":
		return "", &badRelay
	case !i.SetRelayState(req.Get("RelayOutputToken"), state == "active"):
		return "", &noRelay
	}
	return "<tds:SetRelayOutputStateResponse/>", nil
}

func getDigitalInputs(i IO, _ *soap.Node) (string, *fault) {
	b := "<tmd:GetDigitalInputsResponse>"
	for _, in := range i.Inputs() {
		b += in.XML("tmd:DigitalInputs")
	}
	return b + "</tmd:GetDigitalInputsResponse>", nil
}

func getThermal(t Thermal, _ *soap.Node) (string, *fault) {
	now, _ := t.Thermal()
	return "<tth:GetConfigurationResponse>" + now.XML("tth:Configuration") + "</tth:GetConfigurationResponse>", nil
}

func getThermals(t Thermal, _ *soap.Node) (string, *fault) {
	now, _ := t.Thermal()
	return `<tth:GetConfigurationsResponse><tth:Configurations token="` + soap.Escape(t.Source()) + `">` + now.XML("tth:Configuration") + "</tth:Configurations></tth:GetConfigurationsResponse>", nil
}

func getThermalOptions(t Thermal, _ *soap.Node) (string, *fault) {
	_, may := t.Thermal()
	return "<tth:GetConfigurationOptionsResponse>" + may.XML("tth:ConfigurationOptions") + "</tth:GetConfigurationOptionsResponse>", nil
}

func setThermal(t Thermal, req *soap.Node) (string, *fault) {
	want := tt.ReadThermal(req.Find("Configuration"))
	_, may := t.Thermal()
	switch {
	case !slices.ContainsFunc(may.Palettes, func(p tt.Palette) bool { return p.Token == want.Palette.Token }),
		want.Polarity != "WhiteHot" && want.Polarity != "BlackHot",
		want.NUC != nil && !slices.ContainsFunc(may.NUCTables, func(n tt.NUCTable) bool { return n.Token == want.NUC.Token }),
		want.Cooler != nil && !may.Cooler:
		return "", &badThermal
	}
	t.SetThermal(want)
	return "<tth:SetConfigurationResponse/>", nil
}

func getRadiometry(t Thermal, _ *soap.Node) (string, *fault) {
	now, _, ok := t.Radiometry()
	if !ok {
		return "", &notSupported
	}
	return "<tth:GetRadiometryConfigurationResponse>" + now.XML("tth:Configuration") + "</tth:GetRadiometryConfigurationResponse>", nil
}

func getRadiometryOptions(t Thermal, _ *soap.Node) (string, *fault) {
	_, may, ok := t.Radiometry()
	if !ok {
		return "", &notSupported
	}
	return "<tth:GetRadiometryConfigurationOptionsResponse>" + may.XML("tth:ConfigurationOptions") + "</tth:GetRadiometryConfigurationOptionsResponse>", nil
}

func setRadiometry(t Thermal, req *soap.Node) (string, *fault) {
	_, may, ok := t.Radiometry()
	want := tt.ReadRadiometry(req.Find("Configuration"))
	switch {
	case !ok:
		return "", &notSupported
	case may.Check(want) != nil:
		return "", &badThermal
	}
	t.SetRadiometry(want)
	return "<tth:SetRadiometryConfigurationResponse/>", nil
}

func (s *Server) sendAuxiliaryCommand(req *soap.Node) (string, *fault) {
	a := s.controls().Auxiliary()
	if a == nil {
		return "", &notSupported
	}
	if !a.SendAuxiliary(req.Get("AuxiliaryCommand")) {
		return "", &noAuxiliary
	}
	return "<tds:SendAuxiliaryCommandResponse/>", nil
}

func (s *Server) getGeoLocation(*soap.Node) (string, *fault) {
	p := s.controls().Places()
	if p == nil {
		return "", &notSupported
	}
	b := "<tds:GetGeoLocationResponse>"
	for _, l := range p.Places() {
		b += l.XML("tds:Location")
	}
	return b + "</tds:GetGeoLocationResponse>", nil
}

func (s *Server) setGeoLocation(req *soap.Node) (string, *fault) {
	p := s.controls().Places()
	if p == nil {
		return "", &notSupported
	}
	var list []tt.Location
	for _, k := range req.All("Location") {
		l := tt.ReadLocation(k)
		if l.Location != nil && l.Location.Check() != nil {
			return "", &badSettings
		}
		list = append(list, l)
	}
	p.SetPlaces(list)
	return "<tds:SetGeoLocationResponse/>", nil
}

func (s *Server) deleteGeoLocation(req *soap.Node) (string, *fault) {
	p := s.controls().Places()
	if p == nil {
		return "", &notSupported
	}
	for _, k := range req.All("Location") {
		if !p.DeletePlace(k.Attribute("Entity"), k.Attribute("Token")) {
			return "", &noConfig
		}
	}
	return "<tds:DeleteGeoLocationResponse/>", nil
}
