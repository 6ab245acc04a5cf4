package fmp4

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"time"
)

// Fragment is one moof and mdat of a segment.
type Fragment struct {
	Offset int64     // of moof in the file
	Length int64     // of moof and mdat
	Wall   time.Time // of its first picture, UTC
	Leaf   [32]byte  // digest leaf over the payload
	Salt   [16]byte  // of the leaf
}

// End is the offset behind the fragment.
func (f *Fragment) End() int64 { return f.Offset + f.Length }

// Meta is one sample of a table.
type Meta struct {
	DTS      int64 // ticks, with Track.Origin
	CTO      int32
	Dur      uint32 // ticks
	Size     uint32 // bytes
	Sync     bool
	Fragment int   // index
	Offset   int64 // in the file
}

// PTS is the presentation time in ticks, with Track.Origin.
func (m *Meta) PTS() int64 { return m.DTS + int64(m.CTO) }

// Table is the compact sample table of one segment: what is needed to find, time and check every
// sample without reading a fragment. It is appended to by one goroutine and never changed behind its
// end, so a Snapshot taken under the lock that guards Append may be read for ever without one.
type Table struct {
	tracks []Track
	cols   []column // one per track
	frags  []Fragment
	firsts []mark // len(frags) × len(tracks): where each track stands when the fragment begins
	next   int64  // offset at which the next fragment begins
	n      int    // samples of all tracks

	protected bool
	cipher    *Cipher    // of a protected segment; nil while its key is not known
	sealed    []byte     // the salts as they were read, while that is so
	before    [][32]byte // leaves of what was erased: of before the first fragment
	after     [][32]byte // and of behind the last one
}

// mark is a track's position when a fragment begins.
type mark struct {
	index int32 // of the next sample
	dts   int64 // of the last sample before; 0 when there is none
}

// column is one track's samples. A duration is the step to the next sample, so only the last one has
// a field, and nothing that a snapshot sees is written again.
type column struct {
	step    []uint32 // DTS less that of the sample before; [0] is 0
	size    []uint32
	cto     []int32  // nil while all are 0
	syncs   []uint32 // video: indexes of sync samples
	whole   []uint32 // video: indexes of samples that are protected without regard to their structure
	base    int64    // DTS of the first sample
	dts     int64    // DTS of the last sample
	lastDur uint32
}

// NewTable makes the empty table of a segment whose first fragment begins at offset at.
func NewTable(tracks []Track, at int64) (*Table, error) {
	if len(tracks) == 0 || len(tracks) > MaxTracks {
		return nil, fmt.Errorf("make sample table: %d tracks, from 1 to %d", len(tracks), MaxTracks)
	}
	for i := range tracks {
		if tracks[i].ID == 0 || tracks[i].Timescale == 0 || i > 0 && tracks[i].ID <= tracks[i-1].ID {
			return nil, fmt.Errorf("make sample table: track %d: no timescale, or ID out of order", tracks[i].ID)
		}
	}
	return &Table{tracks: slices.Clone(tracks), cols: make([]column, len(tracks)), next: at}, nil
}

// Tracks are the segment's tracks. Read-only.
func (t *Table) Tracks() []Track { return t.tracks }

// Fragments are the segment's fragments in file order. Read-only.
func (t *Table) Fragments() []Fragment { return t.frags }

// Next is the offset at which the next fragment begins: the end of the media.
func (t *Table) Next() int64 { return t.next }

// Snapshot is the table as it stands. It shares memory with t.
func (t *Table) Snapshot() *Table {
	c := *t
	c.cols = slices.Clone(t.cols)
	return &c
}

// Len is the number of samples of the i-th track.
func (t *Table) Len(i int) int { return len(t.cols[i].size) }

// Video is the index of the first video track, or -1.
func (t *Table) Video() int {
	return slices.IndexFunc(t.tracks, func(tr Track) bool { return tr.Codec.Video() })
}

// Presentation is when the pictures (or the sound, where there are none) begin and end, in time since
// the segment's time zero; ok is false without samples.
func (t *Table) Presentation() (from, to time.Duration, ok bool) {
	w, ok := choose(&Part{Table: t})
	if !ok {
		return 0, 0, false
	}
	tr := &t.tracks[w.main]
	return duration(w.from-tr.Origin, tr.Timescale), duration(w.to-tr.Origin, tr.Timescale), true
}

// Bounds are the first sample's DTS of the i-th track and the end of its last one, in ticks; ok is
// false without samples.
func (t *Table) Bounds(i int) (first, end int64, ok bool) {
	c := &t.cols[i]
	return c.base, c.dts + int64(c.lastDur), len(c.size) > 0
}

// PayloadOffset is where the sample data of fragment f begins in the file.
func (t *Table) PayloadOffset(f int) int64 {
	var sum int64
	for i := range t.cols {
		from, to := t.samplesOf(f, i)
		for _, n := range t.cols[i].size[from:to] {
			sum += int64(n)
		}
	}
	return t.frags[f].End() - sum
}

// samplesOf are the indexes of track i's samples in fragment f.
func (t *Table) samplesOf(f, i int) (from, to int) {
	nt := len(t.tracks)
	to = len(t.cols[i].size)
	if f+1 < len(t.frags) {
		to = int(t.firsts[(f+1)*nt+i].index)
	}
	return int(t.firsts[f*nt+i].index), to
}

