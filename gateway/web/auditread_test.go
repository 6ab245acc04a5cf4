package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
)

// shelf is an audit log of two entries, which tells what it was asked for.
type shelf struct{}

var shelved = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func (shelf) Search(_ context.Context, q audit.Query) (*audit.Page, error) {
	if q.Cursor == "bad" {
		return nil, audit.ErrCursor
	}
	asked := fmt.Sprintf("%s %s %s %s %d %v %v", q.Person, q.Camera, q.Action, q.Outcome, q.Limit, q.From.Unix(), q.To.Unix())
	return &audit.Page{Next: "7", Pruned: 3, Records: []audit.Record{
		{Entry: audit.Entry{Seq: 8, Time: shelved, Action: audit.ActionPlayback, Outcome: audit.Done, Person: "p-1", Reason: asked}, Forgotten: true},
		{Entry: audit.Entry{Seq: 7, Time: shelved, Action: audit.ActionSignInRefused, Outcome: audit.Refused, After: json.RawMessage(`{"a":1}`), Personal: audit.Personal{Name: "ann"}}}}}, nil
}

func (shelf) Watched(_ context.Context, camera string, at time.Time) (*audit.Viewings, error) {
	return &audit.Viewings{Live: []audit.Viewing{{Record: audit.Record{Entry: audit.Entry{Camera: camera, Time: at}}, Until: at.Add(time.Minute)}}}, nil
}

func (shelf) Summary(_ context.Context, month time.Time) (*audit.Summary, error) {
	return &audit.Summary{From: month, To: month.AddDate(0, 1, 0), Persons: []audit.Sum{{ID: "p-1", Live: time.Minute}}}, nil
}

func (shelf) LastSeen() map[string]time.Time { return map[string]time.Time{} }
func (shelf) Checkpoint() audit.Checkpoint {
	return audit.Checkpoint{Origin: "log", Size: 8, Note: []byte("note")}
}
func (shelf) Status() audit.Status { return audit.Status{Entries: 9, Key: "key"} }
func (shelf) Verification() (AuditVerification, bool) {
	return AuditVerification{State: "done", Sound: true}, true
}

func (shelf) Export(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "tar")
	return err
}

func (shelf) StartVerification() (AuditVerification, error) {
	return AuditVerification{State: "running"}, nil
}

func TestTheAuditLogIsSearchedByWhatIsAsked(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	a := s.do("GET", "/api/v1/audit?person=p-1&camera=door&action=live&outcome=done&limit=5&since=2026-03-01T08:00:00Z&before=2026-03-01T09:00:00Z", "", p.reads())
	var page AuditPage
	if err := json.Unmarshal([]byte(a.text), &page); err != nil || a.StatusCode != http.StatusOK {
		t.Fatal(a.StatusCode, err, a.text)
	}
	if len(page.Entries) != 2 || page.Next != "7" || page.Pruned != 3 {
		t.Fatalf("%+v", page)
	}
	if e := page.Entries[0]; e.Name != forgottenPerson || e.Reason != fmt.Sprintf("p-1 door live done 5 %d %d", shelved.Unix(), shelved.Add(time.Hour).Unix()) {
		t.Errorf("%+v", e)
	}
	if e := page.Entries[1]; e.Name != "ann" || e.Forgotten || fmt.Sprint(e.After) != "map[a:1]" {
		t.Errorf("%+v", e)
	}
	for _, bad := range []string{"?limit=0", "?limit=501", "?limit=x", "?since=today", "?before=1", "?cursor=bad", "/watched?camera=door", "/watched?at=2026-03-01T08:00:00Z", "/summary?month=March", "/unused?days=-1"} {
		if a := s.do("GET", "/api/v1/audit"+bad, "", p.reads()); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, a.StatusCode)
		}
	}
}

// Reading the log is in the log, once in a quarter of an hour: pages do not fill it.
func TestReadingTheAuditLogIsAnEntryItself(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	for _, path := range []string{"", "?cursor=7", "/watched?camera=door&at=2026-03-01T08:00:00Z", "/summary?month=2026-03", "/unused", "/checkpoint"} {
		if a := s.do("GET", "/api/v1/audit"+path, "", p.reads()); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.text)
		}
	}
	if n := len(s.ledger.all(audit.ActionAuditRead)); n != 1 {
		t.Errorf("%d entries", n)
	}
	a := s.do("GET", "/api/v1/audit/export", "", p.reads())
	if a.StatusCode != http.StatusOK || a.text != "tar" || !strings.Contains(a.Header.Get("Content-Disposition"), ".tar") {
		t.Errorf("%d %q", a.StatusCode, a.text)
	}
	if n := len(s.ledger.all(audit.ActionAuditExport)); n != 1 {
		t.Errorf("%d entries of the export", n)
	}
}
