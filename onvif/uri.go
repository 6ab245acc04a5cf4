package onvif

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"holdfast/onvif/internal/soap"
)

// Transport is how the pictures of a stream come (Streaming Specification, section 5.1.1).
type Transport string

// The transports. The device may give another address for each.
const (
	Interleaved Transport = "tcp"       // RTP in the RTSP connection
	Unicast     Transport = "udp"       // RTP over UDP
	Multicast   Transport = "multicast" // RTP over UDP to a group
)

// protocols is how the services spell the transports: GetStreamUri of Media2 (section 5.5.1), and the StreamSetup of Media.
var protocols = map[Transport]struct{ two, stream, protocol string }{
	Interleaved: {"RTSP", "RTP-Unicast", "RTSP"},
	Unicast:     {"RtspUnicast", "RTP-Unicast", "UDP"},
	Multicast:   {"RtspMulticast", "RTP-Multicast", "UDP"},
}

// streamURIs asks where each profile that can be recorded is streamed. A profile that the device does not stream stays
// without an address.
func (c *Client) streamURIs(ctx context.Context, list []Profile) error {
	var last error
	found := false
	for i := range list {
		p := &list[i]
		if !p.Recordable() {
			continue
		}
		uri, err := c.StreamURI(ctx, p, Interleaved)
		if err != nil {
			last = err
			continue
		}
		p.StreamURI = uri
		found = found || uri != ""
	}
	if found {
		return nil
	}
	return last
}

// StreamURI asks where a profile is streamed over a transport: an RTSP address at the host where we reached the device, without
// credentials. "" means that the device's answer was no such address.
func (c *Client) StreamURI(ctx context.Context, p *Profile, by Transport) (string, error) {
	how, ok := protocols[by]
	if !ok {
		return "", fail(Protocol, "ask for a stream's address", fmt.Errorf("%q is no transport of a stream", by))
	}
	token := soap.Escape(p.Token)
	one, two := "", ""
	if p.Media2 {
		two = `<tr2:GetStreamUri><tr2:Protocol>` + how.two + `</tr2:Protocol><tr2:ProfileToken>` + token + `</tr2:ProfileToken></tr2:GetStreamUri>`
	}
	if p.Media1 || !p.Media2 {
		one = `<trt:GetStreamUri><trt:StreamSetup><tt:Stream>` + how.stream + `</tt:Stream><tt:Transport><tt:Protocol>` + how.protocol +
			`</tt:Protocol></tt:Transport></trt:StreamSetup><trt:ProfileToken>` + token + `</trt:ProfileToken></trt:GetStreamUri>`
	}
	n, second, err := c.either(ctx, "ask for a stream's address", two, one)
	if err != nil {
		return "", err
	}
	if second {
		return c.ownStream(n.Get("Uri")), nil
	}
	return c.ownStream(n.Get("MediaUri", "Uri")), nil
}

// ownStream makes a stream's address one at the host where we reached the device, without credentials. The port is the
// device's word: RTSP has its own.
func (c *Client) ownStream(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		return ""
	}
	c.note(u)
	u.User = nil
	u.Host = hostport(c.device.Hostname(), u.Port())
	return u.String()
}

// hostport joins a host and a port as addresses write them; port may be "".
func hostport(host, port string) string {
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
