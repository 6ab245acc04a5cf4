package fmp4

import (
	"fmt"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"
)

// movieTimescale is the unit of a fragmented movie's header, where no duration is known.
const movieTimescale = 1000

// AppendInit appends ftyp, the header box (none if h is nil: live view) and moov with mvex. Tracks
// are in ascending order of ID and at most MaxTracks. It never fails: what parameter sets cannot be
// understood are stored as they are, so that recording goes on.
func AppendInit(dst []byte, h *Header, tracks []Track) []byte {
	dst = appendBox(dst, mp4.NewFtyp("iso6", 1, []string{"iso6", "mp41"}))
	var created int64
	if h != nil {
		dst = appendHeader(dst, h)
		created = h.Start.Unix()
	}
	moov := mp4.NewMoovBox()
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale = movieTimescale
	if h != nil {
		mvhd.SetCreationTimeS(created)
		mvhd.SetModificationTimeS(created)
	}
	moov.AddChild(mvhd)
	mvex := mp4.NewMvexBox()
	for i := range tracks {
		trak := newTrak(&tracks[i])
		entry := sampleEntry(&tracks[i])
		if h != nil && h.Protected {
			entry = protectEntry(entry, h.KID)
		}
		addEntry(trak, entry)
		if o := tracks[i].Origin; o != 0 {
			trak.AddChild(editList(mp4.ElstEntry{MediaTime: o, MediaRateInteger: 1}))
		}
		moov.AddChild(trak)
		mvex.AddChild(mp4.CreateTrex(tracks[i].ID))
		mvhd.NextTrackID = tracks[i].ID + 1
	}
	moov.AddChild(mvex)
	return appendBox(dst, moov)
}

// newTrak builds a track without samples.
func newTrak(t *Track) *mp4.TrakBox {
	media := "meta"
	switch {
	case t.Codec.Video():
		media = "video"
	case t.Codec.Audio():
		media = "audio"
	}
	trak := mp4.CreateEmptyTrak(t.ID, t.Timescale, media, "und")
	trak.Tkhd.Width = mp4.Fixed32(uint32(uint16(t.Width)) << 16)
	trak.Tkhd.Height = mp4.Fixed32(uint32(uint16(t.Height)) << 16)
	return trak
}

func addEntry(trak *mp4.TrakBox, entry mp4.Box) { trak.Mdia.Minf.Stbl.Stsd.AddChild(entry) }

// editList wraps entries in edts and elst, with 64-bit fields only where they are needed.
func editList(entries ...mp4.ElstEntry) *mp4.EdtsBox {
	elst := &mp4.ElstBox{Entries: entries}
	for _, e := range entries {
		if e.SegmentDuration > 1<<32-1 || e.MediaTime > 1<<31-1 {
			elst.Version = 1
		}
	}
	edts := &mp4.EdtsBox{}
	edts.AddChild(elst)
	return edts
}

// appendBox encodes a box of the library.
func appendBox(dst []byte, b mp4.Box) []byte {
	n := len(dst)
	dst = append(dst, make([]byte, b.Size())...)
	sw := bits.NewFixedSliceWriterFromSlice(dst[n:])
	if err := b.EncodeSW(sw); err != nil {
		// Size and EncodeSW of one box disagree: a defect of the program, not of the input.
		panic(fmt.Sprintf("encode %s box: %v", b.Type(), err))
	}
	return dst
}

// parseMoov reads the tracks of a moov that AppendInit wrote.
func parseMoov(b []byte) ([]Track, error) {
	var tracks []Track
	for {
		x, rest, ok := nextBox(b)
		if !ok {
			break
		}
		b = rest
		if x.kind != "trak" {
			continue
		}
		if len(tracks) == MaxTracks {
			return nil, fmt.Errorf("parse moov: more than %d tracks", MaxTracks)
		}
		t, err := parseTrak(x.body)
		if err != nil {
			return nil, err
		}
		if n := len(tracks); n > 0 && t.ID <= tracks[n-1].ID {
			return nil, fmt.Errorf("parse moov: track %d is out of order", t.ID)
		}
		tracks = append(tracks, t)
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("parse moov: %d bytes after the last box", len(b))
	}
	if len(tracks) == 0 {
		return nil, fmt.Errorf("parse moov: no track")
	}
	return tracks, nil
}

func parseTrak(b []byte) (t Track, err error) {
	tkhd, mdhd := child(b, "tkhd"), child(b, "mdia", "mdhd")
	stsd := child(b, "mdia", "minf", "stbl", "stsd")
	if len(tkhd) < 84 || tkhd[0] != 0 || len(mdhd) < 24 || mdhd[0] != 0 || len(stsd) < 8 {
		return t, fmt.Errorf("parse trak: tkhd, mdhd or stsd is missing or not of version 0")
	}
	t.ID, t.Timescale = be.Uint32(tkhd[12:]), be.Uint32(mdhd[12:])
	t.Width, t.Height = int(be.Uint16(tkhd[76:])), int(be.Uint16(tkhd[80:]))
	if t.ID == 0 || t.Timescale == 0 {
		return t, fmt.Errorf("parse trak: track_ID or timescale is 0")
	}
	if elst := child(b, "edts", "elst"); elst != nil {
		if t.Origin, err = parseOrigin(elst); err != nil {
			return t, err
		}
	}
	return t, parseEntry(stsd[8:], &t)
}

// parseOrigin reads the one edit that AppendInit writes.
func parseOrigin(elst []byte) (int64, error) {
	if len(elst) == 20 && elst[0] == 0 && be.Uint32(elst[4:]) == 1 {
		return int64(int32(be.Uint32(elst[12:]))), nil
	}
	if len(elst) == 28 && elst[0] == 1 && be.Uint32(elst[4:]) == 1 {
		return int64(be.Uint64(elst[16:])), nil
	}
	return 0, fmt.Errorf("parse elst: not one edit")
}
