// Package rtsptest is a camera: an RTSP server on a real socket that plays clips for ever, at their own rate, to any
// number of sessions, and that can be told to misbehave the way cameras in the field do.
//
// It is the street side of the demo, of the tests and of the benchmarks, so it has to be cheap: a clip is packetised once
// when it is loaded, and a loop of it costs a header per packet.
//
// A Server has paths; each path plays one Clip (H.264 or H.265, and sound if the clip has it). Time stamps rise
// without end over the loops. Faults are methods of the Server and act at once. A Card plays back what was on a path, by the ONVIF
// replay extension, up to pace times as fast.
//
// The package also starts cameras that are not ours: StartGStreamer runs GStreamer's RTSP server on a clip, StartGStreamerCard on a clip
// as if it had been recorded, StartGStreamerSpeaker with a loudspeaker.
//
// It is a test peer, not a product face: it trusts its callers and has no bound on sessions.
package rtsptest
