package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

// found waits until a simulated camera answers a probe of the gateway.
func (r *running) found(cam *simcam.Camera) Discovery {
	r.t.Helper()
	for range 5 { // each waits for answers; datagrams may be lost
		list, err := r.g.Find(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		for _, f := range list {
			if f.ID == cam.Endpoint() {
				return f
			}
		}
	}
	r.t.Fatal("the camera is not found")
	return Discovery{}
}

func TestCameraThatIsFoundIsAdoptedOnceAndSurvivesARestart(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.PTZ)
	dir := t.TempDir()
	r := startIn(t, dir, "")
	f := r.found(cam)
	if f.Adopted != "" {
		t.Fatalf("it is adopted before it was: %+v", f)
	}
	adoption := Adoption{Address: f.Address(), Endpoint: f.ID, Username: cam.Username(), Password: cam.Password()}
	id, err := r.g.Enrol(t.Context(), adoption)
	if err != nil {
		t.Fatal(err)
	}
	r.recorded(id, time.Second)
	if c := r.cameras()[id]; c.Source != originAdopted || c.Kind != "ptz" || c.Name == "" || c.Model == "" {
		t.Errorf("it is shown as %+v", c)
	}
	for what, a := range map[string]Adoption{
		"found again": adoption,
		"typed":       {Address: onvif.HostPort(f.Address()), Username: cam.Username(), Password: cam.Password()},
	} {
		if again, err := r.g.Enrol(t.Context(), a); err != nil || again != id || len(r.g.list()) != 1 {
			t.Errorf("%s it is %q, %v, with %d cameras", what, again, err, len(r.g.list()))
		}
	}
	r.end()
	r = startIn(t, dir, "")
	if known, err := r.g.knownDevices(); err != nil || known.of(f.Found) != id || known.byAddress[onvif.HostPort(f.Address())] != id {
		t.Errorf("after the restart it is %v, %v", known, err)
	}
	r.until(id, "footage after the restart", func(l []span) bool {
		return len(l) >= 3 && l[len(l)-2].Cause == string(storage.CauseStopped) && l[len(l)-1].Kind == "recorded"
	})
}

