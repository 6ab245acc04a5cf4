package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhatWasWrittenIsThereInOrder(t *testing.T) {
	dir, o := logged(t, 43)
	wantSound(t, verified(t, dir, VerifyOptions{}))
	l, end := begin(t, o)
	if s := l.Status(); s.Entries != 43 || s.Signed != 43 || len(s.Damage) > 0 {
		t.Fatalf("opened again: %+v", s)
	}
	write(t, l, 43, 50)
	end()
	r := verified(t, dir, VerifyOptions{})
	wantSound(t, r)
	if r.Entries != 50 || r.Signed != 50 || r.Checkpoints < 50/small.every {
		t.Errorf("report %+v", r)
	}
	files, err := filepath.Glob(filepath.Join(dir, "entries", "*.jsonl"))
	if err != nil || len(files) < 50/small.entries {
		t.Errorf("%d files of entries: a file holds at most %d", len(files), small.entries)
	}
}

func TestNothingPersonalIsOnDiskInClear(t *testing.T) {
	dir, _ := logged(t, 12)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, canary := range []string{"person 1", "192.168.1.9", "Browser"} {
			if bytes.Contains(data, []byte(canary)) {
				t.Errorf("%s holds %q", path, canary)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestForgettingAPersonLeavesTheProof(t *testing.T) {
	dir, o := logged(t, 12)
	keys := o.Keys.(*purse)
	before := records(t, dir, o, Query{Person: "p-1"})
	keys.forget("p-1")
	wantSound(t, verified(t, dir, VerifyOptions{}))
	after := records(t, dir, o, Query{Person: "p-1"})
	if len(before) == 0 || len(before) != len(after) {
		t.Fatalf("%d entries before, %d after", len(before), len(after))
	}
	for i := range before {
		if before[i].Personal.Name != "person 1" || before[i].Forgotten {
			t.Errorf("before: %+v", before[i])
		}
		if after[i].Personal != (Personal{}) || !after[i].Forgotten || after[i].Action != before[i].Action {
			t.Errorf("after: %+v", after[i])
		}
	}
	for _, r := range records(t, dir, o, Query{Person: "p-2"}) {
		if r.Forgotten {
			t.Errorf("another person's entry %d is forgotten too", r.Seq)
		}
	}
}

// The name of the person acted on goes with that person, not with whoever acted.
func TestThePersonActedOnIsForgottenAlone(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	l, end := begin(t, o)
	e := Entry{Action: ActionPersonChange, Person: "p-boss", Target: "p-staff", Personal: Personal{Name: "boss", Subject: "staff"}}
	if err := l.Write(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	o.Keys.(*purse).forget("p-staff")
	page, err := l.Search(t.Context(), Query{})
	if err != nil || len(page.Records) != 1 {
		t.Fatalf("%v, %v", page, err)
	}
	if r := page.Records[0]; r.Personal.Name != "boss" || r.Personal.Subject != "" || !r.Forgotten {
		t.Errorf("%+v", r)
	}
	end()
}

// records are all that a search finds, oldest first.
func records(t testing.TB, dir string, o Options, q Query) (all []Record) {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for {
		page, err := l.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(page.oldestFirst(), all...)
		if page.Next == "" {
			return all
		}
		q.Cursor = page.Next
	}
}

func TestLinesCannotForgeLines(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	l, end := begin(t, o)
	evil := "a\n{\"seq\":1}\r\x1b[2J\u202e\u2028"
	e := Entry{Action: evil, Person: evil, Camera: evil, Reason: evil + strings.Repeat("x", 4000), Target: evil, Before: []byte("{not json\n"), After: bytes.Repeat([]byte(" 1"), 9000),
		Personal: Personal{Name: evil}}
	if err := l.Write(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	end()
	wantSound(t, verified(t, o.Dir, VerifyOptions{}))
	all := records(t, o.Dir, o, Query{})
	if len(all) != 1 {
		t.Fatalf("%d entries", len(all))
	}
	for _, text := range []string{all[0].Action, all[0].Person, all[0].Reason, all[0].Personal.Name} {
		if strings.ContainsAny(text, "\n\r\x1b\u202e") || len(text) > 512 {
			t.Errorf("kept %q", text)
		}
	}
}

func TestTimeIsSetWhenItIsMissing(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	o.Now = func() time.Time { return someTime }
	l, end := begin(t, o)
	if err := l.Write(t.Context(), Entry{Action: ActionStart}); err != nil {
		t.Fatal(err)
	}
	end()
	if all := records(t, o.Dir, o, Query{}); len(all) != 1 || !all[0].Time.Equal(someTime) || all[0].Outcome != Done {
		t.Errorf("%+v", all)
	}
}
