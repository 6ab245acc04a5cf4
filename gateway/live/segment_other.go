//go:build !linux

package live

// canSegment: only Linux cuts one write into packets.
const canSegment = false

func newSegmentControl() []byte                   { return nil }
func segmentControl(control []byte, _ int) []byte { return control }
func segmentingFails(error) bool                  { return true }
