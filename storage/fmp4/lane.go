package fmp4

import (
	"bytes"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"
)

// lane is one track of a Movie while it is built: what its stbl will say.
type lane struct {
	kind      Codec // what the movie's track holds; G.711 of both laws is PCMU
	timescale uint32
	track     Track // of the first part that has it

	entries []mp4.Box
	coded   [][]byte // entries as bytes, to find repeated ones
	entry   uint32   // current sample description, from 1

	n         uint32
	first     int64 // DTS of the first sample on the movie's media axis
	firstCTO  int32
	last      int64 // DTS of the last sample
	lastDur   uint32
	until     int64  // media axis: where the presentation of what is placed ends
	frameNext uint64 // FLAC: number of the next sample

	stts   mp4.SttsBox
	counts []uint32 // ctts
	ctos   []int32
	sizes  []uint32
	syncs  []uint32

	chunks []int64 // offsets in the movie's data
	stsc   mp4.StscBox
	run    stscRun // of the last entry in stsc
}

type stscRun struct{ samples, entry uint32 }

// kindOf is what a segment's track becomes in a movie.
func kindOf(c Codec) Codec {
	if c.G711() {
		return PCMU
	}
	return c
}

// describe makes t's sample description the current one.
func (l *lane) describe(t *Track) {
	e := sampleEntry(t)
	if t.Codec.G711() {
		e = flacEntry(t)
	}
	b := appendBox(nil, e)
	for i := range l.coded {
		if bytes.Equal(l.coded[i], b) {
			l.entry = uint32(i + 1)
			return
		}
	}
	l.entries, l.coded = append(l.entries, e), append(l.coded, b)
	l.entry = uint32(len(l.entries))
}

// place adds a sample with its DTS on the media axis; false when it does not come after the last one.
func (l *lane) place(dts int64, cto int32, dur, size uint32, sync bool) bool {
	if l.n == 0 {
		l.first, l.firstCTO, l.until = dts, cto, dts
	} else if dts <= l.last {
		return false
	} else {
		l.addDur(uint32(min(dts-l.last, 1<<32-1)))
	}
	l.n++
	l.last, l.lastDur = dts, dur
	l.until = max(l.until, dts+int64(cto)+int64(dur))
	l.sizes = append(l.sizes, size)
	if k := len(l.ctos); k > 0 && l.ctos[k-1] == cto {
		l.counts[k-1]++
	} else {
		l.counts, l.ctos = append(l.counts, 1), append(l.ctos, cto)
	}
	if sync {
		l.syncs = append(l.syncs, l.n)
	}
	return true
}

func (l *lane) addDur(d uint32) {
	k := len(l.stts.SampleCount)
	if k > 0 && l.stts.SampleTimeDelta[k-1] == d {
		l.stts.SampleCount[k-1]++
		return
	}
	l.stts.SampleCount = append(l.stts.SampleCount, 1)
	l.stts.SampleTimeDelta = append(l.stts.SampleTimeDelta, d)
}

// chunk adds a chunk of the last samples placed.
func (l *lane) chunk(at int64, samples uint32) {
	l.chunks = append(l.chunks, at)
	if r := (stscRun{samples, l.entry}); r != l.run {
		l.run = r
		// The library keeps descriptions apart only when a second one comes, and never fails then.
		_ = l.stsc.AddEntry(uint32(len(l.chunks)), samples, l.entry)
	}
}

// lastDuration is the last sample's. Decoding has to last as long as the presentation, or players that go by it cut the
// end off; where a stream began with reordered pictures its first decode times are closer together than its pictures.
func (l *lane) lastDuration() uint32 {
	d := l.until - int64(l.firstCTO) - l.last
	return uint32(min(max(d, int64(l.lastDur)), math.MaxUint32))
}

// trak builds the track. Chunk offsets are to be set later by offsets.
func (l *lane) trak(id uint32, large bool, edits []mp4.ElstEntry, movieDuration uint64) *mp4.TrakBox {
	last := l.lastDuration()
	l.addDur(last)
	t := l.track
	t.ID, t.Timescale = id, l.timescale
	trak := newTrak(&t)
	trak.Tkhd.Duration = movieDuration
	trak.Mdia.Mdhd.Duration = uint64(l.last + int64(last) - l.first)
	for _, v := range []struct {
		version *byte
		dur     uint64
	}{{&trak.Tkhd.Version, trak.Tkhd.Duration}, {&trak.Mdia.Mdhd.Version, trak.Mdia.Mdhd.Duration}} {
		if v.dur > 1<<32-1 {
			*v.version = 1
		}
	}
	if !t.Codec.Video() && !t.Codec.Audio() {
		trak.Tkhd.Flags &^= 1 // a track of metadata is not presented
	}
	for _, e := range l.entries {
		addEntry(trak, e)
	}
	l.fillTable(trak.Mdia.Minf.Stbl, large)
	trak.AddChild(editList(edits...))
	return trak
}

func (l *lane) fillTable(stbl *mp4.StblBox, large bool) {
	stsd := stbl.Stsd
	stbl.Children = nil
	stbl.AddChild(stsd)
	stbl.AddChild(&l.stts)
	if len(l.ctos) > 1 || len(l.ctos) == 1 && l.ctos[0] != 0 {
		ctts := &mp4.CttsBox{Version: 1}
		_ = ctts.AddSampleCountsAndOffset(l.counts, l.ctos)
		stbl.AddChild(ctts)
	}
	if l.kind.Video() && len(l.syncs) < int(l.n) {
		stbl.AddChild(&mp4.StssBox{SampleNumber: l.syncs})
	}
	stbl.AddChild(&l.stsc)
	stbl.AddChild(l.stsz())
	if large {
		stbl.AddChild(&mp4.Co64Box{ChunkOffset: make([]uint64, len(l.chunks))})
	} else {
		stbl.AddChild(&mp4.StcoBox{ChunkOffset: make([]uint32, len(l.chunks))})
	}
}

func (l *lane) stsz() *mp4.StszBox {
	for _, n := range l.sizes {
		if n != l.sizes[0] || n == 0 {
			return &mp4.StszBox{SampleNumber: l.n, SampleSize: l.sizes}
		}
	}
	return &mp4.StszBox{SampleNumber: l.n, SampleUniformSize: l.sizes[0]}
}

// offsets writes the chunk offsets once it is known where the data begins.
func (l *lane) offsets(stbl *mp4.StblBox, data int64) {
	for i, at := range l.chunks {
		if stbl.Co64 != nil {
			stbl.Co64.ChunkOffset[i] = uint64(data + at)
		} else {
			stbl.Stco.ChunkOffset[i] = uint32(data + at)
		}
	}
}
