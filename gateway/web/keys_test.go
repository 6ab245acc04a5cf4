package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
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

func (k ringKeys) KeyStatus() KeyStatus         { return KeyStatus{Status: k.ring.Status(), Footage: true} }
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

// Every use of a key is in the audit log, with who it was and which root it was about, and never with the key.
func TestEveryUseOfAKeyIsInTheAuditLog(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	json := header("Content-Type", "application/json")
	recovery, first := s.keys.ring.Recovery(), s.keys.ring.Status().Root
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/api/v1/keys/confirm", `{"recovery":"0000"}`},
		{"POST", "/api/v1/keys/confirm", `{"recovery":"` + recovery + `"}`},
		{"POST", "/api/v1/keys/unlock", `{"recovery":"` + recovery + `"}`},
		{"POST", "/api/v1/keys/rotate", ""},
		{"GET", "/api/v1/keys/recovery", ""},
	} {
		s.do(c.method, c.path, c.body, p.changes(), json)
	}
	for _, want := range []struct {
		action, target string
		outcome        audit.Outcome
		of             int
	}{
		{audit.ActionKeyConfirm, "", audit.Refused, 0}, {audit.ActionKeyConfirm, first, audit.Done, 1}, {audit.ActionKeyUnlock, first, audit.Refused, 0},
		{audit.ActionKeyRotate, "", audit.Done, 0}, {audit.ActionKeysShown, "", audit.Refused, 0},
	} {
		list := s.ledger.all(want.action)
		if len(list) <= want.of {
			t.Errorf("%s: there are %d entries", want.action, len(list))
			continue
		}
		if e := list[want.of]; cmp.Or(e.Outcome, audit.Done) != want.outcome || e.Target != want.target || e.Person == "" || strings.Contains(fmt.Sprintf("%+v", e), recovery[:9]) {
			t.Errorf("%s: %+v", want.action, e)
		}
	}
	if e := s.ledger.all(audit.ActionKeyRotate)[0]; string(e.Before) != `"`+first+`"` || string(e.After) != `"`+s.keys.ring.Status().Root+`"` {
		t.Errorf("the change is from %s to %s", e.Before, e.After)
	}
}
