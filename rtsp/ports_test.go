package rtsp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
)

// scarce opens UDP ports up to a number of calls, and none after.
func scarce(calls int64) func(network, address string) (net.PacketConn, error) {
	var n atomic.Int64
	return func(network, address string) (net.PacketConn, error) {
		if n.Add(1) > calls {
			return nil, errors.New("address already in use")
		}
		return net.ListenPacket(network, address)
	}
}

// TestTakenPortOfAPairEndsTheAttemptAndNoMore lets each of the UDP ports that a session opens be taken. The library crashes
// when the second of a pair is.
func TestTakenPortOfAPairEndsTheAttemptAndNoMore(t *testing.T) {
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{UDP: true, Paths: map[string]*rtsptest.Clip{"main": clip}})
	for calls := range int64(4) { // two to find a pair, two to open it
		s, err := rtsp.NewSession(rtsp.Options{URL: cam.URL("main"), Transport: rtsp.UDP, Dial: dial, ListenPacket: scarce(calls)}, newKept())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err = s.Run(ctx)
		cancel()
		var e *rtsp.Error
		if !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("with %d ports: %v", calls, err)
		}
	}
}

// TestPortsAreGivenBack ends many UDP sessions and listens on the ports that they had: the library keeps them.
func TestPortsAreGivenBack(t *testing.T) {
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam := camera(t, rtsptest.Options{UDP: true, Paths: map[string]*rtsptest.Clip{"main": clip}})
	var mu sync.Mutex
	had := map[string]bool{}
	note := func(network, address string) (net.PacketConn, error) {
		pc, err := net.ListenPacket(network, address)
		if err == nil {
			mu.Lock()
			had[pc.LocalAddr().String()] = true
			mu.Unlock()
		}
		return pc, err
	}
	for range 3 {
		k := newKept()
		_, end := pull(t, rtsp.Options{URL: cam.URL("main"), Transport: rtsp.UDP, ListenPacket: note}, k)
		k.until(t, "a frame", frames(1, rtsp.H264))
		end()
	}
	if len(had) < 2 {
		t.Fatalf("ports %v", had)
	}
	for address := range had {
		pc, err := net.ListenPacket("udp", address)
		if err != nil {
			t.Errorf("%s is still open: %v", address, err)
			continue
		}
		pc.Close()
	}
}
