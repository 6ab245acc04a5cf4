package fmp4

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// ExportVersion is the edition of the ONVIF Export File Format Specification that an Export follows: `suep` of version 1 and `cstb` in
// the file's `meta`, and a `tfdt` in each track fragment.
const ExportVersion = "26.06"

// ExportUnit is what exports, and for whom (ONVIF Export File Format Specification, 5.2). What is not known is "".
type ExportUnit struct {
	Name, URL, MAC, Operator string
	Time                     time.Time // when the export began
}

// ExportSource is the camera that the tracks are of.
type ExportSource struct{ Name, URL, MAC, Line string }

// ExportOptions describe the file that an Export writes.
type ExportOptions struct {
	Unit     ExportUnit
	Source   ExportSource
	Table    *Table        // of the first segment
	First    int           // its first fragment that is copied
	From     time.Duration // what is shown first, in time since that segment's time zero
	Duration time.Duration // of what is shown; a hint for players
	Wall     time.Time     // wall time of From
	Silent   bool          // sound is left out; what a fragment's mdat has is then less than what its digest was made of
}

// Export copies whole fragments of segments that follow each other without a gap into one fragmented MP4 that says when and by whom it
// was taken out. The sample bytes of each fragment are those that were recorded, in their order, and are alone in its mdat: what a
// digest was made of can be hashed where it lies. Pictures of the first fragment before the one at which decoding can start lie in
// its mdat too, and no sample of the file is theirs. Decode times are moved so that the file begins near 0; steps between samples stay.
//
// Use it by one goroutine: Head, then AppendFragment for each fragment, Joined before the first of each further segment, then Tail.
type Export struct {
	o      ExportOptions
	tracks []Track
	table  *Table // of the file, for mfra
	head   []byte
	seq    uint32
	shift  time.Duration // what is added to a segment's time to have the file's, before begin is taken off
	begin  time.Duration // the segment time at which the file's decode times are 0
	bump   []int64       // by track: ticks that a further segment was moved by so that decode times rise
	last   []int64       // by track: the last decode time
	fresh  []bool        // by track: no sample of the present segment was copied yet
	from   *Table        // the present segment
}

// NewExport begins a file. Errors: no sample in the first fragment.
func NewExport(o ExportOptions) (*Export, error) {
	t := o.Table
	e := &Export{o: o, tracks: append([]Track(nil), t.tracks...), bump: make([]int64, len(t.tracks)), last: make([]int64, len(t.tracks)), fresh: make([]bool, len(t.tracks)), from: t}
	found := false
	for i := range t.tracks {
		e.last[i], e.fresh[i] = -1, true
		if !e.shows(&t.tracks[i]) {
			continue
		}
		for _, m := range t.Samples(i, o.First) {
			if entry, ok := t.entry(o.First); ok && i == mainTrack(t) {
				m = entry
			}
			at := duration(min(m.DTS, m.PTS())-t.tracks[i].Origin, t.tracks[i].Timescale)
			if !found || at < e.begin {
				e.begin, found = at, true
			}
			break
		}
	}
	if !found {
		return nil, fmt.Errorf("begin export: %w", ErrEmpty)
	}
	for i := range e.tracks {
		e.tracks[i].Origin = max(ticks(o.From-e.begin, e.tracks[i].Timescale), 0)
	}
	e.head = e.makeHead()
	var err error
	e.table, err = NewTable(e.tracks, int64(len(e.head)))
	return e, err
}

// Head is the beginning of the file: ftyp, meta with suep and cstb, moov.
func (e *Export) Head() []byte { return e.head }

// shows tells whether a track is in the file.
func (e *Export) shows(t *Track) bool { return !e.o.Silent || !t.Codec.Audio() }

func (e *Export) makeHead() []byte {
	var tracks []Track
	for i := range e.tracks {
		if e.shows(&e.tracks[i]) {
			tracks = append(tracks, e.tracks[i])
		}
	}
	init := AppendInit(nil, nil, tracks)
	ftyp := int(be.Uint32(init))
	out := append([]byte(nil), init[:ftyp]...)
	out = appendExportMeta(out, e.o.Unit, e.o.Source, e.o.Wall.Add(-(e.o.From - e.begin)), tracks)
	return append(out, withDuration(init[ftyp:], e.o.Duration)...)
}

// withDuration adds mehd to a moov that AppendInit wrote, whose last box is mvex.
func withDuration(moov []byte, d time.Duration) []byte {
	mehd := appendBox(nil, &mp4.MehdBox{Version: 1, FragmentDuration: int64(ticks(d, movieTimescale))})
	at := boxHeader
	for {
		x, _, ok := nextBox(moov[at:])
		if !ok {
			return moov
		}
		if x.kind == "mvex" {
			break
		}
		at += x.size
	}
	out := append([]byte(nil), moov[:at+boxHeader]...)
	out = append(append(out, mehd...), moov[at+boxHeader:]...)
	be.PutUint32(out, uint32(len(out)))
	be.PutUint32(out[at:], uint32(len(out)-at))
	return out
}

