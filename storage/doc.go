// Package storage is the recording engine: it keeps what cameras send as ordinary MP4 files on volumes, knows of every
// second whether it is recorded and if not why, and deletes what is too old.
//
// # What it owns
//
// A Store owns index.db and the volumes that it is given. On a volume it owns holdfast-volume.json (who the volume is),
// holdfast-journal (what media cannot tell) and one directory per camera. FORMAT.md has every byte of it, the order of
// each operation and what a crash leaves behind.
//
// # Invariants
//
//   - The index is a view. Media and journals are the truth, and rebuild it.
//   - A fragment is in the index's reach (Spans, Segments, Media) only after it was synced. What Flush returned nil for
//     survives a power cut.
//   - What fills a gap of the past never overlaps what was recorded, and is known for what it is.
//   - Every span of time between a stream's first footage and now is recorded or a gap with a cause.
//   - A file whose sync failed is never written again.
//   - Each file that a record names has every confirmed fragment: of a mirrored segment, a copy that missed one leaves the
//     record before that fragment is confirmed.
//   - Deletion follows the index and never depends on a scan; a closed segment is never scanned.
//   - No transaction of the index spans media I/O.
//
// # Bounds
//
// A segment is about SegmentTime long and at most MaxSegmentTime, a fragment at most fmp4.MaxFragment. A Spans or Segments
// call covers at most MaxRange. The journal is rotated at journalSize.
//
// # What it does not do
//
// It knows no network, no RTP and no live view; package record turns frames into samples. It keeps no list of volumes:
// whoever opens it names them, who they were when they were used last, and which of them are to be emptied.
package storage
