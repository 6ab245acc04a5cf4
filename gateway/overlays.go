package gateway

import (
	"context"
	"slices"

	"holdfast/gateway/web"
	"holdfast/onvif"
)

// configurationOf is the token of the video source configuration that a source's main stream shows, else of any profile.
func configurationOf(s *onvif.Source) string {
	if main := s.Stream(onvif.Main); main != nil {
		return main.SourceConfiguration
	}
	for _, p := range s.Profiles {
		if p.SourceConfiguration != "" {
			return p.SourceConfiguration
		}
	}
	return ""
}

func describeOSD(o onvif.OSD) web.OSD {
	return web.OSD{Token: o.Token, Image: o.Image, Position: o.Position, X: o.X, Y: o.Y, Show: o.Show, Text: o.Text, DateFormat: o.DateFormat, TimeFormat: o.TimeFormat, FontSize: o.FontSize}
}

// OSDs lists the texts that a camera shows in its pictures. A device whose options cannot be asked for has none that are known.
func (g *Gateway) OSDs(ctx context.Context, camera string) (out web.OSDs, err error) {
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		list, err := client.OSDs(ctx, configurationOf(s))
		if err != nil {
			return err
		}
		for _, o := range list {
			out.Displays = append(out.Displays, describeOSD(o))
		}
		if o, err := client.OSDOptions(ctx, configurationOf(s)); err == nil {
			out.Most, out.Positions, out.Shows, out.Dates, out.Times = o.Total, o.Positions, o.Shows, o.DateFormats, o.TimeFormats
		}
		return nil
	})
	return out, err
}

// PutOSD makes or changes a text in a camera's pictures.
func (g *Gateway) PutOSD(ctx context.Context, camera string, o web.OSD) (now web.OSD, err error) {
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		if o.Token != "" {
			if err := ownOSD(ctx, client, s, o.Token); err != nil {
				return err
			}
		}
		got, err := client.PutOSD(ctx, onvif.OSD{Token: o.Token, SourceConfiguration: configurationOf(s), Image: o.Image, Position: o.Position, X: o.X, Y: o.Y, Show: o.Show, Text: o.Text,
			DateFormat: o.DateFormat, TimeFormat: o.TimeFormat, FontSize: o.FontSize})
		now = describeOSD(got)
		return err
	})
	return now, err
}

// ownOSD tells by an error that a text is not the camera's: another camera of the device may have it.
func ownOSD(ctx context.Context, client *onvif.Client, s *onvif.Source, token string) error {
	list, err := client.OSDs(ctx, configurationOf(s))
	if err == nil && !slices.ContainsFunc(list, func(o onvif.OSD) bool { return o.Token == token }) {
		return web.ErrNotFound
	}
	return err
}

// DeleteOSD takes a text out of a camera's pictures.
func (g *Gateway) DeleteOSD(ctx context.Context, camera, token string) error {
	return g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		if err := ownOSD(ctx, client, s, token); err != nil {
			return err
		}
		return client.DeleteOSD(ctx, token)
	})
}

func describeMask(m onvif.Mask) web.Mask {
	w := web.Mask{Token: m.Token, Type: m.Type, Enabled: m.Enabled}
	for _, p := range m.Points {
		w.Points = append(w.Points, web.Point(p))
	}
	return w
}

// masksOf are the masks of a source.
func masksOf(ctx context.Context, client *onvif.Client, s *onvif.Source) ([]onvif.Mask, error) {
	list, err := client.Masks(ctx, configurationOf(s))
	return slices.DeleteFunc(list, func(m onvif.Mask) bool { return m.SourceConfiguration != configurationOf(s) }), err
}

// Masks lists the privacy masks that a camera paints itself.
func (g *Gateway) Masks(ctx context.Context, camera string) (out web.Masks, err error) {
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		list, err := masksOf(ctx, client, s)
		if err != nil {
			return err
		}
		for _, m := range list {
			out.Masks = append(out.Masks, describeMask(m))
		}
		if o, err := client.MaskOptions(ctx, configurationOf(s)); err == nil {
			out.Most, out.MostPoints, out.Types, out.Rectangles = o.Max, o.MaxPoints, o.Types, o.Rectangles
		}
		return nil
	})
	return out, err
}

// PutMask makes or changes a privacy mask of a camera.
func (g *Gateway) PutMask(ctx context.Context, camera string, m web.Mask) (now web.Mask, err error) {
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		if m.Token != "" {
			if err := ownMask(ctx, client, s, m.Token); err != nil {
				return err
			}
		}
		want := onvif.Mask{Token: m.Token, SourceConfiguration: configurationOf(s), Type: m.Type, Enabled: m.Enabled}
		for _, p := range m.Points {
			want.Points = append(want.Points, onvif.Point(p))
		}
		got, err := client.PutMask(ctx, want)
		now = describeMask(got)
		return err
	})
	return now, err
}

// ownMask tells by an error that a mask is not the camera's.
func ownMask(ctx context.Context, client *onvif.Client, s *onvif.Source, token string) error {
	list, err := masksOf(ctx, client, s)
	if err == nil && !slices.ContainsFunc(list, func(m onvif.Mask) bool { return m.Token == token }) {
		return web.ErrNotFound
	}
	return err
}

// DeleteMask takes a privacy mask of a camera away.
func (g *Gateway) DeleteMask(ctx context.Context, camera, token string) error {
	return g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		if err := ownMask(ctx, client, s, token); err != nil {
			return err
		}
		return client.DeleteMask(ctx, token)
	})
}

// Modes lists the modes of a camera's video source.
func (g *Gateway) Modes(ctx context.Context, camera string) (out []web.SourceMode, err error) {
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		list, err := client.SourceModes(ctx, s.Token)
		for _, m := range list {
			out = append(out, web.SourceMode{Token: m.Token, Enabled: m.Enabled, Description: m.Description, Width: m.Width, Height: m.Height, FPS: m.FPS, Codecs: m.Codecs, Reboot: m.Reboot})
		}
		return err
	})
	return out, err
}

// SetMode switches a camera's video source to a mode. What was understood of the device is asked for anew.
func (g *Gateway) SetMode(ctx context.Context, camera, token string) (m web.ModeSet, err error) {
	c, ok := g.camera(camera)
	if !ok {
		return m, web.ErrNotFound
	}
	err = g.askSource(ctx, camera, func(ctx context.Context, client *onvif.Client, s *onvif.Source) error {
		m.Reboots, err = client.SetSourceMode(ctx, s.Token, token)
		return err
	})
	if err == nil {
		c.forgetSource()
	}
	return m, err
}
