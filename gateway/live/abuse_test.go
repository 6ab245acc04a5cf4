package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// inUse is what the program holds once what is over has been collected.
func inUse() (heap uint64, goroutines int) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers let go of
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

// lies are offers that say what is not so, made from a true one.
func lies(offer string) []string {
	all := []string{"", "v=0\r\n", offer[:len(offer)/2], strings.Repeat("a=x\r\n", maxOffer), offer + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 1000)}
	for from, to := range map[string]string{
		"a=fingerprint:sha-256 ": "a=fingerprint:md5 ", "a=setup:actpass": "a=setup:holdconn", "m=video 9": "m=application 9", "a=rtpmap:102 H264/90000": "a=rtpmap:102 VP8/0",
		"a=ice-ufrag:": "a=ice-options:", "a=ice-pwd:": "a=ice-pwd:!", "a=mid:0": "a=mid:" + strings.Repeat("0", 5000), "a=recvonly": "a=sendonly",
	} {
		all = append(all, strings.ReplaceAll(offer, from, to))
	}
	return all
}

// Two hundred offers that nobody connects to, fifty viewers who do not read, and offers that lie: somebody who watches sees every
// picture meanwhile, others find a place, and afterwards the memory is what it was.
func TestViewersThatMisbehaveCostTheOthersNothing(t *testing.T) {
	s := serve(t, Options{MaxSessions: 500})
	s.patience, s.writes = 3*time.Second, 2*time.Second
	c := newCamera()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	us := make([]unit, 25)
	for i := range us {
		us[i] = unit{nals: [][]byte{make([]byte, 10000)}, key: i == 0} // 2 Mbit/s
		us[i].nals[0][0] = map[bool]byte{true: 0x65, false: 0x41}[i == 0]
	}
	go func() { defer close(done); c.live(ctx, us) }()
	defer func() { cancel(); c.Close(); <-done }()
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.ServeMP4(w, r, asked(c, r)); err != nil {
			t.Error(err)
		}
	}))
	h.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		_ = conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
		return ctx
	}
	h.Start()
	defer h.Close()

	good := newBrowser(t, browserOptions{})
	good.discard = true
	id := good.watch(s, c.Stream, "anna")
	eventually(t, "pictures", func() bool { return good.ends.Load() > 50 })
	offer := string(newBrowser(t, browserOptions{}).offer())
	heap, goroutines := inUse()
	from, began := good.ends.Load(), time.Now()

	for i := range 200 {
		_, _, err := s.Offer(t.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: fmt.Sprint("flood ", i%4)}, []byte(offer))
		must(t, err)
	}
	for range DefaultMaxOwned {
		_, _, _ = s.Offer(t.Context(), Ask{Stream: c.Stream, Owner: "flood 0"}, []byte(offer))
	}
	_, _, err := s.Offer(t.Context(), Ask{Stream: c.Stream, Owner: "flood 0"}, []byte(offer))
	isErr(t, err, ErrTooMany) // one owner's bound
	for range 20 {
		for i, lie := range lies(offer) {
			if _, _, err := s.Offer(t.Context(), Ask{Stream: c.Stream, Owner: "liar"}, []byte(lie)); i < 4 && err == nil {
				t.Fatalf("lie %d is believed", i)
			}
		}
	}
	for range 50 {
		conn, err := net.Dial("tcp", h.Listener.Addr().String())
		must(t, err)
		defer conn.Close()
		must(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
		_, err = conn.Write([]byte("GET /live.mp4 HTTP/1.1\r\nHost: x\r\n\r\n"))
		must(t, err)
	}
	full, many := inUse()
	eventually(t, "the misbehaving to be gone", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.sessions) == 1 && len(s.movies) == 0
	})
	took := time.Since(began)
	sent := int64(took / (40 * time.Millisecond))
	eventually(t, "the pictures of that time", func() bool { return good.ends.Load()-from >= sent*9/10 })
	st, err := s.View(id, "anna")
	must(t, err)
	if st.Restarts > 0 || st.KeyFramesOnly {
		t.Errorf("who watches was disturbed: %+v", st)
	}
	var after uint64
	var left int
	for end := time.Now().Add(deadline); ; {
		if after, left = inUse(); after < heap+4<<20 && left <= goroutines+5 {
			break
		}
		if time.Now().After(end) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("heap %d KB of %d, %d goroutines of %d: %s", after>>10, heap>>10, left, goroutines, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("in %s: heap %d KB, then %d, then %d; goroutines %d, then %d, then %d; %d pictures of %d", took.Round(time.Millisecond),
		heap>>10, full>>10, after>>10, goroutines, many, left, good.ends.Load()-from, sent)
}
