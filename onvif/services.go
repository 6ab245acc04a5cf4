package onvif

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/use-go/onvif/device"

	"holdfast/onvif/internal/soap"
)

// ErrNoService says that the device does not have the service that a question belongs to.
var ErrNoService = errors.New("the device does not have this service")

// maxServices bounds the services of a device; ONVIF has about thirty.
const maxServices = 128

// service gives the address of the service of a namespace, at the host where we reached the device.
func (c *Client) service(ctx context.Context, namespace string) (*url.URL, error) {
	all, err := c.servicesOf(ctx)
	if err != nil {
		return nil, err
	}
	if at := all[namespace]; at != nil {
		return at, nil
	}
	return nil, fail(Refused, "ask the "+serviceName(namespace)+" service", ErrNoService)
}

// has tells whether the device has the service of a namespace.
func (c *Client) has(ctx context.Context, namespace string) (bool, error) {
	_, err := c.service(ctx, namespace)
	if errors.Is(err, ErrNoService) {
		return false, nil
	}
	return err == nil, err
}

// serviceName is what a namespace calls its service: http://www.onvif.org/ver20/ptz/wsdl is ptz.
func serviceName(namespace string) string { return path.Base(strings.TrimSuffix(namespace, "/wsdl")) }

// servicesOf asks which services there are, once: by GetServices, and by GetCapabilities of devices older than it.
func (c *Client) servicesOf(ctx context.Context) (map[string]*url.URL, error) {
	c.mu.Lock()
	all := c.services
	c.mu.Unlock()
	if all != nil {
		return all, nil
	}
	all, err := c.learnServices(ctx)
	if err != nil {
		return nil, err
	}
	all[soap.NSDevice] = c.device
	c.mu.Lock()
	c.services = all
	c.mu.Unlock()
	return all, nil
}

func (c *Client) learnServices(ctx context.Context) (map[string]*url.URL, error) {
	all := make(map[string]*url.URL)
	n, err := c.do(ctx, request{to: c.device, doing: "ask for services", body: device.GetServices{IncludeCapability: false}})
	if err == nil {
		for _, s := range n.All("Service") {
			if s.Get("Namespace") == soap.NSDevice {
				c.setNamed(s.Get("XAddr"))
			}
		}
		for _, s := range n.All("Service") {
			c.add(all, s.Get("Namespace"), s.Get("XAddr"))
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	n, err = c.do(ctx, request{to: c.device, doing: "ask for capabilities", body: device.GetCapabilities{Category: "All"}})
	if err != nil {
		return nil, err
	}
	caps := n.Find("Capabilities")
	if caps == nil {
		return nil, fail(Protocol, "ask for capabilities", fmt.Errorf("the answer is %q and has none", n.Name))
	}
	c.setNamed(caps.Get("Device", "XAddr"))
	for _, old := range olderServices {
		c.add(all, old.namespace, caps.Get(append(old.path, "XAddr")...))
	}
	return all, nil
}

// olderServices is where GetCapabilities names the services that it knows (tt:Capabilities).
var olderServices = []struct {
	namespace string
	path      []string
}{
	{soap.NSMedia, []string{"Media"}}, {soap.NSPTZ, []string{"PTZ"}}, {soap.NSEvents, []string{"Events"}},
	{soap.NSImaging, []string{"Imaging"}}, {soap.NSAnalytics, []string{"Analytics"}}, {soap.NSDeviceIO, []string{"Extension", "DeviceIO"}},
	{soap.NSRecording, []string{"Extension", "Recording"}}, {soap.NSSearch, []string{"Extension", "Search"}}, {soap.NSReplay, []string{"Extension", "Replay"}},
}

func (c *Client) setNamed(address string) {
	if u := c.choose(address); u != nil && u.Host != "" {
		c.mu.Lock()
		c.named = u
		c.mu.Unlock()
	}
}

func (c *Client) add(all map[string]*url.URL, namespace, address string) {
	at := c.own(address)
	if namespace = strings.TrimSuffix(namespace, "/"); at == nil || namespace == "" || len(all) >= maxServices {
		return
	}
	if all[namespace] == nil {
		all[namespace] = at
	}
}
