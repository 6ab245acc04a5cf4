package live

import (
	"holdfast/rtsp"
)

const (
	// maxPacket is the largest UDP payload sent, bytes: it passes every tunnel that a LAN may contain.
	maxPacket = 1200
	// rtpOverhead is the RTP header and the longest authentication tag of the SRTP profiles offered.
	rtpOverhead = 12 + 16
	maxPayload  = maxPacket - rtpOverhead
)

// pack makes the RTP payloads of a frame: RFC 6184 (packetization-mode 1) or RFC 7798 for video, RFC 3551 and
// RFC 7587 for sound. Access unit delimiters and filler are left out. A key frame that came without parameter sets
// gets the track's. Everything is written into one buffer of its own.
func pack(f *rtsp.Frame) [][]byte {
	switch f.Track.Codec {
	case rtsp.H264:
		return packNALs(&h264Format, f)
	case rtsp.H265:
		return packNALs(&h265Format, f)
	case rtsp.PCMU, rtsp.PCMA:
		return split(f.Payload)
	case rtsp.Opus:
		return fitting(f.Payload)
	}
	return nil
}

// split cuts sound that may be cut anywhere.
func split(payload [][]byte) (out [][]byte) {
	for _, p := range payload {
		for len(p) > maxPayload {
			out = append(out, p[:maxPayload:maxPayload])
			p = p[maxPayload:]
		}
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// fitting leaves out what no packet can hold.
func fitting(payload [][]byte) (out [][]byte) {
	for _, p := range payload {
		if len(p) > 0 && len(p) <= maxPayload {
			out = append(out, p)
		}
	}
	return out
}

// nalFormat is what the payload formats of H.264 and H.265 differ in.
type nalFormat struct {
	header    int // length of a NAL unit header, bytes
	fragment  int // length of the headers of a fragmentation unit, bytes
	kind      func(nal []byte) byte
	skip      func(kind byte) bool
	parameter func(kind byte) bool // a parameter set
	sets      func(t *rtsp.Track) [][]byte
	aggregate func(dst []byte, nals [][]byte) []byte // appends the header of an aggregation packet
	unit      func(dst, nal []byte, start, end bool) []byte
}

var h264Format = nalFormat{
	header: 1, fragment: 2,
	kind:      func(nal []byte) byte { return nal[0] & 0x1f },
	skip:      func(k byte) bool { return k == 9 || k == 12 || k == 0 || k > 23 },
	parameter: func(k byte) bool { return k == 7 || k == 8 },
	sets:      func(t *rtsp.Track) [][]byte { return [][]byte{t.SPS, t.PPS} },
	aggregate: func(dst []byte, nals [][]byte) []byte { // STAP-A, RFC 6184, 5.7.1
		head := byte(24)
		for _, nal := range nals {
			head |= nal[0] & 0x80
			head = head&^0x60 | max(head&0x60, nal[0]&0x60)
		}
		return append(dst, head)
	},
	unit: func(dst, nal []byte, start, end bool) []byte { // FU-A, RFC 6184, 5.8
		return append(dst, nal[0]&0xe0|28, ends(start, end)|nal[0]&0x1f)
	},
}

var h265Format = nalFormat{
	header: 2, fragment: 3,
	kind:      func(nal []byte) byte { return nal[0] >> 1 & 0x3f },
	skip:      func(k byte) bool { return k == 35 || k == 38 || k > 47 },
	parameter: func(k byte) bool { return k >= 32 && k <= 34 },
	sets:      func(t *rtsp.Track) [][]byte { return [][]byte{t.VPS, t.SPS, t.PPS} },
	aggregate: func(dst []byte, nals [][]byte) []byte { // AP, RFC 7798, 4.4.2
		layer, tid := byte(63), byte(7)
		forbidden := byte(0)
		for _, nal := range nals {
			forbidden |= nal[0] & 0x80
			layer = min(layer, nal[0]<<5&0x20|nal[1]>>3)
			tid = min(tid, nal[1]&7)
		}
		return append(dst, forbidden|48<<1|layer>>5, layer<<3|tid)
	},
	unit: func(dst, nal []byte, start, end bool) []byte { // FU, RFC 7798, 4.4.3
		return append(dst, nal[0]&0x81|49<<1, nal[1], ends(start, end)|nal[0]>>1&0x3f)
	},
}

func ends(start, end bool) (b byte) {
	if start {
		b |= 0x80
	}
	if end {
		b |= 0x40
	}
	return b
}

// packer writes a frame's payloads one after the other into one buffer.
type packer struct {
	*nalFormat
	buf   []byte
	out   [][]byte
	small [][]byte // NAL units that wait to share a packet
	held  int      // what they need in an aggregation packet, bytes
}

func packNALs(format *nalFormat, f *rtsp.Frame) [][]byte {
	p := packer{nalFormat: format}
	nals := p.choose(f)
	size, packets := 0, 0
	for _, nal := range nals {
		n := len(nal)/(maxPayload-p.fragment) + 1
		size += len(nal) + n*(p.fragment+p.header+2)
		packets += n
	}
	p.buf = make([]byte, 0, size)
	p.out = make([][]byte, 0, packets)
	for _, nal := range nals {
		p.add(nal)
	}
	p.flush()
	return p.out
}

// choose gives the NAL units to send.
func (p *packer) choose(f *rtsp.Frame) [][]byte {
	nals := make([][]byte, 0, len(f.Payload)+3)
	if f.Key && !p.carriesSets(f) {
		for _, set := range p.sets(f.Track) {
			if len(set) > p.header {
				nals = append(nals, set)
			}
		}
	}
	for _, nal := range f.Payload {
		if len(nal) > p.header && !p.skip(p.kind(nal)) {
			nals = append(nals, nal)
		}
	}
	return nals
}

// carriesSets tells whether a frame brings its own parameter sets.
func (p *packer) carriesSets(f *rtsp.Frame) bool {
	n := 0
	for _, nal := range f.Payload {
		if len(nal) > p.header && p.parameter(p.kind(nal)) {
			n++
		}
	}
	return n >= len(p.sets(f.Track))
}

func (p *packer) add(nal []byte) {
	if p.header+p.held+2+len(nal) > maxPayload {
		p.flush()
	}
	if p.header+2+len(nal) <= maxPayload {
		p.small = append(p.small, nal)
		p.held += 2 + len(nal)
		return
	}
	if len(nal) <= maxPayload {
		p.out = append(p.out, nal)
		return
	}
	p.cut(nal)
}

// flush sends the small units: one as it is, several as an aggregation packet.
func (p *packer) flush() {
	switch len(p.small) {
	case 0:
		return
	case 1:
		p.out = append(p.out, p.small[0])
	default:
		from := len(p.buf)
		p.buf = p.aggregate(p.buf, p.small)
		for _, nal := range p.small {
			p.buf = append(p.buf, byte(len(nal)>>8), byte(len(nal)))
			p.buf = append(p.buf, nal...)
		}
		p.emit(from)
	}
	p.small, p.held = p.small[:0], 0
}

// cut sends a large unit as fragmentation units, all but the last of equal length, so that the kernel can be given
// them in one call.
func (p *packer) cut(nal []byte) {
	rest := nal[p.header:]
	for start := true; len(rest) > 0; start = false {
		n := min(len(rest), maxPayload-p.fragment)
		from := len(p.buf)
		p.buf = p.unit(p.buf, nal, start, n == len(rest))
		p.buf = append(p.buf, rest[:n]...)
		p.emit(from)
		rest = rest[n:]
	}
}

func (p *packer) emit(from int) {
	p.out = append(p.out, p.buf[from:len(p.buf):len(p.buf)])
}
