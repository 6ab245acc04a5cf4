package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Bounds of a search.
const (
	maxRanges     = 32  // and as many interfaces
	maxRangeText  = 100 // bytes of one
	maxSearchTime = 60  // seconds
)

func (s *Server) getDiscover(w http.ResponseWriter, r *request) error {
	return s.search(w, r, SearchRequest{})
}

func (s *Server) postDiscover(w http.ResponseWriter, r *request) error {
	var req SearchRequest
	if err := decode(r.body, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	r.entry.After = asJSON(req)
	return s.search(w, r, req)
}

func (q SearchRequest) check() error {
	for name, list := range map[string][]string{"ranges": q.Ranges, "interfaces": q.Interfaces} {
		if len(list) > maxRanges {
			return field(kindRule.with(fmt.Sprintf("There may be %d of them.", maxRanges)), name)
		}
		for _, t := range list {
			if t == "" || len(t) > maxRangeText || hasControl(t) {
				return field(kindRule.with("It is empty, too long, or holds characters that cannot be shown."), name)
			}
		}
	}
	switch {
	case q.Seconds < 0 || q.Seconds > maxSearchTime:
		return field(kindRule.with(fmt.Sprintf("It is between 0 and %d seconds.", maxSearchTime)), "seconds")
	case len(q.Ranges) > 0 && len(q.Interfaces) > 0:
		return field(kindRule.with("Addresses are asked by the network that they are on: leave out the interfaces."), "interfaces")
	}
	return nil
}

// search tells of each device as it is found. It ends with the client.
func (s *Server) search(w http.ResponseWriter, r *request, req SearchRequest) error {
	if err := s.enterSearch(r); err != nil {
		return err
	}
	defer func() { <-s.probing }()
	l := &lines{w: w, out: http.NewResponseController(w)}
	err := s.o.Cameras.Discover(r.Context(), req, func(f SearchLine) { l.tell(f) })
	switch {
	case err == nil:
		l.tell(SearchLine{Done: true})
	case !l.begun:
		return err
	default: // it is too late for a status
		l.tell(SearchLine{Error: problemOf(err).Detail})
	}
	return nil
}

// searchWait is how long a search waits for the one before, which takes a moment to end when somebody has stopped it.
const searchWait = time.Second

// enterSearch takes the one token of searches.
func (s *Server) enterSearch(r *request) error {
	t := time.NewTimer(searchWait)
	defer t.Stop()
	select {
	case s.probing <- struct{}{}:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	case <-t.C:
		p := kindRunning.with("A search for cameras is under way already.")
		p.after = time.Second
		return p
	}
}

// lines writes JSON, one value a line (NDJSON), each sent at once.
type lines struct {
	w     http.ResponseWriter
	out   *http.ResponseController
	begun bool
}

// tell writes a line. To a client that has gone nothing is written; the search ends by its context.
func (l *lines) tell(f SearchLine) {
	if !l.begun {
		l.begun = true
		h := l.w.Header()
		h.Set("Content-Type", "application/x-ndjson")
		h.Set("Cache-Control", "no-store")
		l.w.WriteHeader(http.StatusOK)
	}
	if d := f.Found; d != nil {
		if d.XAddrs == nil {
			d.XAddrs = []string{}
		}
		if d.Profiles == nil {
			d.Profiles = []string{}
		}
	}
	if err := json.NewEncoder(l.w).Encode(inLanguageOf(l.w, f)); err == nil {
		l.out.Flush()
	}
}
