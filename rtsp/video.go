package rtsp

import (
	"bytes"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/pion/rtp"
)

// unpacker turns packets into access units. gortsplib's decoders are of this kind.
type unpacker interface {
	Decode(*rtp.Packet) ([][]byte, error)
}

// dtsExtractor gives decode times of reordered streams. mediacommon's extractors are of this kind.
type dtsExtractor interface {
	Extract(au [][]byte, pts int64) (int64, error)
}

// maxHeld bounds the parameter sets and SEI that wait for their picture, NAL units.
const maxHeld = 16

// video is the state of one video track: parameter sets, decode order, and what waits for its picture.
type video struct {
	codec  Codec
	unpack unpacker
	track  *Track
	order  dtsExtractor // nil while the parameter sets say that nothing is reordered
	held   [][]byte     // NAL units of access units without a picture
	newest Ticks        // latest PTS, to see reordering
}

// unit is an access unit ready to be stamped.
type unit struct {
	nals [][]byte
	size int
	key  bool
}

// take looks through an access unit: it learns parameter sets, tells whether decoding can start here, and holds
// back units without a picture, as some cameras send parameter sets in packets of their own.
func (v *video) take(au [][]byte) (u unit, ok bool) {
	picture := false
	sets := Track{VPS: v.track.VPS, SPS: v.track.SPS, PPS: v.track.PPS}
	for _, nal := range au {
		switch v.kind(nal) {
		case nalPicture:
			picture = true
		case nalKey:
			picture, u.key = true, true
		case nalVPS:
			sets.VPS = nal
		case nalSPS:
			sets.SPS = nal
		case nalPPS:
			sets.PPS = nal
		case nalRecovery:
			u.key = true
		}
	}
	v.learn(&sets)
	if !picture {
		if len(v.held)+len(au) <= maxHeld {
			v.held = append(v.held, au...)
		}
		return unit{}, false
	}
	u.nals = au
	if len(v.held) > 0 {
		u.nals = append(v.held, au...)
		v.held = nil
	}
	for _, n := range u.nals {
		u.size += len(n)
	}
	return u, true
}

// What a NAL unit is, as far as a recorder cares.
type nalKind uint8

const (
	nalOther nalKind = iota
	nalPicture
	nalKey
	nalVPS
	nalSPS
	nalPPS
	nalRecovery // H.264 recovery point: decoding can start here without an IDR picture
)

func (v *video) kind(nal []byte) nalKind {
	if len(nal) == 0 {
		return nalOther
	}
	if v.codec == H265 {
		return h265Kind(nal)
	}
	return h264Kind(nal)
}

func h264Kind(nal []byte) nalKind {
	switch h264.NALUType(nal[0] & 0x1f) {
	case h264.NALUTypeIDR:
		return nalKey
	case h264.NALUTypeNonIDR, h264.NALUTypeDataPartitionA:
		return nalPicture
	case h264.NALUTypeSPS:
		return nalSPS
	case h264.NALUTypePPS:
		return nalPPS
	case h264.NALUTypeSEI:
		// Annex D.1.8: payload type 6 with recovery_frame_cnt 0, which is the single bit 1. Encoders with open
		// groups of pictures or intra refresh send it in place of IDR pictures.
		if len(nal) > 3 && nal[1] == 6 && nal[3]&0x80 != 0 {
			return nalRecovery
		}
	}
	return nalOther
}

func h265Kind(nal []byte) nalKind {
	switch typ := h265.NALUType(nal[0] >> 1 & 0x3f); {
	case typ >= 16 && typ <= 21: // IRAP: BLA, IDR, CRA
		return nalKey
	case typ < 16:
		return nalPicture
	case typ == h265.NALUType_VPS_NUT:
		return nalVPS
	case typ == h265.NALUType_SPS_NUT:
		return nalSPS
	case typ == h265.NALUType_PPS_NUT:
		return nalPPS
	}
	return nalOther
}

