package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
	"holdfast/onvif"
)

// askDevice asks the device of a camera for something.
func askDevice[T any](ctx context.Context, g *Gateway, camera string, question func(context.Context, *onvif.Client) (T, error)) (answer T, err error) {
	err = g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) (err error) {
		answer, err = question(ctx, c)
		return err
	})
	return answer, err
}

// DeviceNames asks what a camera's device calls itself.
func (g *Gateway) DeviceNames(ctx context.Context, camera string) (web.DeviceNames, error) {
	return askDevice(ctx, g, camera, namesOf)
}

func namesOf(ctx context.Context, c *onvif.Client) (web.DeviceNames, error) {
	n, err := c.Names(ctx)
	if n.FromDHCP {
		n.Hostname = ""
	}
	return web.DeviceNames{Hostname: n.Hostname, Name: n.Name, Location: n.Location}, err
}

// SetDeviceNames changes that; what is as it was is not written.
func (g *Gateway) SetDeviceNames(ctx context.Context, camera string, n web.DeviceNames) (web.DeviceNames, error) {
	return askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (web.DeviceNames, error) {
		was, err := namesOf(ctx, c)
		if err == nil && was.Hostname != n.Hostname {
			err = c.SetHostname(ctx, n.Hostname)
		}
		if err == nil && (was.Name != n.Name || was.Location != n.Location) {
			err = c.SetScopeNames(ctx, n.Name, n.Location)
		}
		if err != nil {
			return was, err
		}
		return namesOf(ctx, c)
	})
}

// DeviceClock asks how a camera's clock is set.
func (g *Gateway) DeviceClock(ctx context.Context, camera string) (web.DeviceClock, error) {
	return askDevice(ctx, g, camera, clockOf)
}

func clockOf(ctx context.Context, c *onvif.Client) (web.DeviceClock, error) {
	t, err := c.TimeSettings(ctx)
	k := web.DeviceClock{Ahead: t.Ahead.Seconds(), NTP: t.ByNTP, Servers: orEmpty(t.Servers), FromDHCP: t.ServersFromDHCP, Zone: t.TimeZone, Daylight: t.DaylightSavings}
	if !t.UTC.IsZero() {
		k.Time = &t.UTC
	}
	return k, err
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// SetDeviceClock sets a camera's clock, its zone, or its time servers.
func (g *Gateway) SetDeviceClock(ctx context.Context, camera string, s web.DeviceClockChange) (web.DeviceClock, error) {
	if s.Now && s.Servers != nil {
		return web.DeviceClock{}, web.Rejected("now", "A clock is set by hand or goes by time servers, not both.")
	}
	return askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (web.DeviceClock, error) {
		var err error
		if s.Zone != "" {
			err = c.SetTimeZone(ctx, s.Zone, s.Daylight != nil && *s.Daylight)
		}
		if err == nil && s.Now {
			err = c.SetClock(ctx)
		}
		if err == nil && s.Servers != nil {
			err = c.SetTimeServers(ctx, *s.Servers)
		}
		if err != nil {
			return web.DeviceClock{}, err
		}
		return clockOf(ctx, c)
	})
}

// DeviceNetwork asks how a camera is on its network.
func (g *Gateway) DeviceNetwork(ctx context.Context, camera string) (web.DeviceNetwork, error) {
	return askDevice(ctx, g, camera, networkOf)
}

func networkOf(ctx context.Context, c *onvif.Client) (web.DeviceNetwork, error) {
	w, err := c.Network(ctx)
	n := web.DeviceNetwork{Interfaces: []web.DeviceInterface{}, Gateways: orEmpty(w.Gateways), DNS: orEmpty(w.DNS), DNSFromDHCP: w.DNSFromDHCP, Protocols: []web.DeviceProtocol{}}
	for _, i := range w.Interfaces {
		all := append(append(append(append([]string{}, i.IPv4.Manual...), i.IPv4.Obtained...), i.IPv6.Manual...), i.IPv6.Obtained...)
		n.Interfaces = append(n.Interfaces, web.DeviceInterface{ID: i.Token, Name: i.Name, MAC: i.MAC, DHCP: i.IPv4.DHCP, Addresses: all})
	}
	for _, p := range w.Protocols {
		n.Protocols = append(n.Protocols, web.DeviceProtocol{Name: p.Name, Enabled: p.Enabled, Ports: orEmpty(p.Ports)})
	}
	return n, err
}

