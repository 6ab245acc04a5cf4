package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// TestATokenForOneCameraGetsNothingOfAnother asks for camera B in every way that comes to mind, with every identity that has rights over
// camera A alone. Each answer must be, byte for byte, the one for a camera that there is not.
func TestATokenForOneCameraGetsNothingOfAnother(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	var narrow []*asker
	for _, a := range s.askers {
		if a.narrow {
			narrow = append(narrow, a)
		}
	}
	if len(narrow) < 5 {
		t.Fatalf("%d narrow askers", len(narrow))
	}
	operations := s.operations()
	t.Run("by path", func(t *testing.T) { s.byPath(t, narrow, operations) })
	t.Run("by query, header and body", func(t *testing.T) { s.byQuery(t, narrow) })
	t.Run("by lists", func(t *testing.T) { s.byLists(t, narrow, operations) })
	t.Run("by the session of another", func(t *testing.T) { s.bySession(t, narrow) })
	t.Run("by events", func(t *testing.T) { s.byEvents(t, narrow) })
	t.Run("by time", func(t *testing.T) { s.byTime(t, s.asker("token-A")) })
}

// same asks twice, of camera B and of none, and compares all but the date. What is answered well must be of camera A.
func (s *scene) same(t *testing.T, a *asker, method, path, body, mime string, more ...string) {
	t.Helper()
	swap := func(text string) string { return strings.ReplaceAll(text, cameraB, noCam) }
	b := s.ask(a, method, path, body, mime, more...)
	for i := range more {
		more[i] = swap(more[i])
	}
	none := s.ask(a, method, swap(path), swap(body), mime, more...)
	if b.status < 300 && none.status < 300 { // of camera A, whose state changes from one moment to the next
		if strings.HasPrefix(path, "/api/v1/cameras/"+cameraB) || strings.Contains(b.body, cameraB) || strings.Contains(b.body, wordB) {
			t.Errorf("%s: %s %s: %d %.300s", a.name, method, path, b.status, b.body)
		}
		return
	}
	if b.status != none.status || swap(b.body) != none.body || swap(headerText(b.header)) != headerText(none.header) {
		t.Errorf("%s: %s %s: %d\n%s%.300s\nof a camera that is not: %d\n%s%.300s", a.name, method, path, b.status, headerText(b.header), b.body, none.status, headerText(none.header), none.body)
	}
	if strings.Contains(b.body, wordB) {
		t.Errorf("%s: %s %s tells of camera B: %.300s", a.name, method, path, b.body)
	}
}

