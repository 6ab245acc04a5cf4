package storage

import "time"

// Cause says why footage is missing. The words are what people read, in the API and on the timeline.
type Cause string

// The causes of gaps.
const (
	CauseOffline   Cause = "camera offline"
	CauseNetwork   Cause = "network loss"
	CauseAuth      Cause = "authentication refused"
	CauseStalled   Cause = "camera stalled"
	CauseRefused   Cause = "camera refused" // the camera answers, but not with a stream that can be recorded
	CauseSlow      Cause = "disk too slow"
	CauseFull      Cause = "disk full"
	CauseReadOnly  Cause = "volume read-only"
	CauseMissing   Cause = "volume missing"
	CauseFailing   Cause = "volume failing"
	CauseClock     Cause = "clock step"
	CauseDisabled  Cause = "disabled"
	CauseErased    Cause = "erased"
	CauseRestart   Cause = "gateway restart" // the gateway ended without closing: crash, kill, power cut
	CauseStopped   Cause = "gateway stopped" // the gateway was shut down in order
	CauseStarting  Cause = "starting"
	CauseRetention Cause = "retention"
	CauseUnknown   Cause = "unknown"
)

// Span is a stretch of wall time that is recorded, or a gap with its cause.
type Span struct {
	Start, End time.Time // UTC, [Start, End)
	Gap        bool
	Cause      Cause // of a gap
}
