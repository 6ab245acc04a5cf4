package storage

import "testing"

// What is not known must count as lost: a cause of a newer program, or one that somebody forgot here.
func TestOnlyWhatWasDecidedIsNotLost(t *testing.T) {
	for cause, want := range map[Cause]Class{
		CauseOffline: Lost, CauseFull: Lost, CauseRestart: Lost, CauseStopped: Lost, CauseUnknown: Lost, CauseStarting: Lost, CausePreRoll: Lost,
		"": Lost, "a cause of a newer program": Lost,
		CauseDisabled: Unwanted, CauseOff: Unwanted, CauseNoEvent: Unwanted, CauseSchedule: Unwanted,
		CauseRetention: Deleted, CauseErased: Deleted,
	} {
		if got := cause.Class(); got != want {
			t.Errorf("%q is %s, not %s", cause, got, want)
		}
	}
	if (Span{Cause: CauseOffline}).Lost() || !(Span{Gap: true, Cause: CauseOffline}).Lost() {
		t.Error("footage counts as lost, or a gap does not")
	}
}
