package fmp4

import (
	"bytes"
	"fmt"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/hevc"
	"github.com/Eyevinn/mp4ff/mp4"
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
		return audioEntry("mp4a", t, mp4.CreateEsdsBox(t.ASC))
	case PCMU:
		return audioEntry("ulaw", t, nil)
	case PCMA:
		return audioEntry("alaw", t, nil)
	case Opus:
		return opusEntry(t)
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
	return mp4.CreateAudioSampleEntryBox(kind, uint16(max(t.Channels, 1)), 16, uint16(rate), config)
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
	if sps := parseAVC(t.SPS); sps != nil {
		r.ChromaFormat = byte(sps.ChromaFormatIDC) & 3
		r.BitDepthLumaMinus1, r.BitDepthChromaMinus1 = byte(sps.BitDepthLumaMinus8)&7, byte(sps.BitDepthChromaMinus8)&7
	}
	return r
}

// hevcRecord builds hvcC (ISO/IEC 14496-15, 8.3.3.1).
func hevcRecord(t *Track) hevc.DecConfRec {
	r := hevc.DecConfRec{ConfigurationVersion: 1, ChromaFormatIDC: 1, LengthSizeMinusOne: nalLength - 1, NumTemporalLayers: 1}
	if sps := parseHEVC(t.SPS); sps != nil {
		p := sps.ProfileTierLevel
		r.GeneralProfileSpace, r.GeneralTierFlag, r.GeneralProfileIDC = p.GeneralProfileSpace, p.GeneralTierFlag, p.GeneralProfileIDC
		r.GeneralProfileCompatibilityFlags, r.GeneralLevelIDC = p.GeneralProfileCompatibilityFlags, p.GeneralLevelIDC
		r.GeneralConstraintIndicatorFlags = p.GeneralConstraintIndicatorFlags
		r.ChromaFormatIDC = sps.ChromaFormatIDC & 3
		r.BitDepthLumaMinus8, r.BitDepthChromaMinus8 = sps.BitDepthLumaMinus8&7, sps.BitDepthChromaMinus8&7
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

// parseAVC is nil when the set cannot be understood. The library is given whatever a camera sends,
// so a panic of it must not end recording.
func parseAVC(nal []byte) (sps *avc.SPS) {
	defer func() {
		if recover() != nil {
			sps = nil
		}
	}()
	if len(nal) < 4 || len(nal) > maxParameter {
		return nil
	}
	sps, err := avc.ParseSPSNALUnit(nal, false)
	if err != nil {
		return nil
	}
	return sps
}

// parseHEVC is nil when the set cannot be understood.
func parseHEVC(nal []byte) (sps *hevc.SPS) {
	defer func() {
		if recover() != nil {
			sps = nil
		}
	}()
	if len(nal) < 4 || len(nal) > maxParameter {
		return nil
	}
	sps, err := hevc.ParseSPSNALUnit(nal)
	if err != nil {
		return nil
	}
	return sps
}

// CodecString names a track's codec as the codecs parameter of a media type does (RFC 6381). G.711
// is named by what a Movie turns it into. It is empty for metadata.
func CodecString(t Track) string {
	switch t.Codec {
	case H264:
		r := avcRecord(&t)
		return fmt.Sprintf("avc1.%02x%02x%02x", r.AVCProfileIndication, r.ProfileCompatibility, r.AVCLevelIndication)
	case H265:
		if sps := parseHEVC(t.SPS); sps != nil {
			return hevc.CodecString("hvc1", sps)
		}
		return "hvc1"
	case AAC:
		return fmt.Sprintf("mp4a.40.%d", aacObject(t.ASC))
	case PCMU, PCMA:
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
)

func parseVisual(x box, t *Track) error {
	if len(x.body) < visualEntryBytes {
		return fmt.Errorf("parse %s: cut off", x.kind)
	}
	t.Width, t.Height = int(be.Uint16(x.body[24:])), int(be.Uint16(x.body[26:]))
	boxes := x.body[visualEntryBytes:]
	if x.kind == "avc1" {
		t.Codec = H264
		r, err := avc.DecodeAVCDecConfRec(child(boxes, "avcC"))
		if err != nil {
			return fmt.Errorf("parse avcC: %w", err)
		}
		t.SPS, t.PPS = first(r.SPSnalus), first(r.PPSnalus)
		return nil
	}
	t.Codec = H265
	return parseHvcC(child(boxes, "hvcC"), t)
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
		kind, units := hevc.NaluType(b[0]&0x3f), be.Uint16(b[1:])
		for b = b[3:]; units > 0; units-- {
			if len(b) < 2 || len(b)-2 < int(be.Uint16(b)) {
				return fmt.Errorf("parse hvcC: cut off")
			}
			n := 2 + int(be.Uint16(b))
			setHEVC(t, kind, b[2:n])
			b = b[n:]
		}
	}
	return nil
}

func setHEVC(t *Track, kind hevc.NaluType, nal []byte) {
	dst := map[hevc.NaluType]*[]byte{hevc.NALU_VPS: &t.VPS, hevc.NALU_SPS: &t.SPS, hevc.NALU_PPS: &t.PPS}[kind]
	if dst != nil && *dst == nil {
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
	esds := child(x.body[audioEntryBytes:], "esds")
	if esds == nil {
		return fmt.Errorf("parse mp4a: no esds")
	}
	b, err := mp4.DecodeEsdsSR(mp4.BoxHeader{Name: "esds", Size: uint64(boxHeader + len(esds)), Hdrlen: boxHeader}, 0, bits.NewFixedSliceReader(esds))
	if err != nil {
		return fmt.Errorf("parse esds: %w", err)
	}
	if d := b.(*mp4.EsdsBox).DecConfigDescriptor; d != nil && d.DecSpecificInfo != nil {
		t.ASC = bytes.Clone(d.DecSpecificInfo.DecConfig)
	}
	return nil
}

func first(nals [][]byte) []byte {
	if len(nals) == 0 {
		return nil
	}
	return bytes.Clone(nals[0])
}