// AppendExportMeta appends a file-level meta box with suep and cstb, for tracks of a file that something else wrote. start is the wall time
// of the origin of the media timeline.
func AppendExportMeta(dst []byte, unit ExportUnit, source ExportSource, start time.Time, ids []uint32) []byte {
	tracks := make([]Track, len(ids))
	for i, id := range ids {
		tracks[i].ID = id
	}
	return appendExportMeta(dst, unit, source, start, tracks)
}

func appendExportMeta(dst []byte, unit ExportUnit, source ExportSource, start time.Time, tracks []Track) []byte {
	dst, meta := openFull(dst, "meta", 0, 0)
	dst, at := openFull(dst, "hdlr", 0, 0)
	dst = append(append(append(dst, 0, 0, 0, 0), "null"...), make([]byte, 13)...)
	closeBox(dst, at)
	dst, at = openFull(dst, "suep", 1, 0)
	dst = appendStrings(dst, unit.Name, unit.URL, unit.MAC)
	dst = be.AppendUint64(dst, uint64(unit.Time.Unix()+since1904))
	dst = appendStrings(dst, unit.Operator)
	dst = be.AppendUint32(dst, uint32(len(tracks)))
	for i := range tracks {
		dst = be.AppendUint16(dst, uint16(tracks[i].ID))
		dst = appendStrings(dst, source.Name, source.URL, source.MAC, source.Line)
	}
	closeBox(dst, at)
	dst, at = openBox(dst, "cstb")
	dst = be.AppendUint32(dst, uint32(len(tracks)))
	for i := range tracks {
		dst = be.AppendUint32(dst, tracks[i].ID)
		dst = be.AppendUint64(dst, uint64(start.UnixNano()/100+since1601))
	}
	closeBox(dst, at)
	closeBox(dst, meta)
	return dst
}

// The epochs of ISO/IEC 14496-12 (seconds) and of cstb (100 ns) before 1970.
const (
	since1904 = 2082844800
	since1601 = 116444736000000000
)

// appendStrings appends null-terminated strings.
func appendStrings(dst []byte, list ...string) []byte {
	for _, s := range list {
		for _, c := range []byte(s) {
			if c != 0 {
				dst = append(dst, c)
			}
		}
		dst = append(dst, 0)
	}
	return dst
}

// MoveFragments adds to the offsets in an mfra, which is changed, for what was put before the fragments. What it cannot read it leaves.
func MoveFragments(mfra []byte, by int) {
	x, _, ok := nextBox(mfra)
	for rest := x.body; ok; {
		if x, rest, ok = nextBox(rest); !ok || x.kind != "tfra" || len(x.body) < 16 {
			continue
		}
		b, wide := x.body, 4
		if b[0] == 1 {
			wide = 8
		}
		lengths, n := be.Uint32(b[8:]), int(be.Uint32(b[12:]))
		step := 2*wide + 3 + int(lengths>>4&3) + int(lengths>>2&3) + int(lengths&3)
		for at := 16; n > 0 && at+step <= len(b); at, n = at+step, n-1 {
			if wide == 8 {
				be.PutUint64(b[at+8:], be.Uint64(b[at+8:])+uint64(by))
			} else {
				be.PutUint32(b[at+4:], be.Uint32(b[at+4:])+uint32(by))
			}
		}
	}
}

// Same tells whether the fragments of a segment can go on in the same file: its tracks are the same.
func (e *Export) Same(t *Table) bool { return sameTracks(e.tracks, t.tracks) }

func sameTracks(a, b []Track) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.Origin, y.Origin = 0, 0
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// Joined says that what comes next is of a segment that goes on where the present one ends.
func (e *Export) Joined(t *Table) error {
	_, end, ok := e.from.Presentation()
	begin, _, more := t.Presentation()
	if !ok || !more || !e.Same(t) {
		return fmt.Errorf("continue export: %w", ErrEmpty)
	}
	e.shift += end - begin
	e.from = t
	for i := range e.fresh {
		e.fresh[i], e.bump[i] = true, 0
	}
	return nil
}

// AppendFragment appends fragment f of the present segment, which r shows in clear, and gives its sample bytes as they lie at the end of
// what was appended. frames are its pictures.
func (e *Export) AppendFragment(dst []byte, r io.ReaderAt, f int) (out, payload []byte, frames int, err error) {
	samples, err := e.from.ReadSamples(r, f)
	if err != nil {
		return dst, nil, 0, err
	}
	samples = slices.DeleteFunc(samples, func(s Sample) bool { return !e.shows(&e.from.tracks[e.from.indexOf(s.Track)]) })
	if len(samples) == 0 {
		return dst, nil, 0, nil // of sound alone
	}
	samples, led, lead := e.leading(f, samples)
	for k := range samples {
		i := e.from.indexOf(samples[k].Track)
		if e.tracks[i].Codec.Video() {
			frames++
		}
		samples[k].DTS = e.place(i, samples[k].DTS)
	}
	e.seq++
	at := len(dst)
	if lead > 0 {
		dst, err = e.appendLed(dst, led, samples)
	} else {
		dst, err = AppendFragment(dst, e.seq, e.tracks, samples)
	}
	if err != nil {
		return dst, nil, 0, err
	}
	own := e.from.frags[f]
	if err := e.table.Append(Fragment{Length: int64(len(dst) - at), Wall: own.Wall}, samples); err != nil {
		return dst, nil, 0, err
	}
	n := int(PayloadSize(e.tracks, samples)) + lead
	return dst, dst[len(dst)-n:], frames, nil
}

