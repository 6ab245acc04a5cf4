package rtsp

import (
	"errors"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v4/pkg/format/rtph265"
	"github.com/pion/rtp"
)

// play asks for the description, sets up what is wanted, and starts the media.
func (c *connection) play() error {
	desc, _, err := c.client.Describe(&c.s.url)
	if err != nil {
		return err
	}
	lanes, err := c.s.choose(desc)
	if err != nil {
		return err
	}
	lanes, err = c.setUp(desc, lanes)
	if err != nil {
		return err
	}
	c.s.adopt(lanes)
	for _, l := range lanes {
		c.client.OnPacketRTP(l.media, l.form, func(pkt *rtp.Packet) { l.packet(c.client, pkt) })
	}
	_, err = c.client.Play(c.s.from())
	return err
}

// setUp sets up each lane. A camera that refuses sound or metadata still gives its picture.
func (c *connection) setUp(desc *description.Session, lanes []*lane) (got []*lane, err error) {
	for _, l := range lanes {
		port := 0
		if c.s.stats.Transport == string(UDP) {
			if port, err = c.ports.pair(); err != nil {
				return nil, err
			}
		}
		second := port
		if port != 0 {
			second = port + 1
		}
		_, err = c.client.Setup(desc.BaseURL, l.media, port, second)
		switch {
		case err == nil:
			got = append(got, l)
		case l.track.Codec.Video() || len(got) == 0:
			return nil, err
		default:
			c.s.log.Warn("camera refused a track", "codec", l.track.Codec.String(), "error", err)
		}
	}
	return got, nil
}

// adopt makes the lanes the session's.
func (s *Session) adopt(lanes []*lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range lanes {
		id := *l.track
		id.ID = i
		l.track = &id
		if l.video != nil {
			l.video.track = &id
			s.picture = l
		}
	}
	s.lanes = lanes
}

// unrecordable says what pictures a camera offers instead of those that can be recorded.
func unrecordable(desc *description.Session) *Error {
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			if _, ok := f.(*format.MJPEG); ok {
				e := fail(Media, errors.New("the camera sends only MJPEG, which Holdfast does not record"))
				e.Hint = "Nothing of this camera is recorded or shown. Choose H.264 or H.265 for this stream: on the camera's Video page here, if it is reached over ONVIF, or on its own web page."
				return e
			}
		}
	}
	return fail(Media, errors.New("the camera offers no H.264 or H.265"))
}

// choose picks the first picture, sound and metadata that can be recorded, the picture first.
func (s *Session) choose(desc *description.Session) ([]*lane, error) {
	var picture, sound, scene *lane
	for _, m := range desc.Medias {
		l, err := s.newLane(m)
		if err != nil {
			return nil, err
		}
		switch {
		case l == nil:
		case l.track.Codec.Video() && picture == nil:
			// Some cameras mark their picture "sendonly" from their own point of view, which makes it a back
			// channel to the library. We asked for no back channel (no Require header), so it is none.
			m.IsBackChannel = false
			picture = l
		case l.track.Codec.Audio() && !m.IsBackChannel && sound == nil && s.o.Audio:
			sound = l
		case l.track.Codec == Metadata && !m.IsBackChannel && scene == nil && s.o.Metadata:
			scene = l
		}
	}
	if picture == nil {
		return nil, unrecordable(desc)
	}
	lanes := make([]*lane, 1, maxTracks)
	lanes[0] = picture
	for _, l := range []*lane{sound, scene} {
		if l != nil {
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

// newLane describes the first format of a medium that can be recorded; nil when there is none.
func (s *Session) newLane(m *description.Media) (*lane, error) {
	for _, f := range m.Formats {
		l := &lane{s: s, media: m, form: f}
		if err := l.describe(f); err != nil {
			return nil, err
		}
		if l.track != nil && l.track.ClockRate > 0 {
			l.line.rate = int64(l.track.ClockRate)
			return l, nil
		}
	}
	return nil, nil
}

// describe sets the lane's track and depacketiser for a format; no track when it cannot be recorded.
func (l *lane) describe(f format.Format) error {
	t := &Track{ClockRate: f.ClockRate()}
	switch f := f.(type) {
	case *format.H264:
		t.Codec = H264
		t.SPS, t.PPS = f.SafeParams()
		d := &rtph264.Decoder{PacketizationMode: f.PacketizationMode}
		return l.describeVideo(t, d, d.Init())
	case *format.H265:
		t.Codec = H265
		t.VPS, t.SPS, t.PPS = f.SafeParams()
		d := &rtph265.Decoder{MaxDONDiff: f.MaxDONDiff}
		return l.describeVideo(t, d, d.Init())
	case *format.MPEG4Audio:
		return l.describeAAC(t, f)
	case *format.G711:
		t.Codec, t.Channels, t.SampleRate = PCMA, max(f.ChannelCount, 1), f.ClockRate()
		if f.MULaw {
			t.Codec = PCMU
		}
	case *format.Opus:
		t.Codec, t.Channels, t.SampleRate = Opus, max(f.ChannelCount, 1), 48000
	case *format.Generic:
		if !strings.Contains(strings.ToLower(f.RTPMa), "vnd.onvif.metadata") {
			return nil
		}
		t.Codec = Metadata
	default:
		return nil
	}
	l.track = t
	return nil
}

func (l *lane) describeVideo(t *Track, d unpacker, err error) error {
	if err != nil {
		return fail(Media, err)
	}
	l.video = &video{codec: t.Codec, unpack: d}
	l.video.publish(t)
	l.track = t
	return nil
}

func (l *lane) describeAAC(t *Track, f *format.MPEG4Audio) error {
	conf := f.Config
	if conf == nil {
		return nil
	}
	asc, err := conf.Marshal()
	if err != nil {
		return nil // sound that cannot be described is left out
	}
	d, err := f.CreateDecoder()
	if err != nil {
		return nil
	}
	t.Codec, t.ASC, t.Channels, t.SampleRate = AAC, asc, conf.ChannelCount, conf.SampleRate
	l.aac, l.track = d, t
	return nil
}

// isMore tells whether a depacketiser only asks for the next packet.
func isMore(err error) bool {
	return errors.Is(err, rtph264.ErrMorePacketsNeeded) || errors.Is(err, rtph264.ErrNonStartingPacketAndNoPrevious) ||
		errors.Is(err, rtph265.ErrMorePacketsNeeded) || errors.Is(err, rtph265.ErrNonStartingPacketAndNoPrevious)
}
