package playback

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// key names what was asked for, and what was there.
type key struct {
	camera, stream string
	from, to       time.Time
	options        Options // Continue is always false
	// found names the segments, so that a clip is not taken from the cache once one of them is gone.
	found string
	// synced is the end of the open segment where the clip was clamped to it, else zero.
	synced time.Time
}

func newKey(camera, stream string, from, to time.Time, o Options, segments []storage.Segment) key {
	o.Continue = false
	k := key{camera: camera, stream: stream, from: from, to: to, options: o}
	var found strings.Builder
	for i := range segments {
		s := &segments[i]
		fmt.Fprintf(&found, "%s\x00%s\x00%d\n", s.Volume, s.Path, s.Run)
		if s.Open && s.End.Before(to) {
			k.synced = s.End
		}
	}
	k.found = found.String()
	return k
}

// known is the range of which a clip tells what is missing: of one run alone what lies between its ends, since elsewhere nothing is missing of it.
func (k *key) known(segments []storage.Segment) (from, to time.Time) {
	if k.options.Run == 0 {
		return k.from, k.to
	}
	from, to = segments[0].Start, segments[0].End
	for i := range segments {
		if end := segments[i].End; end.After(to) {
			to = end
		}
	}
	if from.Before(k.from) {
		from = k.from
	}
	if to.After(k.to) {
		to = k.to
	}
	return from, to
}

// laidOut is what a clip is made of. Immutable.
type laidOut struct {
	movie *fmp4.Movie
	times *Map
}

// cache keeps the clips used last, up to maxCached bytes of them.
type cache struct {
	mu      sync.Mutex // guards entries
	entries []entry    // the most recently used last
}

type entry struct {
	key key
	out *laidOut
}

// get finds a clip. With carryOn one that was clamped, and begins with the same segments, will do.
func (c *cache) get(k key, carryOn bool) *laidOut {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.entries) - 1; i >= 0; i-- {
		e := c.entries[i]
		if e.key == k || carryOn && e.key.earlier(k) {
			c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
			return e.out
		}
	}
	return nil
}

// earlier tells whether k is what a later request for the same range finds: the clip had been clamped
// to what was synced, and more was recorded since.
func (e key) earlier(k key) bool {
	if e.synced.IsZero() || !strings.HasPrefix(k.found, e.found) {
		return false
	}
	e.found, e.synced = k.found, k.synced
	return e == k
}

// put adds a clip and forgets the oldest beyond the bound. The newest is always kept.
func (c *cache) put(k key, out *laidOut) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, entry{k, out})
	var total int64
	for i := len(c.entries) - 1; i >= 0; i-- {
		if total += c.entries[i].out.movie.Footprint(); total > maxCached && i < len(c.entries)-1 {
			c.entries = append([]entry(nil), c.entries[i+1:]...)
			return
		}
	}
}
