package storage

import "time"

// Span is a stretch of wall time that is recorded, or a gap with its cause.
type Span struct {
	Start, End time.Time // UTC, [Start, End)
	Gap        bool
	Run        uint32 // of what is recorded; 0 of a gap
	Cause      Cause  // of a gap; of filled footage that of the gap that was
	Filled     Filled // of footage that was put into a gap afterwards
	Early      bool   // of a gap: it was deleted before its promised age, because space was needed
}

// Lost tells whether footage that was to be kept is missing there.
func (s Span) Lost() bool { return s.Gap && s.Cause.Class() == Lost }
