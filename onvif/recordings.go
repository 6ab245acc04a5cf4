package onvif

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// Recording is what a device keeps on a card or disk of its own (Profile G). Times are by the device's clock, UTC.
type Recording struct {
	Token      string
	SourceID   string // of what it is a recording: mostly the token of a video source or profile
	SourceName string
	Earliest   time.Time // zero when the device does not say
	Latest     time.Time // the same
	Running    bool      // it is being recorded
	Tracks     []RecordingTrack
}

// RecordingTrack is one medium of a recording.
type RecordingTrack struct {
	Token    string
	Type     string // Video, Audio, Metadata, or a word of the device's own
	From, To time.Time
}

// RecordedSpan is a stretch for which a device has data.
type RecordedSpan struct {
	From, To time.Time // by the device's clock, UTC; To is zero when it goes on
}

const (
	maxRecordings = 256 // that are kept of a device
	maxTracks     = 64  // of a recording
	maxSpans      = 10_000
	// searchAlive is how long a device keeps a search that nobody asks for (Recording Search specification, at least 10 s).
	searchAlive = "PT30S"
	searchWait  = "PT5S"
	searchPage  = 100
	searchPages = 200
)

// Recordings lists what the device keeps (Recording Search specification section 5.5). ErrNoService without Profile G.
func (c *Client) Recordings(ctx context.Context) (list []Recording, err error) {
	const doing = "list the camera's own recordings"
	err = c.search(ctx, doing, "FindRecordings", "GetRecordingSearchResults", `<tse:Scope/>`, func(results *soap.Node) bool {
		for _, r := range results.All("RecordingInformation") {
			if token := r.Get("RecordingToken"); token != "" && len(list) < maxRecordings {
				list = append(list, readRecording(r, token))
			}
		}
		return len(list) < maxRecordings
	})
	return list, err
}

func readRecording(n *soap.Node, token string) Recording {
	r := Recording{Token: token, SourceID: n.Get("Source", "SourceId"), SourceName: n.Get("Source", "Name"), Earliest: dateTime(n.Get("EarliestRecording")),
		Latest: dateTime(n.Get("LatestRecording")), Running: strings.EqualFold(n.Get("RecordingStatus"), "Recording")}
	for _, t := range n.All("Track") {
		if len(r.Tracks) < maxTracks {
			r.Tracks = append(r.Tracks, RecordingTrack{Token: t.Get("TrackToken"), Type: t.Get("TrackType"), From: dateTime(t.Get("DataFrom")), To: dateTime(t.Get("DataTo"))})
		}
	}
	return r
}

