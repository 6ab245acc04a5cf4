package live

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"holdfast/rtsp"
)

const (
	// maxOffer bounds an offer and a fragment, bytes. Browsers' offers with every codec are under 10 KiB.
	maxOffer = 64 << 10
	// maxMedia bounds the media sections of an offer: WHEP has one of each kind.
	maxMedia = 4
)

// kept are the attributes of an offer that the WebRTC library is shown. Candidates are not among them: the browser
// comes to us, and what it claims about addresses must not make us send to them or look names up. Neither are header
// extensions and other payload types.
var kept = map[string]bool{
	"group": true, "ice-ufrag": true, "ice-pwd": true, "fingerprint": true, "setup": true, "mid": true,
	"rtcp-mux": true, "rtcp-rsize": true, "sendrecv": true, "recvonly": true, "sendonly": true, "inactive": true,
}

// proposal is a browser's offer, reduced.
type proposal struct {
	desc  *sdp.SessionDescription
	ufrag string
}

// readOffer parses an offer within bounds. It makes no promise that the WebRTC library will like it.
func readOffer(raw []byte) (*proposal, error) {
	if len(raw) > maxOffer {
		return nil, fmt.Errorf("%w: over %d bytes", ErrOffer, maxOffer)
	}
	desc := &sdp.SessionDescription{}
	if err := desc.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("%w: not an SDP", ErrOffer)
	}
	if n := len(desc.MediaDescriptions); n == 0 || n > maxMedia {
		return nil, fmt.Errorf("%w: %d media sections, allowed are 1 to %d", ErrOffer, n, maxMedia)
	}
	p := &proposal{desc: desc, ufrag: find(desc.Attributes, "ice-ufrag")}
	for _, m := range desc.MediaDescriptions {
		if kind := m.MediaName.Media; kind != "audio" && kind != "video" {
			return nil, fmt.Errorf("%w: a media section that is neither audio nor video", ErrOffer)
		}
		if u := find(m.Attributes, "ice-ufrag"); u != "" {
			p.ufrag = u
		}
	}
	return p, nil
}

