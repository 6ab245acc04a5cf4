package live

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"holdfast/gateway/stream"
	"holdfast/rtsp"
)

// maxMade bounds a box that is read of what a transcoder makes, bytes: several of its key frames.
const maxMade = 4 << 20

// maker reads the fragmented MP4 that a transcoder makes, and writes it to a stream.
type maker struct {
	stream *stream.Stream
	wall   func() time.Time // of media time zero; asked once there is a frame
	ready  func()           // called with each key frame

	moov   *mp4.MoovBox
	moof   *mp4.MoofBox
	run    *rtsp.Run
	tracks map[uint32]*rtsp.Track // by track_ID
	last   map[uint32]rtsp.Ticks  // decode time of the newest frame, by track_ID
}

// read goes on until the end, which is io.EOF, or what is not understood.
func (m *maker) read(r io.Reader) error {
	for {
		kind, whole, err := nextBox(r)
		if err != nil {
			return err
		}
		if err := m.take(kind, whole); err != nil {
			return fmt.Errorf("read what was transcoded: %w", err)
		}
	}
}

// nextBox reads one box whole, within maxMade.
func nextBox(r io.Reader) (kind string, whole []byte, err error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if size < 8 || size > maxMade {
		return "", nil, fmt.Errorf("read what was transcoded: a box of %d bytes", size)
	}
	whole = append(head, make([]byte, size-8)...)
	_, err = io.ReadFull(r, whole[8:])
	return string(head[4:8]), whole, err
}

func (m *maker) take(kind string, whole []byte) error {
	switch kind {
	case "moov", "moof":
		box, err := mp4.DecodeBox(0, bytes.NewReader(whole))
		if err != nil {
			return err
		}
		if moof, ok := box.(*mp4.MoofBox); ok {
			m.moof = moof
			return nil
		}
		moov, ok := box.(*mp4.MoovBox)
		if !ok || m.moov != nil {
			return fmt.Errorf("a second %s", kind)
		}
		m.moov = moov
		return m.describe()
	case "mdat":
		if m.moov == nil || m.moof == nil {
			return fmt.Errorf("mdat before its moof")
		}
		return m.fragment(whole[8:])
	}
	return nil
}

// describe reads the tracks.
func (m *maker) describe() error {
	m.tracks, m.last = map[uint32]*rtsp.Track{}, map[uint32]rtsp.Ticks{}
	for i, trak := range m.moov.Traks {
		t := &rtsp.Track{ID: i, ClockRate: int(trak.Mdia.Mdhd.Timescale)}
		stsd := trak.Mdia.Minf.Stbl.Stsd
		switch {
		case stsd.AvcX != nil && stsd.AvcX.AvcC != nil && len(stsd.AvcX.AvcC.SPSnalus) > 0 && len(stsd.AvcX.AvcC.PPSnalus) > 0:
			t.Codec, t.Width, t.Height = rtsp.H264, int(stsd.AvcX.Width), int(stsd.AvcX.Height)
			t.SPS, t.PPS = stsd.AvcX.AvcC.SPSnalus[0], stsd.AvcX.AvcC.PPSnalus[0]
		case stsd.Opus != nil:
			t.Codec, t.Channels, t.SampleRate = rtsp.Opus, int(stsd.Opus.ChannelCount), 48000
		default:
			return fmt.Errorf("track %d is neither H.264 nor Opus", i)
		}
		if t.ClockRate <= 0 || trak.Tkhd == nil {
			return fmt.Errorf("track %d has no time scale", i)
		}
		m.tracks[trak.Tkhd.TrackID] = t
	}
	return nil
}

// fragment writes the samples of the newest moof.
func (m *maker) fragment(data []byte) error {
	base := int(m.moof.Size()) + 8 // where mdat's payload begins, from moof's beginning
	for _, traf := range m.moof.Trafs {
		if traf.Tfhd == nil || traf.Tfdt == nil || m.tracks[traf.Tfhd.TrackID] == nil {
			return fmt.Errorf("a fragment of no known track")
		}
		trex, _ := m.moov.Mvex.GetTrex(traf.Tfhd.TrackID)
		at := int64(traf.Tfdt.BaseMediaDecodeTime())
		for _, trun := range traf.Truns {
			trun.AddSampleDefaultValues(traf.Tfhd, trex)
			from := int(trun.DataOffset) - base
			for _, s := range trun.Samples {
				to := from + int(s.Size)
				if from < 0 || to > len(data) || to < from {
					return fmt.Errorf("a sample outside its fragment")
				}
				if err := m.write(traf.Tfhd.TrackID, s, at, data[from:to]); err != nil {
					return err
				}
				from, at = to, at+int64(s.Dur)
			}
		}
	}
	m.moof = nil
	return nil
}

// write writes one sample as a frame. The run begins with the first.
func (m *maker) write(id uint32, s mp4.Sample, at int64, data []byte) error {
	t := m.tracks[id]
	if m.run == nil {
		m.begin()
	}
	if last, ok := m.last[id]; ok && rtsp.Ticks(at) <= last || at < 0 {
		return nil // what comes twice is shown once
	}
	m.last[id] = rtsp.Ticks(at)
	f := &rtsp.Frame{Run: m.run, Track: t, DTS: rtsp.Ticks(at), PTS: rtsp.Ticks(at), Arrival: rtsp.MonoNow(), Size: len(data), Key: t.Codec.Video() && s.IsSync()}
	f.Wall = m.run.Start.Add(seconds(at, int64(t.ClockRate)))
	f.Payload = [][]byte{data}
	if t.Codec.Video() {
		nals, err := lengthPrefixed(data)
		if err != nil {
			return err
		}
		f.Payload = nals
	}
	m.stream.Frame(f)
	if f.Key {
		m.ready()
	}
	return nil
}

func (m *maker) begin() {
	m.run = &rtsp.Run{ID: rand.Uint32(), Start: m.wall(), Transport: "tcp"}
	for _, trak := range m.moov.Traks {
		m.run.Tracks = append(m.run.Tracks, m.tracks[trak.Tkhd.TrackID])
	}
	m.stream.Begin(m.run)
}

// lengthPrefixed cuts a sample into NAL units (ISO/IEC 14496-15, 5.3.2, lengths of four bytes).
func lengthPrefixed(data []byte) (nals [][]byte, err error) {
	for len(data) > 0 {
		if len(data) < 4 || uint64(binary.BigEndian.Uint32(data)) > uint64(len(data)-4) {
			return nil, fmt.Errorf("a NAL unit outside its sample")
		}
		n := int(binary.BigEndian.Uint32(data))
		nals = append(nals, data[4:4+n:4+n])
		data = data[4+n:]
	}
	return nals, nil
}