// dateTime reads an xs:dateTime; zero when it is none.
func dateTime(s string) time.Time {
	t, err := soap.Time(s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// search begins a search, calls take with each page of results until it gives false, and ends it.
func (c *Client) search(ctx context.Context, doing, find, results, question string, take func(*soap.Node) bool) (err error) {
	n, err := c.ask(ctx, soap.NSSearch, doing, "<tse:"+find+">"+question+"<tse:KeepAliveTime>"+searchAlive+"</tse:KeepAliveTime></tse:"+find+">")
	if err != nil {
		return err
	}
	token := soap.Escape(n.Get("SearchToken"))
	defer func() { // devices allow few searches at once
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer cancel()
		c.ask(end, soap.NSSearch, "end the search", "<tse:EndSearch><tse:SearchToken>"+token+"</tse:SearchToken></tse:EndSearch>")
	}()
	for range searchPages {
		n, err := c.ask(ctx, soap.NSSearch, doing, fmt.Sprintf("<tse:%s><tse:SearchToken>%s</tse:SearchToken><tse:MaxResults>%d</tse:MaxResults><tse:WaitTime>%s</tse:WaitTime></tse:%s>",
			results, token, searchPage, searchWait, results))
		if err != nil {
			return err
		}
		list := n.Find("ResultList")
		if !take(list) || strings.EqualFold(list.Get("SearchState"), "Completed") {
			return nil
		}
	}
	return fail(Protocol, doing, fmt.Errorf("the search did not end after %d answers", searchPages))
}

// RecordedSpans tells for which parts of [from, to), by the device's clock, it has data of a recording's picture: from its history
// (tns1:RecordingHistory/Track/State), or, where it keeps none, from the ends of the recording.
func (c *Client) RecordedSpans(ctx context.Context, r Recording, from, to time.Time) ([]RecordedSpan, error) {
	if to.Before(from) {
		return nil, fail(Refused, "ask what was recorded", errors.New("the range ends before it begins"))
	}
	h := history{from: from, to: to, video: videoTrack(r)}
	question := "<tse:StartPoint>" + stamp(from) + "</tse:StartPoint><tse:EndPoint>" + stamp(to) + "</tse:EndPoint><tse:Scope><tt:IncludedRecordings>" + soap.Escape(r.Token) +
		`</tt:IncludedRecordings></tse:Scope><tse:SearchFilter><wsnt:TopicExpression Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:RecordingHistory/Track/State</wsnt:TopicExpression></tse:SearchFilter><tse:IncludeStartState>true</tse:IncludeStartState>`
	err := c.search(ctx, "ask what was recorded", "FindEvents", "GetEventSearchResults", question, h.take)
	if err != nil && !isRefusal(err) {
		return nil, err
	}
	if err == nil && h.told {
		return h.spans(), nil
	}
	return ends(r, from, to), nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func videoTrack(r Recording) string {
	for _, t := range r.Tracks {
		if strings.EqualFold(t.Type, "Video") {
			return t.Token
		}
	}
	return ""
}

// ends is what the ends of a recording tell: that nothing lies outside them.
func ends(r Recording, from, to time.Time) []RecordedSpan {
	first, last := r.Earliest, r.Latest
	for _, t := range r.Tracks {
		if t.Token == videoTrack(r) && !t.From.IsZero() {
			first, last = t.From, t.To
		}
	}
	if first.IsZero() || !first.Before(to) {
		return nil
	}
	s := RecordedSpan{From: later(first, from), To: to}
	if !r.Running && last.Before(to) {
		s.To = last
	}
	if !s.From.Before(s.To) {
		return nil
	}
	return []RecordedSpan{s}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// history puts the state events of a recording together.
type history struct {
	from, to time.Time
	video    string // token of the track; "" when the recording does not say
	told     bool   // there was an event of it
	states   []state
}

type state struct {
	at   time.Time
	data bool
}

// take reads one page of results. It gives false when there are more than are kept.
func (h *history) take(results *soap.Node) bool {
	for _, r := range results.All("Result") {
		if track := r.Get("TrackToken"); h.video != "" && track != "" && track != h.video {
			continue
		}
		event := r.Find("Event")
		if event == nil {
			continue
		}
		for _, d := range parseNotification(event).Data {
			if strings.EqualFold(d.Name, "IsDataPresent") && len(h.states) < maxSpans {
				h.told = true
				h.states = append(h.states, state{at: dateTime(r.Get("Time")), data: isTrue(d.Value)})
			}
		}
	}
	return len(h.states) < maxSpans
}

// spans are the stretches between a state with data and the next without, within the range.
func (h *history) spans() (list []RecordedSpan) {
	slices.SortStableFunc(h.states, func(a, b state) int { return a.at.Compare(b.at) })
	var open *RecordedSpan
	for _, s := range h.states {
		switch {
		case s.data && open == nil:
			open = &RecordedSpan{From: later(s.at, h.from)}
		case !s.data && open != nil:
			if open.To = s.at; open.To.After(h.to) {
				open.To = h.to
			}
			if open.From.Before(open.To) {
				list = append(list, *open)
			}
			open = nil
		}
	}
	if open != nil && open.From.Before(h.to) {
		open.To = h.to
		list = append(list, *open)
	}
	return list
}

// ReplayURI asks where a recording is played back by RTSP (Replay specification section 5.3), at the address where we reached the
// device, without credentials.
func (c *Client) ReplayURI(ctx context.Context, recording string) (string, error) {
	const doing = "ask where recordings are played back"
	n, err := c.ask(ctx, soap.NSReplay, doing, `<trp:GetReplayUri><trp:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trp:StreamSetup><trp:RecordingToken>`+
		soap.Escape(recording)+`</trp:RecordingToken></trp:GetReplayUri>`)
	if err != nil {
		return "", err
	}
	uri := c.ownStream(n.Get("Uri"))
	if uri == "" {
		return "", fail(Protocol, doing, errors.New("the answer names no address of RTSP"))
	}
	return uri, nil
}

// ClockAhead asks the device for its clock anew and tells how far that is ahead of ours, to a second (Core specification section
// 8.2.5). told is false when the device does not say.
func (c *Client) ClockAhead(ctx context.Context) (ahead time.Duration, told bool, err error) {
	if err = c.within(ctx, true, func() error { return c.askClock(ctx, credentials{}) }); err != nil {
		return 0, false, err
	}
	ahead = c.skewed()
	c.mu.Lock()
	defer c.mu.Unlock()
	return ahead, c.clock.told, nil
}