func TestCredentialsThatADeviceRefusesAreNotKept(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r := start(t, "")
	for name, req := range map[string]web.AdoptRequest{
		"a wrong password":     {Address: cam.ONVIF(), Username: cam.Username(), Password: "wrong"},
		"nobody there":         {Address: "127.0.0.1:9", Username: "u", Password: "p"},
		"no address":           {Address: " "},
		"another protocol":     {Address: "ftp://127.0.0.1/"},
		"a name in an address": {Address: "rtsp://u:p@127.0.0.1/"},
		"a mode unknown":       {Address: "rtsp://127.0.0.1/", Record: "sometimes"},
		"too long":             {Address: "rtsp://127.0.0.1/", Name: strings.Repeat("x", maxText+1)},
	} {
		if _, err := r.g.Adopt(t.Context(), req); err == nil || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, lost, err := r.g.state.adopted(); len(list)+len(lost) > 0 || err != nil || len(r.g.list()) > 0 {
		t.Errorf("kept is %+v %v, %v", list, lost, err)
	}
}

// sealed makes a data directory with one adopted camera.
func sealed(t *testing.T, url string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	r := startIn(t, dir, "")
	id, err := r.g.Enrol(t.Context(), Adoption{Address: url, Username: "viewer", Password: oddPassword, Name: "Old till"})
	if err != nil || id != "old-till" {
		t.Fatalf("adopted as %q, %v", id, err)
	}
	r.end()
	return dir
}

func TestKeyIsTheOwnersAndStateHoldsNoPasswordInClear(t *testing.T) {
	t.Parallel()
	data := filepath.Join(sealed(t, "rtsp://127.0.0.1:9/main"), "data")
	for _, name := range []string{"root.key", "vault/keys-00000001", "state.db"} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	db, err := os.ReadFile(filepath.Join(data, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{oddPassword, "viewer", "127.0.0.1:9"} {
		if bytes.Contains(db, []byte(secret)) {
			t.Errorf("%q is in state.db", secret)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(data, "state-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Without its key an adopted camera is lost; the others must be recorded all the same.
func TestLostKeyIsAnAlarmAndOtherCamerasAreRecorded(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	dir := sealed(t, "rtsp://127.0.0.1:9/main")
	if err := os.RemoveAll(filepath.Join(dir, "data", "vault")); err != nil {
		t.Fatal(err)
	}
	r := startIn(t, dir, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q}\n", cam.URL("main")))
	r.recorded("door", time.Second)
	if a, ok := r.alarm("camera:old-till"); !ok || a.Severity != "alarm" || a.Do == "" {
		t.Errorf("the alarm is %+v", a)
	}
	if _, there := r.g.Camera("old-till"); there {
		t.Error("a camera that cannot be opened is shown")
	}
	id, err := r.g.Enrol(t.Context(), Adoption{Address: "rtsp://127.0.0.1:9/main", Name: "Old till"})
	if err != nil || id != "old-till" {
		t.Errorf("added again it is %q, %v", id, err)
	}
	if _, still := r.alarm("camera:"); still {
		t.Error("the alarm stays")
	}
}

func TestFileWinsOverAnAdoptedCameraOfTheSameID(t *testing.T) {
	t.Parallel()
	const other = "rtsp://127.0.0.1:9/main"
	dir := sealed(t, other)
	cam, _ := play(t, rtsptest.Options{})
	r := startIn(t, dir, fmt.Sprintf("cameras:\n  - {id: old-till, name: New, rtsp: %q}\n", cam.URL("main")))
	if _, ok := r.alarm("camera:old-till"); !ok {
		t.Error("there is no alarm")
	}
	if _, err := r.g.Enrol(t.Context(), Adoption{Address: other, Name: "Old till"}); err == nil {
		t.Error("adopting the camera that had the id took it from the file's")
	}
	if c := r.cameras()["old-till"]; c.Source != originConfig || c.Name != "New" {
		t.Errorf("it is %+v", c)
	}
	if _, err := r.g.Enrol(t.Context(), Adoption{Address: cam.URL("main")}); !errors.Is(err, ErrTaken) {
		t.Errorf("the file's camera was adopted: %v", err)
	}
	r.recorded("old-till", time.Second)
}

func TestGatewayThatIsFullKeepsNothingOfAnotherCamera(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	r.g.mu.Lock()
	for i := range maxCameras {
		r.g.cameras = append(r.g.cameras, r.g.newCamera(config.Camera{ID: fmt.Sprint("c", i), Disabled: true}, originConfig))
	}
	r.g.mu.Unlock()
	if _, err := r.g.Enrol(t.Context(), Adoption{Address: "rtsp://127.0.0.1:9/"}); !errors.Is(err, ErrFull) {
		t.Errorf("enrol: %v", err)
	}
	if list, _, err := r.g.state.adopted(); len(list) > 0 || err != nil {
		t.Errorf("kept is %+v, %v", list, err)
	}
}

func TestNamesOfDevicesAreOneBoundedLine(t *testing.T) {
	for _, c := range []struct{ maker, model, want string }{
		{"ACME", "Dome 3", "ACME Dome 3"}, {"\x00\n", "\t", ""}, {"A\r\nB", "C", "A B C"},
		{strings.Repeat("ö", maxText), "", strings.Repeat("ö", maxText/2)},
	} {
		dev := &onvif.Device{}
		dev.Manufacturer, dev.Model = c.maker, c.model
		if got := called(dev); got != c.want {
			t.Errorf("%q %q is called %q, want %q", c.maker, c.model, got, c.want)
		}
	}
	for name, want := range map[string]string{"Till 3": "till-3", "Größe": "gr-e", "---": "camera", "": "camera", strings.Repeat("ab ", 40): strings.Repeat("ab-", 13) + "a"} {
		if got := slug(name); got != want {
			t.Errorf("the id of %q is %q, want %q", name, got, want)
		}
	}
}

// A camera that is adopted again is stopped before it is started anew: its stream has one writer.
func TestCameraAdoptedAgainGoesOnBeingRecorded(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{Username: "viewer", Password: oddPassword})
	r := start(t, "")
	enrol := func(password string) string {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		id, err := r.g.Enrol(ctx, Adoption{Address: cam.URL("main"), Username: "viewer", Password: password, Name: "Till"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	id := enrol("wrong")
	r.await("the refusal", func() bool { return r.cameras()[id].State == string(Unauthorized) })
	if again := enrol(oddPassword); again != id {
		t.Errorf("it is %q now, was %q", again, id)
	}
	r.recorded(id, time.Second)
	if n := len(r.cameras()); n != 1 {
		t.Errorf("%d cameras", n)
	}
}
