package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/config"

	"holdfast/rtsp"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

func TestWatchdogIsFedThroughFailuresThatARestartDoesNotHeal(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: gone, name: Gone, rtsp: \"rtsp://127.0.0.1:9/\"}\n  - {id: door, name: Door, rtsp: %q}\n", cam.URL("main")))
	r.recorded("door", time.Second)
	r.await("the camera that is not there", func() bool { return r.cameras()["gone"].State == string(Offline) })
	if h := r.g.Health(); h.State != "warning" || h.Summary != "1 of 2 cameras are being recorded." {
		t.Errorf("health is %+v", h)
	}
	if err := r.g.Healthy(); err != nil {
		t.Errorf("a camera that is not there starves the watchdog: %v", err)
	}
	volume := filepath.Join(r.dir, "volume")
	if err := os.Rename(volume, volume+"-away"); err != nil {
		t.Fatal(err)
	}
	r.await("the alarm", func() bool { return r.g.Health().State == "failing" })
	if err := r.g.Healthy(); err != nil {
		t.Errorf("a volume that is away starves the watchdog: %v", err)
	}
	if h := r.g.Health(); h.Summary == "" || len(h.Volumes) != 1 || h.Volumes[0].State != string(storage.VolumeMissing) || h.Volumes[0].Cause == "" {
		t.Errorf("health is %+v", h)
	}
	if err := os.Rename(volume+"-away", volume); err != nil {
		t.Fatal(err)
	}
	r.await("recording", func() bool { return r.g.Health().State == "warning" })
}

