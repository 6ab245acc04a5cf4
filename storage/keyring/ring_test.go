package keyring

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/storage/internal/durable"
	"holdfast/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var someDay = time.Date(2026, 10, 25, 13, 0, 0, 0, time.UTC)

// site is a data directory and volumes on one disk of the tests.
type site struct {
	t    *testing.T
	disk *storagetest.Disk
	root Root
	now  time.Time
}

func newSite(t *testing.T, volumes ...string) *site {
	s := &site{t: t, disk: storagetest.New(64 << 20), root: NewRoot(), now: someDay}
	for _, dir := range append([]string{"/data"}, volumes...) {
		if err := s.disk.Mkdir("/" + strings.Trim(dir, "/")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.disk.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) options() Options {
	return Options{FS: s.disk, Dir: "/data/keyring", Root: s.root, Now: func() time.Time { return s.now }}
}

func (s *site) open(volumes ...string) *Ring {
	s.t.Helper()
	r, err := Open(s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, v := range volumes {
		s.attach(r, v)
	}
	return r
}

func (s *site) attach(r *Ring, v string) {
	s.t.Helper()
	if err := r.Attach(v, "/"+v+"/holdfast-keys"); err != nil {
		s.t.Fatal(err)
	}
}

type made struct {
	camera string
	day    time.Time
	id     ID
	key    Key
}

func makeKey(t *testing.T, r *Ring, camera string, day time.Time, volumes ...string) made {
	t.Helper()
	id, key, err := r.Make(camera, day, volumes...)
	if err != nil {
		t.Fatal(err)
	}
	return made{camera, day, id, key}
}

func wantKey(t *testing.T, r *Ring, m made) {
	t.Helper()
	key, err := r.Find(m.camera, m.day, m.id)
	if err != nil {
		t.Fatalf("key of %s on %s: %v", m.camera, m.day.Format(time.DateOnly), err)
	}
	if key != m.key {
		t.Fatalf("key of %s: another key", m.camera)
	}
}

func wantError(t *testing.T, r *Ring, m made, want error) {
	t.Helper()
	if _, err := r.Find(m.camera, m.day, m.id); !errors.Is(err, want) {
		t.Fatalf("find %s: %v, want %v", m.camera, err, want)
	}
}

func TestKeysAreFoundAgainAfterARestart(t *testing.T) {
	s := newSite(t, "v1")
	r := s.open("v1")
	var all []made
	for i := range 40 {
		all = append(all, makeKey(t, r, fmt.Sprintf("cam%d", i%4), someDay.AddDate(0, 0, i%5), "v1"))
	}
	for _, m := range all {
		wantKey(t, r, m)
	}
	r = s.open("v1")
	for _, m := range all {
		wantKey(t, r, m)
	}
	r = s.open()
	for _, m := range all {
		wantKey(t, r, m)
	}
}

func TestAVolumeAloneRestoresWhatItHolds(t *testing.T) {
	s := newSite(t, "v1", "v2", "new")
	r := s.open("v1", "v2")
	a := makeKey(t, r, "cam", someDay, "v1")
	b := makeKey(t, r, "cam", someDay, "v2")
	o := s.options()
	o.Dir = "/new/keyring"
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, r, a, ErrUnknown)
	s.attach(r, "v1")
	wantKey(t, r, a)
	s.attach(r, "v2")
	wantKey(t, r, b)
	r.Tend(t.Context())
	r, err = Open(o) // the data directory has them now
	if err != nil {
		t.Fatal(err)
	}
	wantKey(t, r, a)
	wantKey(t, r, b)
}

func TestForgottenKeysAreErasedAtOnceAndDestroyedByTheSweep(t *testing.T) {
	s := newSite(t, "v1")
	r := s.open("v1")
	gone := makeKey(t, r, "cam", someDay, "v1")
	stays := makeKey(t, r, "cam", someDay, "v1")
	other := makeKey(t, r, "other", someDay, "v1")
	if err := r.Forget("cam", someDay, gone.id); err != nil {
		t.Fatal(err)
	}
	wantError(t, r, gone, ErrErased)
	r = s.open("v1")
	wantError(t, r, gone, ErrErased)
	old := captureSecrets(r)
	receipt, err := r.Sweep(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Keys != 1 || receipt.CameraDays != 1 || len(receipt.Clean) != 2 || len(receipt.Away) != 0 || receipt.To != receipt.From+1 {
		t.Errorf("receipt %+v", receipt)
	}
	wantDestroyed(t, s.disk, old, gone)
	for range 2 {
		wantError(t, r, gone, ErrErased)
		wantKey(t, r, stays)
		wantKey(t, r, other)
		r = s.open("v1")
	}
	if again, err := r.Sweep(context.Background()); err != nil || again.Keys != 0 {
		t.Errorf("a second sweep: %+v, %v", again, err)
	}
}

// captured is every generation and camera-day key that a ring has in memory.
type captured struct {
	rings [][16]byte
	gens  []secret
	days  map[place][]*shard
}

func captureSecrets(rings ...*Ring) captured {
	c := captured{days: map[place][]*shard{}}
	for _, r := range rings {
		for _, s := range r.sets {
			c.rings = append(c.rings, s.id)
			c.gens = append(c.gens, s.key)
			for p, d := range s.days {
				c.days[p] = append(c.days[p], d.shard)
			}
			for _, h := range r.holders {
				if v := h.views[s.id]; v != nil {
					for p, sh := range v.days {
						c.days[p] = append(c.days[p], sh)
					}
				}
			}
		}
	}
	return c
}

// wantDestroyed searches every byte of every file for a forgotten key: as it is, and sealed under any camera-day key that the
// test knows and that one could still open.
func wantDestroyed(t *testing.T, disk *storagetest.Disk, old captured, m made) {
	t.Helper()
	p := place{m.camera, dayNumber(m.day)}
	for _, path := range disk.Files() {
		data := disk.Content(path)
		if bytes.Contains(data, m.key[:]) {
			t.Errorf("%s holds the key in clear", path)
		}
		for at := 0; at+44 <= len(data); at++ {
			for i, ring := range old.rings {
				for _, sh := range old.days[p] {
					if plain, err := unseal(gcm(sh.key), data[at:at+44], keyBound(ring, p, sh.number, m.id)); err == nil && bytes.Equal(plain, m.key[:]) {
						t.Errorf("%s holds the key, sealed under the key of its day", path)
					}
					if at+60 <= len(data) {
						if _, err := unseal(gcm(old.gens[i]), data[at:at+60], dayBound(ring, p, sh.number)); err == nil {
							t.Errorf("%s holds the key of the day, sealed under the former generation", path)
						}
					}
				}
			}
		}
	}
}

func TestACopyThatWasAwayFollowsAndGivesBackWhatIsErased(t *testing.T) {
	s := newSite(t, "v1", "v2")
	r := s.open("v1", "v2")
	gone := makeKey(t, r, "cam", someDay, "v2")
	only := makeKey(t, r, "cam", someDay, "v2")
	r.Detach("v2")
	if err := r.Forget("cam", someDay, gone.id); err != nil {
		t.Fatal(err)
	}
	old := captureSecrets(r)
	receipt, err := r.Sweep(t.Context())
	if err != nil || len(receipt.Away) != 1 || receipt.Away[0].Copy != "v2" {
		t.Fatalf("receipt %+v, %v", receipt, err)
	}
	r = s.open("v1", "v2")
	wantError(t, r, gone, ErrErased)
	wantKey(t, r, only)
	wantDestroyed(t, s.disk, old, gone)
}

func TestANewerVolumeIsNotReplacedByAnOlderDataDirectory(t *testing.T) {
	s := newSite(t, "v1")
	r := s.open("v1")
	gone, stays := makeKey(t, r, "cam", someDay, "v1"), makeKey(t, r, "cam", someDay, "v1")
	backup := map[string][]byte{}
	for _, path := range s.disk.Files() {
		if strings.HasPrefix(path, "/data/") {
			backup[path] = s.disk.Content(path)
		}
	}
	if err := r.Forget("cam", someDay, gone.id); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range s.disk.Files() {
		if strings.HasPrefix(path, "/data/") {
			s.disk.Remove(path)
		}
	}
	for path, data := range backup {
		if err := durable.WriteFile(s.disk, path, data); err != nil {
			t.Fatal(err)
		}
	}
	r = s.open()
	wantKey(t, r, gone) // nothing there says otherwise yet
	old := captureSecrets(r)
	s.attach(r, "v1")
	wantError(t, r, gone, ErrErased)
	wantKey(t, r, stays)
	r.Tend(t.Context())
	wantDestroyed(t, s.disk, old, gone)
}

func TestALostRootLocksTheOldKeysAndLetsRecordingGoOn(t *testing.T) {
	s := newSite(t, "v1")
	r := s.open("v1")
	before := makeKey(t, r, "cam", someDay, "v1")
	lost := s.root
	s.root = NewRoot()
	r = s.open("v1")
	wantError(t, r, before, ErrLocked)
	after := makeKey(t, r, "cam", someDay, "v1")
	wantKey(t, r, after)
	if l := r.Status().Locked; len(l) != 1 || len(l[0].Copies) != 2 || l[0].Roots[0] != lost.Fingerprint() {
		t.Errorf("locked: %+v", l)
	}
	if err := r.Unlock(NewRoot()); !errors.Is(err, ErrRoot) {
		t.Errorf("unlock with another's key: %v", err)
	}
	if err := r.Unlock(lost); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		wantKey(t, r, before)
		wantKey(t, r, after)
		if l := r.Status().Locked; len(l) != 0 {
			t.Errorf("still locked: %+v", l)
		}
		r = s.open("v1")
	}
}

func TestTheRootCanBeChanged(t *testing.T) {
	s := newSite(t, "v1", "v2")
	r := s.open("v1", "v2")
	m := makeKey(t, r, "cam", someDay, "v2")
	r.Detach("v2")
	next := NewRoot()
	if err := r.Rotate(next, func() error { return errors.New("no room") }); err == nil {
		t.Fatal("a root that could not be stored is in use")
	}
	wantKey(t, s.open("v1"), m)
	if err := r.Rotate(next, func() error { // either opens it while it is stored
		for _, root := range []Root{s.root, next} {
			o := s.options()
			o.Root, o.FS = root, s.disk.After(storagetest.Synced, nil)
			other, err := Open(o)
			if err != nil {
				return err
			}
			wantKey(t, other, m)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if l := s.open().Status().Locked; len(l) != 1 {
		t.Errorf("the former root opens it still: %+v", l)
	}
	s.root = next
	r = s.open("v1")
	wantKey(t, r, m)
	s.attach(r, "v2") // is under the former root
	if l := r.Status().Locked; len(l) != 0 {
		t.Errorf("locked: %+v", l)
	}
	wantKey(t, r, m)
}

func TestRecoveryKeys(t *testing.T) {
	for range 100 {
		root := NewRoot()
		text := root.Recovery()
		if len(text) != 14*5-1 {
			t.Fatalf("recovery key of %d characters", len(text))
		}
		for _, typed := range []string{text, strings.ToLower(text), strings.ReplaceAll(text, "-", " "), strings.NewReplacer("0", "o", "1", "l").Replace(text), " " + text + "\n"} {
			got, err := ParseRecovery(typed)
			if err != nil || !got.Equal(root) {
				t.Fatalf("%q: %v", typed, err)
			}
		}
		wrong := []byte(text)
		if wrong[7]++; wrong[7] > '9' {
			wrong[7] = '2'
		}
		if string(wrong) != text {
			if _, err := ParseRecovery(string(wrong)); !errors.Is(err, ErrMistyped) {
				t.Fatalf("a mistyped key: %v", err)
			}
		}
	}
	for _, text := range []string{"", "0000", strings.Repeat("0", 56), strings.Repeat("0", 60), "U"} {
		if _, err := ParseRecovery(text); !errors.Is(err, ErrMistyped) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	root, key := NewRoot(), Key(bytes.Repeat([]byte{0xab}, 16))
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	l.Info("x", "root", root, "key", key)
	j, err := json.Marshal(map[string]any{"root": root, "key": key})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%v %+v %#v %s %x %q %v", root, root, root, root, root, root, []any{root}) +
		fmt.Sprintf("%v %+v %#v %s %x", key, key, key, key, key) + log.String() + string(j)
	for _, bad := range []string{"abab", "171 171", "0xab", root.Recovery()[:9], fmt.Sprintf("%x", root.secret[:4]), fmt.Sprint(root.secret[:4])} {
		if strings.Contains(text, strings.Trim(bad, "[]")) {
			t.Errorf("a secret shows in %s", text)
		}
	}
}

func TestRootFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	root := NewRoot()
	if err := WriteRootFile(durable.OS, path, root); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, err := ReadRootFile(durable.OS, path)
	if err != nil || !got.Equal(root) || got.Strength() != File {
		t.Errorf("%v", err)
	}
}

func TestARecoveryKeyIsConfirmedOnce(t *testing.T) {
	s := newSite(t)
	r := s.open()
	if err := r.Confirm(NewRoot().Recovery()); !errors.Is(err, ErrRoot) {
		t.Errorf("another's: %v", err)
	}
	if err := r.Confirm("0000"); !errors.Is(err, ErrMistyped) {
		t.Errorf("mistyped: %v", err)
	}
	if r.Status().Confirmed {
		t.Error("confirmed by wrong keys")
	}
	if err := r.Confirm(strings.ToLower(r.Recovery())); err != nil {
		t.Fatal(err)
	}
	if r = s.open(); !r.Status().Confirmed {
		t.Error("asked for again after a restart")
	}
	if err := r.Rotate(NewRoot(), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if r.Status().Confirmed {
		t.Error("the new root's recovery key counts as confirmed")
	}
}

// derivedOfK is of HMAC-SHA256 as RFC 5869 says, computed by another program.
const derivedOfK = "879b903c74215e3973fa29a3d3154300e54bca5b9f1ac3e92aade00998f957ca"

// What is derived from a root is told from nothing else, and never changes.
func TestKeysDerivedFromARootAreApartAndStay(t *testing.T) {
	root, err := RootFromBytes(bytes.Repeat([]byte("k"), 32), File)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", root.Derive("vault")); got != derivedOfK {
		t.Errorf("derived is %s", got)
	}
	if root.Derive("vault") != root.From(TPM).Derive("vault") {
		t.Error("the place of a root counts")
	}
	seen := map[[32]byte]string{root.secret: "the root"}
	for _, r := range []Root{root, NewRoot()} {
		for _, label := range []string{"", "vault", "vault\x00", "Vault"} {
			key := r.Derive(label)
			if other, there := seen[key]; there {
				t.Errorf("%q gives the key of %s", label, other)
			}
			seen[key] = label
		}
	}
}

// TestTheCopyThatLacksKeysIsNamed: not every one, because one camera-day differs.
func TestTheCopyThatLacksKeysIsNamed(t *testing.T) {
	s := newSite(t, "a", "b")
	r := s.open("a", "b")
	states := func() map[string]string {
		told := map[string]string{}
		for _, c := range r.Status().Copies {
			told[c.Volume] = c.State + " " + c.Cause
		}
		return told
	}
	want := func(when string, b string) {
		t.Helper()
		if got := states(); got[""] != "current " || got["a"] != "current " || got["b"] != b {
			t.Errorf("%s: %q", when, got)
		}
	}
	makeKey(t, r, "door", someDay, "a", "b")
	r.Tend(t.Context())
	want("all have it", "current ")
	makeKey(t, r, "door", someDay, "a", "b")
	want("all have another", "current ")
	makeKey(t, r, "door", someDay, "a")
	makeKey(t, r, "yard", someDay, "a", "b")
	want("one has not", "lagging keys of 1 camera-days may be missing on it, the first of camera door on "+someDay.Format("2006-01-02"))
	r.Tend(t.Context())
	want("it was compared", "current ")
}
