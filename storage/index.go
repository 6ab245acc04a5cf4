package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// indexSchema is the version of the layout of index.db. The index of a newer program is refused; it can be removed and
// is rebuilt.
const indexSchema = 2

// The buckets of index.db; FORMAT.md has their keys and values.
var (
	bMeta     = []byte("meta")
	bVolumes  = []byte("volumes")  // volume id → number, path
	bStreams  = []byte("streams")  // camera 0 stream → what is known of it
	bSegments = []byte("segments") // camera 0 stream → bucket: start, run → record
	bOpen     = []byte("open")     // camera 0 stream, start, run → nothing: segments whose record says open
	bGaps     = []byte("gaps")     // camera 0 stream → bucket: start → end, cause
	bGarbage  = []byte("garbage")  // volume number, path → nothing: to be unlinked
	bEvents   = []byte("events")   // camera → bucket: start, two random bytes → record
	bLocks    = []byte("locks")    // camera 0 id → record
	bNumbers  = []byte("numbers")  // number of a stream → camera 0 stream
	bOrder    = []byte("order")    // volume number, class → bucket: start, run, stream number → due in later, or nothing
	bLater    = []byte("later")    // volume number → bucket: due, start, run, stream number → nothing
	bErasures = []byte("erasures") // id → JSON
	bHeld     = []byte("held")     // volume number, class → bytes, segments

	kSchema = []byte("schema")
	kSite   = []byte("site")
)

// index is index.db.
type index struct {
	db    *database
	aside string // where an index that could not be read was moved to; "" when it could

	mu   sync.Mutex // guards site, and makes deciding it one act
	site string     // "" in a new index, until a volume says whose footage it has or a first volume is made
}

// database is the file of the index. An Update that gives an error may stand for all that: its pages are written before the last
// sync, and it is that which fails on a bad disk. So whatever is done behind such an error holds both ways; the tests have every
// transaction fail in both.
type database struct {
	*bbolt.DB
	fails func() (undone, stood error) // of the next transaction, in tests; nil: none
}

func (d *database) Update(f func(*bbolt.Tx) error) error {
	if d.fails == nil {
		return d.DB.Update(f)
	}
	undone, stood := d.fails()
	err := d.DB.Update(func(tx *bbolt.Tx) error { return errors.Join(f(tx), undone) })
	return errors.Join(err, stood)
}

// volumeEntry is what the index knows of a volume.
type volumeEntry struct {
	Number uint16 `json:"number"`
	Path   string `json:"path"`
}

// streamEntry is what the index knows of a stream besides its segments and gaps.
type streamEntry struct {
	Longest  time.Duration `json:"longest"`            // of its segments, so that a search knows how far to look back
	Gap      int64         `json:"gap,omitempty"`      // start of the gap that is open, nanoseconds; 0: none is
	Number   uint32        `json:"number,omitempty"`   // of the stream in this index, from 1
	Frontier int64         `json:"frontier,omitempty"` // retention has looked at the segments that start before it, nanoseconds
	Max      time.Duration `json:"max,omitempty"`      // ages that held when it did
	Event    time.Duration `json:"event,omitempty"`
	Broken   int64         `json:"broken,omitempty"` // end of the newest footage that went before its promised age, nanoseconds
	streamRate
}

func openIndex(path string) (*index, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	db, aside, err := openDB(path)
	if err != nil {
		return nil, err
	}
	x := &index{db: &database{DB: db}, aside: aside}
	err = db.Update(x.prepare)
	if err == nil {
		err = x.migrate()
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return x, nil
}

func (x *index) prepare(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bMeta, bVolumes, bStreams, bSegments, bOpen, bGaps, bGarbage, bEvents, bLocks, bNumbers, bOrder, bLater, bHeld, bErasures, bOutlived, bSingle} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bMeta)
	v := meta.Get(kSchema)
	if v == nil {
		return meta.Put(kSchema, []byte{indexSchema})
	}
	if len(v) != 1 || v[0] > indexSchema {
		return fmt.Errorf("its schema %x is newer than this program's (%d): run the newer holdfast, or move the file away to have it rebuilt", v, indexSchema)
	}
	x.site = string(meta.Get(kSite))
	return nil
}

// ownSite gives the site that the index is of, "" while that is open.
func (x *index) ownSite() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.site
}

// decideSite settles whose index a new one is, and gives the site that holds.
func (x *index) decideSite(site string) (string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.site != "" {
		return x.site, nil
	}
	err := x.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bMeta).Put(kSite, []byte(site)) })
	if err == nil {
		x.site = site
	}
	return x.site, err
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

