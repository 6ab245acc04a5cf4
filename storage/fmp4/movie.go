package fmp4

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// Bounds of a Movie.
const (
	MaxParts    = 4096                   // segments of one movie
	maxPlaced   = 16 << 20               // samples of one movie: 24 h of 60 pictures and 100 packets of sound a second
	soundBefore = 100 * time.Millisecond // taken before From, for codecs that need a packet to start

	// maxSmall is the most data that 32-bit offsets are used for: 4 GiB less the largest head.
	maxSmall = 1<<32 - 1<<29
)

// ErrEmpty says that no sample lies in the range that was asked for.
var ErrEmpty = errors.New("no media in the range")

// Part is a stretch of one segment in a Movie.
type Part struct {
	Table  *Table
	Source io.ReaderAt // the segment's file; not read before media is
	Seed   []byte      // names the file's content for ever: a digest, or a path and a run
	// Joined says that the part continues the one before it without a gap: same run, next segment.
	Joined bool
	// From and To bound what is shown, in time since the segment's time zero. Media begins at the
	// sync sample at or before From. From of 0 or less means from the start, To of 0 to the end.
	From, To time.Duration
}

// MovieOptions choose what a Movie holds.
type MovieOptions struct {
	Metadata bool // keep ONVIF metadata tracks
	NoAudio  bool
}

// Placed says where a part went: [Start, End) of the movie's presentation shows the segment from
// its time From on.
type Placed struct {
	Part       int
	Start, End time.Duration
	From       time.Duration
}

// Movie is a range over segments as one MP4 file with moov first, which exists only as it is read:
// ftyp, moov, then one mdat whose data is copied from the segments (G.711 becomes FLAC on the way).
// It is immutable and safe for concurrent use; each read costs at most one read of a source per
// fragment that it touches. It holds moov (about 10 bytes per sample) and about 100 bytes per
// fragment, not the tables; Footprint tells how much that is.
//
// The presentation is continuous: the parts follow each other, gaps between them take no time. An
// edit list hides what lies before From, so that exactly [From of the first, To of the last) is
// shown; a part that is neither joined nor first begins at a sync sample.
type Movie struct {
	head    []byte // ftyp, moov, header of mdat
	size    int64
	sources []io.ReaderAt // by part
	extents []extent
	sounds  []sound // what FLAC is made of, by extent.sound
	placed  []Placed
	length  time.Duration
	codecs  []string
	sum     [32]byte
}

// extent is a stretch of the movie's data.
type extent struct {
	at    int64 // in the data
	size  int64
	off   int64 // in the source
	part  int32
	sound int32 // index of what FLAC is made of; -1: bytes are copied
}

// NewMovie lays out a movie of parts.
func NewMovie(parts []Part, o MovieOptions) (*Movie, error) {
	b := NewLayout(o)
	for _, p := range parts {
		if err := b.Add(p); err != nil {
			return nil, err
		}
	}
	return b.Movie()
}

// NewLayout begins a movie. It reads nothing but the tables of the parts that are added, and keeps
// none of them but the last.
func NewLayout(o MovieOptions) *Layout {
	return &Layout{movie: &Movie{}, options: o, sum: sha256.New()}
}

// Add adds the next part. One of which nothing is shown is left out.
func (b *Layout) Add(p Part) error {
	if b.parts == MaxParts {
		return fmt.Errorf("lay out movie: more than %d parts", MaxParts)
	}
	if err := b.settle(p.Joined); err != nil {
		return err
	}
	b.next = &p
	return nil
}

// settle lays out the part added last, now that it is known whether another is joined to it.
func (b *Layout) settle(joined bool) error {
	p := b.next
	if p == nil {
		return nil
	}
	b.next = nil
	if err := b.part(p, joined && p.To == 0); err != nil {
		return fmt.Errorf("lay out movie: %w", err)
	}
	b.parts++
	return nil
}

// Movie finishes the layout, which is not used again. ErrEmpty means that nothing is shown.
func (b *Layout) Movie() (*Movie, error) {
	if err := b.settle(false); err != nil {
		return nil, err
	}
	if len(b.movie.placed) == 0 {
		return nil, ErrEmpty
	}
	b.finish()
	return b.movie, nil
}

