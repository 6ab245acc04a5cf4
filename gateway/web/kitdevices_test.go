package web

import (
	"context"
)

// What the site's cameras are as devices: each has one encoder, one text and one mask, of token "t".

func (c *cameras) Device(_ context.Context, id string, _ bool) (Device, error) {
	if _, ok := c.Camera(id); !ok {
		return Device{}, ErrNotFound
	}
	return Device{Manufacturer: "ACME"}, nil
}

func (c *cameras) Probe(_ context.Context, req ProbeRequest) (Device, error) {
	if req.Password == "wrong" {
		return Device{}, Refused("the device refused the password", "look it up")
	}
	return Device{Manufacturer: "ACME", Sources: []VideoSource{{Token: "s"}}}, nil
}

func (c *cameras) Picture(context.Context, string, string) ([]byte, error) {
	return []byte("\xff\xd8\xff"), nil
}

func (c *cameras) Encoders(context.Context, string) ([]Encoder, error) {
	return []Encoder{{Token: "t"}}, nil
}

func (c *cameras) SetEncoder(_ context.Context, _, token string, ch EncoderChange) (EncoderChanged, error) {
	if token != "t" {
		return EncoderChanged{}, ErrNotFound
	}
	return EncoderChanged{Before: Encoder{Token: "t", GOP: 25}, Now: Encoder{Token: "t", GOP: ch.GOP}}, nil
}

func (c *cameras) SetMetadata(_ context.Context, _, token string, m MetadataFlags) (Metadata, error) {
	return Metadata{Token: token, MetadataFlags: m}, nil
}

func (c *cameras) OSDs(context.Context, string) (OSDs, error) { return OSDs{}, nil }

func (c *cameras) PutOSD(_ context.Context, _ string, o OSD) (OSD, error) {
	if o.Token == "" {
		o.Token = "new"
	}
	return o, nil
}

func (c *cameras) DeleteOSD(_ context.Context, _, token string) error { return oneToken(token) }

func (c *cameras) Masks(context.Context, string) (Masks, error) { return Masks{}, nil }

func (c *cameras) PutMask(_ context.Context, _ string, m Mask) (Mask, error) { return m, nil }

func (c *cameras) DeleteMask(_ context.Context, _, token string) error { return oneToken(token) }

func (c *cameras) Modes(context.Context, string) ([]SourceMode, error) {
	return []SourceMode{{Token: "t", Enabled: true}}, nil
}

func (c *cameras) SetMode(_ context.Context, _, token string) (ModeSet, error) {
	return ModeSet{Reboots: true}, oneToken(token)
}

func oneToken(token string) error {
	if token == "t" {
		return nil
	}
	return ErrNotFound
}
