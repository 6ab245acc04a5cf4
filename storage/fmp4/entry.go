package fmp4

import (
	"bytes"
	"fmt"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/hevc"
	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
)

const (
	compressor    = "Holdfast"
	metaNamespace = "http://www.onvif.org/ver10/schema" // root of an ONVIF metadata document
	opusRate      = 48000                               // RFC 7845: what a decoder puts out
)

// sampleEntry builds the stsd entry of a track (ISO/IEC 14496-12, 8.5.2).
func sampleEntry(t *Track) mp4.Box {
	switch t.Codec {
	case H264:
		return visualEntry("avc1", t, &mp4.AvcCBox{DecConfRec: avcRecord(t)})
	case H265:
		return visualEntry("hvc1", t, &mp4.HvcCBox{DecConfRec: hevcRecord(t)})
	case AAC:
		return audioEntry("mp4a", t, esds(t.ASC))
	case PCMU:
		return audioEntry("ulaw", t, nil)
	case PCMA:
		return audioEntry("alaw", t, nil)
	case Opus:
		return opusEntry(t)
	case FLAC:
		return flacEntry(t)
	}
	return metaEntry()
}

func visualEntry(kind string, t *Track, config mp4.Box) mp4.Box {
	e := mp4.CreateVisualSampleEntryBox(kind, uint16(t.Width), uint16(t.Height), config)
	e.CompressorName = compressor
	return e
}

func audioEntry(kind string, t *Track, config mp4.Box) *mp4.AudioSampleEntryBox {
	rate := t.SampleRate
	if rate > 1<<16-1 {
		rate = 0 // does not fit 16.16; the codec's own configuration tells
	}
	e := mp4.CreateAudioSampleEntryBox(kind, uint16(max(t.Channels, 1)), 16, uint16(rate), nil)
	if config != nil {
		e.Children = append(e.Children, config) // AddChild takes esds only as the library's own type
	}
	return e
}

func opusEntry(t *Track) mp4.Box {
	e := audioEntry("Opus", t, &mp4.DopsBox{OutputChannelCount: byte(max(t.Channels, 1)), InputSampleRate: opusRate})
	e.SampleRate = opusRate
	return e
}

// metaEntry is an XMLMetaDataSampleEntry (ISO/IEC 14496-12, 12.3.3.2): no encoding, the namespace, no schema location.
func metaEntry() mp4.Box {
	b := []byte{0, 0, 0, 0, 0, 0, 0, 1, 0}
	b = append(append(b, metaNamespace...), 0, 0)
	return mp4.CreateUnknownBox("metx", uint64(boxHeader+len(b)), b)
}

// avcRecord builds avcC (ISO/IEC 14496-15, 5.3.3.1). The chroma format and depths matter for the
// high profiles only; a parameter set that cannot be parsed leaves 4:2:0 and 8 bits.
func avcRecord(t *Track) avc.DecConfRec {
	r := avc.DecConfRec{SPSnalus: some(t.SPS), PPSnalus: some(t.PPS), ChromaFormat: 1}
	if len(t.SPS) >= 4 {
		r.AVCProfileIndication, r.ProfileCompatibility, r.AVCLevelIndication = t.SPS[1], t.SPS[2], t.SPS[3]
	}
	switch r.AVCProfileIndication {
	case 100, 110, 122, 144:
	default:
		// mp4ff v0.50.0 counts the four bytes of chroma and depths for any profile that it does not
		// know, and does not write them.
		r.NoTrailingInfo = true
	}
	if sps := parseAVC(t.SPS); sps != nil {
		r.ChromaFormat = byte(sps.ChromaFormatIdc) & 3
		r.BitDepthLumaMinus1, r.BitDepthChromaMinus1 = byte(sps.BitDepthLumaMinus8)&7, byte(sps.BitDepthChromaMinus8)&7
	}
	return r
}