// Footprint is about how many bytes of memory the movie holds.
func (m *Movie) Footprint() int64 {
	n := int64(cap(m.head)) + 40*int64(cap(m.extents)) + 72*int64(cap(m.sounds))
	for i := range m.sounds {
		n += 4 * int64(cap(m.sounds[i].sizes))
	}
	return n
}

// Size is the exact number of bytes.
func (m *Movie) Size() int64 { return m.size }

// Duration is how long the presentation takes.
func (m *Movie) Duration() time.Duration { return m.length }

// Placed are the parts that are shown, in order.
func (m *Movie) Placed() []Placed { return m.placed }

// Sum differs between any two movies that differ in a byte, as far as the parts' seeds do.
func (m *Movie) Sum() [32]byte { return m.sum }

// MediaType is the movie's media type with its codecs (RFC 6381).
func (m *Movie) MediaType() string {
	return `video/mp4; codecs="` + strings.Join(m.codecs, ", ") + `"`
}

// Layout lays out one movie, part by part. Times on the media axis are in ticks of the main track.
type Layout struct {
	movie    *Movie
	options  MovieOptions
	next     *Part     // added and not yet laid out
	parts    int       // laid out
	sum      hash.Hash // over the seeds
	lanes    []*lane
	scale    uint32 // ticks per second of the media axis
	data     int64  // bytes laid out
	placed   int    // samples
	editFrom int64  // media axis: where the presentation begins
	shown    int64  // media axis: where it ends so far
}

// window is what of a part is taken, in ticks of its main track with Origin.
type window struct {
	main        int   // index of the main track
	first, last int   // samples of the main track, [first, last)
	firstDTS    int64 // of first
	firstPTS    int64
	end         int64 // presentation end of what is taken
	from, to    int64 // shown
	zero        int64 // media axis: the segment's time zero
}

// mainTrack is the track that rules the timeline: the first video track, or without one the
// first sound track.
func mainTrack(t *Table) int {
	if v := t.Video(); v >= 0 {
		return v
	}
	for i := range t.tracks {
		if t.tracks[i].Codec.Audio() {
			return i
		}
	}
	return -1
}

// part adds part k.
func (b *Layout) part(p *Part, joined bool) error {
	b.movie.sources = append(b.movie.sources, p.Source)
	w, ok := choose(p)
	if !ok {
		return nil
	}
	track := &p.Table.tracks[w.main]
	first := len(b.movie.placed) == 0
	if first {
		b.scale = track.Timescale
		w.zero = track.Origin - w.firstDTS
		b.editFrom = w.zero + w.from - track.Origin
	} else {
		w.from = w.firstPTS // a later part is shown from its sync sample
		w.zero = b.follow(p, &w)
	}
	b.shown = w.zero + scaleTicks(w.to-track.Origin, track.Timescale, b.scale)
	start := b.shown - scaleTicks(w.to-w.from, track.Timescale, b.scale)
	b.movie.placed = append(b.movie.placed, Placed{Part: b.parts, Start: b.since(start), End: b.since(b.shown),
		From: duration(w.from-track.Origin, track.Timescale)})
	fmt.Fprintf(b.sum, "%d:%s", len(p.Seed), p.Seed)
	return b.takePart(p, &w, joined)
}

// since is a time of the media axis as presentation time.
func (b *Layout) since(axis int64) time.Duration { return duration(axis-b.editFrom, b.scale) }

// follow finds the time zero of a part that is shown right after what is there. Where the part's
// first sample would be decoded before the last one there (the reordering delay grew less), the part
// is moved on a little: the picture before it then stays for that long.
func (b *Layout) follow(p *Part, w *window) int64 {
	track := &p.Table.tracks[w.main]
	zero := b.shown - scaleTicks(w.firstPTS-track.Origin, track.Timescale, b.scale)
	for _, l := range b.lanes {
		if l.kind != kindOf(track.Codec) {
			continue
		}
		dts := zero + scaleTicks(w.firstDTS-track.Origin, track.Timescale, b.scale)
		if last := scaleTicks(l.last, l.timescale, b.scale); dts <= last {
			moved := last + 1 - dts
			zero += moved
			b.shown += moved
		}
	}
	return zero
}

