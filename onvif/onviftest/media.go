package onviftest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"

	"holdfast/onvif/server"
)

// media is what can be changed of a device's pictures.
type media struct {
	profiles []server.Profile
	osds     []server.OSD
	masks    []server.Mask
	mode     map[string]int // by source
	metadata server.Metadata
	made     int
}

func newMedia(o Options) media {
	return media{profiles: slices.Clone(o.Profiles), mode: make(map[string]int), metadata: server.Metadata{Events: true, Analytics: true}}
}

// Profiles are those that it was given, as they are set now.
func (d *Device) Profiles() []server.Profile {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.media.profiles)
}

// rates are the pictures per second that encoders offer. What lies between is rounded down.
var rates = []int{30, 25, 20, 15, 12, 10, 8, 6, 5, 4, 2, 1}

// Bounds of encoders, and the step that their bit rates have.
const (
	minKbps, maxKbps, stepKbps = 100, 16_000, 100
	maxGOP                     = 300
)

// EncoderOptions are the same for each profile of a source: its whole picture and what is left of halving it.
func (d *Device) EncoderOptions(profile string) (list []server.EncoderOptions) {
	v, ok := d.sourceOf(profile)
	if !ok {
		return nil
	}
	var sizes [][2]int
	for w, h := v.Width, v.Height; w >= 160 && len(sizes) < 4; w, h = w/2, h/2 {
		sizes = append(sizes, [2]int{w, h})
	}
	for _, p := range d.o.Profiles { // what it was made with it can do
		if size := [2]int{p.Width, p.Height}; (p.Source == v.Token || p.Source == "") && !slices.Contains(sizes, size) {
			sizes = append(sizes, size)
		}
	}
	codecs := []server.EncoderOptions{{Codec: "H264", Profiles: []string{"Baseline", "Main", "High"}, Constant: true}}
	if kinds[d.o.Kind].h265 {
		codecs = append(codecs, server.EncoderOptions{Codec: "H265", Profiles: []string{"Main"}, Constant: true})
	}
	for _, o := range codecs {
		o.Sizes, o.Rates, o.MinKbps, o.MaxKbps, o.MinGOP, o.MaxGOP = sizes, rates, minKbps, maxKbps, 1, maxGOP
		list = append(list, o)
	}
	return list
}

func (d *Device) sourceOf(profile string) (server.VideoSource, bool) {
	for _, p := range d.o.Profiles {
		if p.Token != profile {
			continue
		}
		for i, v := range d.VideoSources() {
			if v.Token == p.Source || p.Source == "" && i == 0 {
				return v, true
			}
		}
	}
	return server.VideoSource{}, false
}

// SetEncoder refuses codecs, sizes and profiles that are not offered, and rounds the rest down to what is.
func (d *Device) SetEncoder(profile string, want server.Profile) bool {
	options := d.EncoderOptions(profile)
	i := slices.IndexFunc(options, func(o server.EncoderOptions) bool { return o.Codec == want.Codec })
	if i < 0 || want.FPS < 1 || want.Kbps < minKbps || want.GOP < 1 || want.Quality < 1 || want.Quality > 10 {
		return false
	}
	o := options[i]
	if !slices.Contains(o.Sizes, [2]int{want.Width, want.Height}) || want.EncoderProfile != "" && !slices.Contains(o.Profiles, want.EncoderProfile) {
		return false
	}
	at := slices.IndexFunc(rates, func(r int) bool { return r <= want.FPS })
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.media.profiles {
		p := &d.media.profiles[i]
		if p.Token != profile {
			continue
		}
		p.Codec, p.Width, p.Height, p.EncoderProfile, p.Quality, p.Constant = want.Codec, want.Width, want.Height, want.EncoderProfile, want.Quality, want.Constant
		p.FPS, p.Kbps, p.GOP = rates[at], min(want.Kbps, maxKbps)/stepKbps*stepKbps, min(want.GOP, maxGOP)
		return true
	}
	return false
}

// Instances is how many encoders run at once: as many as there are profiles.
func (d *Device) Instances() int { return len(d.o.Profiles) }

// Most overlays of each sort that a device has.
const (
	mostOSDs  = 4
	mostMasks = 4
)

