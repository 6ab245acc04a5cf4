package discovery_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"holdfast/onvif/discovery"
	"holdfast/onvif/server"
)

// Where the flood comes from.
const (
	stranger4 = "10.77.0.66"
	stranger6 = "fe80::66"
)

// street is the process of the cameras. It does what standard input says, a line at a time, and says when it is done.
func street() error {
	lines := bufio.NewScanner(os.Stdin)
	s := &cameraStreet{}
	defer s.end()
	for lines.Scan() {
		var err error
		var n int
		done := "done"
		switch line := lines.Text(); {
		case line == "begin":
			err = s.begin()
		case line == "flood":
			done, err = s.flood()
		default:
			if _, err = fmt.Sscanf(line, "move %d", &n); err == nil {
				err = s.move(n)
			}
		}
		if err != nil {
			return err
		}
		fmt.Println(done)
	}
	return nil
}

// cameraStreet is twenty cameras on two networks.
type cameraStreet struct {
	stops   [cameras]func()
	probers chan netip.AddrPort // where questions came from
	watch   []*net.UDPConn
}

func (s *cameraStreet) end() {
	for _, stop := range s.stops {
		if stop != nil {
			stop()
		}
	}
}

func (s *cameraStreet) begin() error {
	if err := ip("link set lo up"); err != nil {
		return err
	}
	if err := wire("cam", 2, camLink6); err != nil {
		return err
	}
	if err := ip("route add 224.0.0.0/4 dev cam0", "addr add "+stranger4+"/24 dev cam0", "-6 addr add "+stranger6+"/64 dev cam0 nodad"); err != nil {
		return err
	}
	for n := range cameras {
		at := address(n%networks, 10+n)
		if err := ip(fmt.Sprintf("addr add %s/24 dev cam%d", at, n%networks)); err != nil {
			return err
		}
		if err := s.start(n, at); err != nil {
			return err
		}
	}
	if err := s.unknown(); err != nil {
		return err
	}
	s.probers = make(chan netip.AddrPort, 64)
	return s.watchProbes()
}