// choose finds what of a part's main track is taken; ok is false when it is nothing.
func choose(p *Part) (w window, ok bool) {
	if w.main = mainTrack(p.Table); w.main < 0 || p.Table.Len(w.main) == 0 {
		return w, false
	}
	t := &p.Table.tracks[w.main]
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if p.From > 0 {
		from = t.Origin + ticks(p.From, t.Timescale)
	}
	if p.To != 0 {
		to = t.Origin + ticks(p.To, t.Timescale)
	}
	w.first = -1
	var end int64
	for n, m := range p.Table.Samples(w.main, 0) {
		if w.first < 0 || m.Sync && m.PTS() <= from {
			w.first, w.firstDTS, w.firstPTS = n, m.DTS, m.PTS()
		}
		if m.PTS() < to {
			w.last, end = n+1, m.DTS+int64(m.Dur)
		}
	}
	if w.last <= w.first {
		return w, false
	}
	// The reordering delay is the same all over a segment, so the presentation of a stretch of
	// samples lasts as long as their decoding.
	w.end = w.firstPTS + end - w.firstDTS
	w.from, w.to = max(from, w.firstPTS), min(to, w.end)
	return w, w.from < w.to
}

// takePart adds the samples of every track of a part.
func (b *Layout) takePart(p *Part, w *window, joined bool) error {
	t := p.Table
	lanes := make([]*lane, len(t.tracks))
	for i := range t.tracks {
		if b.keeps(i, w.main, t) {
			lanes[i] = b.lane(&t.tracks[i])
		}
	}
	lo, hi := b.soundWindow(p, w, joined)
	for f := range t.frags {
		for i, l := range lanes {
			if l == nil {
				continue
			}
			c := &chunker{layout: b, lane: l, track: i}
			c.fragment(t, f, w, lo, hi)
		}
		if b.placed > maxPlaced {
			return fmt.Errorf("more than %d samples", maxPlaced)
		}
	}
	return nil
}

// keeps tells whether track i is a track of the movie.
func (b *Layout) keeps(i, main int, t *Table) bool {
	switch c := t.tracks[i].Codec; {
	case i == main:
		return true
	case t.Len(i) == 0:
		return false
	case c.Audio():
		return !b.options.NoAudio
	default:
		return c == Metadata && b.options.Metadata
	}
}

// soundWindow is what other tracks are taken of: presentation time on the media axis. Between
// joined parts there is no boundary, because sound captured with the last pictures of one may lie in
// the next.
func (b *Layout) soundWindow(p *Part, w *window, joined bool) (lo, hi int64) {
	track := &p.Table.tracks[w.main]
	lo, hi = math.MinInt64, math.MaxInt64
	if first := len(b.movie.placed) == 1; first || !p.Joined {
		lo = w.zero + scaleTicks(w.from-track.Origin, track.Timescale, b.scale)
		if first {
			lo -= ticks(soundBefore, b.scale)
		}
	}
	if !joined {
		hi = b.shown
	}
	return lo, hi
}

// lane finds or makes the movie's track for a segment's. Tracks of different codecs are kept apart.
func (b *Layout) lane(t *Track) *lane {
	for _, l := range b.lanes {
		if l.kind == kindOf(t.Codec) {
			l.describe(t)
			return l
		}
	}
	l := &lane{kind: kindOf(t.Codec), timescale: t.Timescale, track: *t}
	b.lanes = append(b.lanes, l)
	l.describe(t)
	return l
}

// chunker adds one track's samples of one fragment, as one chunk unless samples are left out between.
type chunker struct {
	layout *Layout
	lane   *lane
	track  int
	n      uint32 // samples of the open chunk
	extent extent
	sound  sound // of the open chunk
}

func (c *chunker) fragment(t *Table, f int, w *window, lo, hi int64) {
	from, to := t.samplesOf(f, c.track)
	if c.track == w.main && (to <= w.first || from >= w.last) {
		return
	}
	tr := &t.tracks[c.track]
	zero := scaleTicks(w.zero, c.layout.scale, c.lane.timescale)
	t.yieldFragment(c.track, f, from, to, func(n int, m Meta) bool {
		dts := zero + scaleTicks(m.DTS-tr.Origin, tr.Timescale, c.lane.timescale)
		cto := int32(scaleTicks(int64(m.CTO), tr.Timescale, c.lane.timescale))
		ok := n >= w.first && n < w.last
		if c.track != w.main {
			axis := scaleTicks(dts+int64(cto), c.lane.timescale, c.layout.scale)
			ok = axis >= lo && axis < hi
		}
		m.Dur = uint32(scaleTicks(int64(m.Dur), tr.Timescale, c.lane.timescale))
		if !ok || !c.sample(tr, &m, dts, cto) {
			c.close()
		}
		return true
	})
	c.close()
}

