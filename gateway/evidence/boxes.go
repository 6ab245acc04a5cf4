package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"holdfast/storage/fmp4"
)

var be = binary.BigEndian

// movie is what is read of a clip: its fragments one after the other. Anything may be in the file.
type movie struct {
	r         io.Reader
	at        int64
	timescale map[uint32]uint32 // by track
	ruling    uint32            // track that tells the time: the first of pictures, or else the first; 0: none
	pictures  bool              // it has pictures
	suep      bool
	cstb      []begins // when the tracks begin; none: the file does not say
	edit      int64    // of the ruling track: the media time that players begin at, ticks
}

// begins is when the media time of a track is 0.
type begins struct {
	track uint32
	at    time.Time
}

// fragment is one moof and its mdat.
type fragment struct {
	payload []byte
	begin   int64 // decode time of the first sample of the ruling track, ticks
	lasts   int64 // of its samples, ticks; 0: it has none
	samples int   // of the ruling track
}

var errShort = errors.New("it ends in the middle")

// readMovie reads up to the first fragment. What is not as an export has it is an error.
func readMovie(r io.Reader) (*movie, error) {
	m := &movie{r: r, timescale: map[uint32]uint32{}}
	for {
		kind, body, err := m.next(maxMoov)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "meta":
			if len(body) >= 4 {
				m.suep, m.cstb = find(body[4:], "suep") != nil, readStarts(find(body[4:], "cstb"))
			}
		case "moov":
			return m, m.tracks(body)
		case "ftyp", "free", "styp":
		default:
			return nil, fmt.Errorf("a box %q comes before moov", kind)
		}
	}
}

// next reads a whole box of at most limit bytes. io.EOF: there is none.
func (m *movie) next(limit int64) (kind string, body []byte, err error) {
	var head [8]byte
	switch n, err := io.ReadFull(m.r, head[:]); {
	case err == io.EOF:
		return "", nil, io.EOF
	case err != nil:
		return "", nil, fmt.Errorf("%w, at byte %d", errShort, m.at+int64(n))
	}
	size := int64(be.Uint32(head[:]))
	if size < 8 || size > limit {
		return "", nil, fmt.Errorf("at byte %d is a box of %d bytes", m.at, size)
	}
	body, err = readSome(m.r, size-8)
	if err != nil {
		return "", nil, fmt.Errorf("%w, in the box at byte %d", errShort, m.at)
	}
	m.at += size
	return string(head[4:]), body, nil
}

