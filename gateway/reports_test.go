package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/config"
	"holdfast/gateway/record"
	"holdfast/gateway/simcam"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
	"holdfast/storage"
)

// onvifLine declares a simulated camera.
func onvifLine(cam *simcam.Camera, more string) string {
	return fmt.Sprintf("cameras:\n  - {id: door, onvif: %q, username: %q, password: '%s', transport: tcp%s}\n",
		strings.TrimSuffix(strings.TrimPrefix(cam.ONVIF(), "http://"), "/onvif/device_service"), cam.Username(), cam.Password(), more)
}

// subscribed waits until the camera's events are listened to.
func (r *running) subscribed(camera string) {
	r.t.Helper()
	r.await("a subscription", func() bool { return r.cameras()[camera].Events.State == "subscribed" })
}

// events asks the API for the events of the last hour.
func (r *running) events(camera string) (list []web.Event) {
	r.t.Helper()
	now := time.Now().UTC()
	path := fmt.Sprintf("/api/v1/cameras/%s/events?from=%s&to=%s", camera, now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Minute).Format(time.RFC3339))
	if err := json.Unmarshal(r.get(path), &list); err != nil {
		r.t.Fatal(err)
	}
	return list
}

func TestMotionThatACameraReportsIsRecordedWithItsRolls(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r := start(t, onvifLine(cam, ", record: {mode: event, pre_roll: 1s, post_roll: 1s}"))
	r.subscribed("door")
	r.holds("door", time.Second)
	if c := r.cameras()["door"]; c.Events.Delivery != "pull-point" || c.Events.Since.IsZero() {
		t.Errorf("%+v", c.Events)
	}
	cam.Device().Motion(true)
	r.await("footage", func() bool { return r.recording("door").State == string(record.Recording) })
	if why := r.recording("door").Why; why != "event motion" {
		t.Errorf("recorded for %q", why)
	}
	if l := r.events("door"); len(l) != 1 || l[0].Kind != "motion" || l[0].Topic != "VideoSource/MotionAlarm" || l[0].Source != onviftest.SourceToken || l[0].End != nil {
		t.Errorf("%+v", l)
	}
	cam.Device().Motion(false)
	r.await("its end", func() bool { return r.recording("door").State == string(record.Idle) })
	l := r.events("door")
	if len(l) != 1 || l[0].End == nil {
		t.Fatalf("%+v", l)
	}
	segments, err := r.g.store.Segments("door", "main", l[0].Start.Add(-time.Second), *l[0].End)
	if err != nil || len(segments) != 1 || segments[0].Start.After(l[0].Start) {
		t.Errorf("%+v, %v", segments, err)
	}
	if s := r.spans("door"); s[len(s)-1].Cause != string(storage.CauseNoEvent) {
		t.Errorf("%+v", s)
	}
	cam.Device().Crossed("gate")
	r.await("a moment", func() bool {
		l := r.events("door")
		return len(l) == 2 && l[1].Kind == "line" && l[1].Source == "gate" && l[1].End != nil && l[1].End.Sub(l[1].Start) == momentLength
	})
	var notes []web.CameraNotification
	if err := json.Unmarshal(r.get("/api/v1/cameras/door/notifications"), &notes); err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(notes, func(n web.CameraNotification) bool { return n.Kind == "tamper" && n.Operation == "Initialized" }); i < 0 {
		t.Errorf("the states that were so are not among %+v", notes)
	}
	text := string(r.get("/metrics"))
	for _, want := range []string{`holdfast_camera_events_subscribed{camera="door"} 1`, `holdfast_camera_notifications_total{camera="door",kind="line"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the counters have no %s", want)
		}
	}
}

func TestEventOfACameraEndsWhenItRestartsAndGoesOnOverARestartOfOurs(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	dir := t.TempDir()
	line := onvifLine(cam, "")
	r := startIn(t, dir, line)
	r.subscribed("door")
	cam.Device().DigitalInput(true)
	r.await("an event", func() bool { return len(r.events("door")) == 1 })
	r.end()
	r = startIn(t, dir, line)
	r.subscribed("door")
	cam.Device().DigitalInput(false) // it was told as a state when we subscribed: its end belongs to the event of before
	r.await("its end", func() bool { l := r.events("door"); return len(l) == 1 && l[0].End != nil })
	cam.Device().Tamper(true)
	r.await("another", func() bool { return len(r.events("door")) == 2 })
	cam.Device().Restart(time.Hour) // its clock starts an hour behind
	r.await("the end of what lasted", func() bool { l := r.events("door"); return len(l) == 2 && l[1].End != nil })
	cam.Device().Motion(true)
	r.await("events after the restart", func() bool {
		l := r.events("door")
		return len(l) == 3 && l[2].Kind == "motion" && time.Since(l[2].Start).Abs() < time.Minute
	})
}

func TestEventsThatComeTooFastAreOneThatLasts(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r := start(t, onvifLine(cam, ""))
	r.subscribed("door")
	for i := range 2*cameraEvents + 20 { // a minute may begin meanwhile
		cam.Device().Crossed(fmt.Sprint("line ", i))
	}
	r.await("the counting of what is too much", func() bool { return r.cameras()["door"].Events.Merged >= 10 })
	l := r.events("door")
	i := slices.IndexFunc(l, func(e web.Event) bool { return e.Topic == "" && strings.Contains(e.Source, "more than") })
	if i < 0 || l[i].Kind != "line" || l[i].End != nil || len(l) > 2*cameraEvents+1 {
		t.Errorf("%d events: %+v", len(l), l)
	}
}

func TestEventsAreListenedToAsTheCameraIsDeclared(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r := start(t, onvifLine(cam, ", events: [tamper]"))
	r.subscribed("door")
	cam.Device().Motion(true)
	cam.Device().Tamper(true)
	r.await("an event", func() bool { return len(r.events("door")) > 0 })
	if l := r.events("door"); len(l) != 1 || l[0].Kind != "tamper" {
		t.Errorf("%+v", l)
	}
	other := device(t, onviftest.Fixed)
	r = start(t, onvifLine(other, ", events: off"))
	r.recorded("door", time.Second)
	if e := r.cameras()["door"].Events; e.State != "off" || e.Detail == "" {
		t.Errorf("%+v", e)
	}
	if n, _ := other.Device().Events().Subscriptions(); n != 0 {
		t.Errorf("%d subscriptions", n)
	}
}

func TestEventsAreSwitchedOffAndOnWithoutAnInterruption(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	r, file := startChanging(t, t.TempDir(), onvifLine(cam, ""))
	r.subscribed("door")
	cam.Device().Motion(true)
	r.await("an event", func() bool { return len(r.events("door")) == 1 })
	file.set(onvifLine(cam, ", events: off"))
	if got := r.reload(); !slices.Equal(got.Adapted, []string{"door"}) {
		t.Errorf("%+v", got)
	}
	r.await("the end of listening", func() bool {
		n, _ := cam.Device().Events().Subscriptions()
		return n == 0 && r.cameras()["door"].Events.State == "off"
	})
	r.await("the end of what lasted", func() bool { l := r.events("door"); return len(l) == 1 && l[0].End != nil })
	file.set(onvifLine(cam, ", events: [line]"))
	r.reload()
	r.subscribed("door")
	cam.Device().Crossed("gate")
	r.await("an event of the kind that is wanted now", func() bool { l := r.events("door"); return len(l) == 2 && l[1].Kind == "line" })
}

func TestOldCameraDeliversItsEventsToTheGateway(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Fixed)
	cam.Device().Events().SetQuirks(func(q *server.EventQuirks) { q.NoPullPoint = true })
	r := start(t, onvifLine(cam, ""))
	r.subscribed("door")
	if d := r.cameras()["door"].Events.Delivery; d != "base-notification" {
		t.Errorf("by %s", d)
	}
	cam.Device().Motion(true)
	r.await("an event", func() bool { return len(r.events("door")) == 1 })
}

func TestKindsOfEventsAreThoseOfTheConfiguration(t *testing.T) {
	var all []string
	for _, k := range onvif.Kinds() {
		all = append(all, string(k))
	}
	if !slices.Equal(all, config.EventKinds) {
		t.Errorf("the configuration takes %v, cameras report %v", config.EventKinds, all)
	}
}

func TestSourceOfAnEventFitsTheStore(t *testing.T) {
	for _, c := range [][2]string{{"VideoSource/MotionAlarm", "1"}, {strings.Repeat("Very/", 60) + "Long", "rule"}, {"a", strings.Repeat("ü", 60)}, {"a\nb;c", "d\x00"}} {
		s := sourceOf(c[0], c[1])
		if len(s) > maxSource || !strings.HasPrefix(s, ownSource) || strings.Count(s, ";") != 1 || strings.ContainsAny(s, "\n\x00") {
			t.Errorf("%q", s)
		}
	}
}

func TestDeviceOfSeveralSourcesIsSubscribedToOnceAndEachCameraHearsItsOwn(t *testing.T) {
	t.Parallel()
	cam := device(t, onviftest.Encoder)
	r := start(t, "")
	ids, err := r.g.EnrolSources(t.Context(), Adoption{Address: cam.ONVIF(), Endpoint: cam.Endpoint(), Username: cam.Username(), Password: cam.Password(), Name: "Encoder", Sources: []string{AllSources}})
	if err != nil || len(ids) != 4 {
		t.Fatalf("%v, %v", ids, err)
	}
	for _, id := range ids {
		r.subscribed(id)
	}
	if n, _ := cam.Device().Events().Subscriptions(); n != 1 {
		t.Errorf("%d subscriptions of one device", n)
	}
	cam.Device().MotionOf("input-3", true)
	cam.Device().DigitalInput(true)
	r.await("the event of the third", func() bool { return len(r.events(ids[2])) == 1 })
	r.await("the event of the device", func() bool { return len(r.events(ids[0])) == 1 })
	if a, c := r.events(ids[0])[0], r.events(ids[2])[0]; a.Kind != "digital-input" || c.Kind != "motion" || c.Source != "input-3" {
		t.Errorf("%+v, %+v", a, c)
	}
	if n := len(r.events(ids[1])) + len(r.events(ids[3])); n != 0 {
		t.Errorf("%d events of others", n)
	}
	listens := -1
	for i, id := range ids { // whoever listens goes: another camera of the device takes over
		c, _ := r.g.camera(id)
		if c.unit.by == c {
			listens = i
		}
	}
	if listens < 0 {
		t.Fatal("no camera makes the connections")
	}
	r.g.leave(ids[listens], storage.CauseDisabled)
	rest := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == ids[listens] })
	last := rest[len(rest)-1]
	r.await("events after that", func() bool {
		cam.Device().MotionOf("input-"+last[len(last)-1:], time.Now().UnixMilli()/200%2 == 0)
		return len(r.events(last)) > 1
	})
}
