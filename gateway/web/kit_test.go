package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"holdfast/gateway/auth"
	"holdfast/gateway/auth/authtest"
	"holdfast/gateway/egress"
	"holdfast/gateway/live"
	"holdfast/gateway/motion"
	"holdfast/gateway/playback"
	"holdfast/gateway/statedb"
	"holdfast/gateway/stream"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	adminName     = "grace"
	adminPassword = "wet paint on the stairs"
	deadline      = 20 * time.Second // for what happens at once on an idle machine
)

// site is a Server on real sockets, with cameras that the test scripts.
type site struct {
	*Server
	t       *testing.T
	auth    *auth.Auth
	cameras *cameras
	live    *watching
	footage *clips
	guard   *egress.Guard
	ledger  *ledger
	keys    ringKeys
	log     syncBuffer
	url     string
	client  *http.Client
	data    string

	mu     sync.Mutex
	alarms map[string]string
	ahead  time.Duration // of the clock that sessions and throttling go by
}

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var viewer = fstest.MapFS{
	"index.html":               {Data: []byte("<!doctype html><title>Holdfast</title>")},
	"install-certificate.html": {Data: []byte("<!doctype html><title>Install</title>")},
	"app.js":                   {Data: []byte("export const app = 1")},
	"css/look.css":             {Data: []byte("body{}")},
	"ui.go":                    {Data: []byte("package ui")},
	".secret.json":             {Data: []byte("{}")},
}

func newSite(t *testing.T, change ...func(*Options)) *site {
	t.Helper()
	s := &site{t: t, cameras: newCameras(), live: newWatching(), footage: &clips{}, keys: newRingKeys(t), data: t.TempDir(), alarms: make(map[string]string)}
	db, err := bbolt.Open(filepath.Join(s.data, "state.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.auth, err = auth.New(auth.Options{DB: statedb.New(db), Keys: authtest.NewKeys(), Site: "Shop", CheapHash: true, Log: log, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	s.ledger = &ledger{}
	s.guard = egress.New(egress.Options{Log: log})
	o := Options{Listen: []string{"127.0.0.1:0"}, Names: []string{"nvr.shop.lan"}, Data: s.data, Site: "Shop", Version: "1.2.3", TimeZone: "Europe/Berlin",
		Auth: s.auth, Audit: s.ledger, AuditLog: shelf{}, Cameras: s.cameras, Checks: s.cameras, Keys: s.keys, Live: s.live, Archive: s.footage, Footage: s.footage, Exports: &takenOut{}, UI: viewer, Egress: s.guard,
		Alarm: s.raise, Clear: s.cleared, Log: log}
	for _, f := range change {
		f(&o)
	}
	s.Server, err = New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.run(db)
	return s
}

func (s *site) run(db *bbolt.DB) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Server.Run(ctx)
	}()
	s.t.Cleanup(func() {
		s.client.CloseIdleConnections()
		cancel()
		<-done
		db.Close()
	})
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: s.trust(), ForceAttemptHTTP2: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if strings.HasSuffix(s.o.Listen[0], "taken") {
		return
	}
	wait, stop := context.WithTimeout(ctx, deadline)
	defer stop()
	url, err := s.URL(wait)
	if err != nil {
		s.t.Fatal(err, s.log.String())
	}
	s.url = url
}

// trust is a TLS client configuration that trusts the site's authority, whenever it is there.
func (s *site) trust() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(cs tls.ConnectionState) error {
		roots := x509.NewCertPool()
		roots.AddCert(s.currentAuthority().Certificate())
		_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: cs.ServerName})
		return err
	}}
}

func (s *site) raise(id, what, means, do string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarms[id] = what
}

func (s *site) cleared(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alarms, id)
}

func (s *site) alarmed(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.alarms[id]
	return ok
}

// address is host:port of the first face.
func (s *site) address() string {
	u, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Host
}

// until polls a condition, since a connection's end is seen only by asking.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, deadline)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// reply is an answer that was read whole.
type answered struct {
	*http.Response
	text string
}

