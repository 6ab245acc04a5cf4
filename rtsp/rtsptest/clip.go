package rtsptest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// Clip is what a path plays: the access units of an MP4 file in decode order, and sound.
type Clip struct {
	Codec    string        // "H264" or "H265"
	Duration time.Duration // of one loop

	Width, Height int // pixels, as the file says

	VPS, SPS, PPS []byte
	Units         []Unit // video access units

	AAC      []byte   // AudioSpecificConfig when the file has AAC
	AACRate  int      // Hz
	AACUnits [][]byte // one loop of raw AAC frames, 1024 samples each

	PCMU []byte // µ-law sound at 8 kHz, looped beside the picture

	Metadata []string // XML documents, one sent every second

	// Document makes a metadata document at the moment when it is sent, which is every DocumentEvery; an empty one is not sent. It is
	// called from the path's own goroutine. It goes before Metadata.
	Document      func(at time.Time) string
	DocumentEvery time.Duration
}

// Unit is one access unit.
type Unit struct {
	DTS, PTS time.Duration // from the start of the loop
	Sync     bool
	NALs     [][]byte // without start codes or lengths
}

// LoadClip reads an MP4 file (not fragmented) with one H.264 or H.265 track and at most one AAC track.
func LoadClip(r io.ReadSeeker) (*Clip, error) {
	f, err := mp4.DecodeFile(r)
	if err != nil {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	if f.Moov == nil || f.Mdat == nil {
		return nil, errors.New("read clip: no movie in it")
	}
	c := &Clip{}
	for _, trak := range f.Moov.Traks {
		if err := c.load(f, trak); err != nil {
			return nil, fmt.Errorf("read clip: track %d: %w", trak.Tkhd.TrackID, err)
		}
	}
	if len(c.Units) == 0 {
		return nil, errors.New("read clip: no H.264 or H.265 track in it")
	}
	return c, nil
}

func (c *Clip) load(f *mp4.File, trak *mp4.TrakBox) error {
	stsd := trak.Mdia.Minf.Stbl.Stsd
	switch {
	case stsd.AvcX != nil:
		rec := stsd.AvcX.AvcC
		c.Codec, c.SPS, c.PPS = "H264", first(rec.SPSnalus), first(rec.PPSnalus)
		c.Width, c.Height = int(stsd.AvcX.Width), int(stsd.AvcX.Height)
		return c.loadVideo(f, trak)
	case stsd.HvcX != nil:
		rec := stsd.HvcX.HvcC
		c.Codec = "H265"
		c.Width, c.Height = int(stsd.HvcX.Width), int(stsd.HvcX.Height)
		for _, a := range rec.NaluArrays {
			switch a.NaluType() {
			case 32:
				c.VPS = first(a.Nalus)
			case 33:
				c.SPS = first(a.Nalus)
			case 34:
				c.PPS = first(a.Nalus)
			}
		}
		return c.loadVideo(f, trak)
	case stsd.Mp4a != nil:
		return c.loadAAC(f, trak)
	}
	return nil
}

func first(l [][]byte) []byte {
	if len(l) == 0 {
		return nil
	}
	return l[0]
}

// sample is one sample of a track with its place in time.
type sample struct {
	mp4.Sample
	dts  time.Duration
	data []byte
}

// samples reads a whole track. Test clips are small.
func samples(f *mp4.File, trak *mp4.TrakBox) ([]sample, time.Duration, error) {
	n := trak.GetNrSamples()
	if n == 0 {
		return nil, 0, errors.New("no samples")
	}
	infos, err := trak.GetSampleData(1, n)
	if err != nil {
		return nil, 0, err
	}
	var data bytes.Buffer
	if err := f.CopySampleData(&data, nil, trak, 1, n, nil); err != nil {
		return nil, 0, err
	}
	scale := int64(trak.Mdia.Mdhd.Timescale)
	list := make([]sample, n)
	var at int64
	for i, info := range infos {
		list[i] = sample{Sample: info, dts: ticks(at, scale), data: data.Next(int(info.Size))}
		at += int64(info.Dur)
	}
	return list, ticks(at, scale), nil
}

func ticks(n, scale int64) time.Duration {
	return time.Duration(n/scale)*time.Second + time.Duration(n%scale)*time.Second/time.Duration(scale)
}

func (c *Clip) loadVideo(f *mp4.File, trak *mp4.TrakBox) error {
	list, total, err := samples(f, trak)
	if err != nil {
		return err
	}
	c.Duration = total
	scale := int64(trak.Mdia.Mdhd.Timescale)
	stss := trak.Mdia.Minf.Stbl.Stss
	for i, s := range list {
		nals, err := split(s.data)
		if err != nil {
			return err
		}
		u := Unit{DTS: s.dts, PTS: s.dts + ticks(int64(s.CompositionTimeOffset), scale), NALs: nals}
		u.Sync = stss == nil || stss.IsSyncSample(uint32(i+1))
		c.Units = append(c.Units, u)
	}
	return nil
}

// split takes 4-byte lengths off.
func split(data []byte) (nals [][]byte, err error) {
	for len(data) > 0 {
		if len(data) < 4 || uint64(binary.BigEndian.Uint32(data)) > uint64(len(data)-4) {
			return nil, errors.New("a NAL unit is longer than its sample")
		}
		n := int(binary.BigEndian.Uint32(data))
		nals = append(nals, data[4:4+n])
		data = data[4+n:]
	}
	return nals, nil
}

func (c *Clip) loadAAC(f *mp4.File, trak *mp4.TrakBox) error {
	list, _, err := samples(f, trak)
	if err != nil {
		return err
	}
	c.AAC = trak.Mdia.Minf.Stbl.Stsd.Mp4a.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig
	c.AACRate = int(trak.Mdia.Mdhd.Timescale)
	for _, s := range list {
		c.AACUnits = append(c.AACUnits, s.data)
	}
	return nil
}
