package rtsp_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
)

// lan is set where the test runs in a network of its own: the address of an interface that takes multicast, as loopback
// does not.
const lan = "HOLDFAST_TEST_LAN"

// TestMulticastIsReceived runs itself again in a network namespace with a cable that nobody holds at the other end.
func TestMulticastIsReceived(t *testing.T) {
	t.Parallel()
	if address := os.Getenv(lan); address != "" {
		receiveMulticast(t, address)
		return
	}
	const address = "192.168.77.9"
	if err := exec.Command("unshare", "--net", "true").Run(); err != nil {
		t.Skipf("a network namespace cannot be made here: %v", err)
	}
	script := "ip link set lo up && ip link add site0 type veth peer name site1 && ip addr add " + address + "/24 dev site0 && " +
		"ip link set site0 up && ip link set site1 up && ip route add 224.0.0.0/4 dev site0 && exec \"$0\" -test.run '^TestMulticastIsReceived$'"
	cmd := exec.Command("unshare", "--net", "sh", "-c", script, os.Args[0])
	cmd.Env = append(os.Environ(), lan+"="+address)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func receiveMulticast(t *testing.T, address string) {
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{Listen: address + ":0", Multicast: "239.77.7.0/24", Paths: map[string]*rtsptest.Clip{"main": clip}})
	k := newKept()
	s, _ := pull(t, rtsp.Options{URL: cam.URL("main"), Transport: rtsp.Multicast}, k)
	k.until(t, "30 frames", frames(30, rtsp.H264))
	if tr := s.Stats().Transport; tr != string(rtsp.Multicast) {
		t.Errorf("the transport is %s", tr)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	sameUnits(t, clip, k.frames)
}