func TestWatchdogStarvesWhenTheSupervisorOrTheIndexIsStuck(t *testing.T) {
	t.Parallel()
	g := New(Options{Config: &config.Config{}, Log: slog.New(slog.DiscardHandler)})
	if err := g.Healthy(); err != nil || g.StatusLine() != "Starting." {
		t.Errorf("while it starts: %v, %s", err, g.StatusLine())
	}
	store, err := storage.Open(storage.Options{Index: filepath.Join(t.TempDir(), "index.db"), Volumes: []storage.VolumeOptions{{Path: t.TempDir()}}})
	if err != nil {
		t.Fatal(err)
	}
	g.store = store
	close(g.ready)
	g.beat()
	if err := g.Healthy(); err != nil {
		t.Errorf("all goes round, and yet: %v", err)
	}
	g.beats.start = g.beats.start.Add(-2 * beatLimit)
	if err := g.Healthy(); err == nil {
		t.Error("the supervisor stands still unnoticed")
	}
	g.beat()
	if err := g.Healthy(); err != nil {
		t.Errorf("it goes round again, and yet: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Healthy(); err == nil {
		t.Error("the index does not answer, unnoticed")
	}
}

// A port that becomes free is used, and whoever looks for the gateway finds it.
func TestFaceThatIsBoundLateIsAnnounced(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	r := start(t, fmt.Sprintf("listen: %q\n", taken.Addr()))
	face := "face:" + taken.Addr().String()
	if _, ok := r.alarm(face); !ok || r.e.URL != "" || r.e.Token == "" {
		t.Errorf("without a face the endpoint is %q, the alarm %t", r.e.URL, ok)
	}
	if _, err := os.Stat(SetupLinkPath(filepath.Join(r.dir, "data"))); err == nil {
		t.Error("there is a set-up link that leads nowhere")
	}
	taken.Close()
	r.await("the end of the alarm", func() bool { _, ok := r.alarm(face); return !ok })
	r.await("the address", func() bool {
		r.e, err = ReadEndpoint(filepath.Join(r.dir, "data"))
		return err == nil && r.e.URL != ""
	})
	r.get("/api/v1/health")
	r.await("the set-up link", func() bool {
		link, err := os.ReadFile(SetupLinkPath(filepath.Join(r.dir, "data")))
		return err == nil && strings.HasPrefix(string(link), r.e.URL+"/setup#token=")
	})
}

// A gateway that was killed leaves files behind that name an address which is another's by now, with a token.
func TestEndpointOfAKilledGatewayIsTakenBackBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{endpointPath(data), SetupLinkPath(data)} {
		if err := os.WriteFile(path, []byte(`{"url":"http://127.0.0.1:9","token":"dead"}`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(data, "state.db"), 0o700); err != nil { // it cannot start
		t.Fatal(err)
	}
	conf, err := config.Parse("test", fmt.Appendf(nil, "data: %s\nvolumes:\n  - path: %s/volume\n", data, dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := New(Options{Config: conf, Log: slog.New(slog.DiscardHandler)}).Run(t.Context()); err == nil {
		t.Fatal("it started")
	}
	for _, path := range []string{endpointPath(data), SetupLinkPath(data)} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there", path)
		}
	}
	if err := os.Remove(filepath.Join(data, "state.db")); err != nil {
		t.Fatal(err)
	}
	first := startIn(t, dir, "")
	first.end()
	second := startIn(t, dir, "")
	if first.e.Token == second.e.Token || second.e.Token == "" {
		t.Error("two processes have one token")
	}
	if left, _ := filepath.Glob(filepath.Join(data, "endpoint-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSetUpLinkIsTheOwnersAndGoesOnceItIsUsed(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	path := SetupLinkPath(filepath.Join(r.dir, "data"))
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	link, _ := os.ReadFile(path)
	_, token, _ := strings.Cut(strings.TrimSpace(string(link)), "#token=")
	body, _ := json.Marshal(map[string]string{"token": token, "username": "admin", "password": "the gate squeaks on mondays"})
	req, _ := http.NewRequest(http.MethodPost, r.e.URL+"/api/v1/setup", strings.NewReader(string(body)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", r.e.URL)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode/100 != 2 {
		t.Fatalf("set-up: %s %s", res.Status, answer)
	}
	r.await("the link to go", func() bool { _, err := os.Stat(path); return errors.Is(err, os.ErrNotExist) })
}

func TestAlarmLastsFromWhenItBeganUntilItIsCleared(t *testing.T) {
	now := time.Unix(1e9, 0)
	a := newAlarms(func() time.Time { return now })
	if !a.raise(Alarm{ID: "b", What: "one"}) {
		t.Error("a new alarm is no change")
	}
	now = now.Add(time.Minute)
	if a.raise(Alarm{ID: "b", What: "one"}) {
		t.Error("the same alarm is a change")
	}
	if !a.raise(Alarm{ID: "b", What: "two"}) {
		t.Error("other words are no change")
	}
	a.raise(Alarm{ID: "a", What: "later"})
	list := a.list()
	if len(list) != 2 || list[0].ID != "b" || !list[0].Since.Equal(now.Add(-time.Minute)) || list[0].What != "two" {
		t.Errorf("alarms are %+v", list)
	}
	if !a.clear("b") || a.clear("b") || len(a.list()) != 1 {
		t.Errorf("after the end: %+v", a.list())
	}
}

// A stream that the configuration no longer records has a gap that says so, though its camera goes on.
func TestStreamThatIsNoLongerRecordedHasAGapThatSaysSo(t *testing.T) {
	t.Parallel()
	clip := rtsptest.MakeClip(t, rtsptest.Make{})
	cam, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip, "sub": clip}})
	dir := t.TempDir()
	yaml := fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q, streams: [{id: main}, {id: sub, rtsp: /sub}], record: {streams: [%%s]}}\n", cam.URL("main"))
	last := func(r *running, stream string) (s storage.Span) {
		spans, err := r.g.store.Spans("door", stream, time.Now().Add(-time.Hour), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if len(spans) > 0 {
			s = spans[len(spans)-1]
		}
		return s
	}
	footage := func(r *running, stream string) func() bool {
		return func() bool { s := last(r, stream); return !s.Gap && s.End.After(s.Start) }
	}
	r := startIn(t, dir, fmt.Sprintf(yaml, "main, sub"))
	r.await("footage of both", func() bool { return footage(r, "main")() && footage(r, "sub")() })
	r.end()
	r = startIn(t, dir, fmt.Sprintf(yaml, "main"))
	r.await("footage of main", footage(r, "main"))
	if s := last(r, "sub"); s.Cause != storage.CauseOff {
		t.Errorf("sub ends with %+v", s)
	}
}

func TestDisabledCameraIsNotCalled(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q, disabled: true}\n  - {id: gate, name: Gate, rtsp: %q}\n", cam.URL("main"), cam.URL("main")))
	r.recorded("gate", time.Second)
	if n := cam.Connections(); n != 1 {
		t.Errorf("%d connections for one camera that is enabled", n)
	}
	c := r.cameras()["door"]
	if len(c.Streams) != 1 || c.Streams[0].State != string(Disabled) || c.Record.State != "off" {
		t.Errorf("it is %+v", c)
	}
	if h := r.g.Health(); h.State != "ok" || h.Summary != "1 of 1 cameras are being recorded." {
		t.Errorf("health is %+v", h)
	}
}

// The wall clock may be set while a camera is connected.
func TestHowLongAConnectionLastedIsNotToldByTheWallClock(t *testing.T) {
	c := &Camera{now: func() time.Time { return time.Now().Add(time.Hour) }, notify: func(string) {}, log: slog.New(slog.DiscardHandler)}
	c.told.Store(&config.Camera{ID: "door"})
	c.card = &card{}
	f := newFeed(c, "main", nil)
	if f.lasted() != 0 {
		t.Error("a connection that never was lasted")
	}
	f.up(&rtsp.Run{Start: time.Now().Add(-time.Hour)})
	if d := f.lasted(); d <= 0 || d > 10*time.Minute {
		t.Errorf("it lasted %v", d)
	}
}

// What a recorder still holds is missing for a cause, which it has to write before the index is closed.
func TestRecorderThatCannotCloseIsGivenTimeToSayWhy(t *testing.T) {
	for name, c := range map[string]struct{ takes, want time.Duration }{
		"says it":             {time.Second, finishTime + time.Second},
		"hangs for an hour":   {time.Hour, finishTime + abandonTime},
		"needs no more words": {0, finishTime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var recorders errgroup.Group
				recorders.Go(func() error { <-ctx.Done(); time.Sleep(c.takes); return nil })
				cam := &Camera{log: slog.New(slog.DiscardHandler)}
				began := time.Now()
				cam.finish(&recorders, stop)
				if d := time.Since(began); d != c.want {
					t.Errorf("it was waited for %v, not %v", d, c.want)
				}
				time.Sleep(2 * time.Hour) // the bubble ends when everything has
			})
		})
	}
}
