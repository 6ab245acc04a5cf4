package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
	"holdfast/gateway/egress"
	"holdfast/gateway/live"
	"holdfast/gateway/playback"
	"holdfast/storage"
)

const anHour = "?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z"

func TestSettingUpSigningOutAndIn(t *testing.T) {
	s := newSite(t)
	if a := s.do("GET", "/api/v1/setup", ""); a.text != "{\"needed\":true}\n" {
		t.Errorf("set-up state %s", a.text)
	}
	p := s.setUp()
	if p.info.User != adminName || p.info.Kind != "session" || p.info.Person == "" || p.info.Site != "Shop" || p.info.Version != "1.2.3" || p.info.TimeZone != "Europe/Berlin" || len(p.info.Permissions) < 8 {
		t.Errorf("session %+v", p.info)
	}
	a := s.do("GET", "/api/v1/session", "", p.reads())
	var again SessionInfo
	if json.Unmarshal([]byte(a.text), &again); again.CSRF != p.info.CSRF {
		t.Errorf("the forgery token changed: %s", a.text)
	}
	if a := s.do("DELETE", "/api/v1/session", "", p.changes()); a.StatusCode != http.StatusNoContent {
		t.Fatal(a.Status)
	}
	if a := s.do("GET", "/api/v1/session", "", p.reads()); a.problem(t).Type != "/problems/sign-in" || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s %s", a.Status, a.text)
	}
	s.signIn()
	if a := s.do("POST", "/api/v1/session", encode(Credentials{Username: adminName, Password: "wrong"})); a.StatusCode != 401 || a.problem(t).Type != "/problems/credentials" {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestAOneTimeLinkSignsInOnce(t *testing.T) {
	s := newSite(t)
	s.setUp()
	token, err := s.auth.OnceToken(adminName)
	if err != nil {
		t.Fatal(err)
	}
	s.signedIn(s.do("POST", "/api/v1/session/once", encode(OnceToken{token})))
	if a := s.do("POST", "/api/v1/session/once", encode(OnceToken{token})); a.problem(t).Type != "/problems/one-time-link" {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestAWeakPasswordIsRefusedWithItsReason(t *testing.T) {
	s := newSite(t)
	token, err := s.auth.SetupToken()
	if err != nil {
		t.Fatal(err)
	}
	a := s.do("POST", "/api/v1/setup", encode(Setup{token, "grace", "short"}))
	if p := a.problem(t); a.StatusCode != http.StatusUnprocessableEntity || p.Field != "password" || !strings.Contains(p.Detail, "12 characters") {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestThePasswordCanBeChangedAndOtherSessionsEnd(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	other := s.signIn()
	if a := s.do("PUT", "/api/v1/session/password", encode(NewPassword{adminPassword, "dry paint on the stairs"}), p.changes()); a.StatusCode != http.StatusNoContent {
		t.Fatal(a.Status, a.text)
	}
	if a := s.do("GET", "/api/v1/session", "", other.reads()); a.StatusCode != http.StatusUnauthorized {
		t.Error(a.Status)
	}
	if a := s.do("GET", "/api/v1/session", "", p.reads()); a.StatusCode != http.StatusOK {
		t.Error(a.Status)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	s.signIn(header("User-Agent", "wall display"))
	var list []SessionEntry
	if err := json.Unmarshal([]byte(s.do("GET", "/api/v1/sessions", "", p.reads()).text), &list); err != nil || len(list) != 2 {
		t.Fatalf("sessions %+v, %v", list, err)
	}
	for _, e := range list {
		if e.From != "127.0.0.1" || e.Own == (e.Agent == "wall display") {
			t.Errorf("session %+v", e)
		}
		if !e.Own {
			if a := s.do("DELETE", "/api/v1/sessions/"+e.ID, "", p.changes()); a.StatusCode != http.StatusNoContent {
				t.Error(a.Status)
			}
		}
	}
	if n := len(s.auth.Sessions()); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestThrottlingSaysHowLong(t *testing.T) {
	s := newSite(t)
	s.setUp()
	for range 20 {
		a := s.do("POST", "/api/v1/session", encode(Credentials{Username: "x", Password: "y"}))
		if a.StatusCode == http.StatusTooManyRequests {
			if a.problem(t).Type != "/problems/throttled" || a.Header.Get("Retry-After") == "" || a.Header.Get("Retry-After") == "0" {
				t.Errorf("%v %s", a.Header, a.text)
			}
			return
		}
	}
	t.Error("nobody is throttled")
}

func TestListsAreNeverNull(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/api/v1/cameras", "/api/v1/cameras/door", "/api/v1/health", "/api/v1/discover", "/api/v1/egress", "/api/v1/sessions", "/api/v1/cameras/door/spans" + anHour, "/api/v1/cameras/door/video.json" + anHour} {
		a := s.do("GET", path, "", s.bearer())
		if a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s", path, a.Status, a.text)
		}
		text := a.text
		for _, may := range []string{"retry_at", "last_synced", "last_footage", "until", "recording", "talker"} {
			text = strings.ReplaceAll(text, `"`+may+`":null`, "")
		}
		if strings.Contains(text, "null") {
			t.Errorf("%s: %s", path, a.text)
		}
	}
}

func TestSpansAreGivenAsTheContractSays(t *testing.T) {
	s := newSite(t)
	a := s.do("GET", "/api/v1/cameras/door/spans?from=2026-03-01T09:00:00%2B01:00&to=2026-03-01T09:00:00.5Z", "", s.bearer())
	want := `[{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T08:30:00.25Z","kind":"recorded","cause":"","class":"","run":"00001a2b"},{"start":"2026-03-01T08:30:00.25Z","end":"2026-03-01T09:00:00.5Z","kind":"gap","cause":"camera offline","class":"lost"}]` + "\n"
	if a.text != want {
		t.Errorf("%s\nwant %s", a.text, want)
	}
	if s.footage.asked != "door main 2026-03-01T08:00:00Z 2026-03-01T09:00:00.5Z" {
		t.Error(s.footage.asked)
	}
}

// TestOneOfTwoRecordingsOfTheSameTimesIsAskedForByItsName: by every route that gives footage, and the log tells which was watched.
func TestOneOfTwoRecordingsOfTheSameTimesIsAskedForByItsName(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/video.mp4" + anHour, "/video.json" + anHour, "/video.fmp4?from=2026-03-01T08:00:00Z&to=2026-03-01T08:00:10Z", "/audio.fmp4?from=2026-03-01T08:00:00Z&to=2026-03-01T08:00:10Z",
		"/picture.mp4?at=2026-03-01T08:00:00Z", "/picture.jpg?at=2026-03-01T08:00:00Z"} {
		s.footage.run = 7
		if a := s.do("GET", "/api/v1/cameras/door"+path, "", s.bearer()); a.StatusCode != 200 || s.footage.run != 0 {
			t.Errorf("%s: %s, run %x", path, a.Status, s.footage.run)
		}
		if a := s.do("GET", "/api/v1/cameras/door"+path+"&run=0000ab12", "", s.bearer()); a.StatusCode != 200 || s.footage.run != 0xab12 {
			t.Errorf("%s: %s, run %x", path, a.Status, s.footage.run)
		}
		for _, bad := range []string{"ab12", "0000ab1x", "00000000", "-000ab12", "0x00ab12"} {
			if a := s.do("GET", "/api/v1/cameras/door"+path+"&run="+bad, "", s.bearer()); a.StatusCode != 400 || a.problem(t).Field != "run" {
				t.Errorf("%s, run %s: %s %s", path, bad, a.Status, a.text)
			}
		}
	}
	if a := s.do("GET", "/api/v1/cameras/door/segments"+anHour+"&run=0000ab12", "", s.bearer()); a.text != "[]\n" {
		t.Errorf("files of another run: %s", a.text)
	}
	told := map[string]int{}
	for _, e := range s.ledger.all(audit.ActionPlayback) {
		if e.Outcome == audit.Done || e.Outcome == "" {
			told[e.Target]++
		}
	}
	if told[""] == 0 || told[""] != told["0000ab12"] {
		t.Errorf("the log tells of %v", told)
	}
}

func TestRangesThatAreNone(t *testing.T) {
	s := newSite(t)
	for query, slug := range map[string]string{
		"": "bad-request", "?from=2026-03-01T08:00:00Z": "bad-request", "?from=x&to=y": "bad-request", "?from=now&to=now": "bad-request",
		"?from=2026-03-01T09:00:00Z&to=2026-03-01T08:00:00Z":                                    "bad-request",
		"?from=2026-03-01T08:00:00Z&to=2026-03-01T08:00:00Z":                                    "bad-request",
		"?from=2026-03-01T09:00:00+01:00&to=2026-03-01T10:00:00Z":                               "bad-request",
		"?from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z":                                    "bad-request",
		"?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z&to=2026-03-01T10:00:00Z":            "bad-request",
		"?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z;x=%":                                "bad-request",
		"?from=2020-03-01T08:00:00Z&to=2026-03-01T08:00:00Z":                                    "range",
		"?from=2026-03-01T08:00:00Z&to=2026-03-01T09:00:00Z&x=" + strings.Repeat("x", maxQuery): "bad-request",
	} {
		a := s.do("GET", "/api/v1/cameras/door/spans"+query, "", s.bearer())
		if p := a.problem(t); p.Type != "/problems/"+slug {
			t.Errorf("%.80s: %s", query, a.text)
		}
	}
}

func TestFootageIsServedInByteRanges(t *testing.T) {
	s := newSite(t)
	path := "/api/v1/cameras/door/video.mp4" + anHour
	a := s.do("GET", path, "", s.bearer())
	if a.StatusCode != 200 || len(a.text) != 1000 || a.Header.Get("ETag") != `"abc"` || a.Header.Get("Content-Type") != "video/mp4" || a.Header.Get("Accept-Ranges") != "bytes" || a.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%s %v", a.Status, a.Header)
	}
	if a := s.do("GET", path, "", s.bearer(), header("Range", "bytes=995-")); a.StatusCode != 206 || a.text != "56789" || a.Header.Get("Content-Range") != "bytes 995-999/1000" {
		t.Errorf("%s %q %v", a.Status, a.text, a.Header)
	}
	if a := s.do("GET", path, "", s.bearer(), header("Range", "bytes=0-1"), header("If-Range", `"old"`)); a.StatusCode != 200 {
		t.Errorf("an outdated part: %s", a.Status)
	}
	if a := s.do("GET", path, "", s.bearer(), header("Range", "bytes=5000-")); a.StatusCode != 416 {
		t.Errorf("beyond the end: %s", a.Status)
	}
	if !s.footage.more {
		t.Error("a later part is taken for the beginning")
	}
	if a := s.do("HEAD", path, "", s.bearer()); a.StatusCode != 200 || a.Header.Get("Content-Length") != "1000" {
		t.Errorf("HEAD: %s %v", a.Status, a.Header)
	}
	if s.footage.open != 0 {
		t.Errorf("%d clips left open", s.footage.open)
	}
}

func TestEachRefusalOfFootageHasItsSlug(t *testing.T) {
	s := newSite(t)
	for err, want := range map[error]string{playback.ErrNoFootage: "404 no-footage", playback.ErrGone: "404 no-footage", playback.ErrRange: "422 range",
		storage.ErrLocked: "409 footage-locked", storage.ErrKeyLost: "409 footage-locked", storage.ErrErased: "410 footage-erased", ErrNotFound: "404 not-found"} {
		s.footage.err = fmt.Errorf("clip: %w", err)
		for _, path := range []string{"/video.mp4", "/video.json"} {
			a := s.do("GET", "/api/v1/cameras/door"+path+anHour, "", s.bearer())
			if got := fmt.Sprint(a.StatusCode, " ", strings.TrimPrefix(a.problem(t).Type, "/problems/")); got != want {
				t.Errorf("%v: %s", err, a.text)
			}
		}
	}
}

func TestFootageThatCannotBeReadIsBrokenOff(t *testing.T) {
	s := newSite(t)
	s.footage.broke = errors.New("disk")
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/v1/cameras/door/video.mp4"+anHour, nil)
	s.bearer()(r)
	res, err := s.client.Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("the answer looks whole")
	}
}

func TestEachRefusalOfLiveViewHasItsSlug(t *testing.T) {
	s := newSite(t)
	for err, want := range map[error]string{
		live.ErrReordered: "409 reordered", live.ErrCodec: "406 codec-not-offered", live.ErrOffline: "503 camera-offline", live.ErrTooMany: "503 too-many-viewers",
		live.ErrOffer: "400 offer", live.ErrDisabled: "503 no-webrtc", fmt.Errorf("a secret inside"): "500 failed",
	} {
		s.live.err = fmt.Errorf("offer: %w", err)
		a := s.do("POST", "/api/v1/cameras/door/whep", "v=0", s.bearer(), header("Content-Type", "application/sdp"))
		p := a.problem(t)
		if got := fmt.Sprint(a.StatusCode, " ", strings.TrimPrefix(p.Type, "/problems/")); got != want || p.Title == "" || p.Hint == "" && p.Type != "/problems/offer" {
			t.Errorf("%v: %s, %s", err, got, a.text)
		}
		if strings.Contains(a.text, "secret inside") {
			t.Errorf("the answer tells what happened inside: %s", a.text)
		}
	}
}

func TestWHEPAnswersAsTheDraftAsks(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	if a := s.do("OPTIONS", "/api/v1/cameras/door/whep", "", p.reads()); a.Header.Get("Accept-Post") != "application/sdp" {
		t.Errorf("OPTIONS: %v", a.Header)
	}
	a := s.do("POST", "/api/v1/cameras/door/whep?audio=1", "v=0", p.changes(), header("Content-Type", "application/sdp"))
	if a.StatusCode != 201 || a.Header.Get("Location") != "/api/v1/cameras/door/whep/s1" || a.Header.Get("ETag") != `"s1"` || a.Header.Get("Content-Type") != "application/sdp" || a.Header.Get("Accept-Patch") != mimeFragment || a.text != "v=0\r\n" {
		t.Errorf("%s %v %q", a.Status, a.Header, a.text)
	}
	if !s.live.audio {
		t.Error("sound was asked for and not given")
	}
	s.do("POST", "/api/v1/cameras/till/whep?audio=1", "v=0", p.changes(), header("Content-Type", "application/sdp"))
	if s.live.audio {
		t.Error("a camera without sound gives it")
	}
	if a := s.do("GET", "/api/v1/cameras/door/whep/s1", "", p.reads()); a.StatusCode != 405 || a.Header.Get("Allow") != "PATCH, DELETE" {
		t.Errorf("GET on the session: %s %v", a.Status, a.Header)
	}
	if a := s.do("POST", "/api/v1/cameras/door/whep?stream=third", "v=0", p.changes(), header("Content-Type", "application/sdp")); a.StatusCode != 404 {
		t.Errorf("a stream that is not there: %s", a.Status)
	}
}

func TestSnapshotsAreWhatTheyAreCalled(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{"/snapshot.jpg": "image/jpeg", "/snapshot.mp4": "video/mp4"} {
		if a := s.do("GET", "/api/v1/cameras/door"+path, "", s.bearer()); a.Header.Get("Content-Type") != want || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
}

func TestAddingACamera(t *testing.T) {
	s := newSite(t)
	a := s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9","name":"Yard"}`, s.bearer())
	if a.StatusCode != 201 || a.Header.Get("Location") != "/api/v1/cameras/new" {
		t.Errorf("%s %v", a.Status, a.Header)
	}
	s.cameras.adopt = func(AdoptRequest) (Camera, error) {
		return Camera{}, fmt.Errorf("adopt: %w", Refused("The device answered 401.", "Check user name and password."))
	}
	if a := s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9"}`, s.bearer()); a.StatusCode != 502 || a.problem(t).Hint != "Check user name and password." {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestWhatMustNotRunTwiceIsRefused(t *testing.T) {
	s := newSite(t)
	s.probing <- struct{}{}
	s.cameras.check = func(CheckRequest) (CheckJob, error) { return CheckJob{}, Running("A check is running already.") }
	for _, c := range []struct{ method, path, body string }{{"POST", "/api/v1/check", "{}"}, {"GET", "/api/v1/discover", ""}} {
		if a := s.do(c.method, c.path, c.body, s.bearer()); a.problem(t).Type != "/problems/running" {
			t.Errorf("%s: %s", c.path, a.text)
		}
	}
}

func TestAPanicIsOneAnswerAndOneLogLine(t *testing.T) {
	s := newSite(t)
	s.cameras.adopt = func(AdoptRequest) (Camera, error) { panic("a secret inside") }
	a := s.do("POST", "/api/v1/cameras", `{"address":"192.168.1.9"}`, s.bearer())
	if a.StatusCode != 500 || strings.Contains(a.text, "secret") || !strings.Contains(s.log.String(), "request panicked") {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestTheViewersFilesAreCachedByTheirContent(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{"/": "text/html; charset=utf-8", "/login": "text/html; charset=utf-8", "/timeline/door": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8", "/css/look.css": "text/css; charset=utf-8"} {
		a := s.do("GET", path, "")
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != want || a.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %s %v", path, a.Status, a.Header)
		}
		if b := s.do("GET", path, "", header("If-None-Match", a.Header.Get("ETag"))); b.StatusCode != 304 || b.text != "" {
			t.Errorf("%s again: %s", path, b.Status)
		}
	}
	if a := s.do("GET", "/install-certificate", ""); !strings.Contains(a.text, "Install") {
		t.Error(a.text)
	}
}

func TestMetricsCountRoutesAndNothingThatAStrangerChooses(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Metrics = func(w io.Writer) { fmt.Fprintln(w, "holdfast_more 1") } })
	s.do("GET", "/api/v1/cameras/door", "", s.bearer())
	s.do("GET", "/some-path-that-is-chosen", "")
	a := s.do("GET", "/metrics", "", s.bearer())
	for _, want := range []string{`holdfast_http_requests_total{route="GET /api/v1/cameras/{id}",code="200"} 1`, `route="other",code="401"`, "holdfast_more 1", "holdfast_egress_refused_total 0", "process_open_fds"} {
		if !strings.Contains(a.text, want) {
			t.Errorf("no %s in\n%s", want, a.text)
		}
	}
	if strings.Contains(a.text, "chosen") || strings.Contains(a.text, "door") {
		t.Error("a label comes from a request")
	}
}

func TestReadinessIsToldWithoutDetails(t *testing.T) {
	ready := false
	s := newSite(t, func(o *Options) { o.Ready = func() bool { return ready } })
	if a := s.do("GET", "/readyz", ""); a.StatusCode != 503 || a.text != "not ready\n" {
		t.Errorf("%s %s", a.Status, a.text)
	}
	ready = true
	if a := s.do("GET", "/readyz", ""); a.StatusCode != 200 || a.text != "ready\n" {
		t.Errorf("%s %s", a.Status, a.text)
	}
}

func TestProblemsExplainThemselves(t *testing.T) {
	s := newSite(t)
	for _, k := range kinds {
		a := s.do("GET", "/problems/"+k.slug, "")
		if a.StatusCode != 200 || !strings.Contains(a.text, k.title) {
			t.Errorf("%s: %s %s", k.slug, a.Status, a.text)
		}
	}
	for _, slug := range []string{"reordered", "codec-not-offered", "camera-offline", "too-many-viewers", "no-footage", "sign-in", "csrf", "throttled"} {
		if a := s.do("GET", "/problems/"+slug, ""); a.StatusCode != 200 {
			t.Errorf("the viewer branches on %s, which is not there", slug)
		}
	}
}

func TestRefusedConnectionsAreShown(t *testing.T) {
	s := newSite(t)
	if _, err := s.guard.For(egress.Enrolment, egress.Use{}).DialContext(t.Context(), "tcp", "93.184.216.34:443"); err == nil {
		t.Fatal("dialled")
	}
	a := s.do("GET", "/api/v1/egress", "", s.bearer())
	if !strings.Contains(a.text, `"refused":1`) || !strings.Contains(a.text, `"ip":"93.184.216.34"`) {
		t.Error(a.text)
	}
}

func TestEveryConnectionIsListedWithItsReasonAndItsRefusals(t *testing.T) {
	s := newSite(t)
	s.guard.For(egress.Cameras, egress.Use{Camera: "door", Targets: []string{"192.168.1.20:80"}, Only: true}).Refuse(egress.Redirect, "198.51.100.7", "another host")
	var c Connections
	if err := json.Unmarshal([]byte(s.do("GET", "/api/v1/connections", "", s.bearer()).text), &c); err != nil {
		t.Fatal(err)
	}
	classes := make(map[string]bool)
	for _, x := range c.Connections {
		classes[x.Class] = true
		if x.Why == "" || x.How == "" || x.Camera == "door" && (x.Refused != 1 || len(x.Targets) != 1 || x.Targets[0].Address != "192.168.1.20:80") {
			t.Errorf("%+v", x)
		}
	}
	for _, want := range egress.Classes() {
		if !classes[want.Slug()] {
			t.Errorf("%s is not listed", want.Slug())
		}
	}
	if c.Refused != 1 || len(c.Refusals) != 1 || c.Refusals[0].Camera != "door" || c.Refusals[0].Kind != egress.Redirect {
		t.Errorf("refusals %+v", c.Refusals)
	}
}

// What a page of the viewer may ask of another origin is nothing, by every header that says so.
func TestPagesMayAskNothingOfAnotherOrigin(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/live", "/storage/connections", "/login", "/api/v1/setup", "/nothing-here"} {
		h := s.do("GET", path, "").Header
		for directive := range strings.SplitSeq(h.Get("Content-Security-Policy"), ";") {
			if strings.Contains(directive, "trusted-types") { // names no source
				continue
			}
			for _, source := range strings.Fields(directive)[1:] {
				if !slices.Contains([]string{"'none'", "'self'", "blob:", "data:"}, source) {
					t.Errorf("%s: the policy lets %s through", path, directive)
				}
			}
		}
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none';") || !strings.Contains(h.Get("Content-Security-Policy"), "require-trusted-types-for 'script'") || h.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(h.Get("Permissions-Policy"), "geolocation=()") {
			t.Errorf("%s: headers %v", path, h)
		}
		for _, name := range []string{"Link", "Report-To", "Reporting-Endpoints", "NEL", "Content-Security-Policy-Report-Only"} {
			if h.Get(name) != "" {
				t.Errorf("%s: %s makes a browser ask elsewhere", path, name)
			}
		}
	}
}

func TestTheSessionLivesAsLongAsAuthSays(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	s.pass(13 * time.Hour)
	if a := s.do("GET", "/api/v1/session", "", p.reads()); a.StatusCode != 401 {
		t.Error(a.Status)
	}
}
