// Package onvif is one camera's control plane: who the device is, which streams it has, what it can do.
//
// # What it owns
//
// A Client speaks to one device over SOAP: authentication (WS-UsernameToken by the device's own clock, HTTP Digest with
// MD5 or SHA-256, whichever the device takes, remembered), time-outs, bounds, and errors that say what to do. Requests are
// github.com/use-go/onvif's types; answers are read by local name, because devices differ and that module's answer types
// keep only the last item of a list.
//
// # What it promises
//
//   - Addresses in a device's answers are only followed to the device itself: the host is replaced by the one that we
//     reached, user names in them are dropped.
//   - A password goes out only as a digest. Basic authentication is never used.
//   - Every call ends within callTime, whatever the device does.
//
// # Bounds
//
// An answer is at most soap.MaxMessage bytes; a device has at most maxProfiles profiles.
//
// # What it does not do yet
//
// Events, PTZ and imaging commands, device management. Package discovery finds devices, package server is one, package
// onviftest simulates them.
package onvif
