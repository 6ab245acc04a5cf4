// Package rtsp pulls one stream from one camera: a Session is one connection, and what it yields are Frames on a clock
// that can be trusted.
//
// # What it owns
//
// The connection (gortsplib inside, and nowhere else in the program), the choice of transport, authentication,
// depacketising, decode order, and the run's clock (TIME.md). NAL units are handed on as the camera sent them.
//
// # What it promises
//
//   - Session.Run is one connection. It ends with ctx, or with an *Error whose Class says how to go on; Retry turns
//     classes into waiting times.
//   - The Sink is called from one goroutine at a time. Decode times rise strictly on each track, whatever the camera
//     stamps.
//   - Credentials are never part of an address, an error or a log line. Nothing that a camera answers makes the session talk
//     to another host.
//   - A camera that is connected and sends nothing for StallTime ends the session.
//   - A Speaker is a connection of its own to the camera's loudspeaker, so that talking never disturbs what is recorded.
//   - A Replay fetches a stretch of what the camera keeps on its own card, whole or with an error, as fast as the sink takes it.
//
// # Bounds
//
// An answer is at most 128 KiB (gortsplib), an access unit 8 MiB, a metadata document maxDocument, a session maxTracks
// tracks. Requests are answered within answerTime.
//
// # What it does not do
//
// It does not retry, reconnect, decode, or talk to the camera's control plane. It serves nobody; rtsptest is a camera for
// tests.
package rtsp
