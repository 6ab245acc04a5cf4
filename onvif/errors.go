package onvif

import (
	"errors"
	"fmt"

	"holdfast/onvif/internal/soap"
)

// Class says what kind of failure a call ended with, which decides how to go on.
type Class uint8

// The classes, named as those of package rtsp.
const (
	Offline      Class = iota + 1 // no answer
	Unauthorized                  // the credentials were refused
	Refused                       // the device said no, or does not have what was asked for
	Protocol                      // an answer that makes no sense
)

func (c Class) String() string {
	return [...]string{"", "offline", "unauthorized", "refused", "protocol"}[c]
}

// Error is why a call failed. Neither its text nor its hint holds a secret.
type Error struct {
	Class Class
	Hint  string // what it means and what to do, for people
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

var hints = map[Class]string{
	Offline:      "The device does not answer at this address. Check its power, its network cable and the address.",
	Unauthorized: "The device refused the user name or password. Many cameras have ONVIF users of their own, to be made in their web page.",
	Refused:      "The device does not do this. A firmware update may help.",
	Protocol:     "The answer is not ONVIF's. Check that the address is the camera's ONVIF port; some cameras want ONVIF switched on first.",
}

func fail(c Class, doing string, err error) *Error {
	return &Error{Class: c, Hint: hints[c], Err: fmt.Errorf("%s: %w", doing, err)}
}

// classify sorts an error of a call.
func classify(doing string, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var f *soap.Fault
	if errors.As(err, &f) {
		if f.Unauthorized() {
			return fail(Unauthorized, doing, err)
		}
		return fail(Refused, doing, err)
	}
	return fail(Protocol, doing, err)
}
