package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// The premises' own addresses, and the router's, which is the other end of the cable and answers nothing.
const (
	home4, home6     = "192.168.77.9", "fd77::9"
	router4, router6 = "192.168.77.1", "fd77::1"
	// nameServer is what resolv.conf names: one in the Internet, as many machines have it.
	nameServer = "9.9.9.9"
)

// network is the premises and the tap.
type network struct {
	cable, loop *tally
	stop        atomic.Bool
	readers     sync.WaitGroup
	release     chan struct{} // closed to let the thread of the other end go
}

// newNetwork makes the cable. The calling process is in a new network namespace already; the other end of the cable lies in
// a second one, which one thread of this process is in.
func newNetwork() (*network, error) {
	own := []netip.Addr{netip.MustParseAddr(home4), netip.MustParseAddr(home6)}
	n := &network{cable: newTally(own), loop: newTally(own), release: make(chan struct{})}
	if err := n.plug(); err != nil {
		n.close()
		return nil, err
	}
	if err := nameServerOutside(); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *network) plug() error {
	away, opened := make(chan int), make(chan error)
	plugged := make(chan bool)
	go n.otherEnd(away, plugged, opened)
	tid, ok := <-away
	if !ok {
		return <-opened
	}
	err := each("link set lo up", fmt.Sprintf("link add site0 type veth peer name tap0 netns %d", tid))
	plugged <- err == nil
	if errs := errors.Join(err, <-opened); errs != nil {
		return errs
	}
	fd, err := openTap("lo")
	if err != nil {
		return err
	}
	n.readers.Go(func() { n.read(fd, n.loop, unix.PACKET_OUTGOING) })
	return each("addr add "+home4+"/24 dev site0", "addr add "+home6+"/64 dev site0 nodad", "link set site0 up",
		"route add default via "+router4, "-6 route add default via "+router6)
}

// otherEnd is the life of the thread that is in the second namespace. It says its id, waits for the cable, opens the tap.
func (n *network) otherEnd(away chan<- int, plugged <-chan bool, opened chan<- error) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, as nothing else may run on it
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		close(away)
		opened <- err
		return
	}
	away <- unix.Gettid()
	if !<-plugged {
		opened <- nil
		return
	}
	fd, err := openTap("tap0")
	if err == nil {
		err = each("link set lo up", "addr add "+router4+"/24 dev tap0", "addr add "+router6+"/64 dev tap0 nodad", "link set tap0 up")
	}
	opened <- err
	if err != nil {
		return
	}
	n.readers.Go(func() { n.read(fd, n.cable, -1) })
	<-n.release
}

// each runs ip with each of the lines, in the namespace of the calling thread.
func each(lines ...string) error {
	for _, l := range lines {
		if out, err := exec.Command("ip", strings.Fields(l)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", l, err, out)
		}
	}
	return nil
}

// nameServerOutside gives this process and its children a resolv.conf of their own.
func nameServerOutside() error {
	const path = "/etc/resolv.conf"
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("find %s: %w", path, err)
	}
	f, err := os.CreateTemp("", "holdfast-tap-resolv-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString("nameserver " + nameServer + "\n")
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount(f.Name(), real, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("give a resolv.conf: %w", err)
	}
	return nil
}

const (
	tapRoom  = 64 << 20 // of packets that wait to be counted, bytes
	snap     = 96       // bytes of each packet that are looked at
	tapPause = 100 * time.Millisecond
)

// openTap opens a socket that sees every packet of a link, in the namespace of the calling thread.
func openTap(link string) (int, error) {
	all := int(htons(unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open tap: %w", err)
	}
	index, err := indexOf(link)
	if err == nil {
		err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, tapRoom), cut(fd),
			unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: tapPause.Microseconds()}),
			unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(all), Ifindex: index}))
	}
	if err != nil {
		unix.Close(fd)
		return 0, fmt.Errorf("open tap on %s: %w", link, err)
	}
	return fd, nil
}

// indexOf asks the kernel on the calling thread; package net may ask on another.
func indexOf(link string) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(link)
	if err != nil {
		return 0, err
	}
	err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r)
	return int(r.Uint32()), err
}

// cut has the kernel keep only the beginning of each packet.
func cut(fd int) error {
	const returnConstant = unix.BPF_RET | unix.BPF_K
	f := []unix.SockFilter{{Code: returnConstant, K: snap}}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &f[0]})
}

func htons(v uint16) uint16 { return v<<8 | v>>8 }

// read counts packets until the network is closed: those of one kind, or, with -1, those that came from the other end.
func (n *network) read(fd int, t *tally, kind int) {
	defer unix.Close(fd)
	buf := make([]byte, snap)
	for !n.stop.Load() {
		size, from, err := unix.Recvfrom(fd, buf, 0)
		if err != nil { // nothing to read now: the time to ask what there was no room for
			if st, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
				t.drop(uint64(st.Drops)) // since it was asked last
			}
			continue
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if !ok {
			continue
		}
		if kind < 0 && link.Pkttype == unix.PACKET_OUTGOING || kind >= 0 && int(link.Pkttype) != kind {
			continue
		}
		t.add(read(htons(link.Protocol), buf[:size]))
	}
}

func (n *network) reset() {
	n.cable.take()
	n.loop.take()
}

func (n *network) close() {
	n.stop.Store(true)
	n.readers.Wait()
	close(n.release)
}

// proveTime bounds the wait for a packet that was sent on purpose.
const proveTime = 5 * time.Second

// prove sends packets that must be seen, and waits until they were.
func (n *network) prove(ctx context.Context) error {
	n.reset()
	if err := provoke(); err != nil {
		return fmt.Errorf("send on purpose: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, proveTime)
	defer cancel()
	for {
		c := n.cable.look()
		missing := unseen(c)
		if missing == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the tap has not seen what was sent on purpose to %s; the run is void", missing)
		case <-time.After(tapPause / 10):
		}
	}
}
