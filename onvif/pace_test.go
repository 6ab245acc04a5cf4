package onvif_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// oneWorker is a camera that serves one question at a time. PullMessages keeps its worker until somebody hangs up; others wait, or are
// refused where it says so.
func oneWorker(t *testing.T, refuses bool) (address string, pulling <-chan struct{}, pulls *atomic.Int32) {
	t.Helper()
	behind := device(t, onviftest.Fixed, 0, server.Options{})
	worker := make(chan struct{}, 1)
	began := make(chan struct{}, 64)
	pulls = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuses {
			select {
			case worker <- struct{}{}:
			default:
				conn, _, err := http.NewResponseController(w).Hijack()
				if err == nil {
					conn.(*net.TCPConn).SetLinger(0)
					conn.Close()
				}
				return
			}
		} else {
			select {
			case worker <- struct{}{}:
			case <-r.Context().Done():
				return
			}
		}
		free := sync.OnceFunc(func() { <-worker })
		defer free()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if strings.Contains(string(body), "PullMessages") {
			pulls.Add(1)
			began <- struct{}{}
			<-r.Context().Done()
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		rec := httptest.NewRecorder()
		behind.ServeHTTP(rec, r)
		free() // before the client has the answer, and may ask the next thing
		w.WriteHeader(rec.Code)
		io.WriteString(w, rec.Body.String())
	}))
	t.Cleanup(s.Close)
	return s.URL + "/onvif/device_service", began, pulls
}

// What waits at a device with one worker makes way for what does not, and is asked again afterwards; once that is known, at once.
func TestWhatWaitsAtACameraWithOneWorkerMakesWay(t *testing.T) {
	for name, refuses := range map[string]bool{"others wait": false, "others are refused": true} {
		t.Run(name, func(t *testing.T) {
			address, pulling, pulls := oneWorker(t, refuses)
			c := client(t, address, "right")
			c.SetLimits(10*time.Second, 20*time.Second, 50*time.Millisecond)
			if _, err := c.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c.Single() {
				t.Fatal("it was found to have one worker before anything waited there")
			}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := c.Pull(ctx, time.Minute); err == nil || !errors.Is(err, context.Canceled) {
					t.Errorf("the question that waits ended with %v", err)
				}
			})
			defer wg.Wait()
			defer cancel()
			<-pulling
			if _, err := c.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !c.Single() {
				t.Error("not learned")
			}
			<-pulling // it was asked again
			c.SetLimits(10*time.Second, 20*time.Second, time.Hour)
			if _, err := c.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-pulling
			cancel()
			wg.Wait()
			if n := pulls.Load(); n < 3 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

// late answers everything after some time, as cameras do that encode four streams on one core. The times here are of a hundredth: the
// client's are shortened alike.
func late(t *testing.T, after time.Duration) string {
	t.Helper()
	behind := device(t, onviftest.Fixed, 0, server.Options{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // the server watches for a hang-up only once it is read
		if err != nil {
			return
		}
		select {
		case <-time.After(after):
		case <-r.Context().Done():
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/onvif/device_service"
}

func TestACameraThatAnswersAfterHalfAMinuteIsGivenTheTime(t *testing.T) {
	c := client(t, late(t, 300*time.Millisecond), "right") // 30 s
	c.SetLimits(80*time.Millisecond, 4*time.Second, time.Hour)
	d, err := c.Probe(t.Context())
	if err != nil || len(d.Profiles) == 0 {
		t.Fatalf("%+v, %v", d, err)
	}
}

func TestACameraThatHangsIsSaidToAndIsNotWaitedForEachTime(t *testing.T) {
	c := client(t, late(t, time.Hour), "right")
	c.SetLimits(50*time.Millisecond, 150*time.Millisecond, time.Hour)
	for range 3 {
		_, err := c.Probe(t.Context())
		var e *onvif.Error
		if !errors.As(err, &e) || e.Class != onvif.Offline || !strings.Contains(err.Error(), "took the question and did not answer") || !strings.Contains(e.Hint, "too slow") {
			t.Fatalf("%v", err)
		}
	}
}

// A camera that is asked by many at once is asked one thing at a time.
func TestACameraIsAskedOneThingAtATime(t *testing.T) {
	behind := device(t, onviftest.Fixed, 0, server.Options{})
	var now, most atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		behind.ServeHTTP(w, r)
	}))
	defer s.Close()
	c := client(t, s.URL+"/onvif/device_service", "right")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Probe(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n != 1 {
		t.Errorf("%d questions at once", n)
	}
}
