package discovery_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/discovery"
	"holdfast/onvif/onviftest"
)

// The test of a site runs in three processes: the test itself, the site, which is the test run again in a network namespace, and
// the cameras, in a namespace of their own at the other end of two cables. The environment says which one a process is.
const role = "HOLDFAST_TEST_SITE"

// The two networks of the site. This machine is .1; camera n of twenty is on network n%2 at .10+n.
const (
	networks  = 2
	cameras   = 20
	homeLink6 = "fe80::1"
	camLink6  = "fe80::2"
	junk      = 100_000 // datagrams of the flood
)

func address(network, host int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 77, byte(network), byte(host)})
}

func init() {
	if os.Getenv(role) == "cameras" { // before the tests, which are not run
		if err := street(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// TestASiteIsFoundWholeAndOnlyOnce has twenty cameras on two networks, by IPv4 and IPv6, found, told apart, flooded and followed.
func TestASiteIsFoundWholeAndOnlyOnce(t *testing.T) {
	if os.Getenv(role) == "site" {
		searchSite(t)
		return
	}
	if err := exec.Command("unshare", "--net", "ip", "link", "set", "lo", "up").Run(); err != nil {
		t.Skipf("a network namespace cannot be made here: %v", err)
	}
	cmd := exec.Command("unshare", "--net", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), role+"=site")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nPASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	for l := range strings.Lines(string(out)) {
		if strings.Contains(l, "_test.go:") {
			t.Log(strings.TrimSpace(l))
		}
	}
}

// ip runs ip with each of the lines.
func ip(lines ...string) error {
	for _, l := range lines {
		if out, err := exec.Command("ip", strings.Fields(l)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", l, err, out)
		}
	}
	return nil
}

// wire sets up one end of each cable.
func wire(name string, host int, link6 string) error {
	for n := range networks {
		dev := fmt.Sprintf("%s%d", name, n)
		if err := ip("link set "+dev+" addrgenmode none", "link set "+dev+" up", fmt.Sprintf("addr add %s/24 dev %s", address(n, host), dev),
			"-6 addr add "+link6+"/64 dev "+dev+" nodad"); err != nil {
			return err
		}
	}
	return nil
}

// others is the process of the cameras, which does as it is told, a line at a time.
type others struct {
	t    *testing.T
	in   *os.File
	read *bufio.Scanner
}

func startCameras(t *testing.T) *others {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), role+"=cameras")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	inRead, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = inRead
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inRead.Close()
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	for n := range networks {
		if err := ip(fmt.Sprintf("link add site%d type veth peer name cam%d netns %d", n, n, cmd.Process.Pid)); err != nil {
			t.Fatal(err)
		}
	}
	return &others{t, in, bufio.NewScanner(out)}
}

// tell gives the cameras a line, and waits for theirs.
func (o *others) tell(line string) string {
	o.t.Helper()
	fmt.Fprintln(o.in, line)
	return o.answer()
}

func (o *others) answer() string {
	o.t.Helper()
	if !o.read.Scan() || strings.HasPrefix(o.read.Text(), "error") {
		o.t.Fatalf("the cameras say %q", o.read.Text())
	}
	return o.read.Text()
}

