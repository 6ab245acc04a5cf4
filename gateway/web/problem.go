package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrNotFound is what Cameras returns, wrapped or not, for a camera or stream that there is not.
var ErrNotFound = errors.New("not found")

// kind is one class of problem (RFC 9457): its slug is what programs branch on and what the type's address ends with.
type kind struct {
	slug   string
	status int
	title  string
	hint   string // what to do, unless the problem says more
}

// The classes. A slug is never renamed.
var (
	kindSignIn      = kind{"sign-in", http.StatusUnauthorized, "Sign in first", "Sign in, or send a bearer token."}
	kindCredentials = kind{"credentials", http.StatusUnauthorized, "User name or password is wrong", "Check both; capital letters matter in the password."}
	kindLink        = kind{"one-time-link", http.StatusUnauthorized, "The link is wrong, used or expired", "Ask for a new link: each is good once."}
	kindSound       = kind{"sound", http.StatusForbidden, "You may not hear this camera's sound", "Pictures come without it. Ask an administrator for the right to sound."}
	kindForbidden   = kind{"forbidden", http.StatusForbidden, "This cannot be done from here", ""}
	kindFactor      = kind{"second-factor", http.StatusUnauthorized, "A code is needed", "Enter the code that your authenticator shows, or one of your recovery codes."}
	kindCodesClosed = kind{"codes-closed", http.StatusTooManyRequests, "Codes of the authenticator are not taken any more", "Too many were wrong. Use a recovery code, or ask an administrator to take the second factor away."}
	kindEnrol       = kind{"second-factor-required", http.StatusForbidden, "This site asks for a second factor", "Set one up on your own page first."}
	kindApproval    = kind{"approval-needed", http.StatusForbidden, "Another person has to approve this first", "Ask for it: the camera's timeline has a button, the API has /api/v1/approvals."}
	kindOwn         = kind{"own-request", http.StatusConflict, "Another person has to decide this", "Nobody approves what they asked for themselves."}
	kindBeyond      = kind{"beyond", http.StatusForbidden, "Nobody can give, change or take away more than they have", "Ask an administrator."}
	kindLast        = kind{"last-administrator", http.StatusConflict, "One active administrator must remain", "Make somebody else an administrator first."}
	kindInUse       = kind{"in-use", http.StatusConflict, "It is in use", "Take it from those who have it first."}
	kindReady       = kind{"ready-made", http.StatusConflict, "It comes with the program and cannot be changed", "Make one of your own."}
	kindPresent     = kind{"account-present", http.StatusConflict, "The account is there still", "Delete it first."}
	kindTaken       = kind{"name-taken", http.StatusConflict, "Somebody has this name already", "Choose another."}
	kindUnlogged    = kind{"audit-failing", http.StatusServiceUnavailable, "The audit log cannot be written, and nothing is changed without it", "See the gateway's health: the disk of the audit log is full or failing."}
	kindCSRF        = kind{"csrf", http.StatusForbidden, "The request did not come from the viewer", "Reload the page and try again."}
	kindHost        = kind{"host", http.StatusMisdirectedRequest, "This gateway is not known by that name", "Use its address, or add the name to the configuration under names."}
	kindNotFound    = kind{"not-found", http.StatusNotFound, "There is no such thing here", ""}
	kindMethod      = kind{"method", http.StatusMethodNotAllowed, "That cannot be done here", "The Allow header lists what can."}
	kindRequest     = kind{"bad-request", http.StatusBadRequest, "The request was not understood", ""}
	kindRule        = kind{"rule", http.StatusUnprocessableEntity, "That is not accepted", ""}
	kindTooLarge    = kind{"too-large", http.StatusRequestEntityTooLarge, "The request is too large", ""}
	kindTooSlow     = kind{"too-slow", http.StatusRequestTimeout, "The request came too slowly", "Try again."}
	kindMediaType   = kind{"media-type", http.StatusUnsupportedMediaType, "The request's content type is not taken here", ""}
	kindThrottled   = kind{"throttled", http.StatusTooManyRequests, "Too many wrong tries", "Wait as long as the Retry-After header says."}
	kindMany        = kind{"too-many", http.StatusTooManyRequests, "Too many in a short time", "Try again in a minute."}
	kindBusy        = kind{"busy", http.StatusServiceUnavailable, "Too much at once", "Try again in a moment."}
	kindSetUp       = kind{"set-up", http.StatusConflict, "This gateway has been set up", "Sign in with the administrator's name and password."}
	kindChanged     = kind{"changed", http.StatusPreconditionFailed, "It has changed meanwhile", "Read it again and repeat."}
	kindDriven      = kind{"driven", http.StatusConflict, "Somebody else steers this camera", "Wait until they have done, or ask them. Who may configure cameras can take it over."}
	kindSpeaking    = kind{"speaking", http.StatusConflict, "Somebody else speaks through this camera", "Wait until they have ended."}
	kindMoveOver    = kind{"movement-over", http.StatusConflict, "The movement has ended", "Begin another one."}
	kindRunning     = kind{"running", http.StatusConflict, "One of these is running already", "Wait until it has ended."}
	kindReordered   = kind{"reordered", http.StatusConflict, "WebRTC cannot show this stream", "Watch it by live.mp4, which keeps reordered frames in order."}
	kindCodec       = kind{"codec-not-offered", http.StatusNotAcceptable, "The browser cannot decode this stream", "Watch the sub stream, or use a browser with this codec."}
	kindUnmade      = kind{"not-transcoded", http.StatusServiceUnavailable, "The gateway does not transcode this stream", "Watch another stream of the camera, or use a browser that plays this one."}
	kindOffline     = kind{"camera-offline", http.StatusServiceUnavailable, "The camera is offline", "The camera's state says why, and when it is tried again."}
	kindViewers     = kind{"too-many-viewers", http.StatusServiceUnavailable, "Too many people are watching", "Close a picture elsewhere and try again."}
	kindNoFootage   = kind{"no-footage", http.StatusNotFound, "Nothing is recorded there", "The camera's spans tell what is recorded and why the rest is not."}
	kindLocked      = kind{"footage-locked", http.StatusConflict, "The footage is encrypted, and its key is not here", "It is whole. Enter the recovery key that it was recorded under: holdfast keys unlock."}
	kindHeld        = kind{"footage-held", http.StatusConflict, "The footage is locked", "End the lock first, or erase what lies beside it."}
	kindErased      = kind{"footage-erased", http.StatusGone, "The footage was erased", "Its key is destroyed: nobody can show it again. The camera's erasures say who erased it, and on what ground."}
	kindRange       = kind{"range", http.StatusUnprocessableEntity, "The range is too long", "Ask for a shorter one."}
	kindOffer       = kind{"offer", http.StatusBadRequest, "The offer was not understood", ""}
	kindNoWebRTC    = kind{"no-webrtc", http.StatusServiceUnavailable, "WebRTC is not available", "Watch by live.mp4; the gateway's health says why."}
	kindMistyped    = kind{"recovery-mistyped", http.StatusUnprocessableEntity, "The recovery key is mistyped or not complete", "It has 14 groups of four letters and digits: compare them with what was printed."}
	kindOtherRoot   = kind{"recovery-of-another", http.StatusUnprocessableEntity, "That is the recovery key of another keyring", "holdfast keys status names the fingerprint of the one that is meant."}
	kindNotLocked   = kind{"nothing-locked", http.StatusConflict, "No footage is locked", "Attach the volume that the footage is on first."}
	kindRefused     = kind{"refused", http.StatusBadGateway, "The camera did not accept that", ""}
	kindPassword    = kind{"camera-password", http.StatusBadGateway, "The camera refused the user name or password", "Check both at the camera. It is not asked again by itself, so that its account is not locked."}
	kindVolume      = kind{"volume", http.StatusConflict, "That cannot be done with this volume", ""}
	kindNoDecoder   = kind{"no-decoder", http.StatusConflict, "The gateway has no decoder", "Install ffmpeg on the gateway."}
	kindForeign     = kind{"volume-adoptable", http.StatusConflict, "That directory is taken only when somebody says so", ""}
	kindConfig      = kind{"configuration", http.StatusUnprocessableEntity, "The configuration file was not taken over", "The settings of before stay in force. Mend the file and have it read again: holdfast reload."}
	kindInFile      = kind{"declared-in-file", http.StatusConflict, "This camera is declared in the configuration file", "Change it there and have the file read again: holdfast reload."}
	kindCertificate = kind{"certificate", http.StatusBadGateway, "The certificate could not be renewed", "The present one stays. The gateway's alarm says what to do."}
	kindNoExports   = kind{"no-exports", http.StatusServiceUnavailable, "Nothing can be exported at this moment", "The gateway's health says why. Recording and watching go on."}
	kindNoRoom      = kind{"no-room", http.StatusInsufficientStorage, "There is no room for the export", "Remove exports that are not needed any more, or order less at once."}
	kindNotDone     = kind{"export-not-done", http.StatusConflict, "The export is not done", "Wait for its end: its state says how far it is."}
	kindExportOver  = kind{"export-over", http.StatusConflict, "That does not fit the export's state", "One that waits or runs is cancelled; one that has ended is removed."}
	kindUnconfirmed = kind{"unconfirmed", http.StatusInternalServerError, "It is done, but the disk did not confirm that it is kept", "A restart may undo it. Look at the disk of the data directory, and after a restart whether it is still done."}
	kindFailed      = kind{"failed", http.StatusInternalServerError, "That did not work", "The gateway's log says more."}
)