// volumeNumber gives the number of a volume that the index knows.
func (x *index) volumeNumber(id string) (number uint16, known bool, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket(bVolumes).Get([]byte(id))
		if v == nil {
			return nil
		}
		var e volumeEntry
		known = true
		err := json.Unmarshal(v, &e)
		number = e.Number
		return err
	})
	return number, known, err
}

// enterVolume notes where a volume is and gives its number. A path belongs to one volume: the last that was found there.
func enterVolume(tx *bbolt.Tx, id, path string) (uint16, error) {
	b := tx.Bucket(bVolumes)
	entries := map[string]volumeEntry{}
	err := b.ForEach(func(k, v []byte) error {
		var e volumeEntry
		err := json.Unmarshal(v, &e)
		entries[string(k)] = e
		return err
	})
	if err != nil {
		return 0, err
	}
	e, known := entries[id]
	if !known {
		n, err := b.NextSequence()
		if err != nil {
			return 0, err
		}
		e.Number = uint16(n)
	}
	e.Path = path
	for other, o := range entries {
		if other != id && o.Path == path {
			if err := putJSON(b, []byte(other), volumeEntry{Number: o.Number}); err != nil {
				return 0, err
			}
		}
	}
	return e.Number, putJSON(b, []byte(id), e)
}

func putJSON(b *bbolt.Bucket, k []byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(k, data)
}

// putSegment writes a segment's record, and what a search and a recovery have to know of it.
func putSegment(tx *bbolt.Tx, s *Segment) error {
	k := streamKey(s.Camera, s.Stream)
	b, err := tx.Bucket(bSegments).CreateBucketIfNotExists(k)
	if err != nil {
		return err
	}
	b.FillPercent = 0.9 // keys only ever rise
	if err := reorder(tx, b, s); err != nil {
		return err
	}
	if err := b.Put(s.key(), s.marshal()); err != nil {
		return err
	}
	if err := noteSingle(tx, s); err != nil {
		return err
	}
	open := tx.Bucket(bOpen)
	if s.Open {
		return open.Put(openKey(s), nil)
	}
	return open.Delete(openKey(s))
}

func openKey(s *Segment) []byte { return append(streamKey(s.Camera, s.Stream), s.key()...) }

func streamOf(tx *bbolt.Tx, k []byte) (e streamEntry, err error) {
	if v := tx.Bucket(bStreams).Get(k); v != nil {
		err = json.Unmarshal(v, &e)
	}
	return e, err
}

// deleteSegment drops a segment's record and notes its file as garbage.
func deleteSegment(tx *bbolt.Tx, s *Segment) error {
	places := []place{s.place}
	if s.mirror.volume != 0 {
		places = append(places, s.mirror)
	}
	if b := tx.Bucket(bSegments).Bucket(streamKey(s.Camera, s.Stream)); b != nil {
		if now, ok, err := segmentOf(tx, s.Camera, s.Stream, s.key()); ok && err == nil { // it may have been moved since it was read
			places = append(places, now.place, now.mirror)
		}
		if err := unorder(tx, b, s); err != nil {
			return err
		}
		if err := b.Delete(s.key()); err != nil {
			return err
		}
	}
	if err := errors.Join(tx.Bucket(bOpen).Delete(openKey(s)), listSingle(tx, openKey(s), false)); err != nil {
		return err
	}
	for _, at := range places {
		if at.volume == 0 {
			continue
		}
		file := *s
		file.place = at
		if err := tx.Bucket(bGarbage).Put(garbageKey(&file), nil); err != nil {
			return err
		}
	}
	return nil
}

// segmentOf reads one record.
func segmentOf(tx *bbolt.Tx, camera, stream string, key []byte) (seg Segment, ok bool, err error) {
	b := tx.Bucket(bSegments).Bucket(streamKey(camera, stream))
	if b == nil {
		return seg, false, nil
	}
	v := b.Get(key)
	if v == nil {
		return seg, false, nil
	}
	seg, err = unmarshalSegment(key, v)
	seg.Camera, seg.Stream = camera, stream
	return seg, err == nil, err
}

// gapEntry is one gap of a stream.
type gapEntry struct {
	start, end time.Time // end is zero while the gap is open
	cause      Cause
	early      bool // deleted before its promised age
}

// earlyMark follows the cause of a gap that is early.
const earlyMark = "\x00early"

