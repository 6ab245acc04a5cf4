package gateway

import (
	"reflect"

	"holdfast/config"
)

// adapt takes over what is declared otherwise of a camera and needs neither another connection nor another recorder: names,
// ages, volumes, and, while the recorders follow a plan, the plan. It tells whether that was all; if not, nothing is changed.
func (g *Gateway) adapt(c *Camera, spec config.Camera) bool {
	if !alike(*c.spec(), spec) {
		return false
	}
	if mode := modeOf(spec.Record, c.zone); mode != nil && !reflect.DeepEqual(planned(c.spec().Record), planned(spec.Record)) {
		c.plan.Replace(mode, g.now())
	}
	c.told.Store(&spec)
	c.reports.reconsider()
	c.card.poke()
	g.keepAs(spec)
	g.cameraChanged(spec.ID)
	return true
}

// keepAs tells the store how long, where, and how often, the footage of a camera is kept.
func (g *Gateway) keepAs(spec config.Camera) {
	g.store.SetAges(spec.ID, cameraAges(spec.Record))
	g.store.SetPins(spec.ID, spec.Record.Volumes)
	g.store.SetMirror(spec.ID, spec.Record.Mirror)
}

// planned is what of a recording a plan follows.
func planned(r config.Record) config.Record { return config.Record{Mode: r.Mode, Schedule: r.Schedule} }

// alike tells whether two declarations of a camera differ at most in what adapt can change.
func alike(a, b config.Camera) bool {
	follow, neither := follows(a.Record) && follows(b.Record), !follows(a.Record) && !follows(b.Record)
	for _, c := range []*config.Camera{&a, &b} {
		c.Name, c.Purpose, c.LegalBasis, c.PasswordFile = "", "", "", ""
		c.Events = config.Events{}
		r := &c.Record
		r.MaxAge, r.EventMaxAge, r.MinAge, r.Volumes, r.Mirror, r.PostRoll, r.Fill = 0, 0, 0, nil, false, 0, ""
		switch {
		case follow:
			r.Mode, r.Schedule = "", nil
		case neither:
			r.PreRoll = 0 // no ring holds it
		}
	}
	return reflect.DeepEqual(a, b)
}

// follows tells whether recorders follow a plan.
func follows(r config.Record) bool { return r.Mode == config.Event || r.Mode == config.Scheduled }
