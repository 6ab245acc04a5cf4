package web

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"
)

// counters are what the faces count. Labels come from the table and from status codes, never from requests.
type counters struct {
	set    *metrics.Set    // constant
	routes map[string]bool // constant; the patterns that the mux knows
}

func newCounters(s *Server) *counters {
	c := &counters{set: s.gauges, routes: make(map[string]bool)}
	for _, rt := range s.routes {
		if !rt.hidden {
			c.routes[rt.method+" "+rt.pattern] = true
		}
	}
	c.set.NewGauge("holdfast_http_connections", s.conns.open)
	c.set.NewGauge("holdfast_http_connections_turned_away_total", s.conns.turnedAway)
	c.set.NewGauge("holdfast_http_event_streams", func() float64 { return float64(len(s.events)) })
	c.set.NewGauge("holdfast_leases", func() float64 { return float64(s.o.Auth.Leases()) })
	c.set.NewGauge("holdfast_sessions", func() float64 { return float64(len(s.o.Auth.Sessions())) })
	c.set.NewGauge("holdfast_certificate_expiry_timestamp_seconds", s.certificateEnds)
	if s.o.Egress != nil {
		c.set.NewGauge("holdfast_egress_refused_total", func() float64 { return float64(s.o.Egress.Refused()) })
	}
	return c
}

// answered counts an answer. What is no route of the API is one label.
func (c *counters) answered(pattern string, status int) {
	if !c.routes[pattern] {
		pattern = "other"
	}
	c.set.GetOrCreateCounter(fmt.Sprintf(`holdfast_http_requests_total{route=%q,code="%d"}`, pattern, status)).Inc()
}
