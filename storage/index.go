package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// indexSchema is the version of the layout of index.db. The index of a newer program is refused; it can be removed and
// is rebuilt.
const indexSchema = 1

// The buckets of index.db; FORMAT.md has their keys and values.
var (
	bMeta     = []byte("meta")
	bVolumes  = []byte("volumes")  // volume id → number, path
	bStreams  = []byte("streams")  // camera 0 stream → what is known of it
	bSegments = []byte("segments") // camera 0 stream → bucket: start, run → record
	bGaps     = []byte("gaps")     // camera 0 stream → bucket: start → end, cause
	bGarbage  = []byte("garbage")  // volume number, path → nothing: to be unlinked

	kSchema = []byte("schema")
	kSite   = []byte("site")
)

// index is index.db.
type index struct {
	db   *bbolt.DB
	site string
	made bool // it did not exist before: rebuild it from the volumes
}

// volumeEntry is what the index knows of a volume.
type volumeEntry struct {
	Number uint16 `json:"number"`
	Path   string `json:"path"`
}

// streamEntry is what the index knows of a stream besides its segments and gaps.
type streamEntry struct {
	Longest time.Duration `json:"longest"` // of its segments, so that a search knows how far to look back
}

func openIndex(path string) (*index, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bbolt.ErrTimeout) {
		return nil, fmt.Errorf("open %s: another holdfast process uses it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w. The index can be rebuilt: move this file away and start again", path, err)
	}
	x := &index{db: db}
	if err := db.Update(x.prepare); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return x, nil
}

func (x *index) prepare(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bMeta, bVolumes, bStreams, bSegments, bGaps, bGarbage} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bMeta)
	v := meta.Get(kSchema)
	if v == nil {
		x.made, x.site = true, uuid.NewString()
		return errors.Join(meta.Put(kSchema, []byte{indexSchema}), meta.Put(kSite, []byte(x.site)))
	}
	if len(v) != 1 || v[0] > indexSchema {
		return fmt.Errorf("its schema %x is newer than this program's (%d): run the newer holdfast, or move the file away to have it rebuilt", v, indexSchema)
	}
	x.site = string(meta.Get(kSite))
	return nil
}

// setSite takes the site of a volume that was there before the index.
func (x *index) setSite(site string) error {
	x.site = site
	return x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bMeta).Put(kSite, []byte(site)) })
}

func streamKey(camera, stream string) []byte { return []byte(camera + "\x00" + stream) }

func splitKey(k []byte) (camera, stream string) {
	c, s, _ := bytes.Cut(k, []byte{0})
	return string(c), string(s)
}

// knownVolume gives the id that the index has for a path.
func (x *index) knownVolume(path string) (id string) {
	x.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bVolumes).ForEach(func(k, v []byte) error {
			var e volumeEntry
			if json.Unmarshal(v, &e) == nil && e.Path == path {
				id = string(k)
			}
			return nil
		})
	})
	return id
}

// enter notes a volume and gives its number.
func (x *index) enter(id, path string) (number uint16, err error) {
	err = x.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bVolumes)
		var e volumeEntry
		if v := b.Get([]byte(id)); v != nil {
			if err := json.Unmarshal(v, &e); err != nil {
				return err
			}
			number = e.Number
			if e.Path == path {
				return nil
			}
		} else {
			n, err := b.NextSequence()
			if err != nil {
				return err
			}
			number = uint16(n)
		}
		data, err := json.Marshal(volumeEntry{Number: number, Path: path})
		if err != nil {
			return err
		}
		return b.Put([]byte(id), data)
	})
	return number, err
}

// putSegment writes a segment's record, and what a search has to know of it.
func putSegment(tx *bbolt.Tx, s *Segment) error {
	k := streamKey(s.Camera, s.Stream)
	b, err := tx.Bucket(bSegments).CreateBucketIfNotExists(k)
	if err != nil {
		return err
	}
	b.FillPercent = 0.9 // keys only ever rise
	if err := b.Put(s.key(), s.marshal()); err != nil {
		return err
	}
	var e streamEntry
	if v := tx.Bucket(bStreams).Get(k); v != nil {
		if err := json.Unmarshal(v, &e); err != nil {
			return err
		}
		if s.End.Sub(s.Start) <= e.Longest {
			return nil
		}
	}
	e.Longest = max(e.Longest, s.End.Sub(s.Start), SegmentTime)
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return tx.Bucket(bStreams).Put(k, data)
}

