package rtsp

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
)

// response looks at each answer before the library does: it repairs what cameras get wrong and refuses what would lead
// elsewhere.
func (c *connection) response(res *base.Response) {
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		c.redirect(res)
	}
	if len(res.Body) > 0 {
		res.Body = repairSDP(res.Body)
	}
	if t, ok := res.Header["Transport"]; ok {
		res.Header["Transport"] = c.repairTransport(t)
	}
	if res.StatusCode == base.StatusUnauthorized && c.s.o.Username != "" {
		c.challenge(res)
	}
}

// redirect lets a redirection through when it stays with the camera. The library would follow any, with credentials.
func (c *connection) redirect(res *base.Response) {
	where := res.Header["Location"]
	if len(where) == 1 && sameHost(where[0], c.s.url.Hostname()) {
		return
	}
	c.refuse(failStatus(int(res.StatusCode), fmt.Errorf("the camera sent the session to another host, which is not followed")))
	c.s.refused("redirect", strings.Join(where, " "), "another host than the camera's")
	res.StatusCode = base.StatusForbidden
	delete(res.Header, "Location")
}

func sameHost(location, host string) bool {
	u, err := url.Parse(location)
	return err == nil && (u.Scheme == "rtsp" || u.Scheme == "rtsps") && strings.EqualFold(u.Hostname(), host)
}

// request makes requests of the camera harmless: gortsplib ends the session at any but OPTIONS, and cameras send
// SET_PARAMETER and ANNOUNCE as they please.
func (c *connection) request(req *base.Request) {
	switch req.Method {
	case base.Announce, base.SetParameter, base.GetParameter:
		req.Method = base.Options
	}
}

func (c *connection) decodeError(err error) {
	if strings.Contains(err.Error(), "wrong SSRC") || strings.Contains(err.Error(), "payload type") {
		c.s.foreign() // Reolink and others send packets of an earlier session: the library drops them
	}
}

// Lines of session descriptions as cameras send them.
var (
	// Uniview: "o=- 1001 1 IN " without address; pion/sdp as gortsplib v4 uses it refuses it.
	originShort = regexp.MustCompile(`(?m)^o=(\S+ \S+ \S+) IN[ \t]*(\r?)$`)
	// Some encoders leave the session name out altogether; RFC 8866 section 5.3 wants one.
	noName = regexp.MustCompile(`(?m)^s=(\r?)$`)
)

// repairSDP mends known defects of session descriptions. What it does not know it leaves.
func repairSDP(body []byte) []byte {
	if !bytes.HasPrefix(body, []byte("v=")) {
		return body
	}
	body = originShort.ReplaceAll(body, []byte("o=$1 IN IP4 0.0.0.0$2"))
	return noName.ReplaceAll(body, []byte("s= $1"))
}

// repairTransport takes out of a Transport header what would lead elsewhere: the source, as the library would send receiver
// reports to whatever host it names, and media are taken from the camera's own address only; and the destination where it is
// a group that is not joined, without which the library gives up.
func (c *connection) repairTransport(v base.HeaderValue) base.HeaderValue {
	out := make(base.HeaderValue, len(v))
	for i, line := range v {
		parts := strings.Split(line, ";")
		kept := parts[:0]
		for _, p := range parts {
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			if c.keeps(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)) {
				kept = append(kept, p)
			}
		}
		out[i] = strings.Join(kept, ";")
	}
	return out
}

func (c *connection) keeps(name, value string) bool {
	switch name {
	case "source":
		if from, err := netip.ParseAddr(value); err == nil && from.Unmap() != c.peerIP() {
			c.s.refused("answer", value, "media are taken from the camera's own address, and reports sent there, not to the source that it names")
		}
		return false
	case "destination":
		if *c.client.Transport != gortsplib.TransportUDPMulticast {
			return true // our own address, as the camera sees it
		}
		err := c.s.joins(value)
		if err != nil {
			c.refuse(fail(Refused, fmt.Errorf("the camera sends to %s, which is not listened to: %w", clean(value), err)))
		}
		return err == nil
	}
	return true
}