// OSDs are the texts in its pictures.
func (d *Device) OSDs() (list []server.OSD, most int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.media.osds), mostOSDs, kinds[d.o.Kind].osd
}

// token makes one that no overlay had before. Caller holds mu.
func (d *Device) token(kind string) string {
	d.media.made++
	return fmt.Sprintf("%s-%d", kind, d.media.made)
}

// PutOSD makes or changes a text.
func (d *Device) PutOSD(o server.OSD) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.Token == "" {
		o.Token = d.token("osd")
		d.media.osds = append(d.media.osds, o)
		return o.Token, true
	}
	i := slices.IndexFunc(d.media.osds, func(x server.OSD) bool { return x.Token == o.Token })
	if i < 0 {
		return "", false
	}
	d.media.osds[i] = o
	return o.Token, true
}

// DeleteOSD takes a text away.
func (d *Device) DeleteOSD(token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := len(d.media.osds)
	d.media.osds = slices.DeleteFunc(d.media.osds, func(x server.OSD) bool { return x.Token == token })
	return len(d.media.osds) < before
}

// Masks are its privacy masks.
func (d *Device) Masks() (list []server.Mask, most int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.media.masks), mostMasks, kinds[d.o.Kind].masks
}

// PutMask makes or changes a mask.
func (d *Device) PutMask(m server.Mask) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m.Token == "" {
		m.Token = d.token("mask")
		d.media.masks = append(d.media.masks, m)
		return m.Token, true
	}
	i := slices.IndexFunc(d.media.masks, func(x server.Mask) bool { return x.Token == m.Token })
	if i < 0 {
		return "", false
	}
	d.media.masks[i] = m
	return m.Token, true
}

// DeleteMask takes a mask away.
func (d *Device) DeleteMask(token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := len(d.media.masks)
	d.media.masks = slices.DeleteFunc(d.media.masks, func(x server.Mask) bool { return x.Token == token })
	return len(d.media.masks) < before
}

// Modes are two: the whole picture, and half of it at twice the rate, for which it would restart.
func (d *Device) Modes(source string) []server.Mode {
	v := d.VideoSources()[0]
	if !kinds[d.o.Kind].modes || source != v.Token {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	on := d.media.mode[source]
	return []server.Mode{
		{Token: "full", Description: "Full picture", Width: v.Width, Height: v.Height, FPS: v.FPS, Codecs: []string{"H264", "H265"}, Enabled: on == 0},
		{Token: "fast", Description: "Half picture, double rate", Width: v.Width / 2, Height: v.Height / 2, FPS: 2 * v.FPS, Codecs: []string{"H264"}, Enabled: on == 1, Reboot: true},
	}
}

// SetMode switches a source to a mode. The device does not really restart.
func (d *Device) SetMode(source, mode string) (reboots, ok bool) {
	for i, m := range d.Modes(source) {
		if m.Token == mode {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.media.mode[source] = i
			return m.Reboot, true
		}
	}
	return false, false
}

// Picture is a grey ramp of the profile's size.
func (d *Device) Picture(profile string) []byte {
	for _, p := range d.Profiles() {
		if p.Token != profile {
			continue
		}
		m := image.NewGray(image.Rect(0, 0, p.Width, p.Height))
		for x := range p.Width {
			for y := range p.Height {
				m.SetGray(x, y, color.Gray{Y: uint8(255 * x / p.Width)})
			}
		}
		var b bytes.Buffer
		if jpeg.Encode(&b, m, &jpeg.Options{Quality: 50}) != nil {
			return nil
		}
		return b.Bytes()
	}
	return nil
}

// Sound is what of its profiles have, and what its loudspeaker plays.
func (d *Device) Sound() (s server.Sound) {
	for _, p := range d.Profiles() {
		if p.Audio != "" && !slices.Contains(s.Sends, p.Audio) {
			s.Sends = append(s.Sends, p.Audio)
		}
	}
	if kinds[d.o.Kind].plays {
		s.Plays = []string{"PCMU"}
	}
	return s
}

// Metadata is what its metadata stream carries.
func (d *Device) Metadata() (m server.Metadata, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.media.metadata, true
}

// SetMetadata changes what its metadata stream carries.
func (d *Device) SetMetadata(m server.Metadata) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.media.metadata = m
}
