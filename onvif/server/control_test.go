package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// ofKind starts a device of a kind that asks for no credentials.
func ofKind(t *testing.T, o onviftest.Options) *server.Server {
	t.Helper()
	o.Name = "Device"
	o.Profiles = []server.Profile{{Token: "main", Name: "Main", Codec: "H264", Width: 1280, Height: 720, FPS: 25, Kbps: 2000, GOP: 50, StreamURI: "rtsp://127.0.0.1/main"}}
	s, err := server.New(server.Options{Device: onviftest.New(o)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func control(t *testing.T, s *server.Server, body string) string {
	t.Helper()
	env := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://www.onvif.org/ver10/device/wsdl" xmlns:p="http://www.onvif.org/ver20/ptz/wsdl" xmlns:i="http://www.onvif.org/ver20/imaging/wsdl" xmlns:o="http://www.onvif.org/ver10/deviceIO/wsdl" xmlns:h="http://www.onvif.org/ver10/thermal/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:a="http://www.onvif.org/ver20/analytics/wsdl" xmlns:m="http://www.onvif.org/ver10/media/wsdl" xmlns:M="http://www.onvif.org/ver20/media/wsdl"><s:Body>` + body + `</s:Body></s:Envelope>`
	res, err := http.Post(s.XAddr(), "application/soap+xml", strings.NewReader(env))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	onMain   = "<p:ProfileToken>main</p:ProfileToken>"
	onSource = "<i:VideoSourceToken>source</i:VideoSourceToken>"
	onHeat   = "<h:VideoSourceToken>source</h:VideoSourceToken>"
)

// controlQuestions are asked in this order; what begins with ! is refused.
var controlQuestions = map[onviftest.Kind][]string{
	onviftest.PTZ: {
		"<d:GetServices><d:IncludeCapability>true</d:IncludeCapability></d:GetServices>", "<d:GetCapabilities/>", "<p:GetServiceCapabilities/>",
		"<p:GetNodes/>", "<p:GetNode><p:NodeToken>node</p:NodeToken></p:GetNode>", "!<p:GetNode><p:NodeToken>x</p:NodeToken></p:GetNode>",
		"<p:GetConfigurations/>", "<p:GetConfiguration><p:PTZConfigurationToken>ptz</p:PTZConfigurationToken></p:GetConfiguration>",
		"<p:GetConfigurationOptions><p:ConfigurationToken>ptz</p:ConfigurationToken></p:GetConfigurationOptions>", "!<p:GetConfigurationOptions/>",
		"<p:GetCompatibleConfigurations>" + onMain + "</p:GetCompatibleConfigurations>", "<p:GetStatus>" + onMain + "</p:GetStatus>", "!<p:GetStatus/>",
		`!<p:AbsoluteMove>` + onMain + `<p:Position><tt:PanTilt x="2" y="0"/></p:Position></p:AbsoluteMove>`,
		`!<p:AbsoluteMove>` + onMain + `<p:Position><tt:PanTilt x="0" y="0" space="x"/></p:Position></p:AbsoluteMove>`,
		`<p:AbsoluteMove>` + onMain + `<p:Position><tt:PanTilt x="0.5" y="0"/></p:Position></p:AbsoluteMove>`,
		`<p:RelativeMove>` + onMain + `<p:Translation><tt:Zoom x="0.1"/></p:Translation></p:RelativeMove>`,
		`!<p:ContinuousMove>` + onMain + `<p:Velocity><tt:Zoom x="0.1"/></p:Velocity><p:Timeout>PT1H</p:Timeout></p:ContinuousMove>`,
		`<p:ContinuousMove>` + onMain + `<p:Velocity><tt:Zoom x="0.1"/></p:Velocity><p:Timeout>PT5S</p:Timeout></p:ContinuousMove>`, "<p:Stop>" + onMain + "</p:Stop>",
		"<p:GetPresets>" + onMain + "</p:GetPresets>", "<p:SetPreset>" + onMain + "</p:SetPreset>", "<p:GotoPreset>" + onMain + "<p:PresetToken>3</p:PresetToken></p:GotoPreset>",
		"<p:RemovePreset>" + onMain + "<p:PresetToken>3</p:PresetToken></p:RemovePreset>", "!<p:RemovePreset>" + onMain + "<p:PresetToken>3</p:PresetToken></p:RemovePreset>",
		"<p:SetHomePosition>" + onMain + "</p:SetHomePosition>", "<p:GotoHomePosition>" + onMain + "</p:GotoHomePosition>",
		"<p:SendAuxiliaryCommand>" + onMain + "<p:AuxiliaryData>tt:Wiper|On</p:AuxiliaryData></p:SendAuxiliaryCommand>", "!<p:SendAuxiliaryCommand>" + onMain + "</p:SendAuxiliaryCommand>",
		"<p:CreatePresetTour>" + onMain + "</p:CreatePresetTour>", "<p:GetPresetTours>" + onMain + "</p:GetPresetTours>", "<p:GetPresetTour>" + onMain + "<p:PresetTourToken>tour4</p:PresetTourToken></p:GetPresetTour>",
		"<p:GetPresetTourOptions>" + onMain + "</p:GetPresetTourOptions>", "!<p:OperatePresetTour>" + onMain + "<p:PresetTourToken>tour4</p:PresetTourToken><p:Operation>Start</p:Operation></p:OperatePresetTour>",
		`<p:ModifyPresetTour>` + onMain + `<p:PresetTour token="tour4"><tt:TourSpot><tt:PresetDetail><tt:PresetToken>1</tt:PresetToken></tt:PresetDetail></tt:TourSpot></p:PresetTour></p:ModifyPresetTour>`,
		"<p:OperatePresetTour>" + onMain + "<p:PresetTourToken>tour4</p:PresetTourToken><p:Operation>Start</p:Operation></p:OperatePresetTour>", "<p:GetPresetTours>" + onMain + "</p:GetPresetTours>",
		"<p:RemovePresetTour>" + onMain + "<p:PresetTourToken>tour4</p:PresetTourToken></p:RemovePresetTour>",
		`!<p:GeoMove>` + onMain + `<p:Target lon="1" lat="1"/></p:GeoMove>`, `<d:SetGeoLocation><d:Location Token="source"><tt:GeoLocation lon="1" lat="2"/></d:Location></d:SetGeoLocation>`,
		`<p:GeoMove>` + onMain + `<p:Target lon="1" lat="1"/></p:GeoMove>`,
	},
	onviftest.Fixed: {
		"<d:GetServices><d:IncludeCapability>true</d:IncludeCapability></d:GetServices>", "<d:GetCapabilities/>", "<d:GetServiceCapabilities/>", "<i:GetServiceCapabilities/>", "<o:GetServiceCapabilities/>",
		"!<p:GetNodes/>", "!<a:GetAnalyticsModules/>", "<i:GetImagingSettings>" + onSource + "</i:GetImagingSettings>", "!<i:GetImagingSettings/>", "<i:GetOptions>" + onSource + "</i:GetOptions>",
		`<i:SetImagingSettings>` + onSource + `<i:ImagingSettings><tt:Brightness>40</tt:Brightness></i:ImagingSettings></i:SetImagingSettings>`,
		`!<i:SetImagingSettings>` + onSource + `<i:ImagingSettings><tt:Brightness>400</tt:Brightness></i:ImagingSettings></i:SetImagingSettings>`,
		"<i:GetMoveOptions>" + onSource + "</i:GetMoveOptions>", "<i:Move>" + onSource + "<i:Focus><tt:Continuous><tt:Speed>1</tt:Speed></tt:Continuous></i:Focus></i:Move>", "!<i:Move>" + onSource + "</i:Move>",
		"<i:GetStatus>" + onSource + "</i:GetStatus>", "<i:Stop>" + onSource + "</i:Stop>", "<i:GetPresets>" + onSource + "</i:GetPresets>", "<i:GetCurrentPreset>" + onSource + "</i:GetCurrentPreset>",
		"<i:SetCurrentPreset>" + onSource + "<i:PresetToken>fog</i:PresetToken></i:SetCurrentPreset>", "!<i:SetCurrentPreset>" + onSource + "</i:SetCurrentPreset>",
		"<d:GetRelayOutputs/>", "<o:GetRelayOutputs/>", "<o:GetRelayOutputOptions/>", "<o:GetDigitalInputs/>",
		`<o:SetRelayOutputSettings><o:RelayOutput token="relay1"><tt:Properties><tt:Mode>Bistable</tt:Mode><tt:DelayTime>PT0S</tt:DelayTime><tt:IdleState>open</tt:IdleState></tt:Properties></o:RelayOutput></o:SetRelayOutputSettings>`,
		`!<d:SetRelayOutputSettings><d:RelayOutputToken>relay1</d:RelayOutputToken><d:Properties><tt:Mode>Odd</tt:Mode></d:Properties></d:SetRelayOutputSettings>`,
		"<d:SetRelayOutputState><d:RelayOutputToken>relay1</d:RelayOutputToken><d:LogicalState>active</d:LogicalState></d:SetRelayOutputState>", "!<d:SetRelayOutputState/>",
		"<d:SendAuxiliaryCommand><d:AuxiliaryCommand>tt:IRLamp|On</d:AuxiliaryCommand></d:SendAuxiliaryCommand>", "!<d:SendAuxiliaryCommand/>",
		`<d:SetGeoLocation><d:Location Entity="VideoSource" Token="source"><tt:GeoLocation lon="1" lat="2"/><tt:GeoOrientation yaw="3"/></d:Location></d:SetGeoLocation>`, "<d:GetGeoLocation/>",
		`<d:DeleteGeoLocation><d:Location Entity="VideoSource" Token="source"/></d:DeleteGeoLocation>`, "<d:GetGeoLocation/>", `!<d:DeleteGeoLocation><d:Location Token="x"/></d:DeleteGeoLocation>`,
	},
	onviftest.Thermal: {
		"<d:GetServices><d:IncludeCapability>true</d:IncludeCapability></d:GetServices>", "<h:GetServiceCapabilities/>", "!<i:GetOptions>" + onSource + "</i:GetOptions>", "!<d:GetRelayOutputs/>",
		"<a:GetServiceCapabilities/>", "<a:GetAnalyticsModules><a:ConfigurationToken>analytics</a:ConfigurationToken></a:GetAnalyticsModules>", "!<a:GetAnalyticsModules/>", "<m:GetProfiles/>", "<M:GetProfiles/>",
		"<h:GetConfigurations/>", "<h:GetConfiguration>" + onHeat + "</h:GetConfiguration>", "!<h:GetConfiguration/>", "<h:GetConfigurationOptions>" + onHeat + "</h:GetConfigurationOptions>",
		`<h:SetConfiguration>` + onHeat + `<h:Configuration><h:ColorPalette token="iron" Type="Iron"><h:Name>Iron</h:Name></h:ColorPalette><h:Polarity>WhiteHot</h:Polarity></h:Configuration></h:SetConfiguration>`,
		`!<h:SetConfiguration>` + onHeat + `<h:Configuration/></h:SetConfiguration>`,
		"<h:GetRadiometryConfiguration>" + onHeat + "</h:GetRadiometryConfiguration>", "<h:GetRadiometryConfigurationOptions>" + onHeat + "</h:GetRadiometryConfigurationOptions>",
		`<h:SetRadiometryConfiguration>` + onHeat + `<h:Configuration><h:RadiometryGlobalParameters><h:ReflectedAmbientTemperature>290</h:ReflectedAmbientTemperature><h:Emissivity>0.9</h:Emissivity><h:DistanceToObject>3</h:DistanceToObject></h:RadiometryGlobalParameters></h:Configuration></h:SetRadiometryConfiguration>`,
	},
}

var asks = regexp.MustCompile(`^<[a-zM]:(\w+)`)

// TestControlIsAnsweredAndValid checks that each operation is answered, or refused, and that what comes is of the official
// schemas, which are not part of the repository.
func TestControlIsAnsweredAndValid(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for kind, list := range controlQuestions {
		s := ofKind(t, onviftest.Options{Kind: kind})
		for i, q := range list {
			q, refused := strings.CutPrefix(q, "!")
			got := control(t, s, q)
			if answered := strings.Contains(got, ":"+asks.FindStringSubmatch(q)[1]+"Response"); answered == refused || refused != strings.Contains(got, "Fault>") {
				t.Errorf("%s: %s is answered by %s", kind, q, got)
			}
			file := filepath.Join(dir, fmt.Sprintf("%s-%02d.xml", kind, i))
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	shared := os.Getenv("HOLDFAST_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	validate := filepath.Join(shared, "onvif", "validate")
	if _, err := os.Stat(validate); err != nil {
		t.Skipf("the official schemas and their validator are not at %s", validate)
	}
	if out, err := exec.Command(validate, files...).CombinedOutput(); err != nil {
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "validity error") {
				t.Error(strings.TrimSpace(line))
			}
		}
		t.Error(err)
	}
}
