package rtsptest

import (
	"encoding/binary"
	"net"
	"sync/atomic"
)

// wire is what of a camera's misbehaviour the RTSP library would not let through: it acts on the bytes of a
// connection. The library writes an interleaved frame or an answer with one call.
type wire struct {
	net.Listener
	foreign atomic.Int64 // packets of another session to slip in
	mute    atomic.Bool  // answer nothing once media flow
	cut     atomic.Bool  // whoever connects is hung up on
}

// Accept wraps each connection.
func (w *wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	for err == nil && w.cut.Load() {
		c.Close()
		c, err = w.Listener.Accept()
	}
	if err != nil {
		return nil, err
	}
	return &wireConn{Conn: c, wire: w}, nil
}

type wireConn struct {
	net.Conn
	wire    *wire
	playing atomic.Bool
}

// The layout of an interleaved RTP packet: RFC 2326 section 10.12, RFC 3550 section 5.1.
const (
	interleaved = '$'
	frameHead   = 4
	rtpHead     = 12
	ssrcAt      = frameHead + 8
)

func (c *wireConn) Write(b []byte) (int, error) {
	media := len(b) > 0 && b[0] == interleaved
	if media {
		c.playing.Store(true)
	}
	if !media && c.playing.Load() && c.wire.mute.Load() {
		return len(b), nil
	}
	if media && b[1] == 0 && len(b) >= frameHead+rtpHead && c.wire.foreign.Add(-1) >= 0 {
		alien := append([]byte(nil), b...)
		binary.BigEndian.PutUint32(alien[ssrcAt:], ^binary.BigEndian.Uint32(b[ssrcAt:]))
		if _, err := c.Conn.Write(alien); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}