// sample adds one sample to the chunk; false when it is left out because the track is already past it.
func (c *chunker) sample(t *Track, m *Meta, dts int64, cto int32) bool {
	size, number := m.Size, c.lane.frameNext
	if t.Codec.G711() {
		block := flacBlock(int(m.Size), flacChannels(t))
		size = uint32(flacSize(block, flacChannels(t), number))
		if !c.lane.place(dts, 0, m.Dur, size, true) {
			return false
		}
		c.lane.frameNext += uint64(block)
	} else if !c.lane.place(dts, cto, m.Dur, size, m.Sync) {
		return false
	}
	if c.n == 0 {
		c.extent = extent{at: c.layout.data, off: m.Offset, part: int32(c.layout.parts), sound: -1}
		c.sound = sound{law: t.Codec, channels: flacChannels(t), rate: t.SampleRate, number: number}
	}
	if t.Codec.G711() {
		c.sound.add(m.Size)
	}
	c.n++
	c.extent.size += int64(size)
	c.layout.data += int64(size)
	c.layout.placed++
	return true
}

// close ends the chunk.
func (c *chunker) close() {
	if c.n == 0 {
		return
	}
	c.lane.chunk(c.extent.at, c.n)
	if c.sound.n > 0 {
		c.extent.sound = int32(len(c.layout.movie.sounds))
		c.layout.movie.sounds = append(c.layout.movie.sounds, c.sound)
	}
	c.layout.addExtent(c.extent)
	c.n, c.sound = 0, sound{}
}

// addExtent joins what lies together in the source.
func (b *Layout) addExtent(x extent) {
	if k := len(b.movie.extents) - 1; k >= 0 && x.sound < 0 {
		last := &b.movie.extents[k]
		if last.sound < 0 && last.part == x.part && last.off+last.size == x.off {
			last.size += x.size
			return
		}
	}
	if x.size > 0 {
		b.movie.extents = append(b.movie.extents, x)
	}
}

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
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale = b.scale
	mvhd.Duration = uint64(b.shown - b.editFrom)
	if mvhd.Duration > 1<<32-1 {
		mvhd.Version = 1
	}
	moov.AddChild(mvhd)
	b.movie.codecs = nil
	sort.SliceStable(b.lanes, func(i, k int) bool { return b.lanes[i].kind.Video() && !b.lanes[k].kind.Video() })
	var traks []*mp4.TrakBox
	var lanes []*lane
	for _, l := range b.lanes {
		edits, duration := b.edits(l)
		if edits == nil {
			continue
		}
		trak := l.trak(uint32(len(traks)+1), large, edits, duration)
		moov.AddChild(trak)
		traks, lanes = append(traks, trak), append(lanes, l)
		if s := CodecString(l.track); s != "" {
			b.movie.codecs = append(b.movie.codecs, s)
		}
	}
	mvhd.NextTrackID = uint32(len(traks) + 1)
	ftyp := mp4.NewFtyp("isom", 512, []string{"isom", "iso6", "mp41"})
	mdat := boxHeader
	if large {
		mdat += 8
	}
	data := int64(ftyp.Size()) + int64(moov.Size()) + int64(mdat)
	for i, l := range lanes {
		l.offsets(traks[i].Mdia.Minf.Stbl, data)
	}
	out := appendBox(make([]byte, 0, data), ftyp)
	return b.appendMdat(appendBox(out, moov), large)
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
	end := min(b.shown, scaleTicks(l.end()+int64(l.firstCTO), l.timescale, b.scale))
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

// ticks turns a duration into ticks, to the nearest.
func ticks(d time.Duration, scale uint32) int64 {
	return scaleTicks(int64(d), uint32(time.Second), scale)
}

// duration turns ticks into a duration, to the nearest nanosecond.
func duration(t int64, scale uint32) time.Duration {
	return time.Duration(scaleTicks(t, scale, uint32(time.Second)))
}

// scaleTicks turns ticks of one scale into those of another, to the nearest, without overflow where
// the result fits.
func scaleTicks(v int64, from, to uint32) int64 {
	if from == to {
		return v
	}
	f, t := int64(from), int64(to)
	whole, rest := v/f, v%f
	if rest < 0 {
		whole, rest = whole-1, rest+f
	}
	return whole*t + (rest*t+f/2)/f
}
