package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of a page.
const (
	maxPage   = 500
	pageFiles = 64 // files of entries that are read for one page; then it says where to go on
)

// Query says which entries are looked for. What is zero is not asked for.
type Query struct {
	Person   string
	Camera   string
	Action   string // or the beginning of one: "live" finds live.start and live.end
	Outcome  Outcome
	From, To time.Time // when it happened: [From, To)
	Limit    int       // of a page; 0, or more than 500: 500
	Cursor   string    // Next of the page before
}

// Page is entries, newest first.
type Page struct {
	Records []Record
	Next    string // where the next page begins; "" when there is no more. A page may have fewer entries than asked for, even none, and a next one.
	Pruned  int64  // the contents of so many of the first entries were deleted by age
}

// ErrCursor is a cursor that no page gave.
var ErrCursor = errors.New("the cursor is not one that a page gave")

// Search gives a page of entries, newest first. It reads at most 64 files, and only such as can hold something.
func (r *Reader) Search(ctx context.Context, q Query) (*Page, error) {
	below, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > maxPage {
		q.Limit = maxPage
	}
	page := &Page{Pruned: r.Pruned(), Records: []Record{}}
	m := newMatch(q)
	list := r.stretches(func(x *extent) bool { return x.First < below && m.mayBeIn(x) })
	for i, s := range slices.Backward(list) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(list)-i > pageFiles {
			page.Next = strconv.FormatInt(s.end, 10)
			return page, nil
		}
		err := r.lines(s, true, func(seq int64, text []byte) bool {
			if seq >= below {
				return true
			}
			if l, ok := m.match(text); ok {
				page.Records = append(page.Records, r.record(&l))
			}
			return len(page.Records) < q.Limit
		})
		if err != nil {
			return nil, err
		}
		if len(page.Records) == q.Limit {
			page.Next = strconv.FormatInt(page.Records[q.Limit-1].Seq, 10)
			return page, nil
		}
	}
	return page, nil
}

func parseCursor(s string) (int64, error) {
	if s == "" {
		return 1 << 62, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, ErrCursor
	}
	return n, nil
}

// match is a query made ready for many lines.
type match struct {
	q        Query
	from, to stamp
	parts    [][]byte // that the text of every entry has which matches
}

func newMatch(q Query) *match {
	m := &match{q: q, from: stampOf(q.From), to: stampOf(q.To)}
	for _, p := range []struct{ field, value string }{{"person", q.Person}, {"camera", q.Camera}, {"outcome", string(q.Outcome)}} {
		if p.value != "" {
			m.parts = append(m.parts, part(p.field, p.value, true))
		}
	}
	if q.Action != "" {
		m.parts = append(m.parts, part("action", q.Action, false))
	}
	return m
}

// part is a field as it stands in a line, or its beginning.
func part(field, value string, whole bool) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(value)
	text := strings.TrimSuffix(b.String(), "\n")
	if !whole {
		text = strings.TrimSuffix(text, `"`)
	}
	return []byte(`"` + field + `":` + text)
}

// mayBeIn tells whether the file of an extent can hold an entry that matches.
func (m *match) mayBeIn(x *extent) bool {
	if x.Count == 0 || m.from != 0 && x.Max < m.from || m.to != 0 && x.Min >= m.to {
		return false
	}
	return holds(x, x.Persons, m.q.Person) && holds(x, x.Cameras, m.q.Camera) && holds(x, x.Outcomes, m.q.Outcome) && x.hasAction(m.q.Action)
}

// hasAction tells whether there may be an action with this beginning.
func (x *extent) hasAction(prefix string) bool {
	if prefix == "" || x.Crowded {
		return true
	}
	for a := range x.Actions {
		if strings.HasPrefix(a, prefix) {
			return true
		}
	}
	return false
}

// match reads a line if it is one that is looked for. Lines that cannot be are told by their text: reading is what costs.
func (m *match) match(text []byte) (line, bool) {
	for _, p := range m.parts {
		if !bytes.Contains(text, p) {
			return line{}, false
		}
	}
	l, err := skim(text)
	if err != nil {
		return line{}, false
	}
	q := &m.q
	ok := (q.Person == "" || l.Person == q.Person) && (q.Camera == "" || l.Camera == q.Camera) && (q.Outcome == "" || l.Outcome == q.Outcome) &&
		strings.HasPrefix(l.Action, q.Action) && (m.from == 0 || l.Time >= m.from) && (m.to == 0 || l.Time < m.to)
	return l, ok
}
