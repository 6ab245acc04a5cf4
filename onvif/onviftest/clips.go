package onviftest

import (
	"sync"

	"holdfast/onvif/server"
)

// clips are the sounds that a camera with a loudspeaker keeps.
type clips struct {
	mu   sync.Mutex // guards what follows
	list []*server.Clip
}

// The bounds of a simulated camera's clips.
const (
	mostClips = 4
	clipKB    = 512
)

// Clips are what it keeps; nil of a camera without a loudspeaker.
func (d *Device) Clips() *server.Clips {
	if !kinds[d.o.Kind].plays {
		return nil
	}
	c := &d.clips
	return &server.Clips{Most: mostClips, KB: clipKB, Formats: []string{"audio/vnd.wave;codec=1", "audio/vnd.wave;codec=7", "audio/mpeg"}, Change: func(change func([]*server.Clip) []*server.Clip) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.list = change(c.list)
	}}
}