// learn publishes a new Track when parameter sets changed. Repetitions cost a comparison.
func (v *video) learn(sets *Track) {
	t := v.track
	if bytes.Equal(sets.SPS, t.SPS) && bytes.Equal(sets.PPS, t.PPS) && bytes.Equal(sets.VPS, t.VPS) {
		return
	}
	next := *t
	next.VPS, next.SPS, next.PPS = bytes.Clone(sets.VPS), bytes.Clone(sets.SPS), bytes.Clone(sets.PPS)
	v.publish(&next)
}

// publish completes the description from the SPS and makes it the track's.
func (v *video) publish(t *Track) {
	before := v.track
	v.track = t
	if before != nil && bytes.Equal(before.SPS, t.SPS) && before.Reorder == t.Reorder {
		return
	}
	mayReorder := true
	if v.codec == H265 {
		mayReorder = describeH265(t)
	} else {
		mayReorder = describeH264(t)
	}
	v.order = nil
	if mayReorder {
		v.newOrder()
	}
}

func (v *video) newOrder() {
	if v.codec == H265 {
		e := &h265.DTSExtractor{}
		e.Initialize()
		v.order = e
		return
	}
	e := &h264.DTSExtractor{}
	e.Initialize()
	v.order = e
}

// describeH264 fills in what the SPS says. It tells whether frames may be reordered: an SPS that is silent about it
// may mean either.
func describeH264(t *Track) bool {
	var sps h264.SPS
	if len(t.SPS) == 0 || sps.Unmarshal(t.SPS) != nil {
		return true
	}
	t.Width, t.Height = sps.Width(), sps.Height()
	if sps.PicOrderCntType == 2 || sps.ProfileIdc == 66 {
		return false // 8.2.1.3: output order is decode order; Baseline has no B slices
	}
	if sps.VUI == nil || sps.VUI.BitstreamRestriction == nil {
		return true
	}
	reorder := sps.VUI.BitstreamRestriction.MaxNumReorderFrames > 0
	t.Reorder = t.Reorder || reorder
	return reorder
}

func describeH265(t *Track) bool {
	var sps h265.SPS
	if len(t.SPS) == 0 || sps.Unmarshal(t.SPS) != nil {
		return true
	}
	t.Width, t.Height = sps.Width(), sps.Height()
	reorder := false
	for _, n := range sps.MaxNumReorderPics {
		reorder = reorder || n > 0
	}
	t.Reorder = t.Reorder || reorder
	return reorder
}

// decodeTime gives the DTS of an access unit, by the picture order count where frames are reordered. A stream that the
// extractor cannot follow keeps its presentation times; whoever calls makes them rise.
func (v *video) decodeTime(u unit, pts Ticks) Ticks {
	v.notice(pts)
	if v.order == nil {
		return pts
	}
	nals := u.nals
	if u.key { // the extractor wants the SPS in the unit; many cameras send it in the session description only
		nals = append([][]byte{v.track.SPS, v.track.PPS}, nals...)
	}
	// mediacommon's extractor of H.265 reads the first byte of every NAL unit, there or not.
	if slices.ContainsFunc(nals, tooShort) {
		nals = slices.DeleteFunc(slices.Clone(nals), tooShort)
	}
	dts, err := v.order.Extract(nals, int64(pts))
	if err != nil || Ticks(dts) > pts {
		if u.key {
			v.newOrder()
		}
		return pts
	}
	return Ticks(dts)
}

func tooShort(nal []byte) bool { return len(nal) < 2 }

// notice sees reordering that the parameter sets did not tell of.
func (v *video) notice(pts Ticks) {
	if pts < v.newest && v.newest-pts < Ticks(v.track.ClockRate) && !v.track.Reorder {
		next := *v.track
		next.Reorder = true
		v.track = &next // the extractor runs already: publish would start it anew
	}
	v.newest = max(v.newest, pts)
}
