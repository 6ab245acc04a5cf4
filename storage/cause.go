package storage

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
	CauseDisabled  Cause = "disabled"          // the camera is switched off
	CauseOff       Cause = "recording off"     // the camera is shown live only
	CauseNoEvent   Cause = "no event"          // only events are recorded, and there was none
	CauseSchedule  Cause = "outside schedule"  // the schedule keeps nothing then
	CausePreRoll   Cause = "pre-roll not held" // an event was raised, and what came before it was not in memory any more
	CauseErased    Cause = "erased"
	CauseRestart   Cause = "gateway restart" // the gateway ended without closing: crash, kill, power cut
	CauseStopped   Cause = "gateway stopped" // the gateway was shut down in order
	CauseStarting  Cause = "starting"
	CauseRetention Cause = "retention"
	CauseLost      Cause = "file lost" // it was recorded; its file is gone
	CauseUnknown   Cause = "unknown"
)

// Class says what a gap means for whoever answers for the footage.
type Class string

// The classes of gaps. The words are those of the API.
const (
	Lost     Class = "lost"     // it was to be recorded
	Unwanted Class = "unwanted" // it was not to be recorded
	Deleted  Class = "deleted"  // it was recorded, and was deleted on purpose
)

// Class gives the class of a gap of this cause. A cause that is not known, of a newer program's journal say, counts as lost.
func (c Cause) Class() Class {
	switch c {
	case CauseDisabled, CauseOff, CauseNoEvent, CauseSchedule:
		return Unwanted
	case CauseRetention, CauseErased:
		return Deleted
	}
	return Lost
}
