package web

import (
	"context"
	"fmt"
	"io"

	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/rtsp"
)

// managed answers for the devices of the tests' cameras.
type managed struct{ cameras *cameras }

func (m managed) there(id string) error {
	if _, ok := m.cameras.Camera(id); !ok {
		return ErrNotFound
	}
	return nil
}

func (m managed) DeviceNames(_ context.Context, id string) (DeviceNames, error) {
	return DeviceNames{Hostname: "door", Name: "Door"}, m.there(id)
}

func (m managed) SetDeviceNames(_ context.Context, id string, n DeviceNames) (DeviceNames, error) {
	if n.Hostname == "no host" {
		return n, Refused("the device refused it", "Choose another.")
	}
	return n, m.there(id)
}

func (m managed) DeviceClock(_ context.Context, id string) (DeviceClock, error) {
	return DeviceClock{Servers: []string{}}, m.there(id)
}

func (m managed) SetDeviceClock(_ context.Context, id string, _ DeviceClockChange) (DeviceClock, error) {
	return DeviceClock{Servers: []string{}}, m.there(id)
}

func (m managed) DeviceNetwork(_ context.Context, id string) (DeviceNetwork, error) {
	return DeviceNetwork{}, m.there(id)
}

func (m managed) SetDeviceNetwork(_ context.Context, id string, _ DeviceNetworkChange) (DeviceNetwork, error) {
	return DeviceNetwork{}, m.there(id)
}

func (m managed) DeviceAccounts(_ context.Context, id string) ([]DeviceAccount, error) {
	return []DeviceAccount{{Name: "admin", Level: "Administrator", Own: true}}, m.there(id)
}

func (m managed) AddDeviceAccount(_ context.Context, id string, _ NewDeviceAccount) error {
	return m.there(id)
}

func (m managed) SetDeviceAccount(_ context.Context, id string, _ NewDeviceAccount) error {
	return m.there(id)
}

func (m managed) RemoveDeviceAccount(_ context.Context, id, _ string) error { return m.there(id) }

func (m managed) RestartDevice(_ context.Context, id string) (DeviceAway, error) {
	return DeviceAway{Says: "Restarting."}, m.there(id)
}

func (m managed) ResetDevice(_ context.Context, id string, _ bool) error { return m.there(id) }

func (m managed) DeviceLog(_ context.Context, id, kind string) (string, error) {
	return kind + "<script>", m.there(id)
}

func (m managed) BackupDevice(_ context.Context, id string, w io.Writer) error {
	if err := m.there(id); err != nil {
		return err
	}
	_, err := io.WriteString(w, "settings")
	return err
}

func (m managed) RestoreDevice(ctx context.Context, id string, file io.Reader) (DeviceAway, error) {
	return m.UpgradeFirmware(ctx, id, file)
}

func (m managed) UpgradeFirmware(_ context.Context, id string, file io.Reader) (DeviceAway, error) {
	if err := m.there(id); err != nil {
		return DeviceAway{}, err
	}
	n, err := io.Copy(io.Discard, file)
	return DeviceAway{Says: fmt.Sprint(n)}, err
}

// Say takes as long as it is asked to: a clip of four samples waits until it is cut off.
func (m managed) Say(ctx context.Context, id string, _ auth.Identity, clip Speech) error {
	if err := m.there(id); err != nil || len(clip) != 4 {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// Speak gives the loudspeaker of a camera to one person at a time.
func (m managed) Speak(_ context.Context, id string, who auth.Identity) (Loudspeaker, error) {
	if err := m.there(id); err != nil {
		return Loudspeaker{}, err
	}
	m.cameras.mu.Lock()
	defer m.cameras.mu.Unlock()
	if m.cameras.speaks != nil {
		return Loudspeaker{}, m.cameras.speaks.Speaking()
	}
	m.cameras.speaks = NewTalker(who, time.Now())
	return Loudspeaker{Codec: rtsp.PCMU, Write: func([]byte) error { return nil }, Close: func() {
		m.cameras.mu.Lock()
		defer m.cameras.mu.Unlock()
		m.cameras.speaks = nil
	}}, nil
}

func TestADeviceIsSetUpByTheAPI(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	const device = "/api/v1/cameras/door/device/"
	jsonType, fileType := header("Content-Type", "application/json"), header("Content-Type", mimeFile)
	large := strings.Repeat("firmware", 1<<20)
	for _, x := range []struct {
		method, path, body, mime string
		status                   int
		says                     string
	}{
		{"GET", "names", "", "", 200, `"hostname":"door"`}, {"PUT", "names", `{"hostname":"gate"}`, "json", 200, `"gate"`}, {"PUT", "names", `{"hostname":"no host"}`, "json", 502, "Choose another"},
		{"GET", "clock", "", "", 200, `"servers":[]`}, {"PUT", "clock", `{"now":true}`, "json", 200, ""}, {"PUT", "clock", `{"then":true}`, "json", 400, ""},
		{"GET", "network", "", "", 200, ""}, {"PUT", "network", `{"gateways":["192.168.1.1"]}`, "json", 200, ""},
		{"GET", "accounts", "", "", 200, `"own":true`}, {"POST", "accounts", `{"name":"guest","level":"User","password":"open doors"}`, "json", 204, ""},
		{"PUT", "accounts/guest", `{"level":"Operator","password":"shut doors"}`, "json", 204, ""}, {"DELETE", "accounts/guest", "", "", 204, ""},
		{"POST", "restart", "", "", 202, "Restarting"}, {"POST", "reset", `{"hard":false}`, "json", 204, ""}, {"GET", "log?kind=access", "", "", 200, "access<script>"}, {"GET", "backup", "", "", 200, "settings"},
		{"POST", "restore", "settings", "file", 202, `"says":"8"`}, {"POST", "firmware", large, "file", 202, fmt.Sprintf(`"says":"%d"`, len(large))}, {"POST", "firmware", "{}", "json", 415, ""},
	} {
		with := []caller{p.changes()}
		switch x.mime {
		case "json":
			with = append(with, jsonType)
		case "file":
			with = append(with, fileType)
		}
		if res := s.do(x.method, device+x.path, x.body, with...); res.StatusCode != x.status || !strings.Contains(res.text, x.says) {
			t.Errorf("%s %s: %d %s", x.method, x.path, res.StatusCode, res.text[:min(len(res.text), 300)])
		}
		if res := s.do(x.method, strings.Replace(device, "door", "none", 1)+x.path, x.body, with...); res.StatusCode/100 == 2 {
			t.Errorf("%s %s of no camera: %d", x.method, x.path, res.StatusCode)
		}
	}
	entries := s.ledger.all(audit.ActionCameraChange)
	if len(entries) < 10 {
		t.Errorf("%d entries in the log", len(entries))
	}
	for _, e := range entries {
		if strings.Contains(string(e.Before)+string(e.After), "doors") {
			t.Errorf("a password is in the log: %s", e.After)
		}
	}
}
