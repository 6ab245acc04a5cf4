package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"holdfast/gateway/web"
	"holdfast/onvif"
)

// AudioClips tells which sounds a camera keeps, and what it takes.
func (g *Gateway) AudioClips(ctx context.Context, camera string) (web.AudioClips, error) {
	return askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (w web.AudioClips, err error) {
		all, err := c.Clips(ctx)
		w = web.AudioClips{Most: all.Most, Bytes: all.Bytes, Formats: all.Formats}
		for _, k := range all.List {
			w.Clips = append(w.Clips, describeClip(k))
		}
		return w, err
	})
}

func describeClip(k onvif.Clip) web.AudioClip {
	return web.AudioClip{Token: k.Token, Name: k.Name, Type: k.Type, Enabled: k.Enabled, Repeats: k.Repeats, Playing: k.Playing}
}

// AddAudioClip has a camera keep a sound. What kind of file it is is looked up in it.
func (g *Gateway) AddAudioClip(ctx context.Context, camera, name string, file io.Reader) (w web.AudioClip, err error) {
	if _, ok := g.camera(camera); !ok {
		return w, web.ErrNotFound
	}
	err = g.spooled(file, func(f *os.File, size int64) error {
		head := make([]byte, soundHead)
		n, err := f.ReadAt(head, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		kind := soundType(head[:n])
		if kind == "" {
			return web.Rejected("file", "It is no sound that cameras keep: a WAV of linear or µ-law sound, an MP3, or an Ogg file with Opus, Vorbis, FLAC or Speex.")
		}
		k, err := askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (onvif.Clip, error) {
			return c.AddClip(ctx, onvif.Clip{Name: name, Type: kind}, onvif.Upload{Body: f, Size: size})
		})
		w = describeClip(k)
		return err
	})
	return w, err
}

// soundHead is how much of a file is looked at to tell what it is, bytes.
const soundHead = 64

// soundType tells the media type of a sound by its beginning, as Media2 spells it (tr2:SupportedAudioClipFormat); "" of what is none.
func soundType(head []byte) string {
	switch {
	case len(head) >= 22 && string(head[:4]) == "RIFF" && string(head[8:16]) == "WAVEfmt ":
		return map[uint16]string{1: "audio/vnd.wave;codec=1", 7: "audio/vnd.wave;codec=7"}[binary.LittleEndian.Uint16(head[20:])]
	case bytes.HasPrefix(head, []byte("OggS")):
		for mark, codec := range map[string]string{"OpusHead": "opus", "\x01vorbis": "vorbis", "\x7fFLAC": "flac", "Speex   ": "speex"} {
			if bytes.Contains(head, []byte(mark)) {
				return "audio/ogg;codecs=" + codec
			}
		}
	case bytes.HasPrefix(head, []byte("ID3")), len(head) > 1 && head[0] == 0xff && head[1]&0xe6 == 0xe2: // MPEG audio, layer III
		return "audio/mpeg"
	}
	return ""
}

// SetAudioClip changes what is given of a clip.
func (g *Gateway) SetAudioClip(ctx context.Context, camera, token string, change web.AudioClipChange) (w web.AudioClip, err error) {
	k, err := askDevice(ctx, g, camera, func(ctx context.Context, c *onvif.Client) (onvif.Clip, error) {
		all, err := c.Clips(ctx)
		if err != nil {
			return onvif.Clip{}, err
		}
		for _, k := range all.List {
			if k.Token != token {
				continue
			}
			if change.Name != "" {
				k.Name = change.Name
			}
			if change.Enabled != nil {
				k.Enabled = *change.Enabled
			}
			if change.Repeats != nil {
				k.Repeats = *change.Repeats
			}
			k, err := c.SetClip(ctx, k)
			return k, clipProblem(err)
		}
		return onvif.Clip{}, web.ErrNotFound
	})
	return describeClip(k), err
}

// RemoveAudioClip has a camera keep a sound no longer.
func (g *Gateway) RemoveAudioClip(ctx context.Context, camera, token string) error {
	return g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error { return clipProblem(c.RemoveClip(ctx, token)) })
}

// PlayAudioClip has a camera play a clip, or stop it.
func (g *Gateway) PlayAudioClip(ctx context.Context, camera, token string, p web.PlayRequest) error {
	return g.askCamera(ctx, camera, func(ctx context.Context, c *onvif.Client) error {
		all, err := c.Clips(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all.List, func(k onvif.Clip) bool { return k.Token == token }) {
			return web.ErrNotFound
		}
		return c.PlayClip(ctx, token, !p.Stop, p.Repeats)
	})
}

// clipProblem says of a clip that is not there that it is not there.
func clipProblem(err error) error {
	if errors.Is(err, onvif.ErrNoClip) {
		return web.ErrNotFound
	}
	return err
}
