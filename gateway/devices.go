package gateway

import (
	"context"
	"slices"

	"holdfast/gateway/web"
	"holdfast/onvif"
)

// Device tells what was understood of a camera's device.
func (g *Gateway) Device(ctx context.Context, camera string, fresh bool) (d web.Device, err error) {
	c, ok := g.camera(camera)
	if !ok {
		return d, web.ErrNotFound
	}
	err = g.askCamera(ctx, camera, func(ctx context.Context, client *onvif.Client) error {
		if fresh {
			c.forgetSource()
		}
		dev, err := c.probe(ctx)
		if err != nil {
			return err
		}
		d, err = describeDevice(ctx, client, dev)
		return err
	})
	for i := range d.Sources {
		d.Sources[i].Cameras = c.unit.of(d.Sources[i].Token, i == 0)
	}
	return d, err
}

// of are the ids of the cameras that are a video source.
func (d *unit) of(source string, first bool) (ids []string) {
	for _, c := range d.siblings() {
		if s := c.spec().Source; s == source || s == "" && first {
			ids = append(ids, c.spec().ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Probe tells what a device has that is to be added, and which of its sources are cameras here already.
func (g *Gateway) Probe(ctx context.Context, req web.ProbeRequest) (web.Device, error) {
	client, dev, err := g.probeAt(ctx, req.Address, req.Username, req.Password)
	if err != nil {
		return web.Device{}, adoptProblem(err)
	}
	d, err := describeDevice(ctx, client, dev)
	if err != nil {
		return d, adoptProblem(err)
	}
	known := g.adoptedAt(onvif.HostPort(req.Address))
	for i := range d.Sources {
		for _, c := range known {
			if s := c.spec().Source; s == d.Sources[i].Token || s == "" && i == 0 {
				d.Sources[i].Cameras = append(d.Sources[i].Cameras, c.spec().ID)
			}
		}
	}
	return d, nil
}

// adoptedAt are the cameras whose device is at an address.
func (g *Gateway) adoptedAt(hostPort string) []*Camera {
	return slices.DeleteFunc(g.list(), func(c *Camera) bool { return c.spec().ONVIF == "" || onvif.HostPort(c.spec().ONVIF) != hostPort })
}

// describeDevice gives a device as the API tells it, with what only that asks for: sound, metadata, encoders at once.
func describeDevice(ctx context.Context, client *onvif.Client, dev *onvif.Device) (web.Device, error) {
	d := web.Device{Manufacturer: dev.Manufacturer, Model: dev.Model, Firmware: dev.Firmware, Serial: dev.Serial, Hardware: dev.HardwareID,
		Skew: dev.Skew.Seconds(), Services: slices.Clone(dev.Services), PTZ: dev.PTZ, Thermal: dev.Thermal, Events: dev.Events, Inputs: dev.Inputs, Relays: dev.Relays,
		Warnings: slices.Clone(dev.Warnings)}
	for i := range dev.Sources {
		s := &dev.Sources[i]
		w := web.VideoSource{Token: s.Token, Name: s.Name, Kind: string(s.Kind), Width: s.Width, Height: s.Height, FPS: s.FPS}
		for _, p := range s.Profiles {
			w.Profiles = append(w.Profiles, web.MediaProfile{Token: p.Token, Name: p.Name, Role: string(p.Role), Why: p.Why, Encoder: p.Encoder, Codec: p.Codec, Width: p.Width, Height: p.Height,
				FPS: p.FPS, Bitrate: p.Bitrate, GOP: p.GOP, Rotation: p.View.Rotation, Audio: p.Audio, BackChannel: p.BackChannel, PTZ: p.PTZ})
		}
		if main := s.Stream(onvif.Main); main != nil {
			if in, err := client.EncoderInstances(ctx, main.SourceConfiguration); err == nil {
				w.Instances = in.Total
			}
		}
		d.Sources = append(d.Sources, w)
	}
	a, err := client.Audio(ctx)
	if err != nil {
		return d, err
	}
	d.Sound = web.Sound{Inputs: a.Inputs, Outputs: a.Outputs, BackChannel: a.BackChannel, Sends: soundCodecs(a.Encoders), Plays: soundCodecs(a.Decoders)}
	if list, err := client.MetadataConfigurations(ctx); err == nil { // a device without any may refuse
		for _, m := range list {
			d.Metadata = append(d.Metadata, describeMetadata(m))
		}
	}
	return d, nil
}

func soundCodecs(list []onvif.AudioCodec) (out []web.SoundCodec) {
	for _, k := range list {
		out = append(out, web.SoundCodec{Codec: k.Codec, Rates: k.SampleRates})
	}
	return out
}

func describeMetadata(m onvif.Metadata) web.Metadata {
	return web.Metadata{Token: m.Token, Name: m.Name, MetadataFlags: web.MetadataFlags{Analytics: m.Analytics, Events: m.Events, Status: m.PTZStatus, Position: m.PTZPosition}}
}

// SetMetadata changes what a metadata configuration of the device carries.
func (g *Gateway) SetMetadata(ctx context.Context, camera, token string, f web.MetadataFlags) (now web.Metadata, err error) {
	err = g.askCamera(ctx, camera, func(ctx context.Context, client *onvif.Client) error {
		m, err := client.SetMetadata(ctx, onvif.Metadata{Token: token, Analytics: f.Analytics, Events: f.Events, PTZStatus: f.Status, PTZPosition: f.Position})
		now = describeMetadata(m)
		return err
	})
	return now, err
}

// askSource asks the device of a camera something about the video source that the camera is.
func (g *Gateway) askSource(ctx context.Context, camera string, question func(context.Context, *onvif.Client, *onvif.Source) error) error {
	c, ok := g.camera(camera)
	if !ok {
		return web.ErrNotFound
	}
	return g.askCamera(ctx, camera, func(ctx context.Context, client *onvif.Client) error {
		dev, err := c.probe(ctx)
		if err != nil {
			return err
		}
		s, there := dev.Source(c.spec().Source)
		if !there {
			return web.Refused("The device does not have this camera's video source any more.", "Add the camera again with one of the sources that it has.")
		}
		return question(ctx, client, s)
	})
}

// Picture fetches a picture that the device makes of a stream, "" of the main one.
func (g *Gateway) Picture(ctx context.Context, camera, stream string) (data []byte, err error) {
	if stream == "" {
		stream = string(onvif.Main)
	}
	c, ok := g.camera(camera)
	if !ok {
		return nil, web.ErrNotFound
	}
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, _ *onvif.Source) error {
		dev, err := c.probe(ctx)
		if err != nil {
			return err
		}
		_, token := c.declared(stream)
		p := pickProfile(dev, c.spec().Source, stream, token)
		if p == nil {
			return web.ErrNotFound
		}
		pic, err := client.Snapshot(ctx, p)
		data = pic.Data
		return err
	})
	return data, err
}

// encodersOf are the encoders of a source's profiles, each once.
func encodersOf(s *onvif.Source, all []onvif.Encoder) (list []web.Encoder) {
	for _, e := range all {
		w := describeEncoder(s, e)
		if len(w.Profiles) > 0 {
			list = append(list, w)
		}
	}
	return list
}

func describeEncoder(s *onvif.Source, e onvif.Encoder) web.Encoder {
	w := web.Encoder{Token: e.Token, Name: e.Name, Codec: e.Codec, Profile: e.Profile, Width: e.Width, Height: e.Height, FPS: e.FPS, Bitrate: e.Bitrate, GOP: e.GOP, Quality: e.Quality, Constant: e.Constant}
	for _, p := range s.Profiles {
		if p.Encoder != e.Token {
			continue
		}
		w.Profiles = append(w.Profiles, p.Token)
		if p.Role != "" {
			w.Roles = append(w.Roles, string(p.Role))
		}
	}
	return w
}

// Encoders lists the video encoders of a camera.
func (g *Gateway) Encoders(ctx context.Context, camera string) (list []web.Encoder, err error) {
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		all, err := client.Encoders(ctx)
		if err != nil {
			return err
		}
		list = encodersOf(s, all)
		for i := range list {
			options, err := client.EncoderOptions(ctx, list[i].Token)
			if err != nil {
				continue // some answer for some encoders only; what is not known is not offered
			}
			for _, o := range options {
				list[i].Options = append(list[i].Options, describeOptions(o))
			}
		}
		return nil
	})
	return list, err
}

