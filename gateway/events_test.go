package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/record"
	"holdfast/gateway/web"
	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

// raise asks the API to raise an event.
func (r *running) raise(camera, body string) (e web.RaisedEvent, status int) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.e.URL+"/api/v1/cameras/"+camera+"/events", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.e.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if res.StatusCode < 300 {
		if err := json.Unmarshal(text, &e); err != nil {
			r.t.Fatal(err)
		}
	}
	return e, res.StatusCode
}

// holds waits until a camera could write what came d ago.
func (r *running) holds(camera string, d time.Duration) {
	r.t.Helper()
	c, _ := r.g.camera(camera)
	r.await("a pre-roll", func() bool { at := c.heldFrom(); return !at.IsZero() && time.Since(at) > d })
}

// state is how the recording of a camera goes.
func (r *running) recording(camera string) web.Recording { return r.cameras()[camera].Record }

func TestEventOfARealCameraIsKeptWholeWithItsRolls(t *testing.T) {
	t.Parallel()
	for _, gop := range []int{50, 100} { // 2 s and 4 s
		t.Run(fmt.Sprint(gop, " pictures"), func(t *testing.T) {
			t.Parallel()
			cam, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": rtsptest.MakeClip(t, rtsptest.Make{Seconds: 8, GOP: gop})}})
			r := start(t, fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q, record: {mode: event, pre_roll: 3s, post_roll: 2s}}\n", cam.URL("main")))
			r.holds("door", 3*time.Second+time.Duration(gop)*40*time.Millisecond)
			if rec := r.recording("door"); rec.State != string(record.Idle) || rec.Now != "event" || rec.Cause != string(storage.CauseNoEvent) || rec.LastSynced != nil {
				t.Errorf("before the event: %+v", rec)
			}
			e, status := r.raise("door", `{"kind":"motion","source":"test","duration":1}`)
			if status != http.StatusCreated || e.Footage != "whole: from before its pre-roll" {
				t.Errorf("%d %+v", status, e)
			}
			r.await("footage", func() bool { return r.recording("door").State == string(record.Recording) })
			if rec := r.recording("door"); rec.Why != "event motion" || rec.Until == nil {
				t.Errorf("in the event: %+v", rec)
			}
			r.await("its end", func() bool { return r.recording("door").State == string(record.Idle) })
			from, to := e.Start.Add(-3*time.Second), e.End.Add(2*time.Second)
			segments, err := r.g.store.Segments("door", "main", from, to)
			if err != nil || len(segments) != 1 {
				t.Fatalf("%+v, %v", segments, err)
			}
			seg := segments[0]
			if seg.Start.After(from) || from.Sub(seg.Start) > time.Duration(gop)*40*time.Millisecond+time.Second || seg.End.Before(to) {
				t.Errorf("kept are %s to %s of %s to %s", seg.Start, seg.End, from, to)
			}
			r.whole(seg)
			if s := r.spans("door"); len(s) < 3 || s[len(s)-1].Cause != string(storage.CauseNoEvent) {
				t.Errorf("spans: %+v", s)
			}
			if text := string(r.get("/metrics")); !strings.Contains(text, `holdfast_stream_lost_seconds_last_day{camera="door",stream="main"} 0`+"\n") {
				t.Error("what nobody wanted counts as lost")
			}
			if report, err := r.g.store.Check(context.Background(), storage.LevelHash, nil); err != nil || len(report.Findings) > 0 {
				t.Errorf("check: %+v, %v", report.Findings, err)
			}
		})
	}
}

// whole wants a segment to begin with a key frame and to have every picture after that.
func (r *running) whole(seg storage.Segment) {
	r.t.Helper()
	m, err := r.g.store.Media(seg)
	if err != nil {
		r.t.Fatal(err)
	}
	defer m.Close()
	n, last := 0, int64(0)
	for _, s := range m.Table().Samples(0, 0) {
		if n == 0 && !s.Sync {
			r.t.Error("it does not begin with a key frame")
		}
		if d := s.DTS - last; n > 0 && (d < 3600-90 || d > 3600+90) { // 40 ms at 90 kHz
			r.t.Errorf("picture %d comes %d ticks after the one before", n, d)
		}
		n, last = n+1, s.DTS
	}
	if n < 100 {
		r.t.Errorf("%d pictures", n)
	}
}