var kinds = []kind{
	kindNoExports, kindNoRoom, kindNotDone, kindExportOver,
	kindSignIn, kindCredentials, kindLink, kindFactor, kindCodesClosed, kindEnrol, kindApproval, kindOwn, kindBeyond, kindLast, kindInUse, kindReady, kindPresent, kindTaken, kindUnlogged, kindSound, kindForbidden, kindCSRF, kindHost, kindNotFound, kindMethod, kindRequest, kindRule, kindTooLarge, kindTooSlow,
	kindMediaType, kindThrottled, kindMany, kindBusy, kindSetUp, kindChanged, kindDriven, kindSpeaking, kindMoveOver, kindRunning, kindReordered, kindCodec, kindUnmade, kindOffline, kindViewers, kindNoFootage,
	kindLocked, kindErased, kindHeld, kindRange, kindOffer, kindNoWebRTC, kindMistyped, kindOtherRoot, kindNotLocked, kindRefused, kindPassword, kindVolume, kindNoDecoder, kindForeign, kindConfig, kindInFile, kindCertificate, kindUnconfirmed, kindFailed,
}

// Problem is an answer that says what went wrong (RFC 9457). As an error it may be returned by Cameras.
type Problem struct {
	Type   string   `json:"type" doc:"Address of the class of problem, /problems/ and a slug that programs may branch on."`
	Title  string   `json:"title" people:"read" doc:"The class in words."`
	Status int      `json:"status"`
	Detail string   `json:"detail,omitempty" people:"read" doc:"What happened this time."`
	Hint   string   `json:"hint,omitempty" people:"read" doc:"What to do."`
	Field  string   `json:"field,omitempty" doc:"Which field of the request is meant."`
	Locks  []string `json:"locks,omitempty" doc:"Of footage-held: ids of the locks in the way, at most 100."`

	allow string        // for the Allow header
	after time.Duration // for the Retry-After header
}

// slug is the class, as programs branch on it.
func (p *Problem) slug() string { return strings.TrimPrefix(p.Type, "/problems/") }

func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// with makes a problem of the class.
func (k kind) with(detail string) *Problem {
	return &Problem{Type: "/problems/" + k.slug, Title: k.title, Status: k.status, Detail: detail, Hint: k.hint}
}

func (p *Problem) hinting(hint string) *Problem {
	if hint != "" {
		p.Hint = hint
	}
	return p
}

// write sends the problem.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	for _, stale := range []string{"ETag", "Last-Modified", "Content-Disposition", "Content-Length"} {
		h.Del(stale)
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="holdfast"`)
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.after+time.Second-1)/time.Second)))
	}
	said := inLanguageOf(w, p)
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(said)
}