func headerText(h http.Header) string {
	var lines []string
	for k, v := range h {
		if k != "Date" {
			lines = append(lines, k+": "+strings.Join(v, ", ")+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// spellings of camera B where an id stands in a path.
var spellings = []string{"till", "TILL", "%74ill", "till%2f", "till%20", "till%00", "till.", "./till", "door/../till", "door%2f..%2ftill", "..%2ftill", "door%2ctill", "door;till", "till;x=y", "*", "group:all", "door%0atill"}

func (s *scene) byPath(t *testing.T, narrow []*asker, operations []operation) {
	for _, op := range operations {
		if !op.camera {
			continue
		}
		for i, spelling := range spellings {
			if i > 0 && op.method != "GET" {
				break // what an id is, is settled before what is done
			}
			path, body, mime := s.question(op, spelling)
			for _, a := range narrow {
				s.same(t, a, op.method, path, body, mime)
			}
		}
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
		for _, rest := range []string{"", "/", "//", "/live.mp4/", "/video.mp4/x", "/whep", "/nothing"} {
			for _, a := range narrow {
				s.same(t, a, method, "/api/v1/cameras/"+cameraB+rest, "", "")
				s.same(t, a, method, "/api/v1//cameras/"+cameraB+rest, "", "")
			}
		}
	}
}

func (s *scene) byQuery(t *testing.T, narrow []*asker) {
	foreign := s.ask(s.process, "GET", "/api/v1/cameras/"+cameraB+"/video.mp4?"+ranged(s.from, s.to), "", "")
	etag := foreign.header.Get("ETag")
	if foreign.status != http.StatusOK || etag == "" {
		t.Fatalf("video of camera B: %d, ETag %q", foreign.status, etag)
	}
	own := "/api/v1/cameras/" + cameraA
	r := ranged(s.from, s.to)
	for _, a := range narrow {
		for _, path := range []string{"/locks?camera=till&" + r, "/erasures?camera=till", "/exports?camera=till", "/approvals?camera=till", "/cameras?id=till", "/retention?camera=till", "/health?camera=till", "/camera-groups?camera=till", "/events/stream?camera=till"} {
			s.same(t, a, "GET", "/api/v1"+path, "", "")
		}
		for _, q := range []string{"stream=till", "stream=till%2fmain", "stream=..%2ftill%2fmain", "stream=main&stream=till", "id=till", "camera=till", "camera=door&camera=till"} {
			for _, path := range []string{"/snapshot.mp4?", "/spans?" + r + "&", "/segments?" + r + "&", "/video.json?" + r + "&", "/video.fmp4?" + r + "&", "/audio.fmp4?" + r + "&", "/events?" + r + "&"} {
				s.same(t, a, "GET", own+path+q, "", "")
			}
		}
		for _, h := range [][]string{{"If-None-Match", etag}, {"If-Match", etag}, {"If-Range", etag, "Range", "bytes=0-9"}, {"Range", "bytes=0-0"}, {"Range", "bytes=999999999-"}, {"X-HTTP-Method-Override", "GET"},
			{"X-Original-URL", own}, {"X-Rewrite-URL", own}, {"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Prefix", own}, {"Accept", "*/*"}, {"Accept-Encoding", "gzip"}} {
			s.same(t, a, "GET", "/api/v1/cameras/"+cameraB+"/video.mp4?"+r, "", "", slices.Clone(h)...)
		}
		if got := s.ask(a, "GET", own+"/video.mp4?"+r, "", "", "If-None-Match", etag); got.status == http.StatusNotModified {
			t.Errorf("%s: camera A has the entity tag of camera B", a.name)
		}
		for path, body := range map[string]object{"/locks": s.lock(cameraB, "x"), "/erasures": {"camera": cameraB, "from": s.from, "to": s.to, "ground": "test footage"},
			"/exports":   {"reason": "x", "recipient": "x", "clips": []object{{"camera": cameraB, "from": s.from, "to": s.to}}},
			"/approvals": {"camera": cameraB, "permission": "playback", "from": s.from, "to": s.to, "reason": "x"}, "/cameras/door/events": {"kind": "x", "camera": cameraB}} {
			s.same(t, a, "POST", "/api/v1"+path, s.text(body), "application/json")
		}
	}
}

// byLists reads all that a narrow asker may read, in which camera B must not occur.
func (s *scene) byLists(t *testing.T, narrow []*asker, operations []operation) {
	for _, op := range operations {
		if op.method != "GET" || op.path == "/api/v1/openapi.json" || op.path == "/api/v1/events/stream" {
			continue
		}
		path, _, _ := s.question(op, cameraA)
		for _, a := range narrow {
			got := s.ask(a, "GET", path, "", "")
			words := []string{wordB, `"` + cameraB, cameraB + `"`, ":" + cameraB}
			if op.path == "/api/v1/me/log" || op.path == "/api/v1/me/export" {
				words = words[:1] // one's own requests are told back as they were sent, whether there is such a camera or not
			}
			for _, word := range words {
				if strings.Contains(got.body, word) {
					t.Errorf("%s: GET %s tells %q of camera B: %.500s", a.name, path, word, got.body)
				}
			}
		}
		if op.path == "/api/v1/cameras" && !strings.Contains(s.ask(s.process, "GET", path, "", "").body, wordB) {
			t.Error("the test looks for what is not there")
		}
	}
}

// bySession tries to take over the live session of somebody else, by its id.
func (s *scene) bySession(t *testing.T, narrow []*asker) {
	for _, camera := range []string{cameraA, cameraB} {
		begun := s.ask(s.asker("operator"), "POST", "/api/v1/cameras/"+camera+"/whep", s.offer, "application/sdp")
		location := begun.header.Get("Location")
		if begun.status != http.StatusCreated || location == "" {
			t.Fatalf("the session of %s: %d %s", camera, begun.status, begun.body)
		}
		id := location[strings.LastIndexByte(location, '/')+1:]
		none := strings.Repeat("0", len(id))
		for _, a := range append(narrow, s.asker("viewer"), s.process) {
			for _, via := range []string{cameraA, cameraB} {
				for _, method := range []string{"DELETE", "PATCH", "GET", "POST"} {
					body, mime := "", ""
					if method == "PATCH" {
						body, mime = "a=ice-ufrag:x\r\n", "application/trickle-ice-sdpfrag"
					}
					at := "/api/v1/cameras/" + via + "/whep/"
					taken, unknown := s.ask(a, method, at+id, body, mime, "If-Match", "*"), s.ask(a, method, at+none, body, mime, "If-Match", "*")
					if taken.status < 400 || taken.status != unknown.status || strings.ReplaceAll(taken.body, id, none) != unknown.body {
						t.Errorf("%s: %s of somebody's session by %s: %d, of none %d", a.name, method, via, taken.status, unknown.status)
					}
				}
			}
		}
		if got := s.ask(s.asker("operator"), "DELETE", location, "", ""); got.status != http.StatusNoContent {
			t.Errorf("its owner cannot end it any more: %d", got.status)
		}
	}
}

// byEvents listens while things happen before camera B, and after that before camera A.
func (s *scene) byEvents(t *testing.T, narrow []*asker) {
	type listener struct {
		*asker
		lines *bufio.Scanner
	}
	var all []listener
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, a := range narrow {
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/events/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		a.sign(r)
		res, err := a.client.Do(r)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: events: %v", a.name, err)
		}
		defer res.Body.Close()
		lines := bufio.NewScanner(io.LimitReader(res.Body, bodyBound))
		for lines.Scan() && lines.Text() != "event: ready" {
			s.quiet(t, a, lines.Text())
		}
		all = append(all, listener{a, lines})
	}
	s.must(s.process, "POST", "/api/v1/cameras/"+cameraB+"/events", object{"kind": wordB}, nil)
	s.must(s.process, "POST", "/api/v1/cameras/"+cameraA+"/events", object{"kind": "mark"}, nil)
	heard := 0
	for _, l := range all {
		if s.ask(l.asker, "GET", "/api/v1/cameras/"+cameraA+"/spans?"+ranged(s.from, s.to), "", "").status != http.StatusOK {
			continue // events are part of footage, and are not told to it
		}
		for l.lines.Scan() {
			s.quiet(t, l.asker, l.lines.Text())
			if l.lines.Text() == fmt.Sprintf(`data: {"id":%q}`, cameraA) {
				heard++
				break
			}
		}
	}
	if heard < 2 {
		t.Errorf("only %d heard of camera A", heard)
	}
}

func (s *scene) quiet(t *testing.T, a *asker, line string) {
	t.Helper()
	if strings.Contains(line, cameraB) || strings.Contains(line, wordB) {
		t.Errorf("%s hears of camera B: %s", a.name, line)
	}
}

// byTime compares how long a refusal takes for camera B and for a camera that there is not. The requests take turns, so that whatever else
// the machine does meets both; what is compared is the median. Looking the camera up, or its footage, before the refusal would take longer.
func (s *scene) byTime(t *testing.T, a *asker) {
	const rounds, within = 400, 1.5
	for _, rest := range []string{"", "/video.mp4?" + ranged(s.from, s.to), "/snapshot.mp4"} {
		var b, none []time.Duration
		for i := range 2 * rounds {
			id, list := cameraB, &b
			if i%2 == 1 {
				id, list = noCam, &none
			}
			started := time.Now()
			if got := s.ask(a, "GET", "/api/v1/cameras/"+id+rest, "", ""); got.status != http.StatusNotFound {
				t.Fatalf("%s: %d", id, got.status)
			}
			*list = append(*list, time.Since(started))
		}
		slices.Sort(b)
		slices.Sort(none)
		ratio := float64(b[rounds/2]) / float64(none[rounds/2])
		t.Logf("a refusal takes %v, and %v of a camera that is not: ratio %.3f", b[rounds/2], none[rounds/2], ratio)
		if ratio > within || ratio < 1/within {
			t.Errorf("the time of a refusal tells that there is a camera: %v and %v", b[rounds/2], none[rounds/2])
		}
	}
}