// start runs a camera at an address: its device service, what answers probes by IPv4, and by IPv6 with the same addresses.
// Camera 0 is on both networks, and has a service by IPv6 too.
func (s *cameraStreet) start(n int, at netip.Addr) error {
	dev := device(n)
	options := server.Options{Listen: netip.AddrPortFrom(at, 80).String(), Device: dev, Username: "u", Password: "p", Discovery: true, Announce: s.probers != nil}
	main, err := server.New(options)
	if err != nil {
		return err
	}
	runs := []func(context.Context) error{main.Run}
	zone := fmt.Sprintf("cam%d", n%networks)
	link := netip.MustParseAddr(camLink6).WithZone(zone)
	runs = append(runs, (&discovery.Responder{Endpoint: dev.Info().Endpoint, XAddrs: main.XAddr(), Scopes: []string{"onvif://www.onvif.org/name/" + strings.ReplaceAll(name(n), " ", "%20")},
		Interface: link, Announce: options.Announce}).Run)
	if n == 0 {
		second := address(1, 10)
		if err := ip(fmt.Sprintf("addr add %s/24 dev cam1", second)); err != nil {
			return err
		}
		for _, listen := range []string{netip.AddrPortFrom(second, 80).String(), netip.AddrPortFrom(link, 8000).String()} {
			o := options
			o.Listen = listen
			more, err := server.New(o)
			if err != nil {
				return err
			}
			runs = append(runs, more.Run)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, run := range runs {
		wg.Go(func() {
			if err := run(ctx); ctx.Err() == nil {
				fmt.Println("error", n, err)
			}
		})
	}
	s.stops[n] = func() { cancel(); wg.Wait() }
	return nil
}

// unknown runs a camera that answers no Probe, which is nobody's but the sweep's.
func (s *cameraStreet) unknown() error {
	at := address(0, 11)
	if err := ip(fmt.Sprintf("addr add %s/24 dev cam0", at)); err != nil {
		return err
	}
	quiet, err := server.New(server.Options{Listen: netip.AddrPortFrom(at, 8000).String(), Device: device(cameras), Username: "u", Password: "p"})
	if err != nil {
		return err
	}
	go quiet.Run(context.Background()) // until the process ends
	return nil
}

// move has a camera go, and come at another address of its network.
func (s *cameraStreet) move(n int) error {
	at := address(n%networks, 99)
	if err := ip(fmt.Sprintf("addr add %s/24 dev cam%d", at, n%networks)); err != nil {
		return err
	}
	if err := s.restart(n, address(n%networks, 10+n)); err != nil { // as one that will say goodbye
		return err
	}
	return s.restart(n, at)
}

func (s *cameraStreet) restart(n int, at netip.Addr) error {
	s.stops[n]()
	return s.start(n, at)
}

// watchProbes notes who asks, as anybody on the network can.
func (s *cameraStreet) watchProbes() error {
	for n := range networks {
		i, err := net.InterfaceByName(fmt.Sprintf("cam%d", n))
		if err != nil {
			return err
		}
		for network, group := range map[string]string{"udp4": "239.255.255.250", "udp6": "ff02::c"} {
			conn, err := net.ListenMulticastUDP(network, i, &net.UDPAddr{IP: net.ParseIP(group), Port: 3702})
			if err != nil {
				return err
			}
			s.watch = append(s.watch, conn)
			go func() {
				buf := make([]byte, 64<<10)
				for {
					size, from, err := conn.ReadFromUDPAddrPort(buf)
					if err != nil {
						return
					}
					if bytes.Contains(buf[:size], []byte("discovery/Probe<")) {
						select {
						case s.probers <- from:
						default:
						}
					}
				}
			}()
		}
	}
	return nil
}

// flood sends junk to whoever asks next, and to everybody who listens, by IPv4 and IPv6.
func (s *cameraStreet) flood() (string, error) {
	for len(s.probers) > 0 {
		<-s.probers
	}
	to := []netip.AddrPort{netip.MustParseAddrPort("239.255.255.250:3702"), netip.AddrPortFrom(netip.MustParseAddr("ff02::c").WithZone("cam0"), 3702)}
	var seen4, seen6 bool
	limit := time.After(10 * time.Second)
	for !seen4 || !seen6 {
		select {
		case from := <-s.probers:
			a := netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
			if a.Addr().Is4() && a.Addr().As4()[2] != 0 || a.Addr().Is6() && a.Addr().Zone() != "cam0" {
				continue // the other network is left in peace
			}
			seen4, seen6 = seen4 || a.Addr().Is4(), seen6 || a.Addr().Is6()
			to = append(to, a)
		case <-limit:
			return "", errors.New("nobody asks")
		}
	}
	four, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(stranger4), 0)))
	if err != nil {
		return "", err
	}
	defer four.Close()
	six, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(stranger6).WithZone("cam0"), 0)))
	if err != nil {
		return "", err
	}
	defer six.Close()
	if err := errors.Join(alone(four, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP), alone(six, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP)); err != nil {
		return "", err
	}
	began, sent := time.Now(), 0
	for i := range junk {
		conn, at := four, to[i%len(to)]
		if at.Addr().Is6() {
			conn = six
		}
		if _, err := conn.WriteToUDPAddrPort(rubbish[i/len(to)%len(rubbish)], at); err == nil {
			sent++
		}
	}
	return fmt.Sprintf("%d junk datagrams were sent in %v to %d ports", sent, time.Since(began).Round(time.Millisecond), len(to)), nil
}

// alone keeps what is sent to a group from those on this machine that are in it: it is for the other end of the cable.
func alone(conn *net.UDPConn, level, option int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), level, option, 0) })
	return errors.Join(err, set)
}

// rubbish is what datagrams of the flood hold: nothing, noise, other protocols, and messages that begin well.
var rubbish = [][]byte{
	{}, {0}, bytes.Repeat([]byte{0xff}, 1400), []byte("GET / HTTP/1.1\r\n\r\n"), []byte("ProbeMatches"), []byte("Hello"), []byte("Bye"),
	[]byte(`<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><d:ProbeMatches`),
	[]byte("<ProbeMatches>" + strings.Repeat("<a>", 400)), []byte("<Hello " + strings.Repeat(`a="" `, 250) + "/>"),
	[]byte(`<!DOCTYPE l [<!ENTITY a "ProbeMatches"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>`),
	[]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><d:ProbeMatches xmlns:d="d"><d:ProbeMatch/></d:ProbeMatches></s:Body></s:Envelope>`),
	[]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><d:Hello xmlns:d="d"><d:XAddrs>http://10.77.0.66/</d:XAddrs></d:Hello></s:Body></s:Envelope>`),
}
