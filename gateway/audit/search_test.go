package audit

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

func TestASearchFindsWhatMatchesAndNothingElse(t *testing.T) {
	dir, o := logged(t, 60)
	r, err := openReader(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    Query
		want func(Entry) bool
	}{
		"all":     {Query{}, func(Entry) bool { return true }},
		"person":  {Query{Person: "p-2"}, func(e Entry) bool { return e.Person == "p-2" }},
		"camera":  {Query{Camera: "cam-1"}, func(e Entry) bool { return e.Camera == "cam-1" }},
		"action":  {Query{Action: "sign-in"}, func(e Entry) bool { return e.Action == ActionSignInRefused }},
		"outcome": {Query{Outcome: Refused}, func(e Entry) bool { return e.Outcome == Refused }},
		"time": {Query{From: entryN(10).Time, To: entryN(20).Time}, func(e Entry) bool {
			return !e.Time.Before(entryN(10).Time) && e.Time.Before(entryN(20).Time)
		}},
		"several": {Query{Person: "p-1", Camera: "cam-0", Action: "play", From: entryN(7).Time}, func(e Entry) bool {
			return e.Person == "p-1" && e.Camera == "cam-0" && !e.Time.Before(entryN(7).Time)
		}},
		"nobody there": {Query{Person: "p-9"}, func(Entry) bool { return false }},
		"half a name":  {Query{Person: "p-"}, func(Entry) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			var want []int64
			for n := range 60 {
				if c.want(entryN(59 - n)) {
					want = append(want, int64(59-n))
				}
			}
			for _, limit := range []int{1, 7, 0} {
				if got := searched(t, r, c.q, limit); !slices.Equal(got, want) {
					t.Errorf("pages of %d: found %v, want %v", limit, got, want)
				}
			}
		})
	}
}

// openReader is OpenReader with the bounds of tests.
func openReader(dir string, o Options) (*Reader, error) {
	s, err := look(disk{}, dir, small, nil)
	if err != nil {
		return nil, err
	}
	r := &Reader{}
	r.init(s, o.Keys)
	return r, nil
}

// searched gives the numbers of all entries, page by page.
func searched(t *testing.T, r *Reader, q Query, limit int) (found []int64) {
	t.Helper()
	q.Limit = limit
	for {
		page, err := r.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range page.Records {
			found = append(found, rec.Seq)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return found
		}
	}
}

