package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(beChild())
	}
	goleak.VerifyTestMain(m)
}

// purse is keys in memory.
type purse struct {
	mu   sync.Mutex
	keys map[string][32]byte
	gone map[string]bool
}

func newPurse() *purse { return &purse{keys: map[string][32]byte{}, gone: map[string]bool{}} }

func (p *purse) PersonKey(id string) ([32]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone[id] {
		return [32]byte{}, errors.New("forgotten")
	}
	if k, ok := p.keys[id]; ok {
		return k, nil
	}
	k := sha256.Sum256([]byte("key of " + id))
	p.keys[id] = k
	return k, nil
}

func (p *purse) Person(id string) ([32]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, ok := p.keys[id]
	return k, ok
}

func (p *purse) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, id)
	p.gone[id] = true
}

var someTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// small are bounds with which a few entries fill several files.
var small = bounds{entries: 5, level: 3, notes: 3, every: 4}

func smallOptions(dir string) Options {
	return Options{Dir: dir, Seed: sha256.Sum256([]byte("seed")), Keys: newPurse(), Policy: Refuse, bounds: small}
}

// begin opens a log and runs it until the test, or what is returned, ends it.
func begin(t testing.TB, o Options) (l *Log, end func()) {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return l, run(t, l)
}

func run(t testing.TB, l *Log) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	end = sync.OnceFunc(func() {
		cancel()
		<-done
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(end)
	return end
}

// entryN is an entry that differs from its neighbours in all that is searched for.
func entryN(n int) Entry {
	e := Entry{Time: someTime.Add(time.Duration(n) * time.Minute), Action: ActionPlayback, Person: fmt.Sprintf("p-%d", n%3), Kind: BySession, Via: "s1",
		Camera: fmt.Sprintf("cam-%d", n%2), From: someTime.Add(-time.Hour), To: someTime.Add(-time.Hour + time.Minute),
		Personal: Personal{Name: fmt.Sprintf("person %d", n%3), Address: "192.168.1.9", Agent: "Browser"}}
	if n%5 == 4 {
		e.Action, e.Outcome, e.Person, e.Camera = ActionSignInRefused, Refused, "", ""
	}
	return e
}

func write(t testing.TB, l *Log, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := l.Write(t.Context(), entryN(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// verified verifies a directory with the bounds of tests.
func verified(t testing.TB, dir string, o VerifyOptions) *Report {
	t.Helper()
	o.bounds = small
	r, err := Verify(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantSound(t testing.TB, r *Report) {
	t.Helper()
	for _, f := range r.Findings {
		t.Errorf("found: %+v", f)
	}
}

// logged makes a directory with a log of n entries, closed.
func logged(t testing.TB, n int) (dir string, o Options) {
	t.Helper()
	o = smallOptions(filepath.Join(t.TempDir(), "audit"))
	l, end := begin(t, o)
	write(t, l, 0, n)
	end()
	return o.Dir, o
}

// oldestFirst are the entries of the page the other way round.
func (p *Page) oldestFirst() []Record {
	all := slices.Clone(p.Records)
	slices.Reverse(all)
	return all
}