// hevcRecord builds hvcC (ISO/IEC 14496-15, 8.3.3.1).
func hevcRecord(t *Track) hevc.DecConfRec {
	p := profileOf(t.SPS)
	r := hevc.DecConfRec{
		ConfigurationVersion: 1, ChromaFormatIDC: 1, LengthSizeMinusOne: nalLength - 1, NumTemporalLayers: 1,
		GeneralProfileSpace: p.GeneralProfileSpace, GeneralTierFlag: p.GeneralTierFlag, GeneralProfileIDC: p.GeneralProfileIDC,
		GeneralProfileCompatibilityFlags: p.GeneralProfileCompatibilityFlags,
		GeneralConstraintIndicatorFlags:  p.GeneralConstraintIndicatorFlags, GeneralLevelIDC: p.GeneralLevelIDC,
	}
	if sps := parseHEVC(t.SPS); sps != nil {
		r.ChromaFormatIDC = byte(sps.ChromaFormatIdc) & 3
		r.BitDepthLumaMinus8, r.BitDepthChromaMinus8 = byte(sps.BitDepthLumaMinus8)&7, byte(sps.BitDepthChromaMinus8)&7
		r.NumTemporalLayers = sps.MaxSubLayersMinus1 + 1
	}
	for _, set := range []struct {
		kind hevc.NaluType
		nal  []byte
	}{{hevc.NALU_VPS, t.VPS}, {hevc.NALU_SPS, t.SPS}, {hevc.NALU_PPS, t.PPS}} {
		if nals := some(set.nal); nals != nil {
			r.NaluArrays = append(r.NaluArrays, hevc.NewNaluArray(true, set.kind, nals))
		}
	}
	return r
}

// some is a list of the one parameter set, or none when it is empty or does not fit its 16-bit length.
func some(nal []byte) [][]byte {
	if len(nal) == 0 || len(nal) > maxParameter {
		return nil
	}
	return [][]byte{nal}
}

// parseAVC is nil when the set cannot be understood. mediacommon reads it: the parser of mp4ff
// v0.50.0 allocates what a hostile set claims (num_ref_frames_in_pic_order_cnt_cycle up to 2^32).
func parseAVC(nal []byte) *h264.SPS {
	var sps h264.SPS
	if len(nal) > maxParameter || sps.Unmarshal(nal) != nil {
		return nil
	}
	return &sps
}

// parseHEVC is nil when the set cannot be understood.
func parseHEVC(nal []byte) *h265.SPS {
	var sps h265.SPS
	if len(nal) > maxParameter || sps.Unmarshal(nal) != nil {
		return nil
	}
	return &sps
}

// profileOf reads the general profile, tier and level, which stand at a fixed place in an SPS
// (ISO/IEC 23008-2, 7.3.2.2, 7.3.3).
func profileOf(nal []byte) (p hevc.ProfileTierLevel) {
	const before, length = 3, 12
	b := h264.EmulationPreventionRemove(nal[:min(len(nal), 64)])
	if len(b) < before+length {
		return p
	}
	b = b[before:]
	p.GeneralProfileSpace, p.GeneralTierFlag, p.GeneralProfileIDC = b[0]>>6, b[0]&0x20 != 0, b[0]&0x1f
	p.GeneralProfileCompatibilityFlags = be.Uint32(b[1:])
	p.GeneralConstraintIndicatorFlags = uint64(be.Uint32(b[5:]))<<16 | uint64(be.Uint16(b[9:]))
	p.GeneralLevelIDC = b[11]
	return p
}

// CodecString names a track's codec as the codecs parameter of a media type does (RFC 6381). G.711
// is named by what a Movie turns it into. It is empty for metadata.
func CodecString(t Track) string {
	switch t.Codec {
	case H264:
		r := avcRecord(&t)
		return fmt.Sprintf("avc1.%02x%02x%02x", r.AVCProfileIndication, r.ProfileCompatibility, r.AVCLevelIndication)
	case H265:
		return hevc.CodecString("hvc1", &hevc.SPS{ProfileTierLevel: profileOf(t.SPS)})
	case AAC:
		return fmt.Sprintf("mp4a.40.%d", aacObject(t.ASC))
	case PCMU, PCMA, FLAC:
		return "flac"
	case Opus:
		return "opus"
	}
	return ""
}

// aacObject is the audio object type (ISO/IEC 14496-3, 1.6.2.1); 2 (AAC LC) when not told.
func aacObject(asc []byte) int {
	if len(asc) < 2 {
		return 2
	}
	if o := int(asc[0] >> 3); o != 31 {
		return o
	}
	return 32 + int(asc[0]&7)<<3 + int(asc[1]>>5)
}

// parseEntry reads the first sample entry of an stsd into t.
func parseEntry(b []byte, t *Track) error {
	x, _, ok := nextBox(b)
	if !ok {
		return fmt.Errorf("parse stsd: no whole sample entry")
	}
	kind, err := original(x)
	if err != nil {
		return err
	}
	x.kind = kind
	switch x.kind {
	case "avc1", "hvc1":
		return parseVisual(x, t)
	case "mp4a", "ulaw", "alaw", "Opus":
		return parseAudio(x, t)
	case "metx":
		t.Codec = Metadata
		return nil
	}
	return fmt.Errorf("parse stsd: sample entry %q is not known", x.kind)
}