// SetDeviceNetwork changes that in part: what leads away from where the device is comes last.
func (g *Gateway) SetDeviceNetwork(ctx context.Context, camera string, s web.DeviceNetworkChange) (web.DeviceNetwork, error) {
	if (s.Interface == "") != (s.Address == "") {
		return web.DeviceNetwork{}, web.Rejected("interface", "An address is set of one interface: name both.")
	}
	return askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (n web.DeviceNetwork, err error) {
		if s.DNS != nil {
			err = c.SetDNS(ctx, *s.DNS)
		}
		if err == nil && s.Gateways != nil {
			err = c.SetGateways(ctx, *s.Gateways)
		}
		for _, p := range s.Protocols {
			if err == nil {
				err = c.SetProtocol(ctx, onvif.NetworkProtocol{Name: p.Name, Enabled: p.Enabled, Ports: p.Ports})
			}
		}
		if err != nil {
			return n, err
		}
		if s.Address == "" {
			return networkOf(ctx, c)
		}
		n, err = networkOf(ctx, c) // it may be gone afterwards
		if err != nil {
			return n, err
		}
		address := s.Address
		if strings.EqualFold(address, "dhcp") {
			address = ""
		}
		n.Restart, err = c.SetIPv4(ctx, s.Interface, address)
		for i := range n.Interfaces {
			if x := &n.Interfaces[i]; x.ID == s.Interface && err == nil {
				x.DHCP, x.Addresses = address == "", []string{}
				if address != "" {
					x.Addresses = []string{address}
				}
			}
		}
		return n, err
	})
}

// DeviceAccounts lists the accounts of a camera's device.
func (g *Gateway) DeviceAccounts(ctx context.Context, camera string) ([]web.DeviceAccount, error) {
	own := g.accountOf(camera)
	return askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) ([]web.DeviceAccount, error) {
		list := []web.DeviceAccount{}
		all, err := c.Users(ctx)
		for _, u := range all {
			list = append(list, web.DeviceAccount{Name: u.Name, Level: u.Level, Own: u.Name == own})
		}
		return list, err
	})
}

// accountOf is the account by which a camera is asked.
func (g *Gateway) accountOf(camera string) string {
	if c, ok := g.camera(camera); ok {
		return c.spec().Username
	}
	return ""
}

// AddDeviceAccount makes an account at a camera.
func (g *Gateway) AddDeviceAccount(ctx context.Context, camera string, a web.NewDeviceAccount) error {
	return g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		return c.CreateUser(ctx, onvif.User{Name: a.Name, Level: a.Level}, a.Password, a.InClear)
	})
}

// SetDeviceAccount changes an account of a camera. Of the gateway's own the password is kept at once, so that the camera goes on being
// recorded; the configuration file is the operator's, and not written.
func (g *Gateway) SetDeviceAccount(ctx context.Context, camera string, a web.NewDeviceAccount) error {
	c, ok := g.camera(camera)
	if !ok {
		return web.ErrNotFound
	}
	own := a.Password != "" && a.Name == c.spec().Username
	if own && c.origin != originAdopted {
		return web.Refused("The gateway uses this account, and its password is in the configuration file, which the gateway does not write.",
			"Change it at the camera and in the file, and have the file read again: holdfast reload.")
	}
	err := g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		return c.SetUser(ctx, onvif.User{Name: a.Name, Level: a.Level}, a.Password, a.InClear)
	})
	if err != nil || !own {
		return err
	}
	return g.rekey(camera, a.Password)
}

