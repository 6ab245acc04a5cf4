package web

import (
	"errors"

	"holdfast/gateway/auth"
	"holdfast/gateway/live"
	"holdfast/gateway/playback"
	"holdfast/storage"
	"holdfast/storage/keyring"
)

// meanings says which class of problem an error of another package is.
var meanings = []struct {
	err  error
	kind kind
}{
	{ErrNotFound, kindNotFound},
	{auth.ErrUnconfirmed, kindUnconfirmed},
	{auth.ErrCredentials, kindCredentials},
	{auth.ErrToken, kindLink},
	{auth.ErrSetUp, kindSetUp},
	{auth.ErrBusy, kindBusy},
	{auth.ErrSecondFactor, kindFactor},
	{auth.ErrCodesClosed, kindCodesClosed},
	{auth.ErrNone, kindNotFound},
	{auth.ErrNeedsApproval, kindApproval},
	{auth.ErrOwnApproval, kindOwn},
	{auth.ErrBeyond, kindBeyond},
	{auth.ErrLast, kindLast},
	{auth.ErrInUse, kindInUse},
	{auth.ErrReady, kindReady},
	{auth.ErrPresent, kindPresent},
	{auth.ErrNameTaken, kindTaken},
	{live.ErrReordered, kindReordered},
	{live.ErrCodec, kindCodec},
	{live.ErrOffline, kindOffline},
	{live.ErrTooMany, kindViewers},
	{live.ErrOffer, kindOffer},
	{live.ErrDisabled, kindNoWebRTC},
	{live.ErrNotFound, kindNotFound},
	{playback.ErrNoFootage, kindNoFootage},
	{playback.ErrGone, kindNoFootage},
	{storage.ErrLocked, kindLocked},
	{storage.ErrKeyLost, kindLocked},
	{storage.ErrErased, kindErased},
	{playback.ErrRange, kindRange},
	{keyring.ErrMistyped, kindMistyped},
	{keyring.ErrRoot, kindOtherRoot},
	{keyring.ErrNothingLocked, kindNotLocked},
}

// Refused is the error of a device that did not accept what was asked of it: what happened, and what to do.
func Refused(detail, hint string) error { return kindRefused.with(detail).hinting(hint) }

// PasswordRefused is the error of a device that did not take user name and password.
func PasswordRefused(detail string) error { return kindPassword.with(detail) }

// Conflict is the error of a change to a volume that its state does not allow: why, and what to do.
func Conflict(detail, hint string) error { return kindVolume.with(detail).hinting(hint) }

// NoDecoder is the error of what cannot be done without a decoder: what that is, and what to do.
func NoDecoder(detail, hint string) error { return kindNoDecoder.with(detail).hinting(hint) }

// Adoptable is the error of a directory that becomes a volume only when the request says to adopt it: why, and what to do.
func Adoptable(detail, hint string) error { return kindForeign.with(detail).hinting(hint) }

// Rejected is the error of a request that breaks a rule: which field, and why.
func Rejected(name, reason string) error { return field(kindRule.with(reason), name) }

// TooMany is the error of a request that is one too many in a short time: how many are taken, and what to do.
func TooMany(detail, hint string) error { return kindMany.with(detail).hinting(hint) }

// problemOf turns any error into an answer. An error that is not known here tells the client nothing of what it says.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var rule *auth.RuleError
	if errors.As(err, &rule) {
		return field(kindRule.with(rule.Reason), rule.Field)
	}
	if p := exportProblem(err); p != nil {
		return p
	}
	var wait *auth.ThrottledError
	if errors.As(err, &wait) {
		p := kindThrottled.with("")
		p.after = wait.After
		return p
	}
	if unmade := (*live.NotTranscoded)(nil); errors.As(err, &unmade) {
		return kindUnmade.with(unmade.Why)
	}
	if held := (*storage.HeldError)(nil); errors.As(err, &held) {
		return heldBy(held)
	}
	for _, m := range meanings {
		if errors.Is(err, m.err) {
			return m.kind.with("")
		}
	}
	return kindFailed.with("")
}

// maxHeld bounds the locks that a refusal names.
const maxHeld = 100

// heldBy names the locks in the way of an erasure, so that a person can look at them and end them.
func heldBy(e *storage.HeldError) *Problem {
	p := kindHeld.with(e.Error())
	for _, l := range e.Locks[:min(len(e.Locks), maxHeld)] {
		p.Locks = append(p.Locks, l.ID)
	}
	return p
}