func putGap(tx *bbolt.Tx, camera, stream string, g gapEntry) error {
	b, err := tx.Bucket(bGaps).CreateBucketIfNotExists(streamKey(camera, stream))
	if err != nil {
		return err
	}
	end := int64(0)
	if !g.end.IsZero() {
		end = g.end.UnixNano()
	}
	b.FillPercent = 0.9 // keys only ever rise: a year of a gap every quarter of an hour has 1.9 MB of pages, not 3.3
	v := binary.BigEndian.AppendUint64(nil, uint64(end))
	v = append(v, g.cause...)
	if g.early {
		v = append(v, earlyMark...)
	}
	return b.Put(nanoKey(g.start), v)
}

// nanoKey is a time as a key. What lies outside of the years 1970 to 2262 sorts before or behind all that can be recorded.
func nanoKey(t time.Time) []byte {
	switch {
	case t.Unix() < 0:
		t = time.Unix(0, 0)
	case t.Year() > 2261:
		t = time.Unix(0, math.MaxInt64)
	}
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano()))
}

func readGap(k, v []byte) (g gapEntry, err error) {
	if len(k) != nanoseconds || len(v) < nanoseconds {
		return g, errors.New("read index: a gap's record is malformed")
	}
	cause, early := strings.CutSuffix(string(v[nanoseconds:]), earlyMark)
	g.start, g.cause, g.early = nano(k), Cause(cause), early
	if end := nano(v); end.UnixNano() != 0 {
		g.end = end
	}
	return g, nil
}

// currentGap gives the gap of a stream that is open. It is the newest one that was noted, but need not be the last by
// time: the clock may have been set back.
func currentGap(tx *bbolt.Tx, camera, stream string) (g gapEntry, ok bool, err error) {
	k := streamKey(camera, stream)
	e, err := streamOf(tx, k)
	if err != nil || e.Gap == 0 {
		return g, false, err
	}
	b := tx.Bucket(bGaps).Bucket(k)
	if b == nil {
		return g, false, nil
	}
	key := nanoKey(time.Unix(0, e.Gap))
	v := b.Get(key)
	if v == nil {
		return g, false, nil
	}
	g, err = readGap(key, v)
	return g, err == nil, err
}

func setCurrentGap(tx *bbolt.Tx, camera, stream string, start int64) error {
	k := streamKey(camera, stream)
	e, err := streamOf(tx, k)
	if err != nil {
		return err
	}
	e.Gap = start
	return putJSON(tx.Bucket(bStreams), k, e)
}

// openGap begins a gap at a time, ending an open one of another cause there. One of the same cause goes on.
func openGap(tx *bbolt.Tx, camera, stream string, at time.Time, cause Cause) (changed bool, err error) {
	last, ok, err := currentGap(tx, camera, stream)
	if err != nil {
		return false, err
	}
	switch {
	case !ok:
	case last.cause == cause && !at.Before(last.start):
		return false, nil
	case at.Equal(last.start) && last.cause != CauseRestart: // what was said first holds; a restart is known better later
		return false, nil
	default:
		if err := endGap(tx, camera, stream, last, at); err != nil {
			return false, err
		}
	}
	if err := putGap(tx, camera, stream, gapEntry{start: at, cause: cause}); err != nil {
		return false, err
	}
	return true, setCurrentGap(tx, camera, stream, at.UnixNano())
}

// closeGap ends the open gap when footage goes on.
func closeGap(tx *bbolt.Tx, camera, stream string, at time.Time) error {
	last, ok, err := currentGap(tx, camera, stream)
	if err != nil || !ok {
		return err
	}
	if err := endGap(tx, camera, stream, last, at); err != nil {
		return err
	}
	return setCurrentGap(tx, camera, stream, 0)
}

// endGap ends a gap. One that does not last is dropped: nothing was missed, or the clock went back over its start.
func endGap(tx *bbolt.Tx, camera, stream string, g gapEntry, at time.Time) error {
	if !at.After(g.start) {
		return tx.Bucket(bGaps).Bucket(streamKey(camera, stream)).Delete(nanoKey(g.start))
	}
	g.end = at
	return putGap(tx, camera, stream, g)
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
	e, err := streamOf(tx, k)
	if err != nil {
		return err
	}
	back := max(e.Longest, MaxSegmentTime) + time.Minute // how long an open segment is stands nowhere yet
	c := b.Cursor()
	for key, v := c.Seek(nanoKey(from.Add(-back))); key != nil; key, v = c.Next() {
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
