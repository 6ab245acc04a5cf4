package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/audit"
	"holdfast/storage"
)

func TestOverviewShowsLossInWhateverResolution(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(hours float64) time.Time { return from.Add(time.Duration(hours * float64(time.Hour))) }
	spans := []storage.Span{
		{Start: at(2), End: at(6)}, {Start: at(6), End: at(6.001), Gap: true, Cause: storage.CauseOffline}, {Start: at(6.001), End: at(10)},
		{Start: at(10), End: at(12), Gap: true, Cause: storage.CauseNetwork}, {Start: at(12), End: at(14), Gap: true, Cause: storage.CauseSchedule},
		{Start: at(14), End: at(15), Gap: true, Cause: storage.CauseErased}, {Start: at(15), End: at(16)},
	}
	var told []string
	n := 0
	slots := newSlots(askedOverview{from: from, to: at(24), slots: 24})
	for _, sp := range spans {
		slots.add(sp)
	}
	for _, r := range slots.runs() {
		told = append(told, strings.TrimRight(strings.Repeat("#", r.N)+" "+r.Class+" "+r.Cause, " "))
		n += r.N
	}
	want := "##/#### recorded/# partly camera offline/### recorded/## lost network loss/## unwanted outside schedule/# deleted erased/# recorded"
	if got := strings.Join(told, "/"); got != want || n != 16 {
		t.Errorf("%d slots\n%s\n%s", n, got, want)
	}
}

func TestOverviewIsBoundedAndHidesCamerasThatMayNotBePlayed(t *testing.T) {
	s := newSite(t)
	var o Overview
	const day = "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"
	a := s.do("GET", "/api/v1/overview"+day+"&slots=48&activity=1", "", s.bearer())
	if err := json.Unmarshal([]byte(a.text), &o); err != nil || o.Slots != 48 || len(o.Cameras) == 0 || len(o.Cameras[0].Activity) != 48 || o.Cameras[0].Activity[0] != 7 {
		t.Errorf("%d: %s", a.StatusCode, a.text)
	}
	for _, q := range []string{day + "&slots=0", day + "&slots=2001", day + "&slots=x", "?from=2026-03-01T00:00:00Z&to=2029-03-02T00:00:00Z", "?from=2026-03-01T00:00:00Z&to=2026-03-04T00:00:00Z&activity=1", day + "&cameras=" + strings.Repeat("a,", 70)} {
		if a := s.do("GET", "/api/v1/overview"+q, "", s.bearer()); a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", q, a.StatusCode)
		}
	}
}

func TestWhatIsWatchedInPiecesIsInTheLogByRoundedRanges(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{"from=2026-03-01T08:01:00Z&to=2026-03-01T08:01:20Z", "from=2026-03-01T08:01:20Z&to=2026-03-01T08:01:40Z", "from=2026-03-01T08:12:00Z&to=2026-03-01T08:12:20Z"} {
		if a := s.do("GET", "/api/v1/cameras/door/video.fmp4?"+q, "", s.bearer()); a.StatusCode != http.StatusOK {
			t.Fatal(a.text)
		}
	}
	for _, at := range []string{"08:01:00", "08:02:00"} {
		s.do("GET", "/api/v1/cameras/door/picture.jpg?at=2026-03-01T"+at+"Z", "", s.bearer())
	}
	var got []string
	for _, e := range s.ledger.all(audit.ActionPlayback) {
		got = append(got, e.From.Format("15:04")+"-"+e.To.Format("15:04"))
	}
	if strings.Join(got, " ") != "08:00-08:10 08:10-08:20 08:00-09:00" {
		t.Errorf("the log has %v", got)
	}
}
