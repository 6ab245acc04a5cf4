package gateway

import "holdfast/gateway/web"

// watchable adds in which ways each stream of a camera can be watched.
func (g *Gateway) watchable(c *Camera, w web.Camera) web.Camera {
	for i, f := range c.feeds {
		w.Streams[i].Ways = []web.Way{}
		for _, way := range g.live.Ways(f.stream.Info()) {
			w.Streams[i].Ways = append(w.Streams[i].Ways, web.Way(way))
		}
	}
	w.Talker = g.talking.of(w.ID)
	return w
}
