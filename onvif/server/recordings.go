package server

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast/onvif/internal/soap"
)

// Recorded is a device that keeps recordings of its own (Profile G).
type Recorded interface {
	Kept() []Kept
}

// Kept is one recording of a device.
type Kept struct {
	Token, SourceID, Name string
	Spans                 []Span // for which there are data, in order
	ReplayURI             string
	NoHistory             bool          // a quirk: the device keeps no history, and cannot search it
	Slow                  time.Duration // a quirk: what a search for this takes
}

// Span is a stretch of time, by the device's clock. To is zero when it goes on.
type Span struct{ From, To time.Time }

// maxSearches is how many searches a device keeps at once, as cameras have it.
const maxSearches = 4

// searches are those that clients have begun.
type searches struct {
	mu    sync.Mutex // guards what follows
	made  int
	pages map[string][]string // results that were not asked for yet, by token
}

// begin keeps results to be asked for. It gives "" when there are too many.
func (s *searches) begin(results []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pages) >= maxSearches {
		return ""
	}
	if s.pages == nil {
		s.pages = make(map[string][]string)
	}
	s.made++
	token := fmt.Sprintf("search-%d", s.made)
	s.pages[token] = results
	return token
}

// next gives at most n of what is left.
func (s *searches) next(token string, n int) (page []string, left, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, ok := s.pages[token]
	n = min(max(n, 1), len(all))
	s.pages[token] = all[n:]
	if !ok {
		delete(s.pages, token)
	}
	return all[:n], n < len(all), ok
}

func (s *searches) end(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.pages[token]
	delete(s.pages, token)
	return ok
}

const (
	searchCapabilities = `<tse:Capabilities MetadataSearch="false" GeneralStartEvents="true"/>`
	replayCapabilities = `<trp:Capabilities ReversePlayback="false" RTP_RTSP_TCP="true"/>`
)

var (
	noSearch    = fault{"s:Sender", "ter:InvalidArgVal", "ter:InvalidToken", "There is no such search."}
	noRecording = fault{"s:Sender", "ter:InvalidArgVal", "ter:NoRecording", "There is no such recording."}
	noMore      = fault{"s:Receiver", "ter:Action", "ter:ResourceProblem", "There are too many searches."}
	noHistory   = fault{"s:Receiver", "ter:ActionNotSupported", "ter:NotImplemented", "There is no history."}
)

func (s *Server) recordingServices() []service {
	if _, ok := s.o.Device.(Recorded); !ok || len(s.kept()) == 0 {
		return nil
	}
	return []service{{soap.NSSearch, "search_service", searchCapabilities}, {soap.NSReplay, "replay_service", replayCapabilities}}
}

func (s *Server) kept() []Kept {
	r, ok := s.o.Device.(Recorded)
	if !ok {
		return nil
	}
	return r.Kept()
}

func recordingOperations() map[string]operation {
	return map[string]operation{
		"FindRecordings":            {soap.NSSearch, false, (*Server).findRecordings},
		"GetRecordingSearchResults": {soap.NSSearch, false, (*Server).recordingResults},
		"FindEvents":                {soap.NSSearch, false, (*Server).findEvents},
		"GetEventSearchResults":     {soap.NSSearch, false, (*Server).eventResults},
		"EndSearch":                 {soap.NSSearch, false, (*Server).endSearch},
		"GetRecordingSummary":       {soap.NSSearch, false, (*Server).recordingSummary},
		"GetReplayUri":              {soap.NSReplay, false, (*Server).replayURI},
	}
}

func utcStamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// ends are the earliest and latest moments of a recording.
func (k Kept) ends(now time.Time) (from, to time.Time, running bool) {
	if len(k.Spans) == 0 {
		return now, now, false
	}
	last := k.Spans[len(k.Spans)-1]
	if last.To.IsZero() {
		return k.Spans[0].From, now, true
	}
	return k.Spans[0].From, last.To, false
}

func (s *Server) findRecordings(*soap.Node) (string, *fault) {
	var results []string
	for _, k := range s.kept() {
		time.Sleep(k.Slow)
		from, to, running := k.ends(s.o.Device.Now())
		status := "Stopped"
		if running {
			status = "Recording"
		}
		results = append(results, `<tt:RecordingInformation><tt:RecordingToken>`+soap.Escape(k.Token)+`</tt:RecordingToken><tt:Source><tt:SourceId>`+soap.Escape(k.SourceID)+`</tt:SourceId><tt:Name>`+soap.Escape(k.Name)+
			`</tt:Name><tt:Location/><tt:Description/><tt:Address/></tt:Source><tt:EarliestRecording>`+utcStamp(from)+`</tt:EarliestRecording><tt:LatestRecording>`+utcStamp(to)+
			`</tt:LatestRecording><tt:Content/><tt:Track><tt:TrackToken>VIDEO001</tt:TrackToken><tt:TrackType>Video</tt:TrackType><tt:Description/><tt:DataFrom>`+utcStamp(from)+`</tt:DataFrom><tt:DataTo>`+utcStamp(to)+
			`</tt:DataTo></tt:Track><tt:RecordingStatus>`+status+`</tt:RecordingStatus></tt:RecordingInformation>`)
	}
	return s.found("FindRecordings", results)
}