// Append records a fragment that was written right behind the one before (f.Offset is set by Append)
// with the samples given to AppendSealed. On an error the table is unchanged; it is then full
// (MaxFragments, MaxSamples) or the samples are not in order.
func (t *Table) Append(f Fragment, samples []Sample) error {
	var runs [MaxTracks]run
	payload, err := survey(runs[:len(t.tracks)], t.tracks, samples)
	if err != nil {
		return fmt.Errorf("append to sample table: %w", err)
	}
	if err := t.room(f.Length, payload, len(samples)); err != nil {
		return err
	}
	for i := range t.cols {
		if runs[i].n == 0 || len(t.cols[i].size) == 0 {
			continue
		}
		if d := samples[runs[i].first].DTS - t.cols[i].dts; d <= 0 || d > math.MaxUint32 {
			return fmt.Errorf("append to sample table: track %d: DTS moves by %d", runs[i].id, d)
		}
	}
	t.begin(f)
	for i := range samples {
		k := t.indexOf(samples[i].Track)
		video := t.tracks[k].Codec.Video()
		if t.protected && isWhole(t.tracks[k].Codec, &samples[i]) {
			t.cols[k].whole = append(t.cols[k].whole, uint32(len(t.cols[k].size)))
		}
		t.cols[k].add(samples[i].DTS, samples[i].CTO, uint32(samples[i].size(video)), video && samples[i].Sync)
	}
	for i := range t.cols {
		if runs[i].n > 0 {
			t.cols[i].end(runs[i].lastDur)
		}
	}
	t.n += len(samples)
	return nil
}

// room tells whether a fragment fits the bounds.
func (t *Table) room(length, payload int64, samples int) error {
	if len(t.frags) == MaxFragments || t.n+samples > MaxSamples {
		return fmt.Errorf("append to sample table: full with %d fragments and %d samples", len(t.frags), t.n)
	}
	if length < payload || length > payload+maxMoof {
		return fmt.Errorf("append to sample table: a fragment of %d bytes cannot hold %d bytes of samples", length, payload)
	}
	return nil
}

// begin adds the fragment and marks where each track stands.
func (t *Table) begin(f Fragment) {
	f.Offset = t.next
	f.Wall = f.Wall.Round(0).UTC()
	t.next += f.Length
	t.frags = append(t.frags, f)
	for i := range t.cols {
		t.firsts = append(t.firsts, mark{index: int32(len(t.cols[i].size)), dts: t.cols[i].dts})
	}
}

func (t *Table) indexOf(id uint32) int {
	for i := range t.tracks {
		if t.tracks[i].ID == id {
			return i
		}
	}
	return -1
}

func (c *column) add(dts int64, cto int32, size uint32, sync bool) {
	n := len(c.size)
	step := uint32(0)
	if n == 0 {
		c.base = dts
	} else {
		step = uint32(dts - c.dts)
	}
	c.dts = dts
	c.step = append(c.step, step)
	c.size = append(c.size, size)
	if cto != 0 && c.cto == nil {
		c.cto = make([]int32, n, max(2*n, 64))
	}
	if c.cto != nil {
		c.cto = append(c.cto, cto)
	}
	if sync {
		c.syncs = append(c.syncs, uint32(n))
	}
}

// end settles the last sample's duration: as told, or as the one before it.
func (c *column) end(dur uint32) {
	if dur == 0 {
		dur = c.step[len(c.step)-1]
	}
	c.lastDur = dur
}

// dur is the duration of sample i.
func (c *column) dur(i int) uint32 {
	if i+1 < len(c.step) {
		return c.step[i+1]
	}
	return c.lastDur
}

func (c *column) ctoOf(i int) int32 {
	if c.cto == nil {
		return 0
	}
	return c.cto[i]
}

// Samples goes over track i in decode order, starting with the first sample of fragment f. Offsets
// are exact; a step costs a few nanoseconds.
func (t *Table) Samples(i, f int) iter.Seq2[int, Meta] {
	return func(yield func(int, Meta) bool) {
		for ; f < len(t.frags); f++ {
			from, to := t.samplesOf(f, i)
			if from < to && !t.yieldFragment(i, f, from, to, yield) {
				return
			}
		}
	}
}

// yieldFragment goes over the samples [from, to) of track i in fragment f.
func (t *Table) yieldFragment(i, f, from, to int, yield func(int, Meta) bool) bool {
	c, video := &t.cols[i], t.tracks[i].Codec.Video()
	dts, offset := t.dtsBefore(f, i), t.trackOffset(f, i)
	sync := sort.Search(len(c.syncs), func(k int) bool { return int(c.syncs[k]) >= from })
	for n := from; n < to; n++ {
		dts += int64(c.step[n])
		m := Meta{DTS: dts, CTO: c.ctoOf(n), Dur: c.dur(n), Size: c.size[n], Sync: !video, Fragment: f, Offset: offset}
		if sync < len(c.syncs) && int(c.syncs[sync]) == n {
			m.Sync, sync = true, sync+1
		}
		if !yield(n, m) {
			return false
		}
		offset += int64(m.Size)
	}
	return true
}

// dtsBefore is what the first step of track i in fragment f is added to.
func (t *Table) dtsBefore(f, i int) int64 {
	m := t.firsts[f*len(t.tracks)+i]
	if m.index == 0 {
		return t.cols[i].base
	}
	return m.dts
}

// trackOffset is where the data of track i begins in fragment f.
func (t *Table) trackOffset(f, i int) int64 {
	at := t.PayloadOffset(f)
	for k := range i {
		from, to := t.samplesOf(f, k)
		for _, n := range t.cols[k].size[from:to] {
			at += int64(n)
		}
	}
	return at
}
