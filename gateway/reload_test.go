package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

// changing is a configuration file that a test changes while a gateway runs.
type changing struct {
	dir string

	mu   sync.Mutex // guards what follows
	more string
}

func (c *changing) set(more string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more = more
}

func (c *changing) load() (*config.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("listen: 127.0.0.1:0\nwebrtc: {udp: \"127.0.0.1:0\", tcp: \"127.0.0.1:0\"}\ndata: %s/data\nvolumes:\n  - path: %s/volume\n%s", c.dir, c.dir, c.more)
	return config.Parse("test", []byte(text))
}

// startChanging runs a gateway from a file that can be changed.
func startChanging(t *testing.T, dir, more string) (*running, *changing) {
	t.Helper()
	file := &changing{dir: dir, more: more}
	return startWith(t, dir, more, Options{Load: file.load}), file
}

// reload has the file read again.
func (r *running) reload() web.Reload {
	r.t.Helper()
	outcome, err := r.g.Reload(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return outcome
}

// TestCamerasOfTheFileChangeWhileTheOthersGoOn adds, changes, and removes cameras, and changes ages and a schedule. A camera about which
// nothing changed that needs it is never connected anew.
func TestCamerasOfTheFileChangeWhileTheOthersGoOn(t *testing.T) {
	t.Parallel()
	door, _ := play(t, rtsptest.Options{})
	yard, _ := play(t, rtsptest.Options{})
	gate, _ := play(t, rtsptest.Options{})
	line := func(id, url, more string) string {
		return fmt.Sprintf("  - {id: %s, name: %s, rtsp: %q%s}\n", id, id, url, more)
	}
	cameras := func(lines ...string) string {
		return "retention: {max_age: 20d}\ncameras:\n" + strings.Join(lines, "")
	}
	r, file := startChanging(t, t.TempDir(), cameras(line("door", door.URL("main"), ""), line("yard", yard.URL("main"), ", record: {mode: event}")))
	r.recorded("door", time.Second)
	first := func(id string) *Camera { c, _ := r.g.camera(id); return c }
	stays, plan := first("door"), first("yard")

	file.set(cameras(line("gate", gate.URL("main"), ""), line("door", door.URL("main"), ", record: {max_age: 3d}"), line("yard", yard.URL("main"),
		`, record: {mode: schedule, schedule: {otherwise: continuous}}`)))
	if got := r.reload(); !slices.Equal(got.Added, []string{"gate"}) || !slices.Equal(got.Adapted, []string{"door", "yard"}) || len(got.Removed)+len(got.Restarted)+len(got.Pending) > 0 {
		t.Errorf("after the first change: %+v", got)
	}
	if first("door") != stays || first("yard") != plan || r.g.store.Ages("door").Max != 3*24*time.Hour || r.g.store.Ages("gate").Max != 20*24*time.Hour {
		t.Errorf("door is kept for %v, gate for %v", r.g.store.Ages("door"), r.g.store.Ages("gate"))
	}
	if order := r.g.list(); order[0].spec().ID != "gate" || order[2].spec().ID != "yard" {
		t.Error("the cameras are not in the order of the file")
	}
	r.recorded("gate", time.Second)
	r.recorded("yard", time.Second)
	r.until("yard", "no footage lost to the change", func(l []span) bool {
		return !slices.ContainsFunc(l, func(s span) bool { return s.Cause == string(storage.CausePreRoll) })
	})

	file.set(cameras(line("door", door.URL("main"), ", record: {max_age: 3d}"), line("gate", gate.URL("main"), ", record: {mode: off}")))
	if got := r.reload(); !slices.Equal(got.Removed, []string{"yard"}) || !slices.Equal(got.Restarted, []string{"gate"}) || got.Untouched != 1 {
		t.Errorf("after the second change: %+v", got)
	}
	if first("door") != stays || first("yard") != nil {
		t.Error("the cameras are others")
	}
	l, err := r.g.store.Spans("yard", "main", time.Now().Add(-time.Hour), time.Now())
	if err != nil || len(l) == 0 || l[len(l)-1].Cause != storage.CauseDisabled {
		t.Errorf("of the camera that was let go the timeline says %+v, %v", l, err)
	}
	r.until("door", "one run without a gap", func(l []span) bool { return len(l) == 1 && l[0].Kind == "recorded" })
}

// TestAFileThatIsNotValidChangesNothing breaks the file, and mends it; what counts only from the next start is named.
func TestAFileThatIsNotValidChangesNothing(t *testing.T) {
	t.Parallel()
	const good = "cameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/main\"}\n"
	r, file := startChanging(t, t.TempDir(), good)
	c, _ := r.g.camera("door")
	file.set("camras: []\nlisten: nowhere\n")
	var p *web.Problem
	if _, err := r.g.Reload(t.Context()); !errors.As(err, &p) || !strings.Contains(err.Error(), "camras") || p.Hint == "" {
		t.Errorf("a file that is not valid: %v", err)
	}
	if a, ok := r.alarm("config:file"); !ok || strings.Contains(a.What, "\n") || !strings.Contains(a.What, "and 1 more") {
		t.Errorf("the alarm is %+v", a)
	}
	if now, _ := r.g.camera("door"); now != c {
		t.Error("the camera is another")
	}
	file.set("time_zone: Europe/Berlin\nverify: {rate: 1MB/s}\n" + good)
	if got := r.reload(); !slices.Equal(got.Pending, []string{"time_zone", "verify"}) || got.Untouched != 1 || !strings.Contains(got.Says, "time_zone, verify") {
		t.Errorf("%+v", got)
	}
	if _, ok := r.alarm("config:file"); ok {
		t.Error("the alarm stays")
	}
	if _, ok := r.alarm("config:pending"); !ok {
		t.Error("nothing says that a start is needed")
	}
	file.set(good)
	r.reload()
	if a, ok := r.alarm("config:"); ok {
		t.Errorf("after all: %+v", a)
	}
	if _, err := New(Options{Config: r.g.conf, Log: r.g.log}).Reload(t.Context()); err == nil {
		t.Error("a gateway without a file reads it again")
	}
}

// TestRecordingOfAnAdoptedCameraIsSetWhileItRuns changes ages without an interruption, and the mode; the settings survive a
// restart, and adopting the camera again.
func TestRecordingOfAnAdoptedCameraIsSetWhileItRuns(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	dir := t.TempDir()
	r := startIn(t, dir, "retention: {max_age: 20d}\ncameras:\n  - {id: door, name: Door, rtsp: \"rtsp://127.0.0.1:9/main\"}\n")
	id, err := r.g.Enrol(t.Context(), Adoption{Address: cam.URL("main"), Name: "Till"})
	if err != nil {
		t.Fatal(err)
	}
	r.recorded(id, time.Second)
	before, _ := r.g.camera(id)
	set := func(s web.RecordSettings) (web.RecordSettings, error) {
		return r.g.SetRecordSettings(t.Context(), id, s)
	}
	if _, err := set(web.RecordSettings{MaxAge: "5d", MinAge: "2d", Volumes: []string{dir + "/volume"}}); err != nil {
		t.Fatal(err)
	}
	if c, _ := r.g.camera(id); c != before || r.g.store.Ages(id) != (storage.Ages{Max: 5 * 24 * time.Hour, Event: 20 * 24 * time.Hour, Min: 2 * 24 * time.Hour}) {
		t.Errorf("the camera was connected anew, or is kept for %+v", r.g.store.Ages(id))
	}
	for name, bad := range map[string]web.RecordSettings{
		"max_age":         {MaxAge: "soon"},
		"mirror":          {Mirror: true}, // there is one volume
		"mode":            {Mode: "sometimes"},
		"min_age":         {MaxAge: "3d", MinAge: "4d"},
		"streams":         {Streams: []string{"third"}},
		"no schedule":     {Mode: "schedule"},
		"a schedule idle": {Schedule: &web.Schedule{Otherwise: "off"}},
	} {
		if s, err := set(bad); err == nil {
			t.Errorf("%s: taken as %+v", name, s)
		}
	}
	if _, err := r.g.SetRecordSettings(t.Context(), "door", web.RecordSettings{}); err == nil || !strings.Contains(err.Error(), "configuration file") {
		t.Errorf("a camera of the file: %v", err)
	}
	if _, err := r.g.SetRecordSettings(t.Context(), "none", web.RecordSettings{}); !errors.Is(err, web.ErrNotFound) {
		t.Errorf("no camera: %v", err)
	}
	schedule := web.RecordSettings{Mode: "schedule", PreRoll: "3s", Schedule: &web.Schedule{Otherwise: "continuous", Rules: []web.ScheduleRule{{Days: []string{"mon-fri", "sun"}, From: "08:00", To: "18:00", Mode: "continuous"}},
		Exceptions: []web.ScheduleException{{Dates: []string{"12-24..12-26"}, Otherwise: "continuous"}}}}
	got, err := set(schedule)
	if err != nil || fmt.Sprint(*got.Schedule) != fmt.Sprint(*schedule.Schedule) || got.PreRoll != "3s" || got.MaxAge != "" {
		t.Errorf("set to %+v, %v", got, err)
	}
	r.recorded(id, time.Second)
	if again, err := r.g.Enrol(t.Context(), Adoption{Address: cam.URL("main"), Name: "Till"}); err != nil || again != id {
		t.Fatalf("adopted again as %q, %v", again, err)
	}
	r.end()
	r = startIn(t, dir, "")
	if got, err := r.g.RecordSettings(id); err != nil || got.Mode != "schedule" || got.Schedule == nil || len(got.Schedule.Exceptions) != 1 {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
}
