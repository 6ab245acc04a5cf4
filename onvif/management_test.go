package onvif_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// managedCamera is a simulated camera behind a recorder of what is sent to it.
type managedCamera struct {
	*onvif.Client
	device *onviftest.Device
	url    string

	sent  requests
	shuts atomic.Bool // it keeps its files to another account
}

func manage(t *testing.T, o onviftest.Options) *managedCamera {
	t.Helper()
	m := &managedCamera{device: onviftest.New(o)}
	s, err := server.New(server.Options{Device: m.device, Username: "admin", Password: oddPassword})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/onvif/"):
			m.sent.record(s).ServeHTTP(w, r)
		case m.shuts.Load():
			http.Error(w, "not you", http.StatusForbidden)
		default:
			s.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	m.url = front.URL
	m.Client = m.as(t, oddPassword)
	return m
}

func (m *managedCamera) as(t *testing.T, password string) *onvif.Client {
	t.Helper()
	c, err := onvif.New(onvif.Options{Address: m.url, Username: "admin", Password: password, Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func got[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantNil(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v; want %+v", what, got, want)
	}
}

func TestADeviceIsSetUp(t *testing.T) {
	m := manage(t, onviftest.Options{Kind: onviftest.Fixed, Name: "Gate", Skew: time.Hour})
	ctx := t.Context()

	wantNil(t, m.SetHostname(ctx, "gate-1"), m.SetScopeNames(ctx, "Gate & yard", "Graz/West"))
	wantEqual(t, "names", got[onvif.Names](t)(m.Names(ctx)), onvif.Names{Hostname: "gate-1", Name: "Gate & yard", Location: "Graz/West"})
	wantNil(t, m.SetHostname(ctx, ""), m.SetScopeNames(ctx, "Yard", ""))
	names := got[onvif.Names](t)(m.Names(ctx))
	wantEqual(t, "names given by the network", names, onvif.Names{Hostname: "gate-1", FromDHCP: true, Name: "Yard", Location: "this machine"})

	if at := got[onvif.TimeSettings](t)(m.TimeSettings(ctx)); at.Ahead.Round(time.Minute) != time.Hour || !at.ByNTP || !at.ServersFromDHCP || len(at.Servers) != 1 {
		t.Errorf("clock: %+v", at)
	}
	wantNil(t, m.SetClock(ctx), m.SetTimeZone(ctx, "CET-1CEST,M3.5.0,M10.5.0/3", true))
	if at := got[onvif.TimeSettings](t)(m.TimeSettings(ctx)); at.Ahead.Abs() > 2*time.Second || at.ByNTP || at.TimeZone != "CET-1CEST,M3.5.0,M10.5.0/3" || !at.DaylightSavings {
		t.Errorf("clock that was set: %+v", at)
	}
	wantNil(t, m.SetTimeServers(ctx, []string{"192.168.1.9", "ntp.site.example", "fd00::9"}))
	if at := got[onvif.TimeSettings](t)(m.TimeSettings(ctx)); !at.ByNTP || !reflect.DeepEqual(at.Servers, []string{"192.168.1.9", "ntp.site.example", "fd00::9"}) || at.TimeZone == "" {
		t.Errorf("clock by time servers: %+v", at)
	}

	reboot := got[bool](t)(m.SetIPv4(ctx, "eth0", "192.168.1.77/25"))
	wantNil(t, m.SetGateways(ctx, []string{"192.168.1.2"}), m.SetDNS(ctx, []string{"192.168.1.3", "fd00::3"}), m.SetProtocol(ctx, onvif.NetworkProtocol{Name: "https", Enabled: true}),
		m.SetProtocol(ctx, onvif.NetworkProtocol{Name: "RTSP", Enabled: true, Ports: []int{8554}}))
	w := got[onvif.Network](t)(m.Network(ctx))
	if i := w.Interfaces[0]; !reboot || len(w.Interfaces) != 1 || i.IPv4.DHCP || !reflect.DeepEqual(i.IPv4.Manual, []string{"192.168.1.77/25"}) || i.Token != "eth0" || len(i.MAC) != 17 {
		t.Errorf("interfaces: %+v", w.Interfaces)
	}
	wantEqual(t, "gateways", w.Gateways, []string{"192.168.1.2"})
	wantEqual(t, "name servers", w.DNS, []string{"192.168.1.3", "fd00::3"})
	wantEqual(t, "protocols", w.Protocols, []onvif.NetworkProtocol{{Name: "HTTP", Enabled: true, Ports: []int{80}}, {Name: "HTTPS", Enabled: true, Ports: []int{443}}, {Name: "RTSP", Enabled: true, Ports: []int{8554}}})
	got[bool](t)(m.SetIPv4(ctx, "eth0", ""))
	if w = got[onvif.Network](t)(m.Network(ctx)); !w.Interfaces[0].IPv4.DHCP {
		t.Errorf("interfaces by DHCP: %+v", w.Interfaces)
	}
	m.sent.validate(t)
}

func TestADevicesAccounts(t *testing.T) {
	m := manage(t, onviftest.Options{Kind: onviftest.Fixed, Name: "Gate"})
	ctx := t.Context()
	if err := m.CreateUser(ctx, onvif.User{Name: "holdfast", Level: "Operator"}, "grey shutters", false); !errors.Is(err, onvif.ErrInClear) {
		t.Errorf("a password in clear: %v", err)
	}
	wantNil(t, m.CreateUser(ctx, onvif.User{Name: "holdfast", Level: "Operator"}, "grey <shutters>", true), m.CreateUser(ctx, onvif.User{Name: "guest", Level: "User"}, "open doors", true),
		m.SetUser(ctx, onvif.User{Name: "guest", Level: "Operator"}, "", false))
	wantEqual(t, "accounts", got[[]onvif.User](t)(m.Users(ctx)), []onvif.User{{"admin", "Administrator"}, {"holdfast", "Operator"}, {"guest", "Operator"}})
	wantNil(t, m.DeleteUser(ctx, "guest"))

	wantNil(t, m.SetUser(ctx, onvif.User{Name: "admin", Level: "Administrator"}, "new hinges", true))
	if _, err := m.as(t, oddPassword).Users(ctx); err == nil {
		t.Error("the former password is taken")
	}
	c := m.as(t, "new hinges")
	wantEqual(t, "accounts", got[[]onvif.User](t)(c.Users(ctx)), []onvif.User{{"admin", "Administrator"}, {"holdfast", "Operator"}})

	for _, bad := range []struct {
		err  error
		says string
	}{
		{c.CreateUser(ctx, onvif.User{Name: "holdfast", Level: "User"}, "another one", true), "There is such an account"},
		{c.CreateUser(ctx, onvif.User{Name: "x", Level: "Owner"}, "another one", true), "none of the levels"},
		{c.CreateUser(ctx, onvif.User{Name: "x", Level: "User"}, "", true), "password"},
		{c.CreateUser(ctx, onvif.User{Name: "x", Level: "User"}, "abc", true), "too short"},
		{c.DeleteUser(ctx, "admin"), "by which the device is asked"}, {c.DeleteUser(ctx, "nobody"), "no such account"},
		{c.SetHostname(ctx, "no spaces"), "no host name"}, {c.SetTimeZone(ctx, "Middle of Europe", false), "POSIX"}, {c.SetTimeServers(ctx, []string{"a b"}), "neither"},
		{c.SetGateways(ctx, []string{"router"}), "no IP address"}, {second(c.SetIPv4(ctx, "eth0", "192.168.1.5")), "prefix length"}, {second(c.SetIPv4(ctx, "wlan0", "")), "no such interface"},
		{c.SetProtocol(ctx, onvif.NetworkProtocol{Name: "HTTP"}), "could not be reached"}, {c.SetProtocol(ctx, onvif.NetworkProtocol{Name: "FTP", Enabled: true}), "none of"},
	} {
		var e *onvif.Error
		if !errors.As(bad.err, &e) || e.Class != onvif.Refused || !strings.Contains(e.Error(), bad.says) || e.Hint == "" {
			t.Errorf("%v; want it to say %q", bad.err, bad.says)
		}
	}
	m.sent.validate(t)
}

func second[T any](_ T, err error) error { return err }

func TestADeviceIsMaintained(t *testing.T) {
	m := manage(t, onviftest.Options{Kind: onviftest.Fixed, Name: "Gate"})
	ctx := t.Context()
	if says := got[string](t)(m.Reboot(ctx)); !strings.Contains(says, "Restarting") || m.device.Restarts() != 1 {
		t.Errorf("restart: %q, %d", says, m.device.Restarts())
	}
	wantNil(t, m.Reset(ctx, false))
	for kind, says := range map[string]string{"System": "started", "Access": "signed in"} { // the one by HTTP, the other in a message
		if text := got[string](t)(m.SystemLog(ctx, kind)); !strings.Contains(text, says) {
			t.Errorf("%s log: %q", kind, text)
		}
	}
	var backup bytes.Buffer
	if n := got[int64](t)(m.Backup(ctx, &backup)); n == 0 || int64(backup.Len()) != n {
		t.Errorf("backup: %d of %d bytes", backup.Len(), n)
	}
	settings := []byte("hostname=other\n")
	if down := got[time.Duration](t)(m.Restore(ctx, onvif.Upload{Body: bytes.NewReader(settings), Size: int64(len(settings))})); down != 30*time.Second {
		t.Errorf("it is away for %v", down)
	}
	firmware, told := bytes.Repeat([]byte("firmware "), 200_000), int64(0)
	got[time.Duration](t)(m.UpgradeFirmware(ctx, onvif.Upload{Body: bytes.NewReader(firmware), Size: int64(len(firmware)), Sent: func(n int64) { told = n }}))
	m.device.Manage(func(g *server.Management) error {
		if !bytes.Equal(g.Firmware, firmware) || !bytes.Equal(g.Settings, settings) || g.Reset != "Soft" {
			t.Errorf("the device got %d bytes of firmware, %q, and was reset %q", len(g.Firmware), g.Settings, g.Reset)
		}
		return nil
	})
	if told != int64(len(firmware)) || m.device.Restarts() != 3 {
		t.Errorf("told of %d bytes; %d restarts", told, m.device.Restarts())
	}
	if _, err := m.UpgradeFirmware(ctx, onvif.Upload{Body: bytes.NewReader(nil)}); err == nil {
		t.Error("a file without anything is sent")
	}
	if _, err := m.as(t, "wrong").Backup(ctx, io.Discard); err == nil {
		t.Error("a backup for everybody")
	}
	m.shuts.Store(true) // of a good account, so that nobody takes it for a wrong password
	if _, err := m.Backup(ctx, io.Discard); !errors.Is(err, onvif.ErrForbidden) {
		t.Errorf("files of another account: %v", err)
	}
	m.sent.validate(t)
}
