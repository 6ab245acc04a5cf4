package storage

import (
	"errors"
	"fmt"
	"strconv"
)

// RunName is how people and programs name a run, one unbroken recording by one clock: eight hexadecimal digits, as in the names of its files.
func RunName(run uint32) string { return fmt.Sprintf("%08x", run) }

// ErrRunName says that a text names no run.
var ErrRunName = errors.New("a run is named by eight hexadecimal digits, as spans and file names have it")

// ParseRun reads what RunName writes.
func ParseRun(text string) (run uint32, err error) {
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil || len(text) != len(RunName(0)) || n == 0 {
		return 0, ErrRunName
	}
	return uint32(n), nil
}

// OfRun keeps the segments of one run, where two are of the same times because a clock was set back; 0: of all.
func OfRun(segments []Segment, run uint32) []Segment {
	if run == 0 {
		return segments
	}
	list := segments[:0:0]
	for _, s := range segments {
		if s.Run == run {
			list = append(list, s)
		}
	}
	return list
}
