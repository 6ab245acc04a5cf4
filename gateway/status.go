package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/gateway/record"
	"holdfast/gateway/stream"
	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/rtsp"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// Cameras gives every camera as the API tells it.
func (g *Gateway) Cameras() []web.Camera {
	list := make([]web.Camera, 0, len(g.list()))
	for _, c := range g.list() {
		list = append(list, g.watchable(c, c.describe()))
	}
	return list
}

// Camera gives one camera as the API tells it.
func (g *Gateway) Camera(id string) (web.Camera, bool) {
	c, ok := g.camera(id)
	if !ok {
		return web.Camera{}, false
	}
	return g.watchable(c, c.describe()), true
}

// Stream gives the ring of a stream; "" is the main one. A stream that is opened on demand is asked for.
func (g *Gateway) Stream(id, name string) (*stream.Stream, error) {
	c, ok := g.camera(id)
	if !ok {
		return nil, web.ErrNotFound
	}
	f, ok := c.feed(name)
	if !ok {
		return nil, web.ErrNotFound
	}
	f.want()
	return f.stream, nil
}

// Subscribe tells of changes until ctx ends.
func (g *Gateway) Subscribe(ctx context.Context) <-chan web.Change {
	out := make(chan web.Change)
	told := g.changes.subscribe(ctx)
	go func() {
		defer close(out)
		for ch := range told {
			select {
			case out <- web.Change(ch):
			case <-ctx.Done():
				for range told { // it closes soon
				}
				return
			}
		}
	}()
	return out
}

// describe gives the camera as the API tells it.
func (c *Camera) describe() web.Camera {
	w := web.Camera{ID: c.spec().ID, Name: c.spec().Name, Address: c.hostPort(), Source: c.origin, VideoSource: c.spec().Source, Audio: c.spec().Audio,
		Purpose: c.spec().Purpose, LegalBasis: c.spec().LegalBasis, Streams: []web.Stream{}}
	c.describeDevice(&w)
	c.describeState(&w)
	w.Record = c.recording()
	w.LastFootage = c.lastFootage()
	w.Events = c.reports.describe()
	w.Happening = c.happening()
	for _, f := range c.feeds {
		w.Streams = append(w.Streams, f.describe())
	}
	return w
}

func (c *Camera) describeDevice(w *web.Camera) {
	d := c.Device()
	if d == nil {
		return
	}
	w.Manufacturer, w.Model, w.Kind = d.Manufacturer, d.Model, kindOf(d, c.spec().Source)
}

// kindOf is what a video source of a device is.
func kindOf(d *onvif.Device, source string) string {
	s, ok := d.Source(source)
	switch {
	case ok && s.Kind == onvif.ThermalSource:
		return "thermal"
	case ok && slices.ContainsFunc(s.Profiles, func(p onvif.Profile) bool { return p.PTZ }):
		return "ptz"
	}
	return "fixed"
}

// leading is the feed whose state is the camera's: main, or when that is opened on demand the first that is not.
func (c *Camera) leading() feedStatus {
	for _, f := range c.feeds {
		if st := f.State(); st.State != OnDemand {
			return st
		}
	}
	st := c.feeds[0].State()
	st.State, st.Cause = Online, "" // it answers, and nobody is watching
	return st
}

// describeState gives the camera's state.
func (c *Camera) describeState(w *web.Camera) {
	if c.spec().Disabled {
		w.State, w.Cause, w.Detail, w.Since = string(Disabled), string(storage.CauseDisabled), "Switched off in the configuration.", c.made
		return
	}
	st := c.leading()
	w.State, w.Since, w.Cause, w.Detail, w.Hint = string(st.State), st.Since, string(st.Cause), st.Detail, st.Hint
	if going := c.going(); going != "" && (st.State == Online || st.State == Offline) {
		w.Detail = strings.TrimSpace(w.Detail + " " + going)
	}
	if !st.RetryAt.IsZero() {
		w.RetryAt = &st.RetryAt
	}
}