func TestEventGoesOnOverARestart(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	dir := t.TempDir()
	line := fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q, record: {mode: event, pre_roll: 1s, post_roll: 1s}}\n", cam.URL("main"))
	r := startIn(t, dir, line)
	r.holds("door", time.Second)
	e, _ := r.raise("door", `{"kind":"motion","active":true}`)
	r.recorded("door", 2*time.Second)
	r.end()
	r = startIn(t, dir, line)
	r.await("footage after the restart", func() bool {
		l := r.spans("door")
		n := len(l)
		return n > 3 && l[n-1].Kind == "recorded" && l[n-2].Cause == string(storage.CauseStopped) && l[n-3].Kind == "recorded"
	})
	if over, status := r.raise("door", fmt.Sprintf(`{"id":%q,"active":false}`, e.ID)); status != http.StatusOK || over.End == nil || over.ID != e.ID {
		t.Errorf("%d %+v", status, over)
	}
	r.await("its end", func() bool { return r.recording("door").State == string(record.Idle) })
	if _, status := r.raise("door", `{"id":"0000000000000000","active":false}`); status != http.StatusUnprocessableEntity {
		t.Errorf("an event that there is not: %d", status)
	}
}

func TestEventsAreTakenAtABoundedRateAndNotFromTheFuture(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q, record: {mode: off}}\n", cam.URL("main")))
	for body, want := range map[string]int{
		`{"at":"2190-01-01T00:00:00Z"}`: http.StatusUnprocessableEntity,
		`{"at":"2020-01-01T00:00:00Z"}`: http.StatusUnprocessableEntity,
		`{"active":false}`:              http.StatusUnprocessableEntity,
	} {
		if _, status := r.raise("door", body); status != want {
			t.Errorf("%s: %d", body, status)
		}
	}
	var refused int
	for range 2*cameraEvents + 1 { // a minute may begin meanwhile
		e, status := r.raise("door", "{}")
		switch {
		case status == http.StatusTooManyRequests:
			refused++
		case status != http.StatusCreated || e.Footage != "none: this camera is not recorded":
			t.Fatalf("%d %+v", status, e)
		}
	}
	if refused == 0 {
		t.Error("none was one too many")
	}
}

func TestEventThatNobodyEndsIsEndedInTheStore(t *testing.T) {
	t.Parallel()
	cam, _ := play(t, rtsptest.Options{})
	r := start(t, fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q}\n", cam.URL("main")))
	r.recorded("door", time.Second)
	old := time.Now().Add(-20 * time.Minute)
	e, _ := r.raise("door", fmt.Sprintf(`{"active":true,"at":%q}`, old.UTC().Format(time.RFC3339)))
	r.await("its end", func() bool {
		list, err := r.g.store.Events("door", old.Add(-time.Minute), time.Now(), 0)
		return err == nil && len(list) == 1 && list[0].ID == e.ID && list[0].End.Sub(list[0].Start) == record.MaxEvent
	})
}

func TestACameraThatIsAwayAfterARestartIsToldOfWithItsLastFootage(t *testing.T) {
	t.Parallel()
	cam, gone := play(t, rtsptest.Options{})
	dir := t.TempDir()
	line := fmt.Sprintf("cameras:\n  - {id: door, rtsp: %q}\n", cam.URL("main"))
	r := startIn(t, dir, line)
	if c := r.cameras()["door"]; c.LastFootage != nil && c.Record.LastSynced == nil {
		t.Errorf("before anything was recorded it ends at %v", c.LastFootage)
	}
	r.recorded("door", time.Second)
	gone()
	r.end()
	r = startIn(t, dir, line)
	r.await("that it is away", func() bool { return r.cameras()["door"].State == string(Offline) })
	var last span
	for _, s := range r.spans("door") {
		if s.Kind == "recorded" {
			last = s
		}
	}
	c := r.cameras()["door"]
	if c.LastFootage == nil || !c.LastFootage.Equal(last.End) || c.Record.LastSynced != nil {
		t.Errorf("its last footage ends at %v, and is told of with %v; synced since the start: %v", last.End, c.LastFootage, c.Record.LastSynced)
	}
	first := r.spans("door")[0].Start
	if _, err := r.g.EraseFootage(t.Context(), web.ErasureRequest{Camera: "door", From: first.Add(-time.Minute), To: time.Now(), Ground: "test footage"}); err != nil {
		t.Fatal(err)
	}
	r.await("that none is kept", func() bool { return r.cameras()["door"].LastFootage == nil })
}
