package audit

import (
	"cmp"
	"log/slog"
	"time"
)

// Policy says what becomes of sensitive actions while the log cannot be written.
type Policy string

// The policies.
const (
	GoOn   Policy = "go-on"  // Write keeps the entry in memory and returns nil
	Refuse Policy = "refuse" // Write returns ErrFailing at once
)

// Options of a log.
type Options struct {
	Dir  string   // required; made when it is missing, in a directory that is there
	Seed [32]byte // of the Ed25519 key that signs checkpoints
	Keys Keys     // nil: what is personal is dropped

	// Former is the seed of the key before, when Seed is a new one: the change is then announced, and signed by both.
	Former *[32]byte

	Policy  Policy        // "": GoOn
	Keep    time.Duration // contents of entries older than that are deleted; their hashes stay. 0: none is
	Witness []string      // directories, on other volumes, to which each checkpoint is written too

	// Forget destroys the keys of days before a moment; it is called while pruning, with the moment before which nothing is kept. nil: nobody does.
	Forget func(before time.Time) error
	// MayPrune tells whether the clock can be trusted so far that entries may be deleted by it; nil: it can.
	MayPrune func() bool
	// OnChange is called when the state of the log changed, from any goroutine. It must not block. nil: nobody.
	OnChange func(Status)

	Log *slog.Logger     // nil: nobody is told
	Now func() time.Time // wall clock; nil: time.Now

	fs     files  // nil: the operating system's
	bounds bounds // zero: those of the format
}

// bounds are those of files. Tests make them small; on disk they are of the format.
type bounds struct {
	entries, bytes int // of a file of entries
	level          int // of a chunk of hashes
	notes          int // of a file of checkpoints
	every          int // entries from one checkpoint to the next
}

func (o Options) filled() Options {
	o.Policy = cmp.Or(o.Policy, GoOn)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.fs == nil {
		o.fs = disk{}
	}
	o.bounds = o.bounds.filled()
	return o
}

func (b bounds) filled() bounds {
	return bounds{entries: cmp.Or(b.entries, entriesPerFile), bytes: cmp.Or(b.bytes, bytesPerFile), level: cmp.Or(b.level, chunkLevel),
		notes: cmp.Or(b.notes, notesPerFile), every: cmp.Or(b.every, checkpointEvery)}
}
