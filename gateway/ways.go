package gateway

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"holdfast/config"
	"holdfast/gateway/egress"
	"holdfast/onvif"
)

// ways are what the gateway makes connections for, beside those to its cameras: each camera has one of its own. It has no
// other way out.
type ways struct {
	asking     *egress.Purpose // addresses of cameras that are being added
	searching  *egress.Purpose // for cameras
	watching   *egress.Purpose // viewers over WebRTC
	decoding   *egress.Purpose // programs that decode
	supervisor *egress.Purpose
}

func newWays(g *egress.Guard) ways {
	return ways{
		asking:     g.For(egress.Enrolment, egress.Use{}),
		searching:  g.For(egress.Discovery, egress.Use{Targets: []string{"239.255.255.250:3702", "[ff02::c]:3702"}}),
		watching:   g.For(egress.Viewers, egress.Use{}),
		decoding:   g.For(egress.Children, egress.Use{}),
		supervisor: g.For(egress.Supervisor, egress.Use{}),
	}
}

// targets are the addresses of a camera that its declaration names, host:port.
func targets(spec config.Camera) (list []string) {
	if spec.ONVIF != "" {
		list = append(list, onvif.HostPort(spec.ONVIF))
	}
	urls := []string{spec.RTSP}
	for _, s := range spec.Streams {
		urls = append(urls, resolveRTSP(spec.RTSP, s.RTSP))
	}
	for _, s := range urls {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			list = append(list, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), rtspPort(u.Scheme))))
		}
	}
	return list
}

func rtspPort(scheme string) string {
	if scheme == "rtsps" {
		return "322"
	}
	return "554"
}

// refusedBy gives what tells a purpose of what a camera wanted and did not get.
func refusedBy(p *egress.Purpose) func(kind, address, why string) {
	return func(kind, address, why string) { p.Refuse(egress.Kind(kind), address, why) }
}

// strangers counts whom live view refused.
func (g *Gateway) strangers(kind string, a netip.Addr) {
	why := "an address that packets may not come from"
	if kind == string(egress.Candidate) {
		why = "an address that a browser claimed; none of them is used"
	}
	g.watching.Refuse(egress.Kind(kind), a.String(), why)
}

// watchers lists the browsers that watch over WebRTC.
func (g *Gateway) watchers() []egress.Target {
	var list []egress.Target
	for _, s := range g.live.Sessions() {
		if peer, _, ok := strings.Cut(s.Peer, "/"); ok && s.Connected {
			list = append(list, egress.Target{Address: peer, Open: 1, Opened: 1, Sent: s.Bytes, Last: s.Since})
		}
	}
	return list
}
