package onvif

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

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

// Hints of failures that are told apart within their class.
const (
	hintSlow = "The device took the question and is too slow with its answer: it is overloaded, or it hangs. The next question is given more time; " +
		"if it stays so, restart the device."
	hintBusy      = "The device has too much to do at the moment. Let fewer programs ask it, or raise its limit of users."
	hintForbidden = "The user name and password are right, but this account may not do it. Give the account the level of an operator or administrator in the camera's web page, " +
		"or enter another account."
	hintOldTLS = "The device speaks only TLS 1.0 or 1.1, or ciphers as old, which protect nothing. A firmware update may help; otherwise give its address with http://: " +
		"the password goes out only as a digest there too."
	hintNoTLS       = "No TLS is spoken at this port. Give the address with http://, or the port of HTTPS."
	hintCertificate = "The device is not known by the certificate that it shows. If it was reset, replaced or given a new one, let it be forgotten; if not, find out what answers at this address."
	hintClientCert  = "The device wants a certificate from whoever asks it (mutual TLS), which is not given. Switch that off in the device."
)

// errSlow says that a device took a question and did not answer it in time.
var errSlow = errors.New("no answer in time")

// hintTLS gives the hint of an error of a TLS connection to a device that has asked for a certificate of ours, or has not; "" for any
// other error.
func hintTLS(err error, wanted bool) string {
	var header tls.RecordHeaderError
	var unknown *tls.CertificateVerificationError
	said := err.Error()
	switch {
	case errors.As(err, &header), strings.Contains(said, "server gave HTTP response to HTTPS client"):
		return hintNoTLS
	case wanted && strings.Contains(said, "remote error: tls: "): // an alert: TLS 1.2 has none that says it
		return hintClientCert
	case errors.As(err, &unknown), strings.Contains(said, "another certificate"):
		return hintCertificate
	case strings.Contains(said, "tls: "):
		return hintOldTLS
	}
	return ""
}

func failHint(c Class, hint, doing string, err error) *Error {
	return &Error{Class: c, Hint: hint, Err: fmt.Errorf("%s: %w", doing, err)}
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
