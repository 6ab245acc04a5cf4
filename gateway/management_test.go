package gateway

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/onvif/onviftest"
)

// The device of an adopted camera is set up, and the gateway goes on by the password that it gave its own account.
func TestADeviceIsSetUpThroughItsCamera(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	dir := t.TempDir()
	r := startIn(t, dir, "")
	ctx := t.Context()
	id, err := r.g.Enrol(ctx, Adoption{Address: cam.ONVIF(), Username: cam.Username(), Password: cam.Password(), Name: "Till", Record: "off"})
	if err != nil {
		t.Fatal(err)
	}
	names, err := r.g.SetDeviceNames(ctx, id, web.DeviceNames{Hostname: "till-1", Name: "Till", Location: "Shop"})
	if want := (web.DeviceNames{Hostname: "till-1", Name: "Till", Location: "Shop"}); err != nil || names != want {
		t.Errorf("names: %+v, %v", names, err)
	}
	servers := []string{"192.168.1.9"}
	if c, err := r.g.SetDeviceClock(ctx, id, web.DeviceClockChange{Servers: &servers}); err != nil || !c.NTP || c.Servers[0] != servers[0] {
		t.Errorf("clock: %+v, %v", c, err)
	}
	if n, err := r.g.SetDeviceNetwork(ctx, id, web.DeviceNetworkChange{Interface: "eth0", Address: "192.168.1.77/24"}); err != nil || !n.Restart || n.Interfaces[0].Addresses[0] != "192.168.1.77/24" {
		t.Errorf("network: %+v, %v", n, err)
	}
	var backup bytes.Buffer
	if err := r.g.BackupDevice(ctx, id, &backup); err != nil || backup.Len() == 0 {
		t.Errorf("backup of %d bytes: %v", backup.Len(), err)
	}
	if away, err := r.g.RestoreDevice(ctx, id, &backup); err != nil || away.Seconds == 0 {
		t.Errorf("restored: %+v, %v", away, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data", ".device-*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}

	account := web.NewDeviceAccount{Name: cam.Username(), Level: "Administrator", Password: "hinges of brass"}
	var p *web.Problem
	if err := r.g.SetDeviceAccount(ctx, id, account); !errors.As(err, &p) || !strings.Contains(p.Detail, "without TLS") {
		t.Errorf("a password in clear: %v", err)
	}
	account.InClear = true
	if err := r.g.SetDeviceAccount(ctx, id, account); err != nil {
		t.Fatal(err)
	}
	if a, err := r.g.state.adoptedOf(id); err != nil || a.Password != account.Password {
		t.Errorf("the new password is not kept: %v", err)
	}
	list, err := r.g.DeviceAccounts(ctx, id)
	if err != nil || len(list) != 1 || !list[0].Own {
		t.Errorf("asked by the new password: %+v, %v", list, err)
	}
	if _, err := r.g.DeviceNames(ctx, "none"); !errors.Is(err, web.ErrNotFound) {
		t.Errorf("of no camera: %v", err)
	}
	r.end()
	wantNowhere(t, dir, account.Password)
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		t.Error(err)
	}
}

// The configuration file is the operator's: the password in it is not made wrong behind their back.
func TestTheFilesPasswordIsNotChanged(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r := start(t, "cameras:\n  - id: till\n    onvif: "+onvif.HostPort(cam.ONVIF())+"\n    username: "+cam.Username()+"\n    password: \""+cam.Password()+"\"\n    record: {mode: \"off\"}\n")
	var p *web.Problem
	err := r.g.SetDeviceAccount(t.Context(), "till", web.NewDeviceAccount{Name: cam.Username(), Level: "Administrator", Password: "hinges of brass", InClear: true})
	if !errors.As(err, &p) || !strings.Contains(p.Hint, "holdfast reload") {
		t.Errorf("%v", err)
	}
	if _, err := r.g.RestartDevice(t.Context(), "till"); err != nil {
		t.Error(err)
	}
}