func (a answered) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s: no problem but %s: %s", a.Status, a.Header.Get("Content-Type"), a.text)
	}
	if err := json.Unmarshal([]byte(a.text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// caller changes a request before it is sent: who asks, and how.
type caller func(*http.Request)

func (s *site) do(method, path, body string, with ...caller) answered {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range with {
		f(r)
	}
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answered{res, string(text)}
}

func (s *site) bearer() caller { return header("Authorization", "Bearer "+s.auth.ProcessToken()) }

func header(name, value string) caller {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) caller { return func(r *http.Request) { r.Host = name } }

// person is somebody who has signed in.
type person struct {
	cookie *http.Cookie
	info   SessionInfo
}

// reads sends the cookie; changes sends the forgery token as well.
func (p person) reads() caller { return func(r *http.Request) { r.AddCookie(p.cookie) } }

func (p person) changes() caller {
	return func(r *http.Request) {
		r.AddCookie(p.cookie)
		r.Header.Set(csrfHeader, p.info.CSRF)
	}
}

func (s *site) signedIn(a answered) person {
	s.t.Helper()
	if a.StatusCode != http.StatusOK || len(a.Cookies()) == 0 {
		s.t.Fatalf("not signed in: %s %s", a.Status, a.text)
	}
	p := person{cookie: a.Cookies()[0]}
	if err := json.Unmarshal([]byte(a.text), &p.info); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// setUp makes the administrator.
func (s *site) setUp() person {
	s.t.Helper()
	token, err := s.auth.SetupToken()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.signedIn(s.do("POST", "/api/v1/setup", encode(Setup{token, adminName, adminPassword})))
}

func (s *site) signIn(with ...caller) person {
	s.t.Helper()
	return s.signedIn(s.do("POST", "/api/v1/session", encode(Credentials{Username: adminName, Password: adminPassword}), with...))
}

func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// cameras is a scripted gateway with one camera, "door".
type cameras struct {
	managed

	stream *stream.Stream

	mu        sync.Mutex
	raised    []EventRequest
	locks     []Lock
	erased    []storage.Erasure
	confirmed int
	config    string // state of the configuration file, see wrongFile
	forgotten bool   // the certificate of every camera
	list      []Camera
	changes   []chan Change
	speaks    *Talker
	adopt     func(AdoptRequest) (Camera, error)
	check     func(CheckRequest) (CheckJob, error)
	discover  func(context.Context, SearchRequest, func(SearchLine)) error
}

func newCameras() *cameras {
	c := &cameras{stream: stream.New(stream.Options{}), list: []Camera{{ID: "door", Name: "Door", State: "online", Audio: true}, {ID: "till", Name: "Till", State: "offline"}}}
	c.managed = managed{c}
	return c
}

func (c *cameras) Cameras() []Camera {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := append([]Camera(nil), c.list...)
	list[0].Talker = c.speaks
	return list
}

func (c *cameras) Camera(id string) (Camera, bool) {
	for _, x := range c.Cameras() {
		if x.ID == id {
			return x, true
		}
	}
	return Camera{}, false
}

func (c *cameras) Stream(id, name string) (*stream.Stream, error) {
	if name != "" && name != "main" && name != "sub" {
		return nil, fmt.Errorf("stream %s: %w", name, ErrNotFound)
	}
	return c.stream, nil
}

func (c *cameras) Notifications(string, uint64) ([]CameraNotification, error) {
	return []CameraNotification{{Seq: 1, Kind: "motion", Topic: "VideoSource/MotionAlarm", Items: []NotificationItem{}}}, nil
}

func (c *cameras) Health() Health { return Health{State: "ok", Summary: "All is well."} }

func (c *cameras) Subscribe(ctx context.Context) <-chan Change {
	out := make(chan Change)
	c.mu.Lock()
	c.changes = append(c.changes, out)
	c.mu.Unlock()
	return out
}

func (c *cameras) change(t *testing.T, ch Change) {
	t.Helper()
	c.mu.Lock()
	listeners := append([]chan Change(nil), c.changes...)
	c.mu.Unlock()
	for _, l := range listeners {
		select {
		case l <- ch:
		case <-time.After(deadline):
			t.Fatal("a change was not taken")
		}
	}
}

func (c *cameras) Discover(ctx context.Context, req SearchRequest, tell func(SearchLine)) error {
	if c.discover != nil {
		return c.discover(ctx, req, tell)
	}
	tell(SearchLine{Found: &Discovered{Key: "1", Name: "Gate"}})
	return nil
}

func (c *cameras) Adopt(_ context.Context, req AdoptRequest) (AddedCamera, error) {
	if c.adopt != nil {
		added, err := c.adopt(req)
		return AddedCamera{Camera: added}, err
	}
	return AddedCamera{Camera: Camera{ID: "new", Name: req.Name}}, nil
}

func (c *cameras) StartCheck(req CheckRequest) (CheckJob, error) {
	if c.check != nil {
		return c.check(req)
	}
	return CheckJob{State: "running"}, nil
}

func (c *cameras) Check() (CheckJob, bool) { return CheckJob{State: "done"}, true }

func (c *cameras) CancelCheck() (CheckJob, bool) { return CheckJob{State: "cancelled"}, true }

var (
	_ Live    = (*live.Server)(nil)
	_ Archive = (*storage.Store)(nil)
)

// watching is a scripted live view.
type watching struct {
	mu       sync.Mutex
	owners   map[string]string // session → owner
	ended    map[string]func(reason string)
	revoked  []string      // sessions
	err      error         // of the next offer
	audio    bool          // of the last offer
	hears    bool          // of the last live.mp4
	playing  chan struct{} // told when live.mp4 begins
	finished chan error    // told when it ends
}

func newWatching() *watching {
	return &watching{owners: map[string]string{}, ended: map[string]func(string){}, playing: make(chan struct{}, 8), finished: make(chan error, 8)}
}

func (w *watching) Offer(_ context.Context, ask live.Ask, _ []byte) (string, []byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return "", nil, w.err
	}
	w.audio = ask.Audio
	id := fmt.Sprintf("s%d", len(w.ended)+1)
	w.owners[id], w.ended[id] = ask.Owner, ask.Ended
	return id, []byte("v=0\r\n"), nil
}

func (w *watching) Patch(id, owner string, _ []byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners[id] != owner {
		return nil, live.ErrNotFound
	}
	return nil, nil
}

func (w *watching) Delete(id, owner string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners[id] != owner {
		return live.ErrNotFound
	}
	delete(w.owners, id)
	go w.ended[id]("ended by the viewer")
	return nil
}

func (w *watching) View(id, owner string) (live.SessionStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owners[id] != owner {
		return live.SessionStatus{}, live.ErrNotFound
	}
	return live.SessionStatus{ID: id, Owner: owner, Camera: "door", Stream: "main", Kind: live.WebRTC, Connected: true, Peer: "127.0.0.1:5/udp"}, nil
}

func (w *watching) Revoke(id string) {
	w.mu.Lock()
	w.revoked = append(w.revoked, id)
	delete(w.owners, id)
	ended := w.ended[id]
	w.mu.Unlock()
	if ended != nil {
		ended("right revoked")
	}
}

// Who speaks has a session like who watches.
func (w *watching) Talk(ctx context.Context, ask live.TalkAsk, offer []byte) (string, []byte, error) {
	return w.Offer(ctx, live.Ask{Owner: ask.Owner, Ended: ask.Ended}, offer)
}
func (w *watching) EndTalk(id, owner string) error { return w.Delete(id, owner) }
func (w *watching) RevokeTalk(id string)           { w.Revoke(id) }

func (w *watching) JPEG(context.Context, *fmp4.Track, [][]byte) []byte { return []byte("jpeg") }

// ServeMP4 writes without end, as fast as the client takes it.
func (w *watching) ServeMP4(out http.ResponseWriter, _ *http.Request, ask live.Ask) error {
	w.mu.Lock()
	w.hears = ask.Audio
	w.mu.Unlock()
	out.Header().Set("Content-Type", "video/mp4")
	w.playing <- struct{}{}
	rc := http.NewResponseController(out)
	chunk := make([]byte, 64<<10)
	for {
		_, err := out.Write(chunk)
		if err == nil {
			err = rc.Flush()
		}
		if err != nil {
			w.finished <- err
			return nil
		}
	}
}

func (w *watching) Snapshot(context.Context, *stream.Stream) (string, []byte, error) {
	return "image/jpeg", []byte("jpeg"), nil
}

func (w *watching) SnapshotMP4(*stream.Stream) (string, []byte, error) {
	return "video/mp4", []byte("mp4"), nil
}

// clips is scripted footage: every range is the same thousand bytes.
type clips struct {
	mu    sync.Mutex
	asked string
	err   error // of the next call
	broke error // of every read
	more  bool
	run   uint32
	open  int
}

func (c *clips) Segments(camera, name string, from, to time.Time) ([]storage.Segment, error) {
	return []storage.Segment{{Camera: camera, Stream: name, Start: from, End: to, Path: "/volume/door/main/a.mp4", Size: 1000}}, nil
}

func (c *clips) Spans(camera, name string, from, to time.Time) ([]storage.Span, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = fmt.Sprint(camera, " ", name, " ", from.Format(time.RFC3339Nano), " ", to.Format(time.RFC3339Nano))
	middle := from.Add(to.Sub(from) / 2)
	return []storage.Span{{Start: from, End: middle, Run: 0x1a2b}, {Start: middle, End: to, Gap: true, Cause: storage.CauseOffline}}, c.err
}

func (c *clips) EachSpan(camera, name string, from, to time.Time, f func(storage.Span)) error {
	list, err := c.Spans(camera, name, from, to)
	for _, sp := range list {
		f(sp)
	}
	return err
}

func (c *clips) Clip(_ context.Context, camera, name string, from, to time.Time, o playback.Options) (Clip, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	c.asked, c.more, c.run = camera+" "+name, o.Continue, o.Run
	c.open++
	return &clip{Reader: bytes.NewReader(bytes.Repeat([]byte("0123456789"), 100)), of: c, from: from, to: to}, nil
}

func (c *clips) Reel(_ context.Context, camera, name string, _, _ time.Time, o playback.ReelOptions) (Reel, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.run = camera+" "+name, o.Run
	return reel{}, c.err
}

func (c *clips) Still(_ context.Context, camera, name string, at time.Time, run uint32) (*playback.Still, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.run = camera+" "+name, run
	return &playback.Still{At: at, Until: at.Add(time.Second), Track: fmp4.Track{Codec: fmp4.H264, SPS: []byte{0x67, 0x42, 0, 0x1e}}}, c.err
}

func (c *clips) Activity(_ context.Context, _, _ string, from, to time.Time) ([]byte, error) {
	return bytes.Repeat([]byte{7}, int(to.Sub(from)/motion.Step)), c.err
}

// reel is a reel of nothing.
type reel struct{}

func (reel) ContentType() string { return `video/mp4; codecs="avc1.42001e"` }

func (reel) Write(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "reel")
	return err
}

type clip struct {
	*bytes.Reader
	of       *clips
	from, to time.Time
}

func (c *clip) Close() error {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.open--
	return nil
}

func (c *clip) Read(p []byte) (int, error) {
	if c.of.broke != nil {
		return 0, c.of.broke
	}
	return c.Reader.Read(p)
}

func (c *clip) ETag() string        { return `"abc"` }
func (c *clip) ModTime() time.Time  { return c.to }
func (c *clip) ContentType() string { return "video/mp4" }
func (c *clip) Map() VideoMap {
	return VideoMap{From: c.from, To: c.to, Duration: c.to.Sub(c.from).Seconds(), Map: []MapPoint{{0, c.from}}}
}

// local is a client of the local socket.
func (s *site) localClient() (client *http.Client, path string) {
	s.t.Helper()
	path = filepath.Join(s.data, "holdfast.sock")
	l, err := ListenLocal(path)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.ServeLocal(ctx, l) }()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	s.t.Cleanup(func() {
		tr.CloseIdleConnections()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			s.t.Errorf("local socket ended with %v", err)
		}
		if _, err := os.Stat(path); err == nil {
			s.t.Error("the socket was left behind")
		}
	})
	return &http.Client{Transport: tr}, path
}

func (c *cameras) Volumes() []Volume { return []Volume{{ID: "v1", Path: "/srv/holdfast", State: "ok"}} }

func (c *cameras) AddVolume(_ context.Context, req VolumeRequest) (Volume, error) {
	return Volume{ID: "v2", Path: req.Path, State: "ok"}, nil
}

func (c *cameras) DrainVolume(_ context.Context, id string) (Volume, error) {
	return Volume{ID: id, Draining: &Draining{}}, nil
}

func (c *cameras) CancelDrain(_ context.Context, id string) (Volume, error) {
	return Volume{ID: id}, nil
}

func (c *cameras) RemoveVolume(_ context.Context, id string, forget bool) error {
	if id == "full" && !forget {
		return Refused("volume full has footage", "Empty it first.")
	}
	return nil
}
