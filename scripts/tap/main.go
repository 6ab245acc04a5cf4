// Command tap shows that nothing leaves the premises: it runs the program in a network of its own, with a cable at whose
// other end everything is counted, and fails when a packet went to anything but loopback and the local network.
//
//	go run ./scripts/tap [--for 1h | --short] [--cameras N] [--bin FILE]
//
// The network has loopback and one cable. The default routes of IPv4 and IPv6 lead into the cable, so that what would
// leave a real site is seen here and not refused by the kernel for want of a route; resolv.conf names a name server in
// the Internet. In it run the demo (simulated cameras, discovery, recording), a camera that is named by a host name, so
// that a resolver has reason to ask, and Chromium, which goes through the pages of the viewer again and again.
//
// A tap that sees nothing proves nothing. So packets are sent on purpose before the run and after it, to the Internet by
// IPv4, IPv6, UDP and TCP, a DNS question and a STUN request among them; the tap must see each, or the run is void.
//
// Packets that the tap lost for want of room are counted; on the cable there may be none. Needs root, ip (iproute2), and
// for the viewer Chromium and the modules of scripts/e2e. The exit code is 1 when a packet went elsewhere or the viewer
// asked another origin, 2 when the run could not be made or is void. Where namespaces cannot be made it says so and ends
// with 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const (
	longRun  = time.Hour
	shortRun = time.Minute
)

// errFindings says that something went where it may not.
var errFindings = errors.New("findings")

// inside is set in the process that runs in the network of its own.
const inside = "HOLDFAST_TAP_INSIDE"

func main() {
	length := flag.Duration("for", longRun, "how `LONG` the program is used")
	short := flag.Bool("short", false, "use it for a minute")
	cameras := flag.Int("cameras", 3, "how many simulated cameras")
	bin := flag.String("bin", "", "the built holdfast `FILE`; built when it is left out")
	flag.Parse()
	if *short {
		*length = shortRun
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if os.Getenv(inside) != "" {
		err = watch(ctx, *length, *cameras, *bin)
	} else {
		err = enclose(ctx, *length, *cameras, *bin)
	}
	stop()
	var ended *exec.ExitError
	switch {
	case err == nil:
	case errors.Is(err, errFindings):
		os.Exit(1)
	case errors.As(err, &ended): // it has said why
		os.Exit(ended.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "tap:", err)
		os.Exit(2)
	}
}

// enclose runs this program again in namespaces of its own.
func enclose(ctx context.Context, length time.Duration, cameras int, bin string) error {
	if err := exec.CommandContext(ctx, "unshare", "--net", "--mount", "true").Run(); err != nil {
		fmt.Printf("skipped: a network namespace cannot be made here (%v); run it as root\n", err)
		return nil
	}
	if bin == "" {
		dir, err := os.MkdirTemp("", "holdfast-tap-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		bin = filepath.Join(dir, "holdfast")
		build := exec.CommandContext(ctx, "go", "build", "-o", bin, "holdfast/cmd/holdfast")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build holdfast: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "--for", length.String(), "--cameras", fmt.Sprint(cameras), "--bin", bin)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Unshareflags: syscall.CLONE_NEWNS}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd.Run()
}

// watch is the run, inside.
func watch(ctx context.Context, length time.Duration, cameras int, bin string) error {
	n, err := newNetwork()
	if err != nil {
		return fmt.Errorf("make the network: %w", err)
	}
	defer n.close()
	if err := n.prove(ctx); err != nil {
		return fmt.Errorf("before the run: %w", err)
	}
	fmt.Printf("The tap sees packets that are sent on purpose. Using the program for %v.\n", length)
	n.reset()
	began := time.Now()
	used, err := use(ctx, n, bin, length, cameras)
	if err != nil {
		return err
	}
	took, cable, loop := time.Since(began), n.cable.take(), n.loop.take()
	if err := n.prove(ctx); err != nil {
		return fmt.Errorf("after the run: %w", err)
	}
	return report(os.Stdout, took, used, cable, loop)
}
