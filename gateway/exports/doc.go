// Package exports takes footage out: jobs that make evidence packages, one at a time, and keep them for a while.
//
// # What it owns
//
// A directory with a directory for each job: a sealed record (`job`) and the files of its package, each encrypted under a key that lies in
// the record alone, so that a removed export cannot be read again. The package as one zip file exists only as it is read: exact length,
// any range of it, no second copy on the disk.
//
// # Life of a job
//
// waiting → running → done, failed or cancelled; then it goes, by hand or when it is too old. What is noted after each clip is durable: a
// job that a restart interrupted begins again behind its last whole clip. While it runs the footage is locked, so that retention does not
// take it. Footage that is erased takes with it every export that has some of it.
//
// # What a clip is
//
// Original: the recorded fragments that the range touches, from one at which decoding can start, copied as they are; a file for each
// stretch without a gap, of at most an hour. Redacted: the same stretches decoded, covered and encoded anew by ffmpeg, which gets pipes
// and no network.
//
// # Bounds
//
// The constants below, the quota of Options, one job and one ffmpeg at a time.
package exports

import (
	"errors"
	"time"
)

// Bounds of a job, and of all.
const (
	MaxJobs     = 200             // that are kept
	MaxWaiting  = 32              // that wait
	MaxClips    = 64              // of a job
	MaxRange    = 24 * time.Hour  // of a clip
	MaxStills   = 256             // of a job
	MaxNotes    = 64              // of a job
	MaxNote     = 4000            // bytes
	MaxWords    = 400             // bytes of title, reason and recipient, each
	MaxMasks    = 32              // of a clip
	MaxKeys     = 512             // of a mask
	MaxPoints   = 32              // of a shape
	maxPart     = time.Hour       // of a file
	maxBytes    = 3 << 30         // of a file: sticks with FAT hold no more than 4 GiB
	spare       = 1 << 30         // bytes that are left free on the disk
	maxRate     = 64 << 20        // bytes of footage that are read in a second: recording has the disks first
	lockTime    = 48 * time.Hour  // for which footage is locked at most while a job runs
	sweepTime   = time.Minute     // between looks for what is too old, at most
	tellTime    = time.Second / 4 // between notes of how far a job is
	maxFailures = 400             // bytes of why a job failed
)

// What a caller branches on.
var (
	ErrNone     = errors.New("there is no such export")
	ErrNotDone  = errors.New("the export is not done")
	ErrOver     = errors.New("the export has ended")
	ErrFull     = errors.New("too many exports")
	ErrNoRoom   = errors.New("there is no room for the export")
	ErrNoFFmpeg = errors.New("ffmpeg is not installed: footage cannot be redacted, and stills cannot be made")
)

// RuleError is a request that breaks a rule.
type RuleError struct{ Field, Says string }

func (e *RuleError) Error() string { return e.Says }
