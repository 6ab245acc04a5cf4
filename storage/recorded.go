package storage

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Recorded is what there is of a camera.
type Recorded struct {
	Camera  string
	Streams []string // those with footage: main first, the others by their ids
	Oldest  time.Time
	Newest  time.Time // end of the segment that begins last; of one that is open its start
	Open    bool      // a segment is being written
}

// Recorded tells of every camera with footage, by its id, or of one alone; none where it has no footage. It costs two looks at each stream,
// however much there is.
func (s *Store) Recorded(camera string) (list []Recorded, err error) {
	var prefix []byte
	if camera != "" {
		prefix = streamKey(camera, "")
	}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bSegments)
		c := all.Cursor()
		for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			r, err := recordedOf(all.Bucket(k), k)
			switch n := len(list); {
			case err != nil:
				return err
			case r.Oldest.IsZero(): // all of it is gone
			case n > 0 && list[n-1].Camera == r.Camera:
				list[n-1].join(&r)
			default:
				list = append(list, r)
			}
		}
		return nil
	})
	for i := range list {
		slices.SortFunc(list[i].Streams, func(a, b string) int {
			return cmp.Or(cmp.Compare(rankOf(a), rankOf(b)), strings.Compare(a, b))
		})
	}
	return list, err
}

func rankOf(stream string) int {
	if stream == "main" {
		return 0
	}
	return 1
}

// recordedOf looks at one stream; the zero value where it has no footage.
func recordedOf(b *bbolt.Bucket, k []byte) (r Recorded, err error) {
	if b == nil {
		return r, nil
	}
	first, _ := b.Cursor().First()
	last, v := b.Cursor().Last()
	if first == nil {
		return r, nil
	}
	seg, err := unmarshalSegment(last, v)
	if err != nil {
		return r, err
	}
	camera, stream := splitKey(k)
	return Recorded{Camera: camera, Streams: []string{stream}, Oldest: nano(first), Newest: later(seg.End, seg.Start), Open: seg.Open}, nil
}

// join adds another stream of the same camera.
func (r *Recorded) join(o *Recorded) {
	r.Streams = append(r.Streams, o.Streams...)
	r.Oldest, r.Newest, r.Open = earlier(r.Oldest, o.Oldest), later(r.Newest, o.Newest), r.Open || o.Open
}
