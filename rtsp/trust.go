package rtsp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
)

// ClearHint is what a person is told whose camera wants its password in clear where it is not sent.
const ClearHint = "Nothing was sent. Switch on Digest authentication at the camera, or use rtsps:// where it can. If the camera is the right one and cannot, add it again at this address: that says that you trust it there."

// challenge looks at how the camera wants to be told the credentials. Digest shows nobody the password and is taken wherever it
// is offered; Basic is the password in clear, and is taken only where Options.Basic lets it. The library would do either for
// whoever asks.
func (c *connection) challenge(res *base.Response) {
	const header = "WWW-Authenticate"
	var digests, others base.HeaderValue
	for _, v := range res.Header[header] {
		if scheme, _, _ := strings.Cut(strings.TrimSpace(v), " "); strings.EqualFold(scheme, "digest") {
			digests = append(digests, v)
		} else {
			others = append(others, v)
		}
	}
	switch {
	case len(digests) > 0:
		res.Header[header] = digests
		if c.s.o.Digest != nil {
			c.s.o.Digest()
		}
	case len(others) > 0:
		c.inClear(res, header)
	}
}

func (c *connection) inClear(res *base.Response, header string) {
	c.mu.Lock()
	peer := c.peer
	c.mu.Unlock()
	err := errors.New("it is never sent so")
	if c.s.o.Basic != nil && peer != nil {
		err = c.s.o.Basic(peer, c.client.Scheme == "rtsps")
	}
	if err == nil {
		return
	}
	delete(res.Header, header)
	c.refuse(&Error{Class: Unauthorized, Status: int(res.StatusCode), Hint: ClearHint, Err: fmt.Errorf("the camera asked for the password in clear: %w", err)})
	where := c.s.url.Host
	if peer != nil {
		where = peer.String()
	}
	c.s.refused("password", where, err.Error())
}

// joins tells by an error that a multicast group is not joined.
func (s *Session) joins(group string) error {
	ip, err := netip.ParseAddr(group)
	if err == nil && s.o.Group != nil {
		err = s.o.Group(ip)
	} else if err == nil {
		err = errors.New("no group is joined")
	}
	if err != nil {
		s.refused("group", group, err.Error())
	}
	return err
}

func (s *Session) refused(kind, address, why string) {
	if s.o.Refused != nil {
		s.o.Refused(kind, clean(address), why)
	}
}

// peerIP is the address of the connection; the zero one before there is any.
func (c *connection) peerIP() netip.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tcp, ok := c.peer.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
