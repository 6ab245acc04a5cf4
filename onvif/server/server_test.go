package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// open starts a device that asks for no credentials.
func open(t *testing.T) *server.Server { return openKind(t, onviftest.PTZ) }

func openKind(t *testing.T, k onviftest.Kind) *server.Server {
	t.Helper()
	_, s := eventDevice(t, onviftest.Options{Kind: k})
	return s
}

// eventDevice starts such a device with options of its own.
func eventDevice(t *testing.T, o onviftest.Options) (*onviftest.Device, *server.Server) {
	t.Helper()
	o.Name, o.Profiles = "Gate", []server.Profile{
		{Token: "main", Name: "Main", Codec: "H264", Width: 1280, Height: 720, FPS: 25, Kbps: 2000, GOP: 50, Audio: "PCMU", StreamURI: "rtsp://127.0.0.1/main"}}
	d := onviftest.New(o)
	s, err := server.New(server.Options{Device: d})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return d, s
}

func ask(t *testing.T, s *server.Server, body string) string {
	t.Helper()
	env := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://www.onvif.org/ver10/device/wsdl" xmlns:m="http://www.onvif.org/ver10/media/wsdl" xmlns:m2="http://www.onvif.org/ver20/media/wsdl" xmlns:p="http://www.onvif.org/ver20/ptz/wsdl" xmlns:e="http://www.onvif.org/ver10/search/wsdl" xmlns:r="http://www.onvif.org/ver10/replay/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>` + body + `</s:Body></s:Envelope>`
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

var questions = []string{
	"<d:GetSystemDateAndTime/>", "<d:GetDeviceInformation/>", "<d:GetServices><d:IncludeCapability>true</d:IncludeCapability></d:GetServices>",
	"<d:GetServiceCapabilities/>", "<m:GetServiceCapabilities/>", "<m2:GetServiceCapabilities/>", "<p:GetServiceCapabilities/>",
	"<d:GetCapabilities/>", "<d:GetScopes/>", "<d:GetHostname/>", "<d:GetNetworkInterfaces/>", "<d:GetWsdlUrl/>", "<d:GetEndpointReference/>", "<d:GetUsers/>",
	"<m:GetProfiles/>", "<m2:GetProfiles/>", "<m:GetProfile><m:ProfileToken>main</m:ProfileToken></m:GetProfile>", "<m:GetProfile><m:ProfileToken>none</m:ProfileToken></m:GetProfile>",
	"<m:GetStreamUri><m:ProfileToken>main</m:ProfileToken></m:GetStreamUri>", "<m2:GetStreamUri><m2:ProfileToken>main</m2:ProfileToken></m2:GetStreamUri>",
	"<m:GetVideoSources/>", "<m:GetVideoSourceConfigurations/>", "<m2:GetVideoSourceConfigurations/>", "<m:GetVideoEncoderConfigurations/>", "<m2:GetVideoEncoderConfigurations/>",
	"<p:GetNodes/>", "<p:GetConfigurations/>", "<p:GetStatus><p:ProfileToken>main</p:ProfileToken></p:GetStatus>", "<p:GetPresets><p:ProfileToken>main</p:ProfileToken></p:GetPresets>",
	`<p:ContinuousMove><p:ProfileToken>main</p:ProfileToken><p:Velocity><tt:PanTilt x="0.5" y="0"/></p:Velocity></p:ContinuousMove>`, "<p:Stop><p:ProfileToken>main</p:ProfileToken></p:Stop>",
	"<d:SetHostname/>", "<d:SetHostname><d:Name>gate</d:Name></d:SetHostname>", "<d:SetHostnameFromDHCP><d:FromDHCP>true</d:FromDHCP></d:SetHostnameFromDHCP>", "<d:SetScopes><d:Scopes>onvif://www.onvif.org/name/Gate</d:Scopes></d:SetScopes>",
	"<d:SetSystemDateAndTime><d:DateTimeType>NTP</d:DateTimeType><d:DaylightSavings>false</d:DaylightSavings></d:SetSystemDateAndTime>", "<d:SetSystemDateAndTime><d:DateTimeType>Manual</d:DateTimeType><d:DaylightSavings>false</d:DaylightSavings></d:SetSystemDateAndTime>",
	"<d:GetNTP/>", "<d:SetNTP><d:FromDHCP>false</d:FromDHCP><d:NTPManual><tt:Type>DNS</tt:Type><tt:DNSname>ntp</tt:DNSname></d:NTPManual></d:SetNTP>", "<d:GetNTP/>", "<d:GetDNS/>", "<d:SetDNS><d:FromDHCP>true</d:FromDHCP></d:SetDNS>",
	"<d:GetNetworkDefaultGateway/>", "<d:SetNetworkDefaultGateway><d:IPv4Address>192.168.1.2</d:IPv4Address></d:SetNetworkDefaultGateway>", "<d:GetNetworkProtocols/>",
	"<d:SetNetworkProtocols><d:NetworkProtocols><tt:Name>RTSP</tt:Name><tt:Enabled>true</tt:Enabled><tt:Port>554</tt:Port></d:NetworkProtocols></d:SetNetworkProtocols>",
	"<d:SetNetworkInterfaces><d:InterfaceToken>eth0</d:InterfaceToken><d:NetworkInterface><tt:Enabled>true</tt:Enabled></d:NetworkInterface></d:SetNetworkInterfaces>", "<d:SetNetworkInterfaces><d:InterfaceToken>no</d:InterfaceToken><d:NetworkInterface/></d:SetNetworkInterfaces>",
	"<d:CreateUsers><d:User><tt:Username>guest</tt:Username><tt:Password>open doors</tt:Password><tt:UserLevel>User</tt:UserLevel></d:User></d:CreateUsers>", "<d:CreateUsers><d:User><tt:Username>x</tt:Username><tt:Password>a</tt:Password><tt:UserLevel>User</tt:UserLevel></d:User></d:CreateUsers>",
	"<d:SetUser><d:User><tt:Username>guest</tt:Username><tt:UserLevel>Operator</tt:UserLevel></d:User></d:SetUser>", "<d:GetUsers/>", "<d:DeleteUsers><d:Username>guest</d:Username></d:DeleteUsers>", "<d:DeleteUsers><d:Username>guest</d:Username></d:DeleteUsers>",
	"<d:SystemReboot/>", "<d:SetSystemFactoryDefault><d:FactoryDefault>Soft</d:FactoryDefault></d:SetSystemFactoryDefault>", "<d:GetSystemUris/>", "<d:GetSystemLog><d:LogType>System</d:LogType></d:GetSystemLog>", "<d:StartFirmwareUpgrade/>", "<d:StartSystemRestore/>",
}

// mediaQuestions are about pictures, sound and what is painted into them; each is asked of Media and of Media2.
var mediaQuestions = []string{
	"<M:GetServiceCapabilities/>", "<M:GetProfiles/>", "<M:GetVideoSourceConfigurations/>", "<M:GetVideoEncoderConfigurations/>",
	"<M:GetSnapshotUri><M:ProfileToken>main</M:ProfileToken></M:GetSnapshotUri>", "<M:GetSnapshotUri><M:ProfileToken>none</M:ProfileToken></M:GetSnapshotUri>",
	"<M:GetStreamUri><M:Protocol>RtspMulticast</M:Protocol><M:ProfileToken>main</M:ProfileToken></M:GetStreamUri>",
	"<M:GetVideoEncoderConfigurationOptions><M:ConfigurationToken>vec-main</M:ConfigurationToken></M:GetVideoEncoderConfigurationOptions>",
	"<M:GetVideoEncoderInstances><M:ConfigurationToken>vsc</M:ConfigurationToken></M:GetVideoEncoderInstances>",
	"<M:GetGuaranteedNumberOfVideoEncoderInstances><M:ConfigurationToken>vsc</M:ConfigurationToken></M:GetGuaranteedNumberOfVideoEncoderInstances>",
	`<M:SetVideoEncoderConfiguration><M:Configuration token="vec-main"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>640</tt:Width><tt:Height>360</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality></M:Configuration></M:SetVideoEncoderConfiguration>`,
	`<M:SetVideoEncoderConfiguration><M:Configuration token="vec-main"><tt:Encoding>VP9</tt:Encoding></M:Configuration></M:SetVideoEncoderConfiguration>`,
	`<M:CreateOSD><M:OSD token=""><tt:VideoSourceConfigurationToken>vsc</tt:VideoSourceConfigurationToken><tt:Type>Text</tt:Type><tt:Position><tt:Type>Custom</tt:Type><tt:Pos x="0" y="0.5"/></tt:Position><tt:TextString><tt:Type>Plain</tt:Type><tt:PlainText>a&lt;b</tt:PlainText></tt:TextString></M:OSD></M:CreateOSD>`,
	"<M:GetOSDs/>", "<M:GetOSDOptions><M:ConfigurationToken>vsc</M:ConfigurationToken></M:GetOSDOptions>",
	`<M:SetOSD><M:OSD token="osd-1"><tt:VideoSourceConfigurationToken>vsc</tt:VideoSourceConfigurationToken><tt:Type>Text</tt:Type><tt:Position><tt:Type>UpperLeft</tt:Type></tt:Position><tt:TextString><tt:Type>Time</tt:Type></tt:TextString></M:OSD></M:SetOSD>`,
	"<M:DeleteOSD><M:OSDToken>osd-1</M:OSDToken></M:DeleteOSD>", "<M:DeleteOSD><M:OSDToken>none</M:OSDToken></M:DeleteOSD>",
	`<M:CreateMask><M:Mask token=""><M:ConfigurationToken>vsc</M:ConfigurationToken><M:Polygon><tt:Point x="0" y="0"/><tt:Point x="1" y="0"/><tt:Point x="1" y="1"/></M:Polygon><M:Type>Color</M:Type><M:Enabled>true</M:Enabled></M:Mask></M:CreateMask>`,
	"<M:GetMasks/>", "<M:GetMaskOptions><M:ConfigurationToken>vsc</M:ConfigurationToken></M:GetMaskOptions>", "<M:DeleteMask><M:Token>mask-9</M:Token></M:DeleteMask>",
	"<M:GetVideoSourceModes><M:VideoSourceToken>source</M:VideoSourceToken></M:GetVideoSourceModes>",
	"<M:SetVideoSourceMode><M:VideoSourceToken>source</M:VideoSourceToken><M:VideoSourceModeToken>fast</M:VideoSourceModeToken></M:SetVideoSourceMode>",
	"<M:GetAudioSources/>", "<M:GetAudioOutputs/>", "<M:GetAudioEncoderConfigurationOptions/>", "<M:GetAudioDecoderConfigurationOptions/>",
	"<M:GetMetadataConfigurations/>", `<M:SetMetadataConfiguration><M:Configuration token="metadata"><tt:Analytics>true</tt:Analytics></M:Configuration></M:SetMetadataConfiguration>`,
}

// TestAnswersAreValid checks every answer and fault against the official schemas, which are not part of the repository.
var recordingQuestions = []string{
	"<e:GetServiceCapabilities/>", "<r:GetServiceCapabilities/>", "<e:FindRecordings><e:Scope/><e:KeepAliveTime>PT10S</e:KeepAliveTime></e:FindRecordings>",
	"<e:GetRecordingSearchResults><e:SearchToken>search-1</e:SearchToken></e:GetRecordingSearchResults>", "<e:EndSearch><e:SearchToken>search-1</e:SearchToken></e:EndSearch>", "<e:EndSearch><e:SearchToken>none</e:SearchToken></e:EndSearch>",
	"<e:FindEvents><e:StartPoint>2026-01-01T00:00:00Z</e:StartPoint><e:Scope/><e:SearchFilter/><e:IncludeStartState>true</e:IncludeStartState><e:KeepAliveTime>PT10S</e:KeepAliveTime></e:FindEvents>",
	"<e:GetEventSearchResults><e:SearchToken>search-2</e:SearchToken></e:GetEventSearchResults>", "<e:GetRecordingSummary/>",
	"<r:GetReplayUri><r:StreamSetup/><r:RecordingToken>1</r:RecordingToken></r:GetReplayUri>", "<r:GetReplayUri><r:StreamSetup/><r:RecordingToken>none</r:RecordingToken></r:GetReplayUri>",
}

func TestAnswersAreValid(t *testing.T) {
	shared := os.Getenv("HOLDFAST_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	validate := filepath.Join(shared, "onvif", "validate")
	if _, err := os.Stat(validate); err != nil {
		t.Skipf("the official schemas and their validator are not at %s", validate)
	}
	dir := t.TempDir()
	var files []string
	keep := func(s *server.Server, q string) {
		file := filepath.Join(dir, fmt.Sprintf("%03d.xml", len(files)))
		if err := os.WriteFile(file, []byte(ask(t, s, q)), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	s := open(t)
	for _, q := range questions {
		keep(s, q)
	}
	card, s := eventDevice(t, onviftest.Options{Kind: onviftest.Fixed})
	card.Keep(server.Kept{Token: "1", SourceID: "source", Name: "Gate", ReplayURI: "rtsp://127.0.0.1/replay", Spans: []server.Span{{From: time.Now().Add(-time.Hour)}}})
	for _, q := range recordingQuestions {
		keep(s, q)
	}
	for _, k := range []onviftest.Kind{onviftest.ProfileT, onviftest.ProfileS, onviftest.Encoder} {
		s := openKind(t, k)
		keep(s, "<d:GetServices><d:IncludeCapability>true</d:IncludeCapability></d:GetServices>")
		keep(s, "<m:GetVideoSources/>")
		for _, q := range mediaQuestions {
			keep(s, strings.NewReplacer("<M:", "<m:", "</M:", "</m:").Replace(q))
			keep(s, strings.NewReplacer("<M:", "<m2:", "</M:", "</m2:").Replace(q))
		}
	}
	if out, err := exec.Command(validate, files...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestMovesActOnThePosition(t *testing.T) {
	s := open(t)
	ask(t, s, `<p:AbsoluteMove><p:ProfileToken>main</p:ProfileToken><p:Position><tt:PanTilt x="0.25" y="-0.5"/><tt:Zoom x="0.75"/></p:Position></p:AbsoluteMove>`)
	if got := ask(t, s, "<p:GetStatus><p:ProfileToken>main</p:ProfileToken></p:GetStatus>"); !strings.Contains(got, `x="0.25" y="-0.5"`) {
		t.Error(got)
	}
}
