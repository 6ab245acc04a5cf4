package onviftest

import (
	"net/netip"
	"sync"

	"holdfast/onvif/server"
)

// management is how a simulated camera is set up, and what was done to it.
type management struct {
	mu       sync.Mutex // guards what follows
	made     bool
	now      server.Management
	restarts int
}

// Manage changes how the camera is set up, as one act.
func (d *Device) Manage(change func(*server.Management) error) error {
	d.manage.mu.Lock()
	defer d.manage.mu.Unlock()
	if !d.manage.made {
		d.manage.made = true
		d.manage.now = server.Management{Hostname: "camera", ByNTP: true, Zone: "UTC0", Address: netip.MustParsePrefix("192.168.1.20/24"), DHCP: true,
			Gateways: []string{"192.168.1.1"}, Protocols: []server.Protocol{{Name: "HTTP", Enabled: true, Ports: []int{80}}, {Name: "HTTPS", Ports: []int{443}}, {Name: "RTSP", Enabled: true, Ports: []int{554}}},
			Log: "2026-01-01T00:00:00Z started\n", Access: "2026-01-01T00:00:00Z admin signed in\n", Settings: []byte("hostname=camera\n")}
	}
	next := d.manage.now
	if err := change(&next); err != nil {
		return err
	}
	d.manage.now = next
	return nil
}

// Reboot is what the camera does when it is told to restart.
func (d *Device) Reboot() {
	d.manage.mu.Lock()
	d.manage.restarts++
	d.manage.mu.Unlock()
	d.Restart(0)
}

// Restarts is how often it was told to.
func (d *Device) Restarts() int {
	d.manage.mu.Lock()
	defer d.manage.mu.Unlock()
	return d.manage.restarts
}
