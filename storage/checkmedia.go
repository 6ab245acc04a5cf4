package storage

import (
	"encoding/binary"
	"fmt"
	"time"

	"holdfast/storage/fmp4"
)

// mediaCheck holds the samples of one segment against what a player needs. It keeps the first thing that is wrong.
type mediaCheck struct {
	t     *fmp4.Table
	seg   *Segment
	wrong string
	n     int
}

func newMediaCheck(t *fmp4.Table, seg *Segment) *mediaCheck { return &mediaCheck{t: t, seg: seg} }

// maxReorder bounds how far apart a picture's decoding and presentation may be. Cameras that reorder do so by some
// pictures.
const maxReorder = 10 * time.Second

func (m *mediaCheck) fail(f int, format string, args ...any) {
	if m.n++; m.n == 1 {
		m.wrong = fmt.Sprintf("At %s %s", m.t.Fragments()[f].Wall.Format(time.RFC3339Nano), fmt.Sprintf(format, args...))
	}
}

// bad gives what was wrong, nil when nothing was.
func (m *mediaCheck) bad() error {
	switch m.n {
	case 0:
		return nil
	case 1:
		return &badFile{kind: KindMedia, what: m.wrong + "."}
	}
	return &badFile{kind: KindMedia, what: fmt.Sprintf("%s, and %d more of the like.", m.wrong, m.n-1)}
}

// fragment looks at the samples of fragment f, whose bytes are payload.
func (m *mediaCheck) fragment(f int, payload []byte) {
	start := m.t.PayloadOffset(f)
	for i, track := range m.t.Tracks() {
		for n, s := range m.t.Samples(i, f) {
			if s.Fragment != f {
				break
			}
			m.sample(f, n, &track, &s, payload[s.Offset-start:][:s.Size])
		}
	}
}

func (m *mediaCheck) sample(f, n int, track *fmp4.Track, s *fmp4.Meta, data []byte) {
	if late := time.Duration(s.CTO) * time.Second / time.Duration(track.Timescale); late.Abs() > maxReorder {
		m.fail(f, "a sample of track %d is to be shown %v after it is decoded", track.ID, late)
	}
	if len(data) == 0 {
		m.fail(f, "a sample of track %d is empty", track.ID)
		return
	}
	if !track.Codec.Video() {
		return
	}
	p, ok := parsePicture(track.Codec, data)
	switch first := n == 0 && track.ID == m.t.Tracks()[0].ID; {
	case !ok:
		m.fail(f, "the lengths of a picture's NAL units do not fill it")
	case !p.slice:
		m.fail(f, "a picture has no slice")
	case s.Sync && !p.key:
		m.fail(f, "a picture is marked as one at which decoding can start, and is none")
	case first && !s.Sync && !m.seg.Joined && !m.seg.Filled.Before:
		m.fail(f, "the first picture of the segment is none at which decoding can start")
	case s.Sync && !(p.sets || len(track.SPS) > 0 && len(track.PPS) > 0):
		m.fail(f, "neither the header nor the picture has parameter sets")
	}
}

// picture is what the NAL units of one access unit are.
type picture struct {
	slice bool // some of a picture
	key   bool // decoding can start here
	sets  bool // sequence and picture parameter sets are in it
}

// parsePicture reads an access unit of NAL units with four-byte lengths (ISO/IEC 14496-15, 5.3.3.1.2). ok is false when
// they do not fill it.
func parsePicture(codec fmp4.Codec, b []byte) (p picture, ok bool) {
	var sps, pps bool
	for len(b) > 0 {
		if len(b) < 5 {
			return p, false
		}
		n := int64(binary.BigEndian.Uint32(b))
		if n == 0 || n > int64(len(b)-4) {
			return p, false
		}
		nal := b[4 : 4+n]
		b = b[4+n:]
		switch k := kindOfNAL(codec, nal); k {
		case nalSlice, nalKeySlice:
			p.slice, p.key = true, p.key || k == nalKeySlice
		case nalRecoveryPoint:
			p.key = true
		case nalSequence:
			sps = true
		case nalPicture:
			pps = true
		}
	}
	p.sets = sps && pps
	return p, true
}

type nalKind int

const (
	nalOther nalKind = iota
	nalSlice
	nalKeySlice      // of a picture at which decoding can start
	nalRecoveryPoint // says that it can start at the picture it stands before
	nalSequence
	nalPicture
)

// kindOfNAL sorts a NAL unit: ITU-T H.264 table 7-1, H.265 table 7-1.
func kindOfNAL(codec fmp4.Codec, nal []byte) nalKind {
	if codec == fmp4.H265 {
		switch typ := nal[0] >> 1 & 0x3f; {
		case typ >= 16 && typ <= 23:
			return nalKeySlice
		case typ < 16:
			return nalSlice
		case typ == 33:
			return nalSequence
		case typ == 34:
			return nalPicture
		}
		return nalOther
	}
	switch nal[0] & 0x1f {
	case 5:
		return nalKeySlice
	case 1, 2:
		return nalSlice
	case 6: // payload type 6 is a recovery point, with which cameras of intra refresh begin
		if len(nal) > 1 && nal[1] == 6 {
			return nalRecoveryPoint
		}
	case 7:
		return nalSequence
	case 8:
		return nalPicture
	}
	return nalOther
}
