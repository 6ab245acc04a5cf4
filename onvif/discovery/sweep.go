package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// sweepRate is how many addresses a sweep begins to ask in a second. Each costs two to four datagrams and, where they are
	// not answered, a connection to each of Ports.
	sweepRate = 64
	// maxAsking bounds the addresses that are asked at once.
	maxAsking = 128
	// unicastTime is how long the answer to a Probe is waited for before it is sent again, and then before HTTP is tried.
	unicastTime = 500 * time.Millisecond
	// connectTime bounds one connection: a device in the site answers in milliseconds.
	connectTime = 800 * time.Millisecond
	// httpTime bounds what is asked over one connection.
	httpTime = 4 * time.Second
)

// Ports are where devices are asked over HTTP: the usual one, those of makers that have others, and TLS.
var Ports = []uint16{80, 8000, 8080, 8899, 2020, 443}

// Sweep asks given addresses, one by one, for networks that drop multicast. Nothing is sent to any other.
type Sweep struct {
	Addresses []netip.Addr // at most MaxAddresses; see ParseRanges
	Ports     []uint16     // to ask over HTTP; nil: Ports

	Open func(network, address string) (net.PacketConn, error)                // a UDP socket, like net.ListenPacket; required
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // required

	Found    func(Found)        // as in Options
	Progress func(done, of int) // told after each address, by one goroutine at a time; nil: nobody is told
}

// Run asks them all, and gives the devices that answered, or those that had when ctx ended, in the order of their answers.
func (s Sweep) Run(ctx context.Context) ([]Found, error) {
	switch {
	case s.Open == nil || s.Dial == nil:
		return nil, errors.New("a sweep needs functions that open sockets and connections")
	case len(s.Addresses) > MaxAddresses:
		return nil, fmt.Errorf("a sweep asks at most %d addresses", MaxAddresses)
	}
	if s.Ports == nil {
		s.Ports = Ports
	}
	w := &sweeping{Sweep: s, exchange: newExchange(ByUnicast, newGathering(s.Found)), answered: make(map[netip.Addr]chan struct{})}
	if err := w.open(); err != nil {
		return nil, err
	}
	var readers sync.WaitGroup
	for _, c := range []net.PacketConn{w.four, w.six} {
		if c != nil {
			readers.Go(func() { w.read(c) })
		}
	}
	w.all(ctx)
	for _, c := range []net.PacketConn{w.four, w.six} {
		if c != nil {
			c.Close()
		}
	}
	readers.Wait()
	return w.found.list(), nil
}

// sweeping is the state of one sweep.
type sweeping struct {
	Sweep
	*exchange
	four, six net.PacketConn // constant once they are open; nil where no address needs them

	mu       sync.Mutex // guards what follows
	answered map[netip.Addr]chan struct{}
	done     int
}

// open opens a socket for each family that there is an address of.
func (w *sweeping) open() (err error) {
	for _, a := range w.Addresses {
		switch {
		case a.Is4() && w.four == nil:
			w.four, err = w.Open("udp4", ":0")
		case a.Is6() && w.six == nil:
			w.six, err = w.Open("udp6", ":0")
		}
		if err != nil {
			return fmt.Errorf("ask addresses: %w", err)
		}
	}
	return nil
}

// all asks each address, at most sweepRate a second and maxAsking at once.
func (w *sweeping) all(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	turns := make(chan struct{}, maxAsking)
	tick := time.NewTicker(time.Second / sweepRate)
	defer tick.Stop()
	for _, a := range w.Addresses {
		select {
		case <-ctx.Done():
			return
		case turns <- struct{}{}:
		}
		wg.Go(func() {
			defer func() { <-turns }()
			w.one(ctx, a)
			w.progress()
		})
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *sweeping) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done++
	if w.Progress != nil {
		w.Progress(w.done, len(w.Addresses))
	}
}

// one asks one address: by two Probes, and if it answers none over HTTP.
func (w *sweeping) one(ctx context.Context, a netip.Addr) {
	conn := w.four
	if a.Is6() {
		conn = w.six
	}
	heard := make(chan struct{})
	w.mu.Lock()
	w.answered[a] = heard
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.answered, a)
	}()
	to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, port))
	for range 2 {
		for _, t := range []string{"dn:NetworkVideoTransmitter", "tds:Device"} {
			conn.WriteTo(w.question(t), to) // what refuses it may answer HTTP
		}
		if waited(ctx, heard) {
			return
		}
	}
	w.overHTTP(ctx, a)
}

// waited waits for an answer, and tells whether one came or the search ended.
func waited(ctx context.Context, heard <-chan struct{}) bool {
	t := time.NewTimer(unicastTime)
	defer t.Stop()
	select {
	case <-heard:
		return true
	case <-ctx.Done():
		return true
	case <-t.C:
		return false
	}
}

// read takes the answers to probes.
func (w *sweeping) read(conn net.PacketConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		udp, ok := from.(*net.UDPAddr)
		if err != nil || !ok {
			continue
		}
		at := udp.AddrPort()
		w.hear(buf[:n], netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	}
}

// hear takes an answer of an address that is being asked; nothing else was asked, so nothing else can answer.
func (w *sweeping) hear(data []byte, from netip.AddrPort) {
	w.mu.Lock()
	heard := w.answered[from.Addr()]
	w.mu.Unlock()
	if heard == nil || w.take(data, from, "") == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answered[from.Addr()] == heard {
		delete(w.answered, from.Addr()) // later answers of it add nothing that is needed
		close(heard)
	}
}

// overHTTP asks an address at each of the ports at once.
func (w *sweeping) overHTTP(ctx context.Context, a netip.Addr) {
	var wg sync.WaitGroup
	for _, p := range w.Ports {
		wg.Go(func() {
			if f, ok := askHTTP(ctx, w.Dial, serviceAt(a, p)); ok {
				f.From = netip.AddrPortFrom(a, p)
				w.found.add(f, "")
			}
		})
	}
	wg.Wait()
}