// lastFootage tells when the newest frame was that is kept of the camera; nil where none is. What was erased, or is deleted by age, counts no
// more. It is two looks at the index for each stream.
func (c *Camera) lastFootage() *time.Time {
	kept, err := c.store.Recorded(c.spec().ID)
	if err != nil {
		c.log.Error("the end of the camera's footage cannot be looked up", "error", err)
	}
	if len(kept) == 0 {
		return nil
	}
	last := kept[0].Newest
	for _, r := range c.recs {
		if at := r.Status().LastSynced; kept[0].Open && at.After(last) {
			last = at
		}
	}
	last = last.UTC()
	return &last
}

// recording tells how the camera's recording goes: as badly as the worst of its recorders.
func (c *Camera) recording() web.Recording {
	w := web.Recording{Mode: "off", Now: "off", State: "off", Cause: string(c.offCause()), Since: c.made, Streams: []string{}}
	rank := -1
	for i, r := range c.recs {
		w.Mode, w.PreRoll, w.PostRoll = c.spec().Record.Mode, time.Duration(c.spec().Record.PreRoll).Seconds(), time.Duration(c.spec().Record.PostRoll).Seconds()
		w.Streams = append(w.Streams, c.recorded[i])
		st := describeRecorder(r)
		if n := badness[record.State(st.State)]; n > rank {
			rank = n
			w.State, w.Cause, w.Since, w.Now, w.Why, w.Until = st.State, st.Cause, st.Since, st.Now, st.Why, st.Until
		}
		if at := st.LastSynced; at != nil && (w.LastSynced == nil || at.Before(*w.LastSynced)) {
			w.LastSynced = at
		}
	}
	if len(c.recs) > 0 {
		w.Mirror, w.MirrorWhy = describeMirror(c.store.Mirroring(c.spec().ID))
	}
	return w
}

// describeMirror tells how it is with the second copy as the API does.
func describeMirror(m storage.Mirroring) (state, why string) {
	switch {
	case !m.Wanted:
		return "", ""
	case m.Mirrored():
		return "mirrored", ""
	}
	return "not_mirrored", m.Why
}

// describeRecorder gives a recorder's state as the API tells it.
func describeRecorder(r *record.Recorder) web.StreamRecording {
	st := r.Status()
	w := web.StreamRecording{Now: string(st.Mode), Why: st.Why, State: string(st.State), Cause: string(st.Cause), Since: st.Since}
	if !st.Until.IsZero() {
		until := st.Until.UTC()
		w.Until = &until
	}
	if !st.LastSynced.IsZero() {
		w.LastSynced = &st.LastSynced
	}
	return w
}

// recorder finds the recorder of a stream, nil when it is not recorded.
func (c *Camera) recorder(streamID string) *record.Recorder {
	for i, id := range c.recorded {
		if id == streamID {
			return c.recs[i]
		}
	}
	return nil
}

var badness = map[record.State]int{record.Idle: 0, record.Recording: 1, record.Waiting: 2, record.Failing: 3}

// describe gives the stream as the API tells it.
func (f *feed) describe() web.Stream {
	info := f.stream.Info()
	state := f.State().State
	if f.cam.spec().Disabled {
		state = Disabled
	}
	w := web.Stream{ID: f.id, State: string(state), FPS: info.FPS, Bitrate: info.Bitrate, Lost: info.Lost, RingBytes: info.Bytes}
	if r := f.cam.recorder(f.id); r != nil {
		st := describeRecorder(r)
		at := f.cam.store.Whereabouts(f.cam.spec().ID, f.id)
		st.Volumes, st.Encrypted = at.Volumes, at.Encrypted
		w.Recording = &st
	}
	if info.Run != nil {
		w.Transport = info.Run.Transport
	}
	if v := info.Video(); v != nil {
		w.Codec, w.Width, w.Height, w.Reordered = v.Codec.String(), v.Width, v.Height, v.Reorder
		w.Codecs = codecString(v)
	}
	if a := info.Audio(); a != nil {
		w.Audio = a.Codec.String()
	}
	return w
}