const (
	visualEntryBytes = 78 // VisualSampleEntry before its boxes
	audioEntryBytes  = 28 // AudioSampleEntry before its boxes

	metaEntryBytes = 8 + 1 + len(metaNamespace) + 2 // metaEntry before its boxes
)

func parseVisual(x box, t *Track) error {
	if len(x.body) < visualEntryBytes {
		return fmt.Errorf("parse %s: cut off", x.kind)
	}
	t.Width, t.Height = int(be.Uint16(x.body[24:])), int(be.Uint16(x.body[26:]))
	boxes := x.body[visualEntryBytes:]
	if x.kind == "avc1" {
		t.Codec = H264
		return parseAvcC(child(boxes, "avcC"), t)
	}
	t.Codec = H265
	return parseHvcC(child(boxes, "hvcC"), t)
}

// parseAvcC takes the first parameter set of each kind; what follows them is not looked at.
func parseAvcC(b []byte, t *Track) error {
	const fixed = 5
	if len(b) < fixed+1 || b[0] != 1 || b[4]&3 != nalLength-1 {
		return fmt.Errorf("parse avcC: cut off, or not of version 1 with lengths of 4 bytes")
	}
	counts := byte(0x1f) // of the SPS count; the PPS count has all bits
	b = b[fixed:]
	for _, set := range []*[]byte{&t.SPS, &t.PPS} {
		if len(b) == 0 {
			return fmt.Errorf("parse avcC: cut off")
		}
		n := int(b[0] & counts)
		first, rest, ok := takeUnits(b[1:], n)
		if !ok {
			return fmt.Errorf("parse avcC: cut off")
		}
		*set, b, counts = bytes.Clone(first), rest, 0xff
	}
	return nil
}

// takeUnits takes n units with 16-bit lengths off b and returns the first.
func takeUnits(b []byte, n int) (first, rest []byte, ok bool) {
	for i := range n {
		if len(b) < 2 || len(b)-2 < int(be.Uint16(b)) {
			return nil, nil, false
		}
		k := 2 + int(be.Uint16(b))
		if i == 0 {
			first = b[2:k]
		}
		b = b[k:]
	}
	return first, b, true
}

// parseHvcC takes the first parameter set of each kind. The library's own parser believes the counts
// of a hostile record (255 arrays of 65535 units) and allocates for them.
func parseHvcC(b []byte, t *Track) error {
	const fixed = 23
	if len(b) < fixed || b[0] != 1 || b[21]&3 != nalLength-1 {
		return fmt.Errorf("parse hvcC: cut off, or not of version 1 with lengths of 4 bytes")
	}
	arrays, b := b[fixed-1], b[fixed:]
	for ; arrays > 0; arrays-- {
		if len(b) < 3 {
			return fmt.Errorf("parse hvcC: cut off")
		}
		kind := hevc.NaluType(b[0] & 0x3f)
		first, rest, ok := takeUnits(b[3:], int(be.Uint16(b[1:])))
		if !ok {
			return fmt.Errorf("parse hvcC: cut off")
		}
		setHEVC(t, kind, first)
		b = rest
	}
	return nil
}

func setHEVC(t *Track, kind hevc.NaluType, nal []byte) {
	dst := map[hevc.NaluType]*[]byte{hevc.NALU_VPS: &t.VPS, hevc.NALU_SPS: &t.SPS, hevc.NALU_PPS: &t.PPS}[kind]
	if dst != nil && *dst == nil && nal != nil {
		*dst = bytes.Clone(nal)
	}
}

func parseAudio(x box, t *Track) error {
	if len(x.body) < audioEntryBytes {
		return fmt.Errorf("parse %s: cut off", x.kind)
	}
	t.Codec = map[string]Codec{"mp4a": AAC, "ulaw": PCMU, "alaw": PCMA, "Opus": Opus}[x.kind]
	t.Channels, t.SampleRate = int(be.Uint16(x.body[16:])), int(be.Uint16(x.body[24:]))
	if t.SampleRate == 0 {
		t.SampleRate = int(t.Timescale)
	}
	if t.Codec != AAC {
		return nil
	}
	asc, ok := parseEsds(child(x.body[audioEntryBytes:], "esds"))
	if !ok {
		return fmt.Errorf("parse mp4a: no esds with a configuration")
	}
	t.ASC = bytes.Clone(asc)
	return nil
}
