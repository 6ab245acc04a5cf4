package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// mender repairs one thing in the index. It looks again first: what was found may be over.
type mender func(tx *bbolt.Tx) error

// inIndex makes a finding's mend of it.
func (s *Store) inIndex(m mender) func(context.Context) error {
	return func(context.Context) error { return s.index.db.Update(m) }
}

// checkIndex holds every bucket of the index against the others, in one transaction: a state that was.
func (c *checking) checkIndex(ctx context.Context) error {
	var found []Finding
	err := c.s.index.db.View(func(tx *bbolt.Tx) error {
		x := &indexCheck{c: c, tx: tx, volumes: map[uint16]bool{}, add: func(f Finding) { found = append(found, f) }}
		x.volumeEntries()
		for _, part := range []func(context.Context) error{x.streams, x.openNotes, x.garbageNotes, x.order, x.laterNotes, x.eventsAndLocks, x.singles} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, f := range found {
		c.add(ctx, f)
	}
	return err
}

// indexCheck is one look over the index.
type indexCheck struct {
	c       *checking
	tx      *bbolt.Tx
	volumes map[uint16]bool // numbers that the index knows
	add     func(Finding)
}

const doRebuild = "Stop the gateway and run holdfast check --rebuild: the index is made again from the footage."

func (x *indexCheck) dangling(where, what, means, repair string, m mender) {
	x.add(Finding{Kind: KindDangling, Path: where, What: what, Means: means, Do: "Run holdfast check --repair.", Repair: repair, mend: x.c.s.inIndex(m)})
}

// volumeEntries reads which volumes the index knows.
func (x *indexCheck) volumeEntries() {
	x.tx.Bucket(bVolumes).ForEach(func(k, v []byte) error {
		var e volumeEntry
		if err := json.Unmarshal(v, &e); err != nil || e.Number == 0 || x.volumes[e.Number] {
			x.add(Finding{Kind: KindRecord, Path: string(k), What: "The index's entry of a volume is malformed, or is there twice.",
				Means: "Footage on it may not be found.", Do: doRebuild})
			return nil
		}
		x.volumes[e.Number] = true
		return nil
	})
}

// streams reads every record of every stream, and its gaps.
func (x *indexCheck) streams(ctx context.Context) error {
	all := x.tx.Bucket(bSegments)
	err := all.ForEachBucket(func(k []byte) error {
		camera, stream := splitKey(k)
		if !x.c.o.ofCamera(camera) {
			return nil
		}
		x.c.r.Streams++
		longest, err := x.records(ctx, camera, stream, all.Bucket(k))
		if err != nil {
			return err
		}
		x.entry(camera, stream, longest)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	gaps := x.tx.Bucket(bGaps)
	return gaps.ForEachBucket(func(k []byte) error {
		if camera, stream := splitKey(k); x.c.o.ofCamera(camera) {
			x.gaps(camera, stream, gaps.Bucket(k))
		}
		return nil
	})
}

// records reads the records of a stream, and gives the length of its longest closed segment.
func (x *indexCheck) records(ctx context.Context, camera, stream string, b *bbolt.Bucket) (longest time.Duration, err error) {
	n := 0
	e, _ := streamOf(x.tx, streamKey(camera, stream)) // what is wrong with it is found by entry
	err = b.ForEach(func(k, v []byte) error {
		seg, err := unmarshalSegment(k, v)
		if err != nil || seg.End.Before(seg.Start) {
			x.badRecord(camera, stream, bytes.Clone(k))
			return nil
		}
		seg.Camera, seg.Stream = camera, stream
		if !seg.Open {
			longest = max(longest, seg.End.Sub(seg.Start))
		}
		x.record(&seg)
		x.standing(&seg, e.Number)
		x.onSingles(&seg)
		if n++; n%4096 == 0 {
			return ctx.Err()
		}
		return nil
	})
	return longest, err
}

func (x *indexCheck) badRecord(camera, stream string, k []byte) {
	x.add(Finding{Kind: KindRecord, Path: camera + "/" + stream, What: fmt.Sprintf("A record of the index is malformed (key %x).", k),
		Means: "The segment it is of cannot be found, though its file may be whole.", Do: "Run holdfast check --repair.",
		Repair: "The record is dropped; the file, if it is there, is taken in again.",
		mend: x.c.s.inIndex(func(tx *bbolt.Tx) error {
			b := tx.Bucket(bSegments).Bucket(streamKey(camera, stream))
			if seg, err := unmarshalSegment(k, b.Get(k)); err == nil && !seg.End.Before(seg.Start) {
				return nil
			}
			return b.Delete(k)
		})})
}

// record holds one record against the other buckets, and counts it.
func (x *indexCheck) record(seg *Segment) {
	if x.c.o.wants(seg) && x.c.o.ofVolume(x.c.s.volumeOf(seg.volume)) || x.c.o.whole() {
		x.c.r.Segments++
		x.c.at.Of++
		x.c.at.OfBytes += seg.Size
	}
	key := openKey(seg)
	if noted := has(x.tx.Bucket(bOpen), key); noted != seg.Open {
		what, repair := "A segment is open, but is not on the list of what is to be finished.", "It is put on the list."
		if noted {
			what, repair = "A closed segment is on the list of what is to be finished.", "It is taken off the list."
		}
		x.dangling(seg.Camera+"/"+seg.Stream, what, "After a crash it may not be finished, or be looked at for nothing.", repair,
			func(tx *bbolt.Tx) error { return noteOpen(tx, seg.Camera, seg.Stream, seg.key()) })
	}
	for _, n := range []uint16{seg.volume, seg.mirror.volume} {
		if n != 0 && !x.volumes[n] || n == 0 && seg.volume == 0 {
			x.add(Finding{Kind: KindRecord, Path: seg.Camera + "/" + seg.Stream, What: fmt.Sprintf("The segment of %s lies on volume number %d, which the index does not know.", seg.Start.Format(time.RFC3339), n),
				Means: "Its footage is on no timeline.", Do: doRebuild})
			return
		}
	}
}

// has tells whether a bucket has a key, also one of an empty value.
func has(b *bbolt.Bucket, key []byte) bool {
	k, _ := b.Cursor().Seek(key)
	return bytes.Equal(k, key)
}

// noteOpen makes the list of open segments agree with a record.
func noteOpen(tx *bbolt.Tx, camera, stream string, key []byte) error {
	seg, ok, err := segmentOf(tx, camera, stream, key)
	list := append(streamKey(camera, stream), key...)
	switch {
	case err != nil:
		return nil // a record that cannot be read is a finding of its own
	case ok && seg.Open:
		return tx.Bucket(bOpen).Put(list, nil)
	}
	return tx.Bucket(bOpen).Delete(list)
}

// entry looks at what the index knows of a stream besides.
func (x *indexCheck) entry(camera, stream string, longest time.Duration) {
	e, err := streamOf(x.tx, streamKey(camera, stream))
	if err == nil && e.Longest >= longest && string(x.tx.Bucket(bNumbers).Get(binary.BigEndian.AppendUint32(nil, e.Number))) == camera+"\x00"+stream {
		return
	}
	x.dangling(camera+"/"+stream, "The entry of the stream is not there, or knows neither its number nor how long its segments are.",
		"Searches may not find what began long before the time that is asked for.", "The entry is made again.",
		func(tx *bbolt.Tx) error { return mendEntry(tx, camera, stream, longest) })
}

func mendEntry(tx *bbolt.Tx, camera, stream string, longest time.Duration) error {
	k := streamKey(camera, stream)
	e, err := streamOf(tx, k)
	if err != nil { // what it said of the gap is found again, and made good, by the next look
		e = streamEntry{}
	}
	if e.Gap == 0 {
		e.Gap = newestOpenGap(tx, camera, stream)
	}
	if e.Number == 0 {
		e.Number = numberOfStream(tx, k)
	}
	if err := streamNumber(tx, k, &e); err != nil {
		return err
	}
	e.Longest = max(e.Longest, longest, SegmentTime)
	return putJSON(tx.Bucket(bStreams), k, e)
}

// numberOfStream finds the number that a stream had, 0 when it had none.
func numberOfStream(tx *bbolt.Tx, k []byte) (n uint32) {
	tx.Bucket(bNumbers).ForEach(func(number, name []byte) error {
		if bytes.Equal(name, k) && len(number) == 4 {
			n = binary.BigEndian.Uint32(number)
		}
		return nil
	})
	return n
}

// newestOpenGap is the start of the last gap of a stream that has no end, 0 without one.
func newestOpenGap(tx *bbolt.Tx, camera, stream string) (start int64) {
	b := tx.Bucket(bGaps).Bucket(streamKey(camera, stream))
	if b == nil {
		return 0
	}
	b.ForEach(func(k, v []byte) error {
		if g, err := readGap(k, v); err == nil && g.end.IsZero() {
			start = g.start.UnixNano()
		}
		return nil
	})
	return start
}

// gaps reads the gaps of a stream. At most one is open: the one that the stream's entry names.
func (x *indexCheck) gaps(camera, stream string, b *bbolt.Bucket) {
	e, err := streamOf(x.tx, streamKey(camera, stream))
	if err == nil && e.Gap != 0 && b.Get(nanoKey(time.Unix(0, e.Gap))) == nil {
		x.dangling(camera+"/"+stream, "The entry of the stream speaks of an open gap that is not there.", "The next gap may begin at a wrong time.", "The entry is mended.",
			func(tx *bbolt.Tx) error {
				if _, ok, err := currentGap(tx, camera, stream); ok || err != nil {
					return err
				}
				return setCurrentGap(tx, camera, stream, newestOpenGap(tx, camera, stream))
			})
		e.Gap = 0
	}
	b.ForEach(func(k, v []byte) error {
		g, err := readGap(k, v)
		if err != nil || g.end.IsZero() && g.start.UnixNano() != e.Gap || !g.end.IsZero() && !g.end.After(g.start) {
			x.badGap(camera, stream, bytes.Clone(k))
		}
		return nil
	})
}

func (x *indexCheck) badGap(camera, stream string, k []byte) {
	at := "an unknown time"
	if len(k) == nanoseconds {
		at = nano(k).Format(time.RFC3339)
	}
	x.add(Finding{Kind: KindGap, Path: camera + "/" + stream, What: fmt.Sprintf("The gap at %s is malformed, or never ended.", at),
		Means: "The timeline may name a wrong cause there.", Do: "Run holdfast check --repair.",
		Repair: "It ends where footage or another gap follows, or is dropped where nothing can be read of it.",
		mend:   x.c.s.inIndex(func(tx *bbolt.Tx) error { return mendGap(tx, camera, stream, k) })})
}

// mendGap ends a gap that was left without an end. What cannot be read is dropped; an open one behind which nothing
// follows becomes the stream's open gap.
func mendGap(tx *bbolt.Tx, camera, stream string, k []byte) error {
	b := tx.Bucket(bGaps).Bucket(streamKey(camera, stream))
	g, err := readGap(k, b.Get(k))
	current, open, cerr := currentGap(tx, camera, stream)
	switch {
	case cerr != nil:
		return cerr
	case err != nil || !g.end.IsZero() && !g.end.After(g.start):
		return b.Delete(k)
	case !g.end.IsZero() || open && current.start.Equal(g.start):
		return nil // mended meanwhile
	}
	end, follows := nextStart(tx, camera, stream, g.start)
	if next, _ := after(b, k); next != nil && (!follows || nano(next).Before(end)) {
		end, follows = nano(next), true
	}
	if !follows {
		return setCurrentGap(tx, camera, stream, g.start.UnixNano())
	}
	return endGap(tx, camera, stream, g, end)
}

// after gives what follows a key in a bucket.
func after(b *bbolt.Bucket, key []byte) (k, v []byte) {
	c := b.Cursor()
	if k, v = c.Seek(key); bytes.Equal(k, key) {
		k, v = c.Next()
	}
	return k, v
}

// openNotes looks for notes of open segments that are not there. Those of closed ones are found with their records.
func (x *indexCheck) openNotes(context.Context) error {
	return x.tx.Bucket(bOpen).ForEach(func(k, _ []byte) error {
		k = bytes.Clone(k)
		where := "open"
		if len(k) > segmentKey {
			camera, stream := splitKey(k[:len(k)-segmentKey])
			if b := x.tx.Bucket(bSegments).Bucket(streamKey(camera, stream)); !x.c.o.ofCamera(camera) || b != nil && b.Get(k[len(k)-segmentKey:]) != nil {
				return nil
			}
			where = camera + "/" + stream
		}
		x.dangling(where, "The list of segments that are to be finished names one that is not there.", "It is looked for in vain at every start.", "It is taken off the list.",
			func(tx *bbolt.Tx) error {
				if len(k) <= segmentKey {
					return tx.Bucket(bOpen).Delete(k)
				}
				camera, stream := splitKey(k[:len(k)-segmentKey])
				return noteOpen(tx, camera, stream, k[len(k)-segmentKey:])
			})
		return nil
	})
}

// garbageNotes looks for files that are to be removed though the timeline has them.
func (x *indexCheck) garbageNotes(context.Context) error {
	return x.tx.Bucket(bGarbage).ForEach(func(k, _ []byte) error {
		k = bytes.Clone(k)
		number, rel, err := parseGarbage(k)
		if err == nil {
			seg, ok := segmentAt(x.tx, number, rel)
			switch {
			case ok && x.c.o.ofCamera(seg.Camera):
				x.dangling(rel, "A file of the timeline is on the list of what is to be removed.", "Its footage would be lost.", "It is taken off the list.",
					func(tx *bbolt.Tx) error {
						if _, ok := segmentAt(tx, number, rel); !ok {
							return nil
						}
						return tx.Bucket(bGarbage).Delete(k)
					})
				return nil
			case ok || x.volumes[number]:
				return nil
			}
		}
		x.dangling("garbage", fmt.Sprintf("A note of what is to be removed is malformed, or of no volume (%q).", k), "It is of no use.", "It is dropped.",
			func(tx *bbolt.Tx) error { return tx.Bucket(bGarbage).Delete(k) })
		return nil
	})
}

// parseGarbage reads what garbageName wrote.
func parseGarbage(k []byte) (number uint16, rel string, err error) {
	digits, rel, ok := strings.Cut(string(k), "\x00")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || !ok || rel == "" {
		return 0, "", errors.New("read index: a note of garbage is malformed")
	}
	return uint16(n), rel, nil
}

// segmentAt finds the segment that has a file: rel below the volume of that number. The name tells the start to the
// millisecond.
func segmentAt(tx *bbolt.Tx, number uint16, rel string) (Segment, bool) {
	parts := strings.Split(rel, "/")
	if len(parts) != 4 || !segmentName.MatchString(parts[3]) {
		return Segment{}, false
	}
	b := tx.Bucket(bSegments).Bucket(streamKey(parts[0], parts[1]))
	start, err := time.Parse("20060102T150405.000Z", parts[3][:20])
	if b == nil || err != nil {
		return Segment{}, false
	}
	c, until := b.Cursor(), nanoKey(start.Add(time.Millisecond))
	for k, v := c.Seek(nanoKey(start)); k != nil && bytes.Compare(k, until) < 0; k, v = c.Next() {
		seg, err := unmarshalSegment(k, v)
		if err != nil {
			continue
		}
		seg.Camera, seg.Stream = parts[0], parts[1]
		for _, p := range []place{seg.place, seg.mirror} {
			if p.volume == number && seg.relativeAt(p) == rel {
				return seg, true
			}
		}
	}
	return Segment{}, false
}

// relativeAt is the path below its volume of the segment's copy at a place.
func (s *Segment) relativeAt(p place) string {
	at := *s
	at.place = p
	return at.relative()
}
