package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxLine is how long a line can be, bytes, its newline included: the sum of the bounds of its fields, escaped.
const maxLine = 32 << 10

// maxSetting is how much of a setting's value before and after is kept, bytes of JSON.
const maxSetting = 4 << 10

// line is an entry as it lies in a file. The order of the fields is the order on disk.
type line struct {
	Seq      int64           `json:"seq"`
	Time     stamp           `json:"time"`
	Action   string          `json:"action"`
	Outcome  Outcome         `json:"outcome"`
	Person   string          `json:"person,omitempty"`
	Kind     Kind            `json:"kind,omitempty"`
	Via      string          `json:"via,omitempty"`
	Camera   string          `json:"camera,omitempty"`
	Stream   string          `json:"stream,omitempty"`
	From     stamp           `json:"from,omitzero"`
	To       stamp           `json:"to,omitzero"`
	Target   string          `json:"target,omitempty"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Session  string          `json:"session,omitempty"`
	Who      string          `json:"who,omitempty"`      // sealed: key id, space, base64
	Whom     string          `json:"whom,omitempty"`     // the same, of the person acted on
	Unsealed bool            `json:"unsealed,omitempty"` // there was no key for what is personal: it was dropped
}

// stamp is a moment in milliseconds since 1970 UTC; 0 is none.
type stamp int64

// stampForm has a fixed width, so that lines of the same fields have the same length and times sort as text.
const stampForm = "2006-01-02T15:04:05.000Z"

// lastStamp is the last moment whose year has four digits.
const lastStamp = stamp(253402300799999)

func stampOf(t time.Time) stamp {
	if t.IsZero() {
		return 0
	}
	return min(max(stamp(t.UnixMilli()), 0), lastStamp)
}

func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(s)).UTC()
}

func (s stamp) MarshalJSON() ([]byte, error) {
	return time.UnixMilli(int64(s)).UTC().AppendFormat(nil, `"`+stampForm+`"`), nil
}

func (s *stamp) UnmarshalJSON(b []byte) error {
	t, err := time.Parse(`"`+stampForm+`"`, string(b))
	if err != nil || t.Year() < 1970 {
		return fmt.Errorf("%q is no time of the log", b)
	}
	*s = stamp(t.UnixMilli())
	return nil
}

// lineOf is an entry cut to the bounds of its fields. What is personal is not in it yet.
func lineOf(e Entry) line {
	l := line{Seq: e.Seq, Time: stampOf(e.Time), Action: clip(e.Action, 64), Outcome: Outcome(clip(string(e.Outcome), 16)),
		Person: clip(e.Person, 64), Kind: Kind(clip(string(e.Kind), 16)), Via: clip(e.Via, 64),
		Camera: clip(e.Camera, 128), Stream: clip(e.Stream, 64), From: stampOf(e.From), To: stampOf(e.To), Target: clip(e.Target, 256),
		Before: setting(e.Before), After: setting(e.After), Reason: clip(e.Reason, 512), Session: clip(e.Session, 128)}
	if l.Outcome == "" {
		l.Outcome = Done
	}
	return l
}

// entry is the line without what is personal.
func (l *line) entry() Entry {
	return Entry{Seq: l.Seq, Time: l.Time.time(), Action: l.Action, Outcome: l.Outcome, Person: l.Person, Kind: l.Kind, Via: l.Via,
		Camera: l.Camera, Stream: l.Stream, From: l.From.time(), To: l.To.time(), Target: l.Target, Before: l.Before, After: l.After,
		Reason: l.Reason, Session: l.Session}
}

// clip cuts a text to at most n bytes. Control characters are replaced: a log is read on terminals, which obey them.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\uFFFD'
		}
		return r
	}, s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// setting is a value as JSON in one line. One that is too large is named by its size: half a value would not be JSON.
func setting(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	switch {
	case len(raw) == 0:
		return nil
	case !utf8.Valid(raw) || json.Compact(&b, raw) != nil:
		return json.RawMessage(fmt.Sprintf(`{"unreadable":%d}`, len(raw)))
	case b.Len() > maxSetting:
		return json.RawMessage(fmt.Sprintf(`{"omitted":%d}`, b.Len()))
	}
	return b.Bytes()
}

// encode gives the line's canonical text, with its newline.
func (l *line) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var errNotCanonical = errors.New("the line is not in canonical form")

// parseLine reads a line, without its newline, that is just as encode writes it.
func parseLine(text []byte) (line, error) {
	var l line
	if len(text) >= maxLine {
		return l, errNotCanonical
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return line{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return line{}, errNotCanonical
	}
	again, err := l.encode()
	if err != nil || !bytes.Equal(again[:len(again)-1], text) {
		return line{}, errNotCanonical
	}
	return l, nil
}

// skim reads a line whose text was checked before, or is going to be.
func skim(text []byte) (l line, err error) {
	err = json.Unmarshal(text, &l)
	return l, err
}
