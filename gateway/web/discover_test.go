package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
)

// What is found is told at once, while the search goes on; who leaves ends it, and the next need not wait for its time.
func TestASearchTellsOfEachCameraAsItIsFound(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	ended := make(chan error, 2)
	s.cameras.discover = func(ctx context.Context, req SearchRequest, tell func(SearchLine)) error {
		tell(SearchLine{Progress: &SearchProgress{Of: 3, Unit: "seconds"}})
		tell(SearchLine{Found: &Discovered{Key: "1", Name: "Gate"}})
		if len(req.Ranges) == 0 {
			<-ctx.Done()
			ended <- ctx.Err()
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/discover", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.reads()(r)
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for _, want := range []string{`"of":3`, `"name":"Gate"`} {
		if !lines.Scan() || !strings.Contains(lines.Text(), want) || !json.Valid(lines.Bytes()) {
			t.Fatalf("%q, want %s", lines.Text(), want)
		}
	}
	if a := s.do("GET", "/api/v1/discover", "", p.reads()); a.problem(t).Type != "/problems/running" {
		t.Errorf("a second search: %s %s", a.Status, a.text)
	}
	cancel()
	a := s.do("POST", "/api/v1/discover", `{"ranges":["192.168.1.0/24"]}`, p.changes())
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/x-ndjson" || !strings.HasSuffix(a.text, "{\"done\":true}\n") {
		t.Errorf("%s %v %s", a.Status, a.Header, a.text)
	}
	select {
	case <-ended:
	case <-time.After(deadline):
		t.Fatal("the search went on when nobody was there any more")
	}
	if e := s.wantsEntry(audit.ActionCameraSearch); string(e.After) != `{"ranges":["192.168.1.0/24"]}` || e.Person != p.info.Person {
		t.Errorf("the log says %+v", e)
	}
}

func TestASearchThatCannotBeIsRefusedWithItsField(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	s.cameras.discover = func(_ context.Context, req SearchRequest, tell func(SearchLine)) error {
		if len(req.Ranges) > 0 {
			return Rejected("ranges", "198.51.100.1 is outside the premises")
		}
		tell(SearchLine{Progress: &SearchProgress{}})
		return Refused("The networks could not be asked.", "")
	}
	for body, want := range map[string]string{
		`{"ranges":["198.51.100.1"]}`: "ranges",
		`{"ranges":[""]}`:             "ranges",
		`{"ranges":["` + strings.Repeat("1", maxRangeText+1) + `"]}`: "ranges",
		`{"ranges":["a"` + strings.Repeat(`,"a"`, maxRanges) + `]}`:  "ranges",
		`{"interfaces":["\u0007"]}`:                                  "interfaces",
		`{"ranges":["10.0.0.1"],"interfaces":["eth0"]}`:              "interfaces",
		`{"seconds":61}`: "seconds",
		`{"seconds":-1}`: "seconds",
	} {
		if a := s.do("POST", "/api/v1/discover", body, p.changes()); a.StatusCode != 422 || a.problem(t).Field != want {
			t.Errorf("%.100s: %s %s", body, a.Status, a.text)
		}
	}
	if a := s.do("GET", "/api/v1/discover", "", p.reads()); a.StatusCode != 200 || !strings.HasSuffix(a.text, "{\"error\":\"The networks could not be asked.\"}\n") {
		t.Errorf("what fails after it began: %s %s", a.Status, a.text)
	}
}
