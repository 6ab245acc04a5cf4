package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/gateway/stream"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

const noMoreSessions = 453 // RFC 2326, "not enough bandwidth": what cameras answer that serve no more sessions

// scarce is a gateway with a camera that records its sub stream and has refused its main stream, because of others, once.
func scarce(t *testing.T, idle time.Duration) (r *running, main *rtsptest.Server) {
	t.Helper()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	main, _ = play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}})
	sub, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"sub": clip}})
	main.RefuseSessions(noMoreSessions)
	r = startWith(t, t.TempDir(), fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q, streams: [{id: main}, {id: sub, rtsp: %q}], record: {streams: [sub]}}\n",
		main.URL("main"), sub.URL("sub")), Options{idle: idle})
	r.await("the stream on demand", func() bool { return r.state("door", "main") == OnDemand })
	return r, main
}

// state is that of a feed.
func (r *running) state(camera, feed string) FeedState {
	c, _ := r.g.camera(camera)
	f, _ := c.feed(feed)
	return f.State().State
}

// picture takes one frame from a stream.
func picture(t *testing.T, reader *stream.Reader) *stream.Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		it, err := reader.Next(ctx)
		if err != nil {
			t.Fatalf("no picture comes: %v", err)
		}
		if it.Frame != nil {
			return it
		}
	}
}

func TestStreamOnDemandIsPulledOnlyWhileWatched(t *testing.T) {
	t.Parallel()
	r, main := scarce(t, time.Second)
	main.RefuseSessions(0)
	r.await("the camera's word, which is the recorded stream's", func() bool { return r.cameras()["door"].State == string(Online) })
	r.until("door", "footage of the recorded stream", func([]span) bool {
		c, _ := r.g.Camera("door")
		return c.Record.State == "recording"
	})
	if n := main.Connections(); n != 0 {
		t.Errorf("%d connections to a stream that nobody watches", n)
	}
	for range 2 { // again after it was let go
		watched, err := r.g.Stream("door", "main")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // a page that asks again
			if _, err := r.g.Stream("door", "main"); err != nil {
				t.Fatal(err)
			}
		}
		reader := watched.Lossy()
		first := picture(t, reader)
		if c, _ := r.g.camera("door"); len(c.feeds[0].wake) > 0 {
			t.Error("a word is left that would open the stream again after it was let go")
		}
		watchFor := time.Now().Add(1500 * time.Millisecond) // longer than the idle time
		for time.Now().Before(watchFor) {
			if it := picture(t, reader); it.Run != first.Run {
				t.Fatal("it was let go while it was watched")
			}
		}
		if s := r.state("door", "main"); s != Online {
			t.Errorf("the watched stream is %s", s)
		}
		reader.Close()
		r.await("the stream to be let go", func() bool { return r.state("door", "main") == OnDemand && main.Connections() == 0 })
	}
}

// Somebody who asked when the camera still refused, and waits, gets the stream as soon as the camera allows it.
func TestViewerWhoWaitsGetsAStreamOnDemandWhenTheCameraAllowsIt(t *testing.T) {
	t.Parallel()
	r, main := scarce(t, time.Second)
	c, _ := r.g.camera("door")
	reader := c.feeds[0].stream.Lossy() // the word that it is wanted has been used up
	defer reader.Close()
	main.RefuseSessions(0)
	picture(t, reader)
}

// refuser answers everybody that the credentials are wrong, and counts those that it was given.
func refuser(t *testing.T) (url string, given *atomic.Int64) {
	t.Helper()
	given = new(atomic.Int64)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go refuse(conn, given)
		}
	}()
	return "rtsp://" + l.Addr().String(), given
}

func refuse(conn net.Conn, given *atomic.Int64) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	var seq string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "CSeq:"); ok {
			seq = strings.TrimSpace(v)
		}
		if strings.HasPrefix(line, "Authorization:") {
			given.Add(1)
		}
		if line == "" {
			io.WriteString(conn, "RTSP/1.0 401 Unauthorized\r\nCSeq: "+seq+"\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n")
		}
	}
}

// Cameras lock an account after three to five refusals; all streams of one share its two tries.
func TestStreamsOfACameraShareTwoTriesOfTheirCredentials(t *testing.T) {
	t.Parallel()
	url, given := refuser(t)
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q, username: u, password: p, streams: [{id: main}, {id: sub, rtsp: /sub}, {id: low, rtsp: /low}]}\n", url+"/main"))
	r.await("the end of trying", func() bool {
		c := r.cameras()["door"]
		return c.State == string(Unauthorized) && c.RetryAt != nil && time.Until(*c.RetryAt) > time.Minute
	})
	r.until("door", "the gap", func(l []span) bool { return len(l) == 1 && l[0].Cause == string(storage.CauseAuth) })
	c, _ := r.g.camera("door")
	for range 5 { // announcements do not open the gate
		c.retry()
	}
	r.await("the gate", func() bool { return !c.gate.opens().IsZero() })
	if n := given.Load(); n != freeRefusals {
		t.Errorf("the credentials were sent %d times, at most %d are allowed", n, freeRefusals)
	}
}

// A password that is changed at the camera while it is recorded.
func TestRefusalAfterFootageIsAGapWithItsCause(t *testing.T) {
	t.Parallel()
	clip := map[string]*rtsptest.Clip{"main": rtsptest.MakeClip(t, rtsptest.Make{})}
	cam, gone := play(t, rtsptest.Options{Username: "viewer", Password: oddPassword, Paths: clip})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q, username: viewer, password: %q}\n", cam.URL("main"), oddPassword))
	r.recorded("door", time.Second)
	gone()
	play(t, rtsptest.Options{Listen: cam.Addr(), Username: "viewer", Password: "changed", Paths: clip})
	l := r.until("door", "the gap", func(l []span) bool { return len(l) > 1 && l[len(l)-1].Cause == string(storage.CauseAuth) })
	for _, s := range l[1:] {
		if s.Cause != string(storage.CauseOffline) && s.Cause != string(storage.CauseAuth) {
			t.Errorf("the timeline is %+v", l)
		}
	}
}
