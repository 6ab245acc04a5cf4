package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/auth/authtest"
	"holdfast/gateway/statedb"
)

// desk is a Server without a network, and an administrator who has signed in.
type desk struct {
	*Server
	who    auth.Identity
	cookie *http.Cookie
}

func newDesk(b *testing.B, log Audit) *desk {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "state.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	a, err := auth.New(auth.Options{DB: statedb.New(db), Keys: authtest.NewKeys(), Site: "Shop"})
	if err != nil {
		b.Fatal(err)
	}
	token, err := a.SetupToken()
	if err != nil {
		b.Fatal(err)
	}
	session, err := a.Setup(context.Background(), auth.Attempt{From: netip.IPv6Loopback()}, token, adminName, adminPassword)
	if err != nil {
		b.Fatal(err)
	}
	cameras, clips := newCameras(), &clips{}
	s, err := New(Options{Names: []string{"nvr.shop.lan"}, Data: b.TempDir(), Site: "Shop", Auth: a, Audit: log, Cameras: cameras, Checks: cameras, Keys: keyless{}, AuditLog: unread{}, Live: newWatching(), Archive: clips, Footage: clips, UI: viewer})
	if err != nil {
		b.Fatal(err)
	}
	return &desk{Server: s, who: session.Identity, cookie: &http.Cookie{Name: "holdfast-0", Value: session.Secret}}
}

// nowhere takes entries and keeps none.
type nowhere struct{ Audit }

func (nowhere) Add(audit.Entry) {}

func (d *desk) asks(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "nvr.shop.lan"
	r.AddCookie(d.cookie)
	return r
}

// bare does the route's own work, without the way to it: no mux, no session, no right, no entry.
func (d *desk) bare(b *testing.B, pattern, path string) {
	i := slices.IndexFunc(d.routes, func(rt route) bool { return rt.method == http.MethodGet && rt.pattern == pattern })
	r := d.asks(path)
	r.SetPathValue("id", "door")
	for b.Loop() {
		w := httptest.NewRecorder()
		out := newPaced(w, r)
		if err := d.routes[i].serve(d.Server, out, &request{Request: r, who: d.who}); err != nil || w.Code != http.StatusOK {
			b.Fatal(err, w.Code)
		}
	}
}

func (d *desk) gated(b *testing.B, path string) {
	r := d.asks(path)
	for b.Loop() {
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// BenchmarkAccess is what a request costs on its way: the route's own work, the same behind the gate, and the same with an entry in a real
// audit log.
func BenchmarkAccess(b *testing.B) {
	const camera, picture = "/api/v1/cameras/door", "/api/v1/cameras/door/snapshot.mp4"
	b.Run("camera/bare", func(b *testing.B) { newDesk(b, nowhere{}).bare(b, "/api/v1/cameras/{id}", camera) })
	b.Run("camera/gated", func(b *testing.B) { newDesk(b, nowhere{}).gated(b, camera) })
	b.Run("picture/bare", func(b *testing.B) {
		newDesk(b, nowhere{}).bare(b, "/api/v1/cameras/{id}/snapshot.mp4", picture)
	})
	b.Run("picture/gated", func(b *testing.B) { newDesk(b, nowhere{}).gated(b, picture) })
	b.Run("picture/gated-and-logged", func(b *testing.B) {
		log, err := audit.Open(audit.Options{Dir: filepath.Join(b.TempDir(), "audit"), Keys: box{authtest.NewKeys()}})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); log.Run(ctx) }()
		d := newDesk(b, logged{log})
		d.gated(b, picture)
		cancel()
		<-done
		log.Close()
	})
}

// logged is a real log that never refuses.
type logged struct{ *audit.Log }

func (logged) Refuses() bool { return false }

// box gives keys to an audit log.
type box struct{ *authtest.Keys }

func (k box) Person(id string) ([32]byte, bool) {
	for _, key := range k.PersonKeys(id) {
		return key, true
	}
	return [32]byte{}, false
}

// BenchmarkAccessEntry is what an entry costs until it is safe on the disk, a thousand at once.
func BenchmarkAccessEntry(b *testing.B) {
	log, err := audit.Open(audit.Options{Dir: filepath.Join(b.TempDir(), "audit"), Keys: box{authtest.NewKeys()}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); log.Run(ctx) }()
	b.SetParallelism(500)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := log.Write(ctx, audit.Entry{Action: audit.ActionLiveStart, Person: "p-0123456789abcdef", Kind: audit.BySession, Camera: "door", Personal: audit.Personal{Name: "grace", Address: "192.168.1.9"}, Time: time.Now()}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.StopTimer()
	cancel()
	<-done
	log.Close()
}

// keyless has no keys; nobody asks.
type keyless struct{ Keys }

// unread is an audit log that nobody reads.
type unread struct{ AuditLog }