func TestACursorThatNoPageGaveIsRefused(t *testing.T) {
	dir, o := logged(t, 3)
	r, err := openReader(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"x", "-1", "01", "1 ", "99999999999999999999"} {
		if _, err := r.Search(t.Context(), Query{Cursor: c}); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func TestAPageReadsABoundedNumberOfFiles(t *testing.T) {
	dir, o := logged(t, (pageFiles+6)*small.entries)
	r, err := openReader(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Search(t.Context(), Query{Action: ActionPlayback, Person: "p-1", Camera: "cam-0", To: entryN(12).Time})
	if err != nil || page.Next != "" || len(page.Records) == 0 {
		t.Errorf("the times of files tell where not to look: %+v, %v", page, err)
	}
	q := Query{Person: "p-1", Camera: "cam-0", Action: ActionSignInRefused} // all three are in every file, never in one entry
	page, err = r.Search(t.Context(), q)
	if err != nil || page.Next == "" || len(page.Records) > 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	q.Cursor = page.Next
	if page, err = r.Search(t.Context(), q); err != nil || page.Next != "" {
		t.Errorf("the second page: %+v, %v", page, err)
	}
}

func TestEveryEntryCanBeProved(t *testing.T) {
	dir, o := logged(t, 43)
	r, err := openReader(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for seq := range int64(43) {
		p, err := r.Prove(seq, 0)
		if err != nil || p.Check() != nil || p.Note == "" || p.Size != 43 {
			t.Fatalf("proof of %d: %v, %v", seq, err, p.Check())
		}
		p.Entry = strings.Replace(p.Entry, "done", "dome", 1)
		if p.Check() == nil && strings.Contains(p.Entry, "dome") {
			t.Errorf("the proof of %d holds for another entry", seq)
		}
		for old := int64(1); old <= 43; old += 6 {
			path, err := r.ProveConsistency(old, 43)
			if err != nil {
				t.Fatal(err)
			}
			was, errWas := r.Root(old)
			is, errIs := r.Root(43)
			if errWas != nil || errIs != nil || tlog.CheckTree(path, 43, is, old, was) != nil {
				t.Errorf("that %d entries became 43 is not proved: %v, %v", old, errWas, errIs)
			}
		}
	}
	for _, bad := range [][2]int64{{-1, 0}, {43, 0}, {5, 5}, {5, 44}} {
		if _, err := r.Prove(bad[0], bad[1]); !errors.Is(err, ErrNoEntry) {
			t.Errorf("proof of %v: %v", bad, err)
		}
	}
}

func TestLastSeenIsTheLastTimeOfEach(t *testing.T) {
	dir, o := logged(t, 60)
	r, err := openReader(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	seen := r.LastSeen()
	for n := 59; n >= 50; n-- {
		e := entryN(n)
		if e.Person == "" {
			continue
		}
		if at, ok := seen[e.Person]; ok && at.Before(e.Time) {
			t.Errorf("%s was seen last at %v, not %v", e.Person, e.Time, at)
		}
	}
	if len(seen) != 3 {
		t.Errorf("seen %v", seen)
	}
}

// minute gives a moment of the story of a day.
func minute(n int) time.Time { return someTime.Add(time.Duration(n) * time.Minute) }

// aDay is who watched what, and when.
func aDay() []Entry {
	live := func(n int, action, person, camera, session string) Entry {
		return Entry{Time: minute(n), Action: action, Person: person, Camera: camera, Session: session, Personal: Personal{Name: "name of " + person}}
	}
	return []Entry{
		live(0, ActionLiveStart, "p-old", "yard", "s0"), // never ended: the program was killed
		{Time: minute(1), Action: ActionStart},
		live(2, ActionLiveStart, "p-a", "yard", "s1"),
		live(3, ActionLiveStart, "p-b", "yard", "s2"),
		live(4, ActionLiveStart, "p-c", "till", "s3"),
		live(5, ActionLiveEnd, "p-a", "yard", "s1"),
		live(9, ActionLiveStart, "p-d", "yard", "s4"),
		{Time: minute(10), Action: ActionPlayback, Outcome: Refused, Person: "p-e", Camera: "yard", From: minute(0), To: minute(60)},
		{Time: minute(11), Action: ActionPlayback, Person: "p-f", Camera: "yard", From: minute(6), To: minute(8)},
		{Time: minute(12), Action: ActionExport, Person: "p-g", Camera: "yard", From: minute(0), To: minute(7)},
		{Time: minute(13), Action: ActionPlayback, Person: "p-h", Camera: "yard", From: minute(7), To: minute(8)},
		{Time: minute(14), Action: ActionPlayback, Person: "p-i", Camera: "till", From: minute(6), To: minute(8)},
		live(20, ActionLiveEnd, "p-b", "yard", "s2"),
		{Time: minute(21), Action: ActionStart},
		{Time: minute(22), Action: ActionSettingChange, Person: "p-a", Target: "retention"},
		{Time: minute(23), Action: ActionLost, After: []byte(`{"count":12}`)},
	}
}

func TestWhoWatchedThisCameraAtThatTime(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	l, end := begin(t, o)
	for _, e := range aDay() {
		if err := l.Write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	defer end()
	for at, want := range map[int]string{
		6:  "p-b until 20 | p-f p-g",
		4:  "p-a until 5, p-b until 20 | p-g",
		10: "p-b until 20, p-d until 21 | ",
		7:  "p-b until 20 | p-f p-h",
		25: " | ",
	} {
		v, err := l.Watched(t.Context(), "yard", minute(at))
		if err != nil {
			t.Fatal(err)
		}
		if got := told(v); got != want {
			t.Errorf("at %d: %q, want %q", at, got, want)
		}
	}
}

func told(v *Viewings) string {
	var live, recorded []string
	for _, w := range v.Live {
		live = append(live, w.Person+" until "+strings.TrimSuffix(w.Until.Sub(someTime).String(), "m0s"))
	}
	for _, w := range v.Recorded {
		recorded = append(recorded, w.Person)
	}
	return strings.Join(live, ", ") + " | " + strings.Join(recorded, " ")
}

func TestASummaryCountsTheMonth(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	l, end := begin(t, o)
	defer end()
	for _, e := range append(aDay(), Entry{Time: someTime.AddDate(0, 1, 0), Action: ActionStart}) {
		if err := l.Write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	s, err := l.Summary(t.Context(), someTime)
	if err != nil {
		t.Fatal(err)
	}
	if s.Entries != 16 || s.Refused != 1 || s.Lost != 12 || s.Actions[ActionPlayback] != 4 || s.Actions[ActionStart] != 2 {
		t.Errorf("%+v", s)
	}
	if !s.From.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) || !s.To.Equal(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("from %v to %v", s.From, s.To)
	}
	of := map[string]Sum{}
	for _, p := range append(s.Persons, s.Cameras...) {
		of[p.ID] = p
	}
	if a := of["p-a"]; a.Live != 3*time.Minute || a.Changes != 1 || a.Name != "name of p-a" || a.Entries != 3 {
		t.Errorf("%+v", a)
	}
	if f, g, e := of["p-f"], of["p-g"], of["p-e"]; f.Playback != 2*time.Minute || g.Exports != 1 || e.Refused != 1 || e.Playback != 0 {
		t.Errorf("%+v %+v %+v", f, g, e)
	}
	if y := of["yard"]; y.Live != 20*time.Minute || y.Entries != 10 || s.Cameras[0].ID != "yard" {
		t.Errorf("%+v", y)
	}
}

// An export is verified wherever it lies, and is the log as it was.
func TestAnExportVerifiesByItself(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	o.bounds.every = 1000
	l, end := begin(t, o)
	defer end()
	write(t, l, 0, 43)
	var b bytes.Buffer
	if err := l.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	write(t, l, 43, 50)
	dir := t.TempDir()
	untar(t, &b, dir)
	r := verified(t, filepath.Join(dir, "audit"), VerifyOptions{Key: l.Status().Key})
	wantSound(t, r)
	if r.Entries != 43 || r.Signed != 43 {
		t.Errorf("%+v", r)
	}
}

func untar(t *testing.T, from io.Reader, dir string) {
	t.Helper()
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		path := filepath.Join(dir, h.Name)
		if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// A log that is being written is verified as it was when that began.
func TestALogIsVerifiedWhileItIsWritten(t *testing.T) {
	o := smallOptions(filepath.Join(t.TempDir(), "audit"))
	l, end := begin(t, o)
	defer end()
	write(t, l, 0, 20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 200 {
			l.Add(entryN(n))
			if n%10 == 0 {
				l.Write(t.Context(), entryN(n))
			}
		}
	}()
	for range 10 {
		r, err := l.Verify(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantSound(t, r)
	}
	<-done
}
