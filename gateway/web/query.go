package web

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// maxQuery bounds a query, bytes.
const maxQuery = 2 << 10

// parseQuery reads a query. One that is malformed, or gives a parameter twice, is refused rather than guessed at.
func parseQuery(raw string) (url.Values, error) {
	if len(raw) > maxQuery {
		return nil, kindRequest.with(fmt.Sprintf("The query is longer than %d bytes.", maxQuery))
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return nil, kindRequest.with("The query is malformed.")
	}
	for name, values := range q {
		if len(values) > 1 {
			return nil, kindRequest.with(fmt.Sprintf("Parameter %.40q is given twice.", name))
		}
	}
	return q, nil
}

// parseRange reads from and to: [from, to), UTC.
func parseRange(q url.Values) (from, to time.Time, err error) {
	if from, err = parseTime(q, "from"); err != nil {
		return from, to, err
	}
	if to, err = parseTime(q, "to"); err != nil {
		return from, to, err
	}
	if !to.After(from) {
		return from, to, field(kindRequest.with("The range ends before it begins."), "to")
	}
	return from, to, nil
}

// The first and the last year that a time may lie in. Nanoseconds since 1970 fit 64 bits in between.
const (
	firstYear = 1970
	lastYear  = 2200
)

func parseTime(q url.Values, name string) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, field(kindRequest.with(fmt.Sprintf("Parameter %q is missing.", name)), name)
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		p := field(kindRequest.with(fmt.Sprintf("%.60q is not a time of RFC 3339, such as 2026-03-01T08:00:00Z.", text)), name)
		if strings.Contains(text, " ") {
			p.hinting("A plus sign in a query must be written %2B.")
		}
		return time.Time{}, p
	}
	if t = t.UTC(); t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}, field(kindRequest.with(fmt.Sprintf("%.60q lies outside the years %d to %d.", text, firstYear, lastYear)), name)
	}
	return t, nil
}

func field(p *Problem, name string) *Problem {
	p.Field = name
	return p
}

// streamID is what the id of a stream may look like. It becomes part of a path.
var streamID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// parseStream reads the id of a stream, "" for the main one.
func parseStream(q url.Values) (string, error) {
	id := q.Get("stream")
	if id != "" && !streamID.MatchString(id) {
		return "", field(kindRequest.with("It is not the id of a stream."), "stream")
	}
	return id, nil
}

// parseFlag reads a parameter that is 1 or 0.
func parseFlag(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "", "0":
		return false, nil
	case "1":
		return true, nil
	}
	return false, field(kindRequest.with(fmt.Sprintf("Parameter %q is 1 or 0.", name)), name)
}

func parseAddr(s string) netip.Addr {
	ip, _ := netip.ParseAddr(s)
	return ip.Unmap().WithZone("")
}