// gapEntry is one gap of a stream.
type gapEntry struct {
	start, end time.Time // end is zero while the gap is open
	cause      Cause
}

func putGap(tx *bbolt.Tx, camera, stream string, g gapEntry) error {
	b, err := tx.Bucket(bGaps).CreateBucketIfNotExists(streamKey(camera, stream))
	if err != nil {
		return err
	}
	end := int64(0)
	if !g.end.IsZero() {
		end = g.end.UnixNano()
	}
	v := binary.BigEndian.AppendUint64(nil, uint64(end))
	return b.Put(nanoKey(g.start), append(v, g.cause...))
}

func nanoKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano()))
}

func readGap(k, v []byte) (g gapEntry, err error) {
	if len(k) != nanoseconds || len(v) < nanoseconds {
		return g, errors.New("read index: a gap's record is malformed")
	}
	g.start, g.cause = nano(k), Cause(v[nanoseconds:])
	if end := nano(v); end.UnixNano() != 0 {
		g.end = end
	}
	return g, nil
}

// lastGap gives a stream's newest gap.
func lastGap(tx *bbolt.Tx, camera, stream string) (g gapEntry, ok bool, err error) {
	b := tx.Bucket(bGaps).Bucket(streamKey(camera, stream))
	if b == nil {
		return g, false, nil
	}
	k, v := b.Cursor().Last()
	if k == nil {
		return g, false, nil
	}
	g, err = readGap(k, v)
	return g, true, err
}

// openGap begins a gap at a time, ending an open one of another cause there. One of the same cause goes on.
func openGap(tx *bbolt.Tx, camera, stream string, at time.Time, cause Cause) (changed bool, err error) {
	last, ok, err := lastGap(tx, camera, stream)
	if err != nil {
		return false, err
	}
	if ok && last.end.IsZero() {
		if last.cause == cause || !at.After(last.start) && last.cause != CauseRestart {
			return false, nil
		}
		if !at.After(last.start) { // known better than at the start
			last.cause = cause
			return true, putGap(tx, camera, stream, last)
		}
		last.end = at
		if err := putGap(tx, camera, stream, last); err != nil {
			return false, err
		}
	}
	return true, putGap(tx, camera, stream, gapEntry{start: at, cause: cause})
}

// closeGap ends the open gap when footage goes on.
func closeGap(tx *bbolt.Tx, camera, stream string, at time.Time) error {
	last, ok, err := lastGap(tx, camera, stream)
	if err != nil || !ok || !last.end.IsZero() {
		return err
	}
	if !at.After(last.start) { // the clock went back over it, or nothing was missed
		return tx.Bucket(bGaps).Bucket(streamKey(camera, stream)).Delete(nanoKey(last.start))
	}
	last.end = at
	return putGap(tx, camera, stream, last)
}

// streams calls f for every stream that the index knows.
func (x *index) streams(f func(tx *bbolt.Tx, camera, stream string, segments *bbolt.Bucket) error) error {
	return x.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bSegments)
		return all.ForEachBucket(func(k []byte) error {
			camera, stream := splitKey(k)
			return f(tx, camera, stream, all.Bucket(k))
		})
	})
}

// between calls f for each segment of a stream that overlaps [from, to), in the order of their starts.
func between(tx *bbolt.Tx, camera, stream string, from, to time.Time, f func(Segment) error) error {
	k := streamKey(camera, stream)
	b := tx.Bucket(bSegments).Bucket(k)
	if b == nil {
		return nil
	}
	var e streamEntry
	if v := tx.Bucket(bStreams).Get(k); v != nil {
		if err := json.Unmarshal(v, &e); err != nil {
			return err
		}
	}
	c := b.Cursor()
	for key, v := c.Seek(nanoKey(from.Add(-e.Longest))); key != nil; key, v = c.Next() {
		s, err := unmarshalSegment(key, v)
		if err != nil {
			return err
		}
		if !s.Start.Before(to) {
			return nil
		}
		s.Camera, s.Stream = camera, stream
		if !s.Open && !s.End.After(from) {
			continue
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}
