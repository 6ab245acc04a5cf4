package gateway

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// A forgotten person is named nowhere any more: not by the log, not by what comes to it late, not by a byte of any file.
func TestAForgottenPersonIsNamedNowhere(t *testing.T) {
	const name, address = "Quendolin", "192.0.2.77"
	dir := t.TempDir()
	r := startIn(t, dir, "")
	a := r.g.auth
	p, _, err := a.CreatePerson(a.Local(), auth.NewPerson{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	watch := audit.Entry{Action: audit.ActionLiveStart, Kind: audit.BySession, Person: p.ID, Camera: "door", Personal: audit.Personal{Name: name, Address: address}}
	if err := r.g.audit.Write(t.Context(), watch); err != nil {
		t.Fatal(err)
	}
	own := func() []audit.Entry {
		list, _, err := (ownLog{r.g.audits}).EntriesOf(t.Context(), p.ID, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if l := own(); len(l) != 1 || l[0].Personal.Name != name || l[0].Personal.Address != address || l[0].Camera != "door" {
		t.Fatalf("their own log: %+v", l)
	}
	_, err = a.DeletePerson(a.Local(), p.ID)
	if err := errors.Join(err, a.ForgetPerson(a.Local(), p.ID)); err != nil {
		t.Fatal(err)
	}
	watch.Action = audit.ActionLiveEnd // what they watched ends after they are forgotten
	if err := r.g.audit.Write(t.Context(), watch); err != nil {
		t.Fatal(err)
	}
	l := own()
	if len(l) != 2 {
		t.Errorf("what was done is %d entries of 2", len(l))
	}
	for _, e := range l {
		if e.Personal != (audit.Personal{}) {
			t.Errorf("%s names %+v", e.Action, e.Personal)
		}
	}
	r.end()
	audited(t, filepath.Join(dir, "data"), audit.VerifyOptions{})
	wantNowhere(t, dir, name, address)
}

// wantNowhere looks through every file below dir for words.
func wantNowhere(t *testing.T, dir string, words ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(data, []byte(w)) {
				t.Errorf("%s holds %q", path, w)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files were looked at, %v", files, err)
	}
}