// readSome reads n bytes, and takes no more memory than there are.
func readSome(r io.Reader, n int64) ([]byte, error) {
	const step = 1 << 20
	if n <= step {
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		return b, err
	}
	b := make([]byte, 0, step)
	for int64(len(b)) < n {
		k := min(n-int64(len(b)), int64(max(len(b), step)))
		b = append(b, make([]byte, k)...)
		if _, err := io.ReadFull(r, b[int64(len(b))-k:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// children calls f for each box in b, until it gives false.
func children(b []byte, f func(kind string, body []byte) bool) {
	for len(b) >= 8 {
		n := int64(be.Uint32(b))
		if n < 8 || n > int64(len(b)) || !f(string(b[4:8]), b[8:n]) {
			return
		}
		b = b[n:]
	}
}

// find is the first box along a path.
func find(b []byte, path ...string) []byte {
	for _, want := range path {
		var found []byte
		children(b, func(kind string, body []byte) bool {
			if kind == want {
				found = body
			}
			return found == nil
		})
		if found == nil {
			return nil
		}
		b = found
	}
	return b
}

func (m *movie) tracks(moov []byte) error {
	children(moov, func(kind string, trak []byte) bool {
		tkhd, mdhd, hdlr := find(trak, "tkhd"), find(trak, "mdia", "mdhd"), find(trak, "mdia", "hdlr")
		if kind != "trak" || len(tkhd) < 24 || len(mdhd) < 24 || len(hdlr) < 12 || len(m.timescale) >= fmp4.MaxTracks {
			return true
		}
		id, scale := be.Uint32(tkhd[12:]), be.Uint32(mdhd[12:])
		if tkhd[0] == 1 && len(tkhd) >= 32 {
			id = be.Uint32(tkhd[20:])
		}
		if mdhd[0] == 1 {
			scale = be.Uint32(mdhd[20:])
		}
		m.timescale[id] = scale
		if video := string(hdlr[8:12]) == "vide"; m.ruling == 0 || video && !m.pictures {
			m.ruling, m.pictures, m.edit = id, video, editOf(find(trak, "edts", "elst"))
		}
		return true
	})
	if m.ruling == 0 || m.timescale[m.ruling] == 0 {
		return errors.New("it has no track")
	}
	return nil
}

// since1601 is the epoch of cstb before 1970, 100 ns.
const since1601 = 116444736000000000

// readStarts reads the body of a cstb (ONVIF Export File Format, 5.3); none of one that is not whole.
func readStarts(b []byte) (list []begins) {
	const size = 12
	if len(b) < 4 || int64(be.Uint32(b))*size != int64(len(b)-4) {
		return nil
	}
	for b = b[4:]; len(b) > 0; b = b[size:] {
		hundreds := be.Uint64(b[4:])
		if hundreds < since1601 || hundreds-since1601 > math.MaxInt64/100 {
			return nil
		}
		list = append(list, begins{be.Uint32(b), time.Unix(0, int64(hundreds-since1601)*100).UTC()})
	}
	return list
}

// editOf is the media time of the first edit that shows something (ISO/IEC 14496-12, 8.6.6), 0 without any.
func editOf(elst []byte) int64 {
	if len(elst) < 8 {
		return 0
	}
	wide := elst[0] == 1
	size := map[bool]int{false: 12, true: 20}[wide]
	for b := elst[8:]; len(b) >= size; b = b[size:] {
		at := int64(int32(be.Uint32(b[4:])))
		if wide {
			at = int64(be.Uint64(b[8:]))
		}
		if at >= 0 {
			return at
		}
	}
	return 0
}

// fragment reads the next fragment; io.EOF behind the last.
func (m *movie) fragment() (f fragment, err error) {
	kind, moof, err := m.next(16 << 20)
	switch {
	case err != nil:
		return f, err
	case kind == "mfra" || kind == "free":
		return m.fragment()
	case kind != "moof":
		return f, fmt.Errorf("a box %q stands where a fragment should", kind)
	}
	kind, f.payload, err = m.next(fmp4.MaxFragment + 8)
	if err == nil && kind != "mdat" {
		err = fmt.Errorf("a box %q stands where mdat should", kind)
	}
	if err == io.EOF {
		err = errShort
	}
	if err != nil {
		return f, err
	}
	timed := true
	children(moof, func(kind string, traf []byte) bool {
		if kind == "traf" {
			timed = f.traf(m, traf) && timed
		}
		return true
	})
	if !timed {
		return f, errors.New("a track fragment has no decode time")
	}
	return f, nil
}

// traf reads when the samples of the ruling track are, of which f has the first traf.
func (f *fragment) traf(m *movie, b []byte) bool {
	tfhd, tfdt, trun := find(b, "tfhd"), find(b, "tfdt"), find(b, "trun")
	if len(tfhd) < 8 || len(tfdt) < 8 || len(trun) < 8 {
		return false
	}
	if be.Uint32(tfhd[4:]) != m.ruling {
		return true
	}
	f.begin = int64(be.Uint32(tfdt[4:]))
	if tfdt[0] == 1 {
		if len(tfdt) < 12 {
			return false
		}
		f.begin = int64(be.Uint64(tfdt[4:]))
	}
	f.samples = int(be.Uint32(trun[4:]))
	f.lasts = durations(tfhd, trun, f.samples)
	return f.begin >= 0 && f.lasts >= 0
}

// durations sums the durations of a run (ISO/IEC 14496-12, 8.8.7 and 8.8.8); -1 when the boxes do not hold them.
func durations(tfhd, trun []byte, n int) (sum int64) {
	flags := be.Uint32(tfhd) & 0xffffff
	at, usual := 8, int64(0)
	for _, field := range []struct{ flag, size uint32 }{{1, 8}, {2, 4}, {8, 4}} {
		if flags&field.flag == 0 {
			continue
		}
		if at+int(field.size) > len(tfhd) {
			return -1
		}
		if field.flag == 8 {
			usual = int64(be.Uint32(tfhd[at:]))
		}
		at += int(field.size)
	}
	columns := be.Uint32(trun) & 0xffffff
	if columns&0x100 == 0 {
		return usual * int64(n)
	}
	at, width := 8, 0
	for _, flag := range []uint32{1, 4} {
		if columns&flag != 0 {
			at += 4
		}
	}
	for _, flag := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if columns&flag != 0 {
			width += 4
		}
	}
	if int64(at)+int64(n)*int64(width) > int64(len(trun)) {
		return -1
	}
	for i := range n {
		sum += int64(be.Uint32(trun[at+i*width:]))
	}
	return sum
}

// Tracks are the tracks of a moov's body, and the one that tells the time.
func Tracks(moov []byte) (ids []uint32, ruling uint32) {
	m := &movie{timescale: map[uint32]uint32{}}
	if m.tracks(moov) != nil {
		return nil, 0
	}
	for id := range m.timescale {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, m.ruling
}

// Pictures counts the samples that a moof's body has of a track.
func Pictures(moof []byte, track uint32) (n int) {
	children(moof, func(kind string, traf []byte) bool {
		tfhd, trun := find(traf, "tfhd"), find(traf, "trun")
		if kind == "traf" && len(tfhd) >= 8 && len(trun) >= 8 && be.Uint32(tfhd[4:]) == track {
			n += int(be.Uint32(trun[4:]))
		}
		return true
	})
	return n
}
