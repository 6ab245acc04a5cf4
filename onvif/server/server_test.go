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

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// open starts a device that asks for no credentials.
func open(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.New(server.Options{Device: onviftest.New(onviftest.Options{Kind: onviftest.PTZ, Name: "Gate", Profiles: []server.Profile{
		{Token: "main", Name: "Main", Codec: "H264", Width: 1280, Height: 720, FPS: 25, Kbps: 2000, GOP: 50, StreamURI: "rtsp://127.0.0.1/main"}}})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func ask(t *testing.T, s *server.Server, body string) string {
	t.Helper()
	env := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://www.onvif.org/ver10/device/wsdl" xmlns:m="http://www.onvif.org/ver10/media/wsdl" xmlns:m2="http://www.onvif.org/ver20/media/wsdl" xmlns:p="http://www.onvif.org/ver20/ptz/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>` + body + `</s:Body></s:Envelope>`
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
	"<d:SetHostname/>",
}

// TestAnswersAreValid checks every answer and fault against the official schemas, which are not part of the repository.
func TestAnswersAreValid(t *testing.T) {
	shared := os.Getenv("HOLDFAST_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	validate := filepath.Join(shared, "onvif", "validate")
	if _, err := os.Stat(validate); err != nil {
		t.Skipf("the official schemas and their validator are not at %s", validate)
	}
	s := open(t)
	dir := t.TempDir()
	var files []string
	for i, q := range questions {
		file := filepath.Join(dir, fmt.Sprintf("%02d.xml", i))
		if err := os.WriteFile(file, []byte(ask(t, s, q)), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
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
