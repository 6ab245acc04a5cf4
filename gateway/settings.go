package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"holdfast/config"
	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
)

// specOf gives an adopted camera in the form that the file has. Settings that this program does not understand, such as those of a
// newer one, are an alarm, and it is recorded all the time.
func (g *Gateway) specOf(a Adopted) config.Camera {
	c, err := a.camera()
	g.when(err != nil, Alarm{ID: "settings:" + a.ID, Severity: "alarm", What: fmt.Sprintf("What is set of the recording of camera %s is not understood: %v.", a.ID, err),
		Means: "It is recorded all the time, and kept as long as the site's footage.", Do: "Set it again: holdfast camera record."})
	return c
}

// RecordSettings gives what is recorded of a camera.
func (g *Gateway) RecordSettings(id string) (web.RecordSettings, error) {
	c, there := g.camera(id)
	if !there {
		return web.RecordSettings{}, web.ErrNotFound
	}
	return SettingsOf(c.spec().Record), nil
}

// SetRecordSettings changes what is recorded of an adopted camera. What needs no other recorder is changed without an interruption.
func (g *Gateway) SetRecordSettings(_ context.Context, id string, s web.RecordSettings) (web.RecordSettings, error) {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	c, there := g.camera(id)
	switch {
	case !there:
		return s, web.ErrNotFound
	case c.origin == originConfig:
		return s, web.InFile()
	}
	a, err := g.state.adoptedOf(id)
	if err != nil {
		return s, err
	}
	if a.Settings, err = json.Marshal(s); err != nil {
		return s, err
	}
	spec, err := a.camera()
	if err == nil {
		err = spec.CheckRecord(g.retention())
	}
	switch {
	case err != nil:
		return s, web.Rejected(fieldOf(err), err.Error())
	case spec.Record.Mirror && len(g.store.Volumes()) < 2:
		return s, web.Rejected("mirror", errOneVolume.Error())
	}
	kept := wrap(g.state.adopt(a), "keep settings of camera "+id)
	if !statedb.Counts(kept) {
		return s, kept
	}
	g.clear("settings:" + id)
	if !g.adapt(c, spec) {
		g.join(spec, true)
		g.cameraChanged(id)
	}
	g.log.Info("recording of camera changed", "camera", id, "mode", spec.Record.Mode)
	return SettingsOf(spec.Record), kept
}

// retention is how long the site's footage is kept, as the file had it when it was read last.
func (g *Gateway) retention() config.Retention {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.site
}

// fieldOf is the first field that is wrong.
func fieldOf(err error) string {
	var list config.Problems
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Field
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "record."), ":")
	return name
}

// SettingsOf writes what is recorded as the file would. Ages that are not said are left out.
func SettingsOf(r config.Record) web.RecordSettings {
	s := web.RecordSettings{Mode: r.Mode, PreRoll: r.PreRoll.String(), PostRoll: r.PostRoll.String(), Streams: r.Streams, Volumes: r.Volumes, Mirror: r.Mirror, Fill: r.Fill,
		MaxAge: age(r.MaxAge), EventMaxAge: age(r.EventMaxAge), MinAge: age(r.MinAge)}
	if r.Schedule == nil {
		return s
	}
	s.Schedule = &web.Schedule{Rules: rulesOf(r.Schedule.Rules, true), Otherwise: r.Schedule.Otherwise}
	for _, e := range r.Schedule.Exceptions {
		x := web.ScheduleException{Rules: rulesOf(e.Rules, false), Otherwise: e.Otherwise}
		for _, d := range e.Dates {
			x.Dates = append(x.Dates, d.String())
		}
		s.Schedule.Exceptions = append(s.Schedule.Exceptions, x)
	}
	return s
}

func age(d config.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// rulesOf writes rules; those of an exception have no days of the week.
func rulesOf(rules []config.Rule, weekly bool) (list []web.ScheduleRule) {
	for _, r := range rules {
		w := web.ScheduleRule{From: r.From.String(), To: r.To.String(), Mode: r.Mode}
		if weekly {
			w.Days = strings.Split(r.Days.String(), ", ")
		}
		list = append(list, w)
	}
	return list
}