// rekey goes on with a camera by another password.
func (g *Gateway) rekey(camera, password string) error {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	a, err := g.state.adoptedOf(camera)
	if err != nil {
		return fmt.Errorf("keep the new password of camera %s: %w", camera, err)
	}
	a.Password = password
	err = g.state.adopt(a)
	if !statedb.Counts(err) { // the camera has it already: without it nothing would be recorded from the next start
		if err = g.state.adopt(a); !statedb.Counts(err) {
			err = fmt.Errorf("%w: %w", statedb.ErrUnconfirmed, err)
		}
	}
	g.join(g.specOf(a), true)
	g.cameraChanged(camera)
	return wrap(err, "keep the new password of camera "+camera)
}

// RemoveDeviceAccount removes an account of a camera.
func (g *Gateway) RemoveDeviceAccount(ctx context.Context, camera, name string) error {
	return g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error { return c.DeleteUser(ctx, name) })
}

// RestartDevice restarts a camera.
func (g *Gateway) RestartDevice(ctx context.Context, camera string) (web.DeviceAway, error) {
	says, err := askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (string, error) { return c.Reboot(ctx) })
	return web.DeviceAway{Says: says}, err
}

// ResetDevice sets a camera back to how it was delivered.
func (g *Gateway) ResetDevice(ctx context.Context, camera string, hard bool) error {
	return g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error { return c.Reset(ctx, hard) })
}

// DeviceLog gives a camera's own log: "system" (also ""), or "access".
func (g *Gateway) DeviceLog(ctx context.Context, camera, kind string) (string, error) {
	kinds := map[string]string{"": "System", "system": "System", "access": "Access"}
	word, ok := kinds[kind]
	if !ok {
		return "", web.Rejected("kind", "It is neither system nor access.")
	}
	return askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (string, error) { return c.SystemLog(ctx, word) })
}

// BackupDevice writes a camera's settings, as its maker packs them.
func (g *Gateway) BackupDevice(ctx context.Context, camera string, w io.Writer) error {
	return g.spooled(nil, func(f *os.File, _ int64) error {
		err := g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
			_, err := c.Backup(ctx, f)
			return err
		})
		if err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err == nil { // from here on there is no other answer
			_, err = io.Copy(w, f)
		}
		return err
	})
}

// RestoreDevice gives a camera back its settings.
func (g *Gateway) RestoreDevice(ctx context.Context, camera string, file io.Reader) (web.DeviceAway, error) {
	return g.hand(ctx, camera, file, (*onvif.Client).Restore)
}

// UpgradeFirmware gives a camera other firmware.
func (g *Gateway) UpgradeFirmware(ctx context.Context, camera string, file io.Reader) (web.DeviceAway, error) {
	return g.hand(ctx, camera, file, (*onvif.Client).UpgradeFirmware)
}

func (g *Gateway) hand(ctx context.Context, camera string, file io.Reader, give func(*onvif.Client, context.Context, onvif.Upload) (time.Duration, error)) (away web.DeviceAway, err error) {
	if _, ok := g.camera(camera); !ok {
		return away, web.ErrNotFound
	}
	err = g.spooled(file, func(f *os.File, size int64) error {
		down, err := askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (time.Duration, error) {
			return give(c, ctx, onvif.Upload{Body: f, Size: size})
		})
		away.Seconds = down.Seconds()
		return err
	})
	return away, err
}

// spooled calls use with a file that has no name, and is gone with it: a device may want what it is sent from the beginning again.
func (g *Gateway) spooled(from io.Reader, use func(*os.File, int64) error) error {
	f, err := os.CreateTemp(g.conf.Data, ".device-*")
	if err != nil {
		return fmt.Errorf("make room for a device's file: %w", err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("make room for a device's file: %w", err)
	}
	var size int64
	if from != nil {
		if size, err = io.Copy(f, from); err != nil {
			var p *web.Problem
			if errors.As(err, &p) {
				return p
			}
			return fmt.Errorf("take in a device's file: %w", err)
		}
	}
	return use(f, size)
}
