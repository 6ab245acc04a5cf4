package gateway

import (
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

func TestAWeekIsSummedUpByWhatIsMissingAndWhy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	at := func(hours float64) time.Time { return now.Add(-healthWeek + time.Duration(hours*float64(time.Hour))) }
	gap := func(from, to float64, c storage.Cause) storage.Span {
		return storage.Span{Start: at(from), End: at(to), Gap: true, Cause: c}
	}
	w := sumWeek([]storage.Span{{Start: at(0), End: at(100)}, gap(100, 101, storage.CauseOffline), {Start: at(101), End: at(120)}, gap(120, 120.5, storage.CauseRestart),
		gap(121, 123, storage.CauseOffline), gap(123, 150, storage.CauseSchedule), gap(150, 151, storage.CauseErased), {Start: at(151), End: now}}, now)
	if w.Gaps != 3 || w.Lost != 3.5*3600 || w.Unwanted != 27*3600 || w.Recorded != (100+19+17)*3600 {
		t.Errorf("%+v", w)
	}
	if w.Longest == nil || w.Longest.Seconds != 7200 || !w.List[0].Start.Equal(at(121)) || len(w.Causes) != 2 || w.Causes[0].Cause != string(storage.CauseOffline) || w.Causes[0].Gaps != 2 {
		t.Errorf("longest %+v, causes %+v", w.Longest, w.Causes)
	}
	if len(w.Held) != 3 || !w.Held[2].End.Equal(now) {
		t.Errorf("held is %+v", w.Held)
	}
	age := 9.0
	found := amiss(web.Camera{State: "online", Record: web.Recording{State: "failing", Cause: "disk full"}}, web.CameraHealth{Week: w, Streams: []web.StreamHealth{
		{ID: "main", State: "online", LastFrame: &age, Lost: 500, KeyEvery: 20, Reconnects: 11, Transport: "udp"}, {ID: "sub", State: "offline", Lost: 500}}})
	var all []string
	for _, f := range found {
		if f.Do == "" {
			t.Errorf("nothing is said of what to do: %+v", f)
		}
		all = append(all, f.What)
	}
	if text := strings.Join(all, "\n"); len(found) != 6 || found[0].Severity != "alarm" || !strings.Contains(text, "3 h 30 min of the last week is missing, in 3 gaps") || !strings.Contains(text, "every 20 s") {
		t.Errorf("amiss is:\n%s", text)
	}
	if list := amiss(web.Camera{State: "disabled"}, web.CameraHealth{Week: w}); len(list) > 0 {
		t.Errorf("one that is switched off: %+v", list)
	}
}
