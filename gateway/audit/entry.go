package audit

import (
	"encoding/json"
	"time"
)

// Entry is one line of the log, as it is handed over and as it is read back.
type Entry struct {
	Seq  int64     // place in the log, from 0; set by the log
	Time time.Time // when it happened, kept to the millisecond; zero: the log sets it

	Action  string  // what was done: one of the Action constants, or another dotted word of at most 64 bytes
	Outcome Outcome // zero: Done
	Person  string  // id of the person who acts; "" for nobody, a process, or the local socket
	Kind    Kind    // how they proved who they are
	Via     string  // public id of the session or token

	Camera, Stream string
	From, To       time.Time // of footage; zero when there is none

	Target        string          // id of what was acted on, when it is no camera: a person, role, group, lock, volume, one run of footage …
	Before, After json.RawMessage // of a setting, each at most 4 KiB; never a secret
	Reason        string          // the ground given, or why it was refused (a slug)
	Session       string          // live session, job or export that joins start and end

	// Personal is sealed under Person's key, or, of nobody, under the key of the day.
	Personal Personal
}

// Personal is what of an entry names a human being. It cannot be read any more once the person is forgotten; the entry stays.
type Personal struct {
	Name    string `json:"name,omitempty"`    // login name, also one that nobody has
	Address string `json:"address,omitempty"` // of the peer, without a port
	Agent   string `json:"agent,omitempty"`   // browser or program
	Subject string `json:"subject,omitempty"` // name of the person acted on
}

// Outcome is what became of an action.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
)

// Kind is how whoever acts proved who they are.
type Kind string

// The kinds.
const (
	BySession Kind = "session" // a browser's cookie
	ByToken   Kind = "token"   // an API token of a person
	ByDevice  Kind = "device"  // the token of a wall or kiosk
	ByProcess Kind = "process" // the token of endpoint.json
	ByLocal   Kind = "local"   // the local socket
	ByNobody  Kind = "nobody"  // nobody who is known
)
