package web

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestRecordedScenesAreThinnedChosenAndBounded(t *testing.T) {
	s := newSite(t)
	const base = "/api/v1/cameras/door/scenes?from=2026-03-01T08:00:00Z&to="
	lines := func(query string) []string {
		t.Helper()
		a := s.do("GET", base+query, "", s.bearer())
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Fatalf("%s: %d %s", query, a.StatusCode, a.text)
		}
		return strings.Split(strings.TrimSuffix(a.text, "\n"), "\n")
	}
	if l := lines("2026-03-01T08:01:00Z"); len(l) != 60 {
		t.Errorf("%d lines", len(l))
	}
	if l := lines("2026-03-01T08:01:00Z&every=10"); len(l) != 6 {
		t.Errorf("%d lines", len(l))
	}
	if l := lines("2026-03-01T08:01:00Z&region=0.1,0.1,1,1"); len(l) != 1 || l[0] != "" {
		t.Errorf("%q", l)
	}
	l := lines("2026-03-01T18:00:00Z")
	var last SceneLine
	if err := json.Unmarshal([]byte(l[len(l)-1]), &last); err != nil || len(l) != maxSceneLines+1 || last.Next == nil || last.Scene != nil {
		t.Errorf("%d lines, %v %s", len(l), err, l[len(l)-1])
	} else if want := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(maxSceneLines * time.Second); !last.Next.Equal(want) {
		t.Errorf("next is %v, not %v", last.Next, want)
	}
	for query, want := range map[string]string{"&every=x": "every", "&every=-1": "every", "&region=1,2": "region", "&region=0,0,0,0": "region", "&region=-2,0,1,1": "region", "&region=NaN,0,1,1": "region"} {
		if a := s.do("GET", base+"2026-03-01T08:01:00Z"+query, "", s.bearer()); a.StatusCode != 400 || !strings.Contains(a.text, `"field":"`+want+`"`) {
			t.Errorf("%s: %d %s", query, a.StatusCode, a.text)
		}
	}
}
