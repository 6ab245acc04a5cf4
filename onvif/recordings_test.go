package onvif_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

func TestWhatADeviceKeepsIsFound(t *testing.T) {
	m := manage(t, onviftest.Options{Kind: onviftest.Fixed, Name: "Gate"})
	ctx := t.Context()
	if _, err := m.Recordings(ctx); !errors.Is(err, onvif.ErrNoService) {
		t.Errorf("without a card: %v", err)
	}
	m.Client = m.as(t, oddPassword) // services are asked for once

	day := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }
	card := server.Kept{Token: "rec 1 <&>", SourceID: "source", Name: "Gate", ReplayURI: "rtsp://u:p@10.9.8.7:554/replay?rec=1", Spans: []server.Span{{From: at(0), To: at(10)}, {From: at(12), To: at(20)}, {From: at(30)}}}
	more := []server.Kept{card}
	for range 150 { // two pages
		more = append(more, server.Kept{Token: "old", SourceID: "source", Spans: []server.Span{{From: at(-100), To: at(-90)}}})
	}
	m.device.Keep(more...)
	list := got[[]onvif.Recording](t)(m.Recordings(ctx))
	if r := list[0]; len(list) != 151 || r.Token != card.Token || r.SourceID != "source" || !r.Running || !r.Earliest.Equal(at(0)) || len(r.Tracks) != 1 || r.Tracks[0].Type != "Video" {
		t.Fatalf("%d recordings: %+v", len(list), r)
	}
	for _, c := range []struct {
		name     string
		from, to int
		want     []onvif.RecordedSpan
	}{
		{"within one", 2, 8, []onvif.RecordedSpan{{From: at(2), To: at(8)}}},
		{"over a gap", 5, 15, []onvif.RecordedSpan{{From: at(5), To: at(10)}, {From: at(12), To: at(15)}}},
		{"all of it", -60, 60, []onvif.RecordedSpan{{From: at(0), To: at(10)}, {From: at(12), To: at(20)}, {From: at(30), To: at(60)}}},
		{"in a gap", 21, 29, nil},
		{"before", -60, -1, nil},
	} {
		wantEqual(t, c.name, got[[]onvif.RecordedSpan](t)(m.RecordedSpans(ctx, list[0], at(c.from), at(c.to))), c.want)
	}
	wantEqual(t, "replay", got[string](t)(m.ReplayURI(ctx, card.Token)), "rtsp://127.0.0.1:554/replay?rec=1")
	if _, err := m.ReplayURI(ctx, "none"); err == nil || !strings.Contains(err.Error(), "no such recording") {
		t.Errorf("of no recording: %v", err)
	}

	card.NoHistory = true
	m.device.Keep(card)
	wantEqual(t, "without a history", got[[]onvif.RecordedSpan](t)(m.RecordedSpans(ctx, list[0], at(5), at(15))), []onvif.RecordedSpan{{From: at(5), To: at(15)}})
	if _, err := m.RecordedSpans(ctx, list[0], at(5), at(4)); err == nil {
		t.Error("a range that ends before it begins")
	}
	m.sent.validate(t)
}

// Searches are ended, also those whose results nobody wants: a device keeps few.
func TestSearchesAreEnded(t *testing.T) {
	m := manage(t, onviftest.Options{Kind: onviftest.Fixed, Name: "Gate"})
	m.device.Keep(server.Kept{Token: "1", Spans: []server.Span{{From: time.Now().Add(-time.Hour)}}})
	for range 20 {
		got[[]onvif.Recording](t)(m.Recordings(t.Context()))
	}
}
