package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"holdfast/rtsp"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// Pictures recorded before and after a gap are on the camera's card too, from the same encoder. They are found again by their content,
// so that what lies between them is known to the picture, whatever the clocks say.

const (
	// compared is how many pictures of an end are compared.
	compared = 24
	// enoughBytes and enoughPictures are what has to agree for a joint to be believed: pictures of a scene in which nothing moves are
	// short, and alike.
	enoughBytes    = 64
	enoughPictures = 2
	// edgeTime is how much footage before a gap is looked at.
	edgeTime = 30 * time.Second
)

// cardPicture is one picture as far as it can be compared.
type cardPicture struct {
	sum  [sha256.Size]byte // of its slices: parameter sets and messages may come differently
	size int               // of them, bytes
	key  bool
	at   time.Time // wall time as recorded, or by the camera's clock
}

// ofPicture tells whether a NAL unit is of the picture itself (ISO/IEC 14496-10 table 7-1, 23008-2 table 7-1).
func ofPicture(codec fmp4.Codec, nal []byte) bool {
	if len(nal) == 0 {
		return false
	}
	if codec == fmp4.H265 {
		return nal[0]>>1&0x3f < 32
	}
	kind := nal[0] & 0x1f
	return kind >= 1 && kind <= 5
}

func pictureOf(codec fmp4.Codec, nals [][]byte, key bool, at time.Time) cardPicture {
	h, p := sha256.New(), cardPicture{key: key, at: at}
	for _, n := range nals {
		if ofPicture(codec, n) {
			h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(n))))
			h.Write(n)
			p.size += len(n)
		}
	}
	h.Sum(p.sum[:0])
	return p
}

func pictureOfFrame(f *rtsp.Frame) cardPicture {
	return pictureOf(fmp4.Codec(f.Track.Codec), f.Payload, f.Key, f.Wall)
}

// edge is the end of footage at a gap.
type edge struct {
	pictures []cardPicture // in decode order
	run      uint32        // of the footage
	track    fmp4.Track
}

// edgeBefore gives the last pictures that were recorded before a gap.
func edgeBefore(s *storage.Store, camera, stream string, gap time.Time) (edge, error) {
	list, err := s.Segments(camera, stream, gap.Add(-edgeTime), gap)
	if err != nil || len(list) == 0 {
		return edge{}, err
	}
	seg := list[len(list)-1]
	if gap.Sub(seg.End).Abs() > jointTolerance {
		return edge{}, nil
	}
	return readEdge(s, seg, func(t *fmp4.Table, v int) int {
		from, have := len(t.Fragments()), 0
		for from > 0 && have < compared {
			from--
			for _, m := range t.Samples(v, from) {
				if m.Fragment != from {
					break
				}
				have++
			}
		}
		return from
	}, true)
}

// edgeAfter gives the first pictures that were recorded after a gap.
func edgeAfter(s *storage.Store, camera, stream string, gap time.Time) (edge, error) {
	list, err := s.Segments(camera, stream, gap, gap.Add(time.Second))
	if err != nil || len(list) == 0 || gap.Sub(list[0].Start).Abs() > jointTolerance {
		return edge{}, err
	}
	return readEdge(s, list[0], func(*fmp4.Table, int) int { return 0 }, false)
}

// jointTolerance is how far footage may be from a gap's end and be that end.
const jointTolerance = 10 * time.Millisecond

// readEdge reads pictures of a segment from a fragment on: the last of them, or the first.
func readEdge(s *storage.Store, seg storage.Segment, from func(*fmp4.Table, int) int, last bool) (e edge, err error) {
	m, err := s.Media(seg)
	if err != nil {
		return e, fmt.Errorf("read what was recorded beside the gap: %w", err)
	}
	defer m.Close()
	t := m.Table()
	v := t.Video()
	if v < 0 || len(t.Fragments()) == 0 {
		return e, nil
	}
	e.run, e.track = seg.Run, t.Tracks()[v]
	fragment, begin := -1, int64(0)
	for _, x := range t.Samples(v, from(t, v)) {
		if x.Fragment != fragment {
			fragment, begin = x.Fragment, x.PTS()
		}
		b := make([]byte, x.Size)
		if _, err := m.ReadAt(b, x.Offset); err != nil {
			return e, fmt.Errorf("read what was recorded beside the gap: %w", err)
		}
		at := t.Fragments()[fragment].Wall.Add(time.Duration(x.PTS()-begin) * time.Second / time.Duration(e.track.Timescale))
		e.pictures = append(e.pictures, pictureOf(e.track.Codec, unitsOf(b), x.Sync, at))
		if !last && len(e.pictures) == compared {
			break
		}
	}
	if n := len(e.pictures); n > compared {
		e.pictures = e.pictures[n-compared:]
	}
	return e, nil
}

// unitsOf takes a sample apart that has four-byte lengths.
func unitsOf(b []byte) (list [][]byte) {
	for len(b) >= 4 {
		n := int(binary.BigEndian.Uint32(b))
		if n > len(b)-4 {
			return list
		}
		list, b = append(list, b[4:4+n]), b[4+n:]
	}
	return list
}

// joint is where an end of footage is on the card.
type joint struct {
	found bool
	at    time.Time // of the picture, by the clock of the card
	wall  time.Time // of the picture, as it was recorded
	sum   [sha256.Size]byte
	doubt time.Duration // how far away it may also be: the same pictures are there again
}

// find looks for an end among the pictures of a card. Of several places that agree as well the one nearest to where the clock has it is
// taken, with the distance to the next as doubt. last tells that the last picture of the end is the joint, not the first.
func (e *edge) find(card []cardPicture, near time.Time, last bool) (j joint) {
	own := e.pictures
	if len(own) == 0 {
		return j
	}
	best := 0
	var places []int
	for i := range card {
		n, bytes := agree(own, card, i, last)
		if n == 0 || n < min(enoughPictures, len(own)) || bytes < enoughBytes {
			continue
		}
		if n > best {
			best, places = n, nil
		}
		if n == best {
			places = append(places, i)
		}
	}
	chosen := -1
	for _, i := range places {
		if chosen < 0 || card[i].at.Sub(near).Abs() < card[chosen].at.Sub(near).Abs() {
			chosen = i
		}
	}
	if chosen < 0 {
		return j
	}
	at := own[0]
	if last {
		at = own[len(own)-1]
	}
	j = joint{found: true, at: card[chosen].at, wall: at.at, sum: at.sum}
	for _, i := range places {
		if d := card[i].at.Sub(j.at).Abs(); i != chosen && (j.doubt == 0 || d < j.doubt) {
			j.doubt = d
		}
	}
	return j
}

// agree tells how many pictures agree in a row, with the joint at picture i of the card, and how many bytes they have.
func agree(own, card []cardPicture, i int, last bool) (n, bytes int) {
	step, k := 1, 0
	if last {
		step, k = -1, len(own)-1
	}
	for ; k >= 0 && k < len(own) && i >= 0 && i < len(card) && own[k].sum == card[i].sum; k, i = k+step, i+step {
		n, bytes = n+1, bytes+own[k].size
	}
	return n, bytes
}
