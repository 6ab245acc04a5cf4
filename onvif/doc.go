// Package onvif is one camera's control plane: who the device is, which streams it has, what it can do.
//
// # What it owns
//
// A Client speaks to one device over SOAP: authentication (WS-UsernameToken by the device's own clock, HTTP Digest with
// MD5 or SHA-256, or both at once, whichever the device takes, remembered), time-outs, bounds, and errors that say what to do.
// Requests are github.com/use-go/onvif's types where what those marshal is valid, and written out elsewhere; answers are read by
// local name, because devices differ and that module's answer types keep only the last item of a list.
//
// Nothing is told of an account until the device refuses a question without: see logIn for what a wrong password costs it, and
// ErrForbidden for what a right one may not do. The device's clock is asked for first, and again when a token is refused that was
// good before.
//
// A Device is what a probe understood: every video source with its profiles, sorted into main, sub and third stream by what they
// carry. Of the rest of the media services: addresses of streams for each transport, single pictures, encoders with their
// options, sound, metadata, on-screen displays, privacy masks and video source modes. What is set is read back, since devices
// round. Media2 is asked first, and Media where the device lacks Media2 or refuses there.
//
// Client.Events follows what the device reports, by pull points and by base notification where the device has only that;
// Properties tells states from moments, and KindOf what a topic is about. ReadScene reads a document of a metadata stream: objects with their
// boxes in normalised coordinates, events, temperatures and where the camera looks.
//
// # What it promises
//
//   - Addresses in a device's answers are only followed to the device itself: the host is replaced by the one that we
//     reached, user names in them are dropped.
//   - The password of the client's account goes out only as a digest. Basic authentication is never used. A new password, which ONVIF
//     sends as it is, goes by TLS, or in clear where the caller says so (ErrInClear).
//   - Every call ends within callTime, whatever the device does; a file is sent or fetched within transferTime; with a device that was found to be slow within slowTries times
//     slowTime, until it is quick again or does not answer even then.
//   - The device is asked one thing at a time. What waits at it (PullMessages) waits beside that, and makes way on a device with a
//     single worker, which is learned.
//   - Text is valid UTF-8, whatever the device wrote.
//
// # Control
//
// PTZ, imaging, relays, inputs, auxiliary commands, thermal settings and positions are asked and changed in ONVIF's own units
// (package internal/tt has the types, which are exported here). A movement goes out in a coordinate space that the node has and
// within its ranges; what was cut is told. Settings are checked against the device's options first, and read back after.
// PTZ.Halt stops a camera and makes sure. Who may steer, and what stops a camera whose operator has vanished, is the
// gateway's.
//
// # Management
//
// Names, clock and time servers, network, accounts, restart, reset, log, backup, restore and firmware are asked and changed by what
// Core says of them. Files go over HTTP, to the device alone (transfer).
//
// Recordings lists what a device keeps on its own card, RecordedSpans tells for when it has pictures, and ReplayURI where package rtsp
// plays them back.
//
// # Bounds
//
// An answer is at most soap.MaxMessage bytes, with at most maxHeader bytes of headers; a device has at most maxProfiles profiles, maxSources
// video sources, maxEncoders encoders, maxOSDs displays, maxMasks masks and maxModes modes of a source; a picture has at most
// MaxSnapshot bytes, a log MaxLog, a file MaxUpload or MaxDownload; maxRecordings recordings and maxSpans spans of one are kept. Of
// longer lists the rest is left out. Of a metadata document maxFrames pictures with maxSceneObjects objects each are read.
//
// Of a notification maxTopic, maxItems and maxElement bound what is kept; of a device's states maxProperties are followed. A device
// is polled for events once a second at most when it has none, and subscribed to once in a minute at most when that fails. The port of
// base notification takes notifyRate messages a second of maxNotify bytes, from the device alone, at an address that only it is told.
//
// # What it does not do yet
//
// Nothing fills gaps with what Recordings finds yet. Firmware, backups and logs as attachments of messages, as devices without
// GetSystemUris have them; writing PTZ configurations.
//
// The back channel is package rtsp's. Package discovery finds devices, package server is one, package onviftest simulates them.
package onvif