func describeOptions(o onvif.EncoderOptions) web.EncoderOptions {
	w := web.EncoderOptions{Codec: o.Codec, Profiles: o.Profiles, Rates: o.Rates, Rate: web.Bounds(o.Rate), Bitrate: web.Bounds(o.Bitrate), GOP: web.Bounds(o.GOP), Quality: web.Bounds(o.Quality), Constant: o.Constant}
	for _, r := range o.Resolutions {
		w.Sizes = append(w.Sizes, web.Size(r))
	}
	return w
}

// SetEncoder changes a video encoder of a camera.
func (g *Gateway) SetEncoder(ctx context.Context, camera, token string, ch web.EncoderChange) (out web.EncoderChanged, err error) {
	c, ok := g.camera(camera)
	if !ok {
		return out, web.ErrNotFound
	}
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		if !slices.ContainsFunc(s.Profiles, func(p onvif.Profile) bool { return p.Encoder == token }) {
			return web.ErrNotFound // another camera's, for which one may not have the right
		}
		got, err := client.SetEncoder(ctx, token, onvif.EncoderChange{Codec: ch.Codec, Profile: ch.Profile, Width: ch.Width, Height: ch.Height, FPS: ch.FPS, Bitrate: ch.Bitrate, GOP: ch.GOP,
			Quality: ch.Quality, Constant: ch.Constant})
		out = web.EncoderChanged{Before: describeEncoder(s, got.Before), Now: describeEncoder(s, got.Now), Differences: got.Differences}
		return err
	})
	if err == nil {
		c.forgetSource() // its streams may have changed places
		c.log.Info("video encoder changed", "encoder", token, "differences", len(out.Differences))
	}
	return out, err
}
