package fmp4

import (
	"sort"

	"github.com/Eyevinn/mp4ff/mp4"
)

// finish writes ftyp and moov.
func (b *Layout) finish() {
	m := b.movie
	m.length = b.since(b.shown)
	head := b.encode(b.data > maxSmall)
	m.head, m.size = head, int64(len(head))+b.data
	b.sum.Write(m.head)
	m.sum = [32]byte(b.sum.Sum(nil))
}

// encode lays the head out; large uses 64-bit offsets.
func (b *Layout) encode(large bool) []byte {
	moov := mp4.NewMoovBox()
	mvhd := b.mvhd()
	moov.AddChild(mvhd)
	sort.SliceStable(b.lanes, func(i, k int) bool { return b.lanes[i].kind.Video() && !b.lanes[k].kind.Video() })
	var shown []*lane
	for _, l := range b.lanes {
		if edits, duration := b.edits(l); edits != nil {
			shown = append(shown, l)
			moov.AddChild(l.trak(uint32(len(shown)), large, edits, duration))
			b.name(l)
		}
	}
	mvhd.NextTrackID = uint32(len(shown) + 1)
	ftyp := mp4.NewFtyp("isom", 512, []string{"isom", "iso6", "mp41"})
	mdat := boxHeader
	if large {
		mdat += 8
	}
	data := int64(ftyp.Size()) + int64(moov.Size()) + int64(mdat)
	for i, l := range shown {
		l.offsets(moov.Traks[i].Mdia.Minf.Stbl, data)
	}
	out := appendBox(make([]byte, 0, data), ftyp)
	return b.appendMdat(appendBox(out, moov), large)
}

func (b *Layout) mvhd() *mp4.MvhdBox {
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale = b.scale
	mvhd.Duration = uint64(b.shown - b.editFrom)
	if mvhd.Duration > 1<<32-1 {
		mvhd.Version = 1
	}
	return mvhd
}

// name adds a lane's codec to the media type.
func (b *Layout) name(l *lane) {
	if s := CodecString(l.track); s != "" {
		b.movie.codecs = append(b.movie.codecs, s)
	}
}

func (b *Layout) appendMdat(dst []byte, large bool) []byte {
	if !large {
		dst = be.AppendUint32(dst, uint32(boxHeader+b.data))
		return append(dst, "mdat"...)
	}
	dst = append(dst, 0, 0, 0, 1, 'm', 'd', 'a', 't')
	return be.AppendUint64(dst, uint64(boxHeader+8+b.data))
}

// edits say what of a lane is shown, and for how long in all; nil when nothing is.
func (b *Layout) edits(l *lane) ([]mp4.ElstEntry, uint64) {
	if l.n == 0 {
		return nil, 0
	}
	begin := scaleTicks(l.first+int64(l.firstCTO), l.timescale, b.scale) // of the lane's presentation
	end := min(b.shown, scaleTicks(l.until, l.timescale, b.scale))
	if end <= max(begin, b.editFrom) {
		return nil, 0
	}
	var list []mp4.ElstEntry
	media := scaleTicks(b.editFrom, b.scale, l.timescale) - l.first
	if begin > b.editFrom {
		list = append(list, mp4.ElstEntry{SegmentDuration: uint64(begin - b.editFrom), MediaTime: -1, MediaRateInteger: 1})
		media = int64(l.firstCTO)
	}
	shown := uint64(end - max(begin, b.editFrom))
	list = append(list, mp4.ElstEntry{SegmentDuration: shown, MediaTime: media, MediaRateInteger: 1})
	return list, uint64(end - b.editFrom)
}
