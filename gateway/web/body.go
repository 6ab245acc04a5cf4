package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"holdfast/gateway/web/locale"
)

// readLimited reads all of body. The length that the client claims only sizes the buffer, and only within the limit.
func readLimited(body io.Reader, claimed, limit int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(max(0, min(claimed, limit))))
	_, err := b.ReadFrom(body)
	return b.Bytes(), err
}

// steady is a body that is read as it comes: each piece of it within bodyTime.
type steady struct {
	body io.ReadCloser
	conn *http.ResponseController
}

func (b *steady) Read(p []byte) (int, error) {
	b.conn.SetReadDeadline(time.Now().Add(bodyTime))
	n, err := b.body.Read(p)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return n, kindTooLarge.with(sizeSentence(tooLarge.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, kindTooSlow.with("")
	case errors.Is(err, io.EOF):
		b.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *steady) Close() error { return b.body.Close() }

func sizeSentence(limit int64) string { return fmt.Sprintf("At most %d bytes are taken.", limit) }

// decode reads one JSON value and nothing else. Unknown fields are refused, so that a misspelt one is not ignored.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return kindRequest.with(jsonSentence(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return kindRequest.with("One JSON value is taken, and there is more.")
	}
	return nil
}

// jsonSentence says what is wrong without repeating what was sent: it may hold a password.
func jsonSentence(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("It is not JSON: something is wrong at byte %d.", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("Field %q must be a %s.", kind.Field, kind.Type)
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return "There is a field that is not known here."
	}
	return "It is not complete JSON."
}

// inLanguageOf gives what is to be sent with what people read of it said in the language of whoever gets it.
func inLanguageOf(w http.ResponseWriter, value any) any {
	p, ok := w.(*paced)
	if !ok || p.speaks == locale.English {
		return value
	}
	p.Header().Set("Content-Language", string(p.speaks))
	return p.speaks.Answer(value)
}

// reply sends a value as JSON.
func reply(w http.ResponseWriter, status int, value any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if err := e.Encode(inLanguageOf(w, value)); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}