func find(attributes []sdp.Attribute, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// section gives the first section of a kind that wants to receive.
func (p *proposal) section(kind string) *sdp.MediaDescription {
	for _, m := range p.desc.MediaDescriptions {
		if m.MediaName.Media == kind && m.MediaName.Port.Value != 0 && receives(m) {
			return m
		}
	}
	return nil
}

func receives(m *sdp.MediaDescription) bool {
	for _, a := range m.Attributes {
		if a.Key == "sendonly" || a.Key == "inactive" {
			return false
		}
	}
	return true
}

// choice is the one codec that a section is answered with.
type choice struct {
	section *sdp.MediaDescription
	codec   webrtc.RTPCodecParameters
}

// chooseVideo finds the payload type that fits a video track.
func (p *proposal) chooseVideo(t *rtsp.Track) (*choice, error) {
	m := p.section("video")
	if m == nil {
		return nil, fmt.Errorf("%w: no video section that receives", ErrOffer)
	}
	var best *choice
	score := 0
	for _, c := range offered(m) {
		if s := fit(t, &c); s > score {
			best, score = &choice{m, c}, s
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%w: %s", ErrCodec, t.Codec)
	}
	best.codec.RTCPFeedback = []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	return best, nil
}

// chooseAudio finds the payload type that fits a sound track, or nil: then the picture comes alone.
func (p *proposal) chooseAudio(t *rtsp.Track) *choice {
	m := p.section("audio")
	if m == nil || t == nil {
		return nil
	}
	for _, c := range offered(m) {
		if fit(t, &c) > 0 {
			return &choice{m, c}
		}
	}
	return nil
}

// offered lists what a section offers.
func offered(m *sdp.MediaDescription) (out []webrtc.RTPCodecParameters) {
	for _, format := range m.MediaName.Formats {
		if pt, err := strconv.ParseUint(format, 10, 7); err == nil {
			if c, ok := codecOf(m, format, webrtc.PayloadType(pt)); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// codecOf reads rtpmap and fmtp of one payload type (RFC 8866, 6.6 and 6.15).
func codecOf(m *sdp.MediaDescription, format string, pt webrtc.PayloadType) (c webrtc.RTPCodecParameters, ok bool) {
	c.PayloadType = pt
	switch pt { // static types need no rtpmap, RFC 3551, 6
	case 0:
		c.MimeType, c.ClockRate = "audio/PCMU", 8000
	case 8:
		c.MimeType, c.ClockRate = "audio/PCMA", 8000
	}
	for _, a := range m.Attributes {
		of, value, found := strings.Cut(a.Value, " ")
		if !found || of != format {
			continue
		}
		switch a.Key {
		case "rtpmap":
			readMap(&c, m.MediaName.Media, value)
		case "fmtp":
			c.SDPFmtpLine = strings.TrimSpace(value)
		}
	}
	return c, c.MimeType != "" && c.ClockRate != 0
}

func readMap(c *webrtc.RTPCodecParameters, kind, value string) {
	part := strings.Split(value, "/")
	if len(part) < 2 {
		return
	}
	rate, err := strconv.ParseUint(part[1], 10, 32)
	if err != nil {
		return
	}
	c.MimeType, c.ClockRate, c.Channels = kind+"/"+part[0], uint32(rate), 0
	if len(part) > 2 {
		if n, err := strconv.ParseUint(part[2], 10, 8); err == nil && n > 1 {
			c.Channels = uint16(n)
		}
	}
}

// fit tells how well a payload type fits a track; 0: not at all.
func fit(t *rtsp.Track, c *webrtc.RTPCodecParameters) int {
	switch t.Codec {
	case rtsp.H264:
		return fitH264(t, c)
	case rtsp.H265:
		return named(c, "video/H265", 90000)
	case rtsp.PCMU, rtsp.PCMA:
		if t.ClockRate != 8000 || t.Channels > 1 || c.Channels > 1 {
			return 0
		}
		return named(c, "audio/"+t.Codec.String(), 8000)
	case rtsp.Opus:
		return named(c, "audio/opus", 48000)
	}
	return 0
}

func named(c *webrtc.RTPCodecParameters, mime string, rate uint32) int {
	if strings.EqualFold(c.MimeType, mime) && c.ClockRate == rate {
		return 1
	}
	return 0
}

// fitH264 prefers the stream's own profile and level class. Browsers decode by the parameter sets in the stream
// and not by what was negotiated, so another profile will do where the stream's own is not named: Firefox names
// Baseline only and shows High.
func fitH264(t *rtsp.Track, c *webrtc.RTPCodecParameters) int {
	if named(c, "video/H264", 90000) == 0 || parameter(c.SDPFmtpLine, "packetization-mode") != "1" {
		return 0
	}
	id, err := hex.DecodeString(parameter(c.SDPFmtpLine, "profile-level-id"))
	switch {
	case err != nil || len(id) != 3:
		return 1
	case len(t.SPS) < 4 || id[0] != t.SPS[1]:
		return 2
	case id[1] != t.SPS[2]:
		return 3
	}
	return 4
}

// parameter reads one parameter of an fmtp line.
func parameter(fmtp, key string) string {
	for field := range strings.SplitSeq(fmtp, ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(field), "="); strings.EqualFold(k, key) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// reduce gives the offer as the WebRTC library is shown it: listed attributes, and in each section the chosen payload
// type alone. A section without a choice keeps its first payload type and is declined by the answer, for lack of a
// codec.
func (p *proposal) reduce(choices ...*choice) (string, error) {
	p.desc.Attributes = slices.DeleteFunc(p.desc.Attributes, func(a sdp.Attribute) bool { return !kept[a.Key] })
	for _, m := range p.desc.MediaDescriptions {
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool { return !kept[a.Key] })
		if len(m.MediaName.Formats) > 1 {
			m.MediaName.Formats = m.MediaName.Formats[:1]
		}
		for _, c := range choices {
			if c != nil && c.section == m {
				c.describe()
			}
		}
	}
	b, err := p.desc.Marshal()
	if err != nil {
		return "", fmt.Errorf("%w: write it again: %w", ErrOffer, err)
	}
	return string(b), nil
}

// describe leaves a section with the chosen payload type alone.
func (c *choice) describe() {
	pt := strconv.Itoa(int(c.codec.PayloadType))
	_, name, _ := strings.Cut(c.codec.MimeType, "/")
	name += "/" + strconv.Itoa(int(c.codec.ClockRate))
	if c.codec.Channels > 1 {
		name += "/" + strconv.Itoa(int(c.codec.Channels))
	}
	c.section.MediaName.Formats = []string{pt}
	add := func(key, value string) {
		c.section.Attributes = append(c.section.Attributes, sdp.Attribute{Key: key, Value: pt + " " + value})
	}
	add("rtpmap", name)
	if c.codec.SDPFmtpLine != "" {
		add("fmtp", c.codec.SDPFmtpLine)
	}
	for _, f := range c.codec.RTCPFeedback {
		add("rtcp-fb", strings.TrimSpace(f.Type+" "+f.Parameter))
	}
}

// readFragment checks a trickled fragment (RFC 8840) against the session's ICE user name. There is nothing to learn
// from it: candidates are found by who comes. An ICE restart is not served.
func readFragment(raw []byte, ufrag string) error {
	if len(raw) > maxOffer {
		return fmt.Errorf("%w: over %d bytes", ErrOffer, maxOffer)
	}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if len(line) < 2 || line[1] != '=' {
			return fmt.Errorf("%w: not an SDP fragment", ErrOffer)
		}
		if u, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && u != ufrag {
			return fmt.Errorf("%w: ICE restart is not served, make a new session", ErrOffer)
		}
	}
	return nil
}

// maxClaims bounds the addresses of an offer or fragment that are looked at. Browsers claim a handful.
const maxClaims = 32

// claims tells of the addresses that a browser claims to have and that AllowPeer refuses. No claim is used, refused or not; one
// that leads outside says that somebody tries.
func (s *Server) claims(raw []byte) {
	seen := 0
	for line := range strings.Lines(string(raw)) {
		address, ok := claimed(strings.TrimSpace(line))
		if !ok || seen == maxClaims {
			continue
		}
		seen++
		if !s.o.AllowPeer(address) {
			s.o.Refused("candidate", address)
		}
	}
}

// claimed reads the address of a candidate line (RFC 8839 section 5.1). Names, which browsers make up so as to show no address,
// are nobody's.
func claimed(line string) (netip.Addr, bool) {
	c, ok := strings.CutPrefix(line, "a=candidate:")
	field := strings.Fields(c)
	if !ok || len(field) < 6 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(field[4])
	return a.Unmap(), err == nil
}
