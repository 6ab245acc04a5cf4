package fmp4

import (
	"errors"
	"io"
	"strings"
	"time"
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
