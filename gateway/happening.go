package gateway

import (
	"slices"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

const (
	// maxHappening bounds the newest events of a camera that are told with its state.
	maxHappening = 16
	// happenedFor is how long an event is told with it after its end: whoever looks at the live picture has to notice a moment too.
	happenedFor = 15 * time.Second
)

// happened puts an event among the newest ones. The caller holds mu.
func (c *Camera) happened(e storage.Event) {
	if i := slices.IndexFunc(c.newest, func(o storage.Event) bool { return o.ID == e.ID }); i >= 0 {
		c.newest[i] = e
		return
	}
	if len(c.newest) >= maxHappening {
		over := slices.IndexFunc(c.newest, func(o storage.Event) bool { return !o.End.IsZero() })
		c.newest = slices.Delete(c.newest, max(over, 0), max(over, 0)+1)
	}
	c.newest = append(c.newest, e)
}

// happening gives what happens before the camera now, or did a moment ago.
func (c *Camera) happening() []web.Happening {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []web.Happening{}
	for _, e := range c.newest {
		if !e.End.IsZero() && c.now().Sub(e.End) > happenedFor {
			continue
		}
		w := web.Happening{ID: e.ID, Kind: e.Kind, Start: e.Start.UTC()}
		if !e.End.IsZero() {
			end := e.End.UTC()
			w.End = &end
		}
		list = append(list, w)
	}
	return list
}
