package rtsp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
)

// Class says what kind of failure ended a connection, which decides how to go on.
type Class uint8

// The classes.
const (
	Offline      Class = iota + 1 // no answer: dialling failed, connection lost, time-out
	Unauthorized                  // 401 or 403: the credentials were refused
	Refused                       // another 4xx or 5xx status
	Limit                         // 453 or 503: the camera serves no more sessions
	Media                         // nothing in the stream can be recorded
	Stalled                       // connected, but no media for StallTime
	Protocol                      // an answer that makes no sense
)

var classNames = [...]string{"", "offline", "unauthorized", "refused", "limit", "media", "stalled", "protocol"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

// Error is why a connection ended. Neither its text nor its hint holds a secret.
type Error struct {
	Class  Class
	Status int    // RTSP status when the camera gave one
	Hint   string // what it means and what to do, for people
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

var hints = map[Class]string{
	Offline:      "The camera does not answer at this address. Check its power, its network cable and the address; it is tried again without end.",
	Unauthorized: "The camera refused the user name or password. Correct them; to keep the camera from locking the account it is now asked only every five minutes.",
	Refused:      "The camera does not offer this stream. Check the path of the address, or choose another profile.",
	Limit:        "The camera serves no more sessions. Close other recorders or viewers of it, or record fewer of its streams.",
	Media:        "The stream holds neither H.264 nor H.265. Choose one of these at the camera.",
	Stalled:      "The camera is connected but sends no pictures. Restart it if this goes on; try another transport if it does so only over this network.",
	Protocol:     "The camera's answer could not be understood. Check that the address is the RTSP port; a firmware update may help.",
}

// Hint is what a class means and what to do, for people.
func (c Class) Hint() string { return hints[c] }

// fail makes an Error with the hint of its class.
func fail(c Class, err error) *Error { return &Error{Class: c, Hint: hints[c], Err: err} }

func failStatus(status int, err error) *Error {
	e := fail(classOfStatus(status), err)
	e.Status = status
	return e
}

func classOfStatus(status int) Class {
	switch status {
	case 401, 403:
		return Unauthorized
	case 453, 503:
		return Limit
	}
	return Refused
}

// classify sorts what gortsplib and the network say into classes. stage says what was being done.
func classify(stage string, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	wrapped := fmt.Errorf("%s: %w", stage, plain(err))
	var bad liberrors.ErrClientBadStatusCode
	if errors.As(err, &bad) {
		return failStatus(int(bad.Code), fmt.Errorf("%s: camera answered %d %s", stage, bad.Code, clean(bad.Message)))
	}
	var authErr liberrors.ErrClientAuthSetup
	if errors.As(err, &authErr) {
		return failStatus(int(base.StatusUnauthorized), wrapped)
	}
	if isSilence(err) {
		return fail(Offline, wrapped)
	}
	return fail(Protocol, wrapped)
}

func isSilence(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, new(liberrors.ErrClientRequestTimedOut)) || errors.As(err, new(liberrors.ErrClientTCPTimeout)) ||
		errors.As(err, new(liberrors.ErrClientUDPTimeout)) || errors.As(err, new(liberrors.ErrClientTerminated)) ||
		isEOF(err)
}

func isEOF(err error) bool {
	return strings.HasSuffix(err.Error(), "EOF") || strings.Contains(err.Error(), "connection reset")
}

// maxMessage bounds what is repeated of a camera's words.
const maxMessage = 80

// clean makes a camera's words fit for a log line: bounded, printable, one line.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxMessage {
		s = s[:maxMessage] + "…"
	}
	return s
}

// plain hides what a camera put into an error's text beyond a line.
func plain(err error) error {
	if text := err.Error(); clean(text) != text {
		return errors.New(clean(text))
	}
	return err
}
