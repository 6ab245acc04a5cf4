package web

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/storage/keyring"
)

// ringKeys is a real keyring behind the API.
type ringKeys struct{ ring *keyring.Ring }

func newRingKeys(t *testing.T) ringKeys {
	t.Helper()
	ring, err := keyring.Open(keyring.Options{Dir: filepath.Join(t.TempDir(), "keyring"), Root: keyring.NewRoot()})
	if err != nil {
		t.Fatal(err)
	}
	return ringKeys{ring}
}

func (k ringKeys) KeyStatus() keyring.Status    { return k.ring.Status() }
func (k ringKeys) RecoveryKey() string          { return k.ring.Recovery() }
func (k ringKeys) ConfirmKey(text string) error { return k.ring.Confirm(text) }
func (k ringKeys) SegmentKey(camera string, day time.Time, id keyring.ID) (keyring.Key, error) {
	return k.ring.Find(camera, day, id)
}
func (k ringKeys) RotateKey() error {
	return k.ring.Rotate(keyring.NewRoot(), func() error { return nil })
}
func (k ringKeys) UnlockKeys(text string) error {
	root, err := keyring.ParseRecovery(text)
	if err != nil {
		return err
	}
	return k.ring.Unlock(root)
}

func TestTheRecoveryKeyIsToldOnTheMachineOnly(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	res := s.do("GET", "/api/v1/keys/recovery", "", p.changes())
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("over the network: %d", res.StatusCode)
	}
	for _, path := range []string{"/api/v1/keys", "/api/v1/health"} {
		if text := s.do("GET", path, "", p.changes()).text; strings.Contains(text, s.keys.ring.Recovery()[:9]) {
			t.Errorf("%s tells the recovery key", path)
		}
	}
}

func TestTheRecoveryKeyIsConfirmedOverTheAPI(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	send := func(text string) int {
		return s.do("POST", "/api/v1/keys/confirm", `{"recovery":"`+text+`"}`, p.changes(), header("Content-Type", "application/json")).StatusCode
	}
	if got := send("0000-1111"); got != http.StatusUnprocessableEntity || s.keys.ring.Status().Confirmed {
		t.Errorf("a mistyped key: %d", got)
	}
	if got := send(keyring.NewRoot().Recovery()); got != http.StatusUnprocessableEntity || s.keys.ring.Status().Confirmed {
		t.Errorf("another's key: %d", got)
	}
	if got := send(strings.ToLower(s.keys.ring.Recovery())); got != http.StatusNoContent || !s.keys.ring.Status().Confirmed {
		t.Errorf("the key: %d", got)
	}
	if _, err := s.keys.ring.Find("door", time.Now(), keyring.ID{}); !errors.Is(err, keyring.ErrUnknown) {
		t.Error(err)
	}
}