// codecString names the codec as browsers ask for it.
func codecString(t *rtsp.Track) string {
	return fmp4.CodecString(fmp4.Track{Codec: fmp4.Codec(t.Codec), VPS: t.VPS, SPS: t.SPS, PPS: t.PPS})
}

// Adopt enrols a camera, or the cameras of a device, for the web.
func (g *Gateway) Adopt(ctx context.Context, req web.AdoptRequest) (web.AddedCamera, error) {
	ids, err := g.EnrolSources(ctx, Adoption{Address: req.Address, Endpoint: req.Endpoint, Username: req.Username, Password: req.Password, Name: req.Name, Record: req.Record,
		Mirror: req.Mirror, Sources: req.Sources, Streams: profilesOf(req.Streams)})
	if err != nil {
		return web.AddedCamera{}, adoptProblem(err)
	}
	c, ok := g.Camera(ids[0])
	if !ok {
		return web.AddedCamera{}, web.ErrNotFound
	}
	return web.AddedCamera{Camera: c, Also: ids[1:]}, nil
}

// adoptProblem gives the error of an adoption the form that the web shows beside the field.
func adoptProblem(err error) error {
	var oe *onvif.Error
	var re *rtsp.Error
	switch {
	case errors.Is(err, errOneVolume):
		return web.Rejected("mirror", err.Error())
	case errors.Is(err, ErrFull):
		return web.Refused("This gateway has as many cameras as it takes.", fmt.Sprintf("One gateway takes %d; add the camera to another one.", maxCameras))
	case classOf(err) == rtsp.Unauthorized:
		return web.PasswordRefused("It did not take them.")
	case errors.As(err, &oe):
		return web.Refused(oe.Error(), oe.Hint)
	case errors.As(err, &re):
		return web.Refused(re.Error(), re.Hint)
	}
	return web.Rejected("address", err.Error())
}

// Health tells how the gateway is.
func (g *Gateway) Health() web.Health {
	h := web.Health{State: "ok", Alarms: []web.Alarm{}, Volumes: []web.Volume{}}
	for _, a := range g.allAlarms() {
		h.Alarms = append(h.Alarms, web.Alarm(a))
	}
	h.Volumes = g.Volumes()
	h.Copies = web.Copies(g.store.Recopying())
	h.State, h.Summary = g.summary(h.Alarms)
	return h
}

// allAlarms are the gateway's own and the storage engine's.
func (g *Gateway) allAlarms() []Alarm {
	list := g.alarms.list()
	for _, a := range g.store.Alarms() {
		severity := "warning"
		if a.Loses {
			severity = "alarm"
		}
		list = append(list, Alarm{ID: a.ID, Severity: severity, Since: a.Since, What: a.What, Means: a.Means, Do: a.Do})
	}
	return list
}

// summary says in one sentence how things are: the alarms first, then the cameras.
func (g *Gateway) summary(alarms []web.Alarm) (state, sentence string) {
	recording, wanted, idle := 0, 0, 0
	for _, c := range g.list() {
		if len(c.recs) == 0 {
			continue
		}
		switch c.recording().State {
		case string(record.Recording):
			recording++
		case string(record.Idle):
			idle++
			continue
		}
		wanted++
	}
	sentence = fmt.Sprintf("%d of %d cameras are being recorded.", recording, wanted)
	switch {
	case idle == 1:
		sentence += " 1 more waits for an event or its schedule."
	case idle > 1:
		sentence += fmt.Sprintf(" %d more wait for an event or their schedule.", idle)
	}
	state = "ok"
	if recording < wanted || len(alarms) > 0 {
		state = "warning"
	}
	for _, a := range alarms {
		if a.Severity == "alarm" {
			return "failing", a.What
		}
	}
	if len(alarms) > 0 {
		sentence += " " + alarms[0].What
	}
	return state, sentence
}
