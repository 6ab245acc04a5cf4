package rtsp

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

const (
	// portTries bounds the search for a free pair. gortsplib's own search has no bound and never ends when the
	// process has no file left to open.
	portTries = 50
	// udpBuffer is asked of the kernel: without it each key frame loses packets. It is the most that an unprivileged
	// process gets on an untuned Linux; gortsplib would refuse to go on with less, so we ask here and take what we get.
	udpBuffer = 212992
)

// portList opens UDP ports for a connection and closes what the library leaves open.
type portList struct {
	listen func(network, address string) (net.PacketConn, error)

	mu    sync.Mutex
	conns []net.PacketConn
}

// Listen opens a port with a receive buffer as large as the kernel grants.
func (p *portList) Listen(network, address string) (net.PacketConn, error) {
	conn, err := p.listen(network, address)
	if err != nil {
		return nil, err
	}
	if u, ok := conn.(*net.UDPConn); ok {
		u.SetReadBuffer(udpBuffer) // less is not an error: it shows as loss
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conn)
	return conn, nil
}

// closeAll closes every port that was opened. Closing twice is harmless.
func (p *portList) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// pair finds two free neighbouring ports, the first even (RFC 3550 section 11). They are free at this moment only: the
// library's error, should somebody take one, ends the attempt and the next finds another pair.
func (p *portList) pair() (int, error) {
	var last error
	for range portTries {
		port, err := p.tryPair()
		if err == nil {
			return port, nil
		}
		last = err
	}
	return 0, fmt.Errorf("find two free UDP ports: %w", last)
}

func (p *portList) tryPair() (int, error) {
	first, err := p.listen("udp", ":0")
	if err != nil {
		return 0, err
	}
	defer first.Close()
	port := first.LocalAddr().(*net.UDPAddr).Port
	if port%2 != 0 {
		return 0, errors.New("no even port was free")
	}
	second, err := p.listen("udp", fmt.Sprintf(":%d", port+1))
	if err != nil {
		return 0, err
	}
	second.Close()
	return port, nil
}