// leading takes the pictures before the first at which decoding can start off the samples of the file's first fragment. lead is how many
// bytes they have, led the samples with them.
func (e *Export) leading(f int, samples []Sample) (rest, led []Sample, lead int) {
	main := mainTrack(e.from)
	entry, ok := e.from.entry(f)
	if e.seq > 0 || !ok || main < 0 {
		return samples, samples, 0
	}
	for i := range samples {
		if s := &samples[i]; s.Track == e.from.tracks[main].ID && s.DTS < entry.DTS {
			lead += int(s.size(e.from.tracks[main].Codec.Video()))
			continue
		}
		rest = append(rest, samples[i])
	}
	return rest, samples, lead
}

// appendLed appends a fragment of all samples, whose moof tells of those alone that can be decoded.
func (e *Export) appendLed(dst []byte, all, samples []Sample) ([]byte, error) {
	at := len(dst)
	dst, err := AppendFragment(dst, e.seq, e.tracks, samples)
	if err != nil {
		return dst, err
	}
	size := int(be.Uint32(dst[at:]))
	moof := dst[at : at+size]
	skip := 0 // bytes of what is not told of, before the present track's data
	for body := moof[boxHeader:]; ; {
		x, rest, ok := nextBox(body)
		if !ok {
			break
		}
		if tfhd := child(x.body, "tfhd"); x.kind == "traf" && len(tfhd) >= 8 {
			if i := mainTrack(e.from); be.Uint32(tfhd[4:]) == e.tracks[i].ID {
				skip = int(PayloadSize(e.tracks, all) - PayloadSize(e.tracks, samples))
			}
			if trun := child(x.body, "trun"); len(trun) >= 12 {
				be.PutUint32(trun[8:], be.Uint32(trun[8:])+uint32(skip))
			}
		}
		body = rest
	}
	dst = dst[:at+size]
	mdat := len(dst)
	dst = be.AppendUint32(dst, uint32(boxHeader+PayloadSize(e.tracks, all)))
	dst = append(dst, "mdat"...)
	for i := range e.tracks {
		for k := range all {
			if all[k].Track != e.tracks[i].ID {
				continue
			}
			for _, d := range all[k].Data {
				if e.tracks[i].Codec.Video() {
					dst = be.AppendUint32(dst, uint32(len(d)))
				}
				dst = append(dst, d...)
			}
		}
	}
	if len(dst)-mdat > MaxFragment+boxHeader {
		return dst[:at], fmt.Errorf("write fragment %d: more than %d bytes", e.seq, MaxFragment)
	}
	return dst, nil
}

// place moves a decode time of track i to the file's timeline.
func (e *Export) place(i int, dts int64) int64 {
	at := dts - e.from.tracks[i].Origin + ticks(e.shift-e.begin, e.tracks[i].Timescale)
	if e.fresh[i] {
		e.fresh[i] = false
		e.bump[i] = max(e.last[i]+1-at, 0)
	}
	at += e.bump[i]
	e.last[i] = at
	return at
}

// Full tells whether the file takes no more fragments like the last ones within the bounds of a movie.
func (e *Export) Full() bool {
	return len(e.table.frags) >= MaxFragments-1 || e.table.n >= MaxSamples*3/4
}

// Tail is the end of the file: mfra, with each picture at which decoding can start.
func (e *Export) Tail() []byte { return appendMFRA(nil, e.table) }

// Entry is where decoding can start in fragment f: the presentation time of that picture, since the segment's time zero; ok is false
// when it cannot.
func (t *Table) Entry(f int) (at time.Duration, ok bool) {
	m, ok := t.entry(f)
	if !ok {
		return 0, false
	}
	tr := &t.tracks[max(mainTrack(t), 0)]
	return duration(m.PTS()-tr.Origin, tr.Timescale), true
}

// Taken is when the samples of a fragment were taken, of a segment that begins at start; ok is false when it has none.
func (t *Table) Taken(f int, start time.Time) (from, to time.Time, ok bool) { return t.taken(f, start) }

// Dimensions are the width and height of the movie's picture in pixels, as its tkhd has them; 0 without one.
func (m *Movie) Dimensions() (width, height int) {
	moov := child(m.head, "moov")
	for {
		x, rest, ok := nextBox(moov)
		if !ok {
			return 0, 0
		}
		if tkhd := child(x.body, "tkhd"); x.kind == "trak" && len(tkhd) >= 84 {
			at := len(tkhd) - 8
			if width, height = int(be.Uint16(tkhd[at:])), int(be.Uint16(tkhd[at+4:])); width > 0 && height > 0 {
				return width, height
			}
		}
		moov = rest
	}
}
