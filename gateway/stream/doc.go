// Package stream holds the recent frames of one camera stream, written once and read by many.
//
// A Stream is an [rtsp.Sink] on one side and any number of [Reader] cursors on the other: the recorder with its
// pre-roll, each viewer, snapshots, the RTSP restream. Frames are never copied; a reader that is slow costs the
// writer nothing.
//
// # Layout
//
// One ring of items, numbered from 1 without holes. An item is a frame or a mark: Begin (a run begins; Frame and
// End are empty) or End (the session ended; End says why). Every item carries its run, so that a reader that missed
// a mark still sees where one run passes into the next.
//
// # Invariants
//
//   - Begin, Frame and End never block on a reader and allocate amortised next to nothing: items come in slabs, the
//     ring's own array is reused, and waking a reader needs no allocation.
//   - Held are at most Options.MaxBytes of frames, each charged its payload and itemCost, and, beyond the current
//     group of pictures, nothing that arrived more than Options.Keep before the newest item, or Options.MaxTime while a
//     lossless reader has not confirmed it. The newest item is always held.
//   - The current group of pictures (from the newest video key frame of a running session) is held whatever its age,
//     up to MaxBytes. The newest key frame itself stays reachable by KeyFrame even beyond that.
//   - Outside the ring's account are: up to slabItems-1 frames that share a slab with the oldest item, that one key
//     frame, whatever readers still hold, and RTP payloads (Item.Payloads) of the current group of pictures and the
//     last lossyLag: they can double the memory of those frames, and only while somebody watches.
//   - A lossless reader that nobody wants frames of (Trail) stays behind by a pre-roll without reading; what leaves the ring
//     before it goes on (Go) is no loss.
//   - A lossless reader gets every item from where it began, in order, or fails with an *Overrun that says what was
//     lost. A lossy reader gets items in order, and where it skips it goes on at a key frame.
//
// Not done here: timing repair, depacketising, packetising (a caller's function, its result is kept), any I/O.
package stream
