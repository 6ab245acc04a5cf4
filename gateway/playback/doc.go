// Package playback turns any range of a camera's recording into one MP4 file that exists only as it
// is read: exact length, moov first, strong ETag, HTTP Range, no temporary file, no re-encoding.
//
// # What it owns
//
// Which segments make a range, how wall time maps onto media time, the few segment files that are
// open for reading, and a small cache of laid-out clips, so that a browser's next Range request costs
// no layout. The MP4 itself is fmp4.Movie. It takes footage from storage.Store alone: it asks nobody's
// right and writes no log of who looked; that is the web's part.
//
// # Time
//
// A clip shows exactly the recorded part of [from, to). Gaps take no time in it; its Map says which
// wall time every media second is, and where and why footage is missing. Inside a segment the map is
// linear between the segment's slewed start and end. to is clamped to the last synced picture of the
// open segment, so a clip never promises what a power cut could take. Runs that overlap after the
// clock was set back are shown one after the other, both, or the one that is chosen alone (Options.Run).
//
// A Reel is for a player that has a clock of its own, and shows several cameras by it: the same pictures as fragments whose times are
// wall times, or key frames alone, for scrubbing, high speeds and backwards, or the sound. A Still is one key frame, a Curve what each picture takes.
//
// # Lifetime
//
// A clip is laid out once from what was there. Segments may be closed or deleted beneath it: a file
// that is open stays readable; one that is gone when it is needed gives ErrGone, never wrong bytes.
//
// # Bounds
//
// MaxRange, MaxOpen, maxCached, maxBuilding; MaxReel, MaxKeys, MaxSpeed, MaxCurve, keptCurves; and those of fmp4.Movie.
package playback

import (
	"errors"
	"time"
)

// The bounds of a Playback.
const (
	MaxRange    = 24 * time.Hour // of one clip
	MaxOpen     = 48             // segment files open at once, when none is being read
	maxCached   = 96 << 20       // bytes of clips kept for the next request
	maxBuilding = 2              // clips laid out at once: one of a day takes some 200 MB for a moment
)

// What a caller branches on.
var (
	ErrNoFootage = errors.New("no footage in this range") // every second of it is a gap
	ErrRange     = errors.New("bad range")                // empty, or longer than MaxRange
	ErrGone      = errors.New("footage was deleted while it was read")
)