// hearAll listens, and gives what it hears.
func hearAll(t *testing.T) <-chan discovery.Announcement {
	heard := make(chan discovery.Announcement, 1024)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		discovery.Listen(ctx, func(a discovery.Announcement) {
			select {
			case heard <- a:
			default:
			}
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return heard
}

// search is one probe, and what it cost this process.
type search struct {
	list      []discovery.Found
	last      time.Duration // when the last camera was first heard of
	cpu       time.Duration
	allocated uint64
}

func probe(t *testing.T, timeout time.Duration) search {
	t.Helper()
	var s search
	seen := make(map[string]bool)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began, used := time.Now(), spent()
	list, err := discovery.Probe(t.Context(), discovery.Options{Timeout: timeout, Open: net.ListenPacket, Found: func(f discovery.Found) {
		if !seen[f.Key] {
			seen[f.Key], s.last = true, time.Since(began)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.list, s.cpu = list, spent()-used
	runtime.ReadMemStats(&after)
	s.allocated = after.TotalAlloc - before.TotalAlloc
	return s
}

// spent is the processor time of this process.
func spent() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// names lists the cameras as id and addresses.
func (s search) names() (list []string) {
	for _, f := range s.list {
		list = append(list, f.ID+" "+strings.Join(slices.Sorted(slices.Values(f.XAddrs)), " "))
	}
	slices.Sort(list)
	return list
}

// searchSite is the test, in the site.
func searchSite(t *testing.T) {
	if err := ip("link set lo up"); err != nil {
		t.Fatal(err)
	}
	o := startCameras(t)
	if err := wire("site", 1, homeLink6); err != nil {
		t.Fatal(err)
	}
	o.tell("begin")
	heard := hearAll(t)

	quiet := probe(t, 2500*time.Millisecond)
	checkSite(t, quiet)
	t.Logf("%d cameras on %d networks: the last was found after %v; %v of processor time", len(quiet.list), networks, quiet.last.Round(time.Millisecond), quiet.cpu)
	reachable(t, quiet)

	fmt.Fprintln(o.in, "flood")
	flooded := probe(t, discovery.DefaultTimeout)
	t.Logf("the same during a flood: the last after %v; %v of processor time, listening for announcements among it, %d KiB allocated (%d KiB without). %s",
		flooded.last.Round(time.Millisecond), flooded.cpu, flooded.allocated>>10, quiet.allocated>>10, o.answer())
	checkSite(t, flooded)
	if a, b := quiet.names(), flooded.names(); !slices.Equal(a, b) {
		t.Errorf("the flood changed what is found:\n%q\n%q", a, b)
	}
	for len(heard) > 0 {
		t.Errorf("heard of the flood: %+v", <-heard)
	}
	moved(t, o, heard)
	swept(t)
}

// checkSite looks whether every camera is there, once.
func checkSite(t *testing.T, s search) {
	t.Helper()
	if s.last > discovery.DefaultTimeout {
		t.Errorf("the last camera was found after %v", s.last)
	}
	ids := make(map[string]bool)
	for _, f := range s.list {
		if ids[f.ID] || f.Shared || f.Key != f.ID {
			t.Errorf("%s is there twice: %+v", f.ID, f)
		}
		ids[f.ID] = true
	}
	for n := range cameras {
		i := slices.IndexFunc(s.list, func(f discovery.Found) bool { return f.Name == name(n) })
		if i < 0 {
			t.Errorf("%s is not found", name(n))
			continue
		}
		f := s.list[i]
		first := strings.HasPrefix(f.Address(), fmt.Sprintf("http://%s:80/", address(n%networks, 10+n))) || n == 0 && strings.HasPrefix(f.Address(), fmt.Sprintf("http://%s:80/", address(1, 10)))
		if !first || f.Hardware == "" || !slices.Contains(f.Profiles, "S") {
			t.Errorf("%s is %+v", name(n), f)
		}
	}
	if len(s.list) != cameras {
		t.Errorf("%d are found", len(s.list))
	}
}

// reachable asks the camera that has services on both networks and both families at each of its addresses.
func reachable(t *testing.T, s search) {
	t.Helper()
	for _, f := range s.list {
		if f.Name != name(0) {
			continue
		}
		if len(f.XAddrs) != 3 {
			t.Errorf("%s has %q", f.Name, f.XAddrs)
		}
		for _, a := range f.XAddrs {
			var d net.Dialer
			c, err := onvif.New(onvif.Options{Address: a, Username: "u", Password: "p", Dial: d.DialContext})
			if err == nil {
				_, err = c.Probe(t.Context())
			}
			if err != nil {
				t.Errorf("ask at %s: %v", a, err)
			}
		}
	}
}

// moved has a camera go and come at another address.
func moved(t *testing.T, o *others, heard <-chan discovery.Announcement) {
	t.Helper()
	const n = 3
	o.tell(fmt.Sprint("move ", n))
	want := map[string]bool{"bye 4": true, "hello 4": true, "bye 6": true, "hello 6": true}
	limit := time.After(10 * time.Second)
	for len(want) > 0 {
		select {
		case a := <-heard:
			if a.Name != name(n) {
				t.Errorf("heard %+v", a)
			}
			what, family := "hello", "4"
			if a.Bye {
				what = "bye"
			}
			if a.From.Addr().Is6() {
				family = "6"
			}
			delete(want, what+" "+family)
		case <-limit:
			t.Fatalf("not heard: %v", want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), discovery.DefaultTimeout)
	defer cancel()
	where := ""
	if _, err := discovery.Probe(ctx, discovery.Options{Open: net.ListenPacket, Interfaces: []string{"site1"}, Found: func(f discovery.Found) {
		if !strings.Contains(f.From.Addr().String(), "10.77.1.") && f.From.Addr().Zone() != "site1" {
			t.Errorf("asked by one network, and %v of another answered", f.From)
		}
		if f.Name == name(n) && strings.Contains(f.Address(), "10.77.1.99") {
			where = f.Address()
			cancel()
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if where == "" {
		t.Error("it is not found at its new address")
	}
}

// swept asks addresses one by one: one camera answers a Probe, and one HTTP only.
func swept(t *testing.T) {
	t.Helper()
	addresses, err := discovery.ParseRange("10.77.0.10-15")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	dialled, told := make(map[string]bool), 0
	var mu sync.Mutex
	s := discovery.Sweep{Addresses: addresses, Open: net.ListenPacket, Progress: func(done, of int) { told = done },
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			dialled[address] = true
			mu.Unlock()
			return d.DialContext(ctx, network, address)
		}}
	began := time.Now()
	list, err := s.Run(t.Context())
	if err != nil || told != len(addresses) {
		t.Fatalf("%v; told of %d addresses", err, told)
	}
	t.Logf("a sweep of %d addresses found %d cameras in %v", len(addresses), len(list), time.Since(began).Round(time.Millisecond))
	by := make(map[string]string)
	for _, f := range list {
		by[f.From.Addr().String()] = f.By
		if f.ID == "" {
			t.Errorf("%+v does not say who it is", f)
		}
	}
	if len(list) != 4 || by["10.77.0.10"] != discovery.ByUnicast || by["10.77.0.11"] != discovery.ByHTTP || by["10.77.0.12"] != discovery.ByUnicast {
		t.Errorf("found %v", by)
	}
	if dialled["10.77.0.10:80"] || !dialled["10.77.0.13:80"] {
		t.Errorf("connections were made to %v", dialled)
	}
}

func name(n int) string { return fmt.Sprintf("Camera %02d", n) }

func device(n int) *onviftest.Device {
	return onviftest.New(onviftest.Options{Kind: []onviftest.Kind{onviftest.Fixed, onviftest.PTZ, onviftest.Thermal}[n%3], Name: name(n)})
}