func (s *Server) found(operation string, results []string) (string, *fault) {
	token := s.searches.begin(results)
	if token == "" {
		return "", &noMore
	}
	return "<tse:" + operation + "Response><tse:SearchToken>" + token + "</tse:SearchToken></tse:" + operation + "Response>", nil
}

func (s *Server) recordingResults(req *soap.Node) (string, *fault) {
	return s.results("GetRecordingSearchResults", req)
}

func (s *Server) eventResults(req *soap.Node) (string, *fault) {
	return s.results("GetEventSearchResults", req)
}

func (s *Server) results(operation string, req *soap.Node) (string, *fault) {
	n, err := strconv.Atoi(req.Get("MaxResults"))
	if err != nil {
		n = 10
	}
	page, left, ok := s.searches.next(req.Get("SearchToken"), n)
	if !ok {
		return "", &noSearch
	}
	state := "Completed"
	if left {
		state = "Searching"
	}
	return "<tse:" + operation + "Response><tse:ResultList><tt:SearchState>" + state + "</tt:SearchState>" + strings.Join(page, "") + "</tse:ResultList></tse:" + operation + "Response>", nil
}

func (s *Server) endSearch(req *soap.Node) (string, *fault) {
	if !s.searches.end(req.Get("SearchToken")) {
		return "", &noSearch
	}
	return "<tse:EndSearchResponse><tse:Endpoint>" + utcStamp(s.o.Device.Now()) + "</tse:Endpoint></tse:EndSearchResponse>", nil
}

func (s *Server) recordingSummary(*soap.Node) (string, *fault) {
	from, to := s.o.Device.Now(), time.Time{}
	list := s.kept()
	for _, k := range list {
		first, last, _ := k.ends(s.o.Device.Now())
		if first.Before(from) {
			from = first
		}
		if last.After(to) {
			to = last
		}
	}
	return fmt.Sprintf("<tse:GetRecordingSummaryResponse><tse:Summary><tt:DataFrom>%s</tt:DataFrom><tt:DataUntil>%s</tt:DataUntil><tt:NumberRecordings>%d</tt:NumberRecordings></tse:Summary></tse:GetRecordingSummaryResponse>", utcStamp(from), utcStamp(to), len(list)), nil
}

// findEvents searches the history of recordings for when there were data (tns1:RecordingHistory/Track/State).
func (s *Server) findEvents(req *soap.Node) (string, *fault) {
	from, err := soap.Time(req.Get("StartPoint"))
	if err != nil {
		return "", invalid("InvalidDateTime", "The begin is no time.")
	}
	to, err := soap.Time(req.Get("EndPoint"))
	if err != nil {
		to = s.o.Device.Now()
	}
	wanted := req.Get("Scope", "IncludedRecordings")
	var results []string
	for _, k := range s.kept() {
		if wanted != "" && wanted != k.Token {
			continue
		}
		if k.NoHistory {
			return "", &noHistory
		}
		time.Sleep(k.Slow)
		results = append(results, k.history(from, to, req.Get("IncludeStartState") == "true")...)
	}
	return s.found("FindEvents", results)
}

// history is what changed within a range, behind how it was at its begin.
func (k Kept) history(from, to time.Time, start bool) (list []string) {
	at := false
	for _, v := range k.Spans {
		at = at || !v.From.After(from) && (v.To.IsZero() || v.To.After(from))
	}
	if start {
		list = append(list, k.event(from, at, true))
	}
	for _, v := range k.Spans {
		if v.From.After(from) && v.From.Before(to) {
			list = append(list, k.event(v.From, true, false))
		}
		if !v.To.IsZero() && v.To.After(from) && v.To.Before(to) {
			list = append(list, k.event(v.To, false, false))
		}
	}
	return list
}

func (k Kept) event(at time.Time, data, start bool) string {
	token := soap.Escape(k.Token)
	return fmt.Sprintf(`<tt:Result><tt:RecordingToken>%s</tt:RecordingToken><tt:TrackToken>VIDEO001</tt:TrackToken><tt:Time>%s</tt:Time><tt:Event><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:RecordingHistory/Track/State</wsnt:Topic><wsnt:Message><tt:Message UtcTime="%s" PropertyOperation="Changed"><tt:Source><tt:SimpleItem Name="RecordingToken" Value="%s"/><tt:SimpleItem Name="Track" Value="VIDEO001"/></tt:Source><tt:Data><tt:SimpleItem Name="IsDataPresent" Value="%t"/></tt:Data></tt:Message></wsnt:Message></tt:Event><tt:StartStateEvent>%t</tt:StartStateEvent></tt:Result>`,
		token, utcStamp(at), utcStamp(at), token, data, start)
}

func (s *Server) replayURI(req *soap.Node) (string, *fault) {
	for _, k := range s.kept() {
		if k.Token == req.Get("RecordingToken") {
			return "<trp:GetReplayUriResponse><trp:Uri>" + soap.Escape(k.ReplayURI) + "</trp:Uri></trp:GetReplayUriResponse>", nil
		}
	}
	return "", &noRecording
}
