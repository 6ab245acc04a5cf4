package storage

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/internal/durable"
)

// RebuildReport tells how an index was made again.
type RebuildReport struct {
	Took        float64  `json:"took_seconds"`
	Volumes     int      `json:"volumes"`
	Streams     int      `json:"streams"`
	Segments    int      `json:"segments"`
	Open        int      `json:"open"`  // left open by a crash: finished at the next start
	Bytes       int64    `json:"bytes"` // of the footage that the new index covers
	Gaps        int      `json:"gaps"`
	Events      int      `json:"events"`
	Locks       int      `json:"locks"`
	Damaged     int      `json:"damaged"`
	Aside       string   `json:"aside,omitempty"` // where the index of before is now; "" when there was none
	NotRestored []string `json:"not_restored"`    // what the index of before may have had and this one has not
}

// RebuildProgress is how far a rebuild is.
type RebuildProgress struct {
	Segments int64
	Bytes    int64 // of footage covered
}

// renewBatch is how many records one transaction of a rebuild takes.
const renewBatch = 5000

// maxAlien bounds the files that a report names as no segments.
const maxAlien = 100

// Rebuild makes the whole index again beside the old one, from the media and journals of every volume, and puts it in its
// place in one step; the old one is kept aside. It is for a gateway that is stopped: one that runs would go on writing to
// the old index. Every volume must be there: what is missing would be missing from the timelines without a word. It holds
// about 300 bytes for each segment in memory.
func Rebuild(ctx context.Context, o Options, progress func(RebuildProgress)) (r RebuildReport, err error) {
	began := time.Now()
	next := o.Index + ".rebuild"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) { // of one that was broken off
		return r, fmt.Errorf("rebuild index: %w", err)
	}
	s := &Store{o: o, fs: o.FS, now: o.Now, log: o.Log, numbers: map[uint16]*volume{}, writers: map[string]*Writer{},
		live: map[string]*Writer{}, torn: map[string]*tornSegment{}, changed: make(chan struct{})}
	s.defaults()
	s.o.found = counted(progress)
	if s.index, err = openIndex(next); err != nil {
		return r, err
	}
	defer os.Remove(next) // nothing is there once it is in place
	err = errors.Join(s.renew(ctx, &r), s.index.db.Close())
	if err == nil {
		r.Aside, err = swapIndex(o.Index, next)
	}
	if err != nil {
		return r, fmt.Errorf("rebuild index: %w", err)
	}
	r.Took = time.Since(began).Seconds()
	return r, nil
}

// counted tells how far a rebuild is. Volumes are read at the same time.
func counted(progress func(RebuildProgress)) func(int64) {
	var segments, bytes atomic.Int64
	var mu sync.Mutex
	return func(size int64) {
		p := RebuildProgress{Segments: segments.Add(1), Bytes: bytes.Add(size)}
		if progress != nil {
			mu.Lock()
			defer mu.Unlock()
			progress(p)
		}
	}
}

// renew fills the new index.
func (s *Store) renew(ctx context.Context, r *RebuildReport) error {
	if err := s.index.carry(s.o.Index); err != nil {
		return err
	}
	if err := s.findVolumes(); err != nil {
		return err
	}
	found, err := s.findEverywhere(ctx)
	if err != nil {
		return err
	}
	var all findings
	for i, v := range s.vols {
		if err := s.enterVolumeOf(v, &found[i]); err != nil {
			return err
		}
		all.join(&found[i])
	}
	if err := all.put(ctx, s.index.db); err != nil {
		return err
	}
	r.Volumes = len(s.vols)
	return s.index.db.View(func(tx *bbolt.Tx) error { return r.count(tx, &all) })
}

// carry takes over from the index of before whose it is and which volumes it knew, where it can still be read: a
// directory that a known volume is not mounted on must not be taken for a new one.
func (x *index) carry(old string) error {
	if _, err := os.Stat(old); err != nil || tornIndex(old) != nil {
		return nil
	}
	db, err := bbolt.Open(old, 0o600, &bbolt.Options{Timeout: lockTime, ReadOnly: true})
	if err != nil {
		return nil // it cannot be read: that is why it is made again
	}
	defer db.Close()
	return db.View(func(from *bbolt.Tx) error {
		return x.db.Update(func(to *bbolt.Tx) error {
			if meta := from.Bucket(bMeta); meta != nil && meta.Get(kSite) != nil {
				x.site = string(meta.Get(kSite))
				if err := to.Bucket(bMeta).Put(kSite, bytes.Clone(meta.Get(kSite))); err != nil {
					return err
				}
			}
			if err := carryOutlived(from, to); err != nil {
				return err
			}
			volumes := from.Bucket(bVolumes)
			if volumes == nil {
				return nil
			}
			err := volumes.ForEach(func(k, v []byte) error {
				if !json.Valid(v) {
					return nil
				}
				return to.Bucket(bVolumes).Put(bytes.Clone(k), bytes.Clone(v))
			})
			return errors.Join(err, to.Bucket(bVolumes).SetSequence(volumes.Sequence()))
		})
	})
}

// findVolumes looks at every volume, those with footage first: they say whose index this is.
func (s *Store) findVolumes() error {
	for _, o := range s.o.Volumes {
		path, err := filepath.Abs(o.Path)
		if err != nil {
			return err
		}
		o.Path = path
		s.vols = append(s.vols, newVolume(o, s.fs, s.now, s.index))
	}
	for _, v := range s.inOrder() {
		if err := within(patience, v.look); err != nil {
			return fmt.Errorf("volume %s is not usable: %w. Its footage would be on no timeline; mount it, or take it out of the configuration", v.o.Path, err)
		}
		if err := s.attachKeys(v); err != nil { // it knows what was erased
			return err
		}
	}
	return nil
}

// findEverywhere reads all volumes, at the same time.
func (s *Store) findEverywhere(ctx context.Context) ([]findings, error) {
	found, errs := make([]findings, len(s.vols)), make([]error, len(s.vols))
	var work sync.WaitGroup
	for i, v := range s.vols {
		work.Go(func() {
			v.tries = maxTries // a file that cannot be read is left out, and named
			found[i], errs[i] = s.findAll(v)
			if errors.Is(errs[i], os.ErrNotExist) { // no journal yet
				errs[i] = nil
			}
		})
	}
	work.Wait()
	return found, errors.Join(append(errs, ctx.Err())...)
}

// enterVolumeOf gives a volume its number, and its segments.
func (s *Store) enterVolumeOf(v *volume, f *findings) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error {
		number, err := enterVolume(tx, v.status().ID, v.o.Path)
		if err != nil {
			return err
		}
		for i := range f.segments {
			f.segments[i].volume = number
		}
		for _, path := range f.barren {
			if err := tx.Bucket(bGarbage).Put(garbageName(number, path), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// join adds what another volume tells.
func (f *findings) join(other *findings) {
	f.segments = append(f.segments, other.segments...)
	f.gaps, f.deleted = append(f.gaps, other.gaps...), append(f.deleted, other.deleted...)
	f.marks, f.damaged = append(f.marks, other.marks...), append(f.damaged, other.damaged...)
	f.erasures, f.spare = append(f.erasures, other.erasures...), append(f.spare, other.spare...)
	f.bad, f.alien = f.bad+other.bad, append(f.alien, other.alien...)
}

// dropErasedCopies has whole files removed of segments that were erased on another volume, and that nobody could remove then: a
// copy, or where the segment had been moved from.
func (f *findings) dropErasedCopies(tx *bbolt.Tx) error {
	gone := map[string]string{}
	for i := range f.erasures {
		if r := &f.erasures[i]; r.Type == "erased" && r.Digest != "" {
			seg := Segment{Camera: r.Camera, Stream: r.Stream, Start: r.At, Run: r.Run}
			gone[string(openKey(&seg))] = r.Digest
		}
	}
	var err error
	f.segments = slices.DeleteFunc(f.segments, func(seg Segment) bool {
		was := gone[string(openKey(&seg))]
		if was == "" || seg.part || seg.Open || was != hex.EncodeToString(seg.Digest[:]) {
			return false
		}
		err = errors.Join(err, scrapFile(tx, &seg))
		return true
	})
	return err
}

// put writes everything: segments of all volumes in the order of their keys, then what was told of them, in the order of
// telling.
func (f *findings) put(ctx context.Context, db *database) error {
	if err := db.Update(f.dropErasedCopies); err != nil {
		return err
	}
	slices.SortStableFunc(f.segments, func(a, b Segment) int {
		if c := strings.Compare(a.Camera+"\x00"+a.Stream, b.Camera+"\x00"+b.Stream); c != 0 {
			return c
		}
		return bytes.Compare(a.key(), b.key())
	})
	for list := f.segments; len(list) > 0; {
		n := min(len(list), renewBatch)
		err := db.Update(func(tx *bbolt.Tx) error {
			for i := range list[:n] {
				if err := errors.Join(joinSegment(tx, &list[i]), needKey(tx, &list[i])); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		list = list[n:]
	}
	for _, told := range [][]record{f.deleted, f.marks} {
		slices.SortStableFunc(told, func(a, b record) int { return a.At.Compare(b.At) })
	}
	return db.Update(func(tx *bbolt.Tx) error {
		err := errors.Join(f.enterTold(tx), dropOutdated(tx))
		if err == nil {
			_, err = reopenErasures(tx)
		}
		return err
	})
}

// count says what the new index has, and what it has not.
func (r *RebuildReport) count(tx *bbolt.Tx, f *findings) error {
	r.Segments = len(f.segments)
	for i := range f.segments {
		r.Bytes += f.segments[i].Size
		if f.segments[i].Open {
			r.Open++
		}
	}
	r.NotRestored = []string{"Causes of gaps, events and locks that were noted within two seconds before the gateway ended and that no journal had yet.",
		"Where a clock went back, and a gap was recorded under later: the gap ends where that footage begins.",
		"What each stream writes, and which footage retention has looked at: both are found out again."}
	if f.bad > 0 {
		r.NotRestored = append(r.NotRestored, fmt.Sprintf("What %d lines of journals said that cannot be read.", f.bad))
	}
	for i, path := range f.alien {
		if i == maxAlien {
			r.NotRestored = append(r.NotRestored, fmt.Sprintf("And %d more files that are no segments.", len(f.alien)-i))
			break
		}
		r.NotRestored = append(r.NotRestored, "The footage of "+path+", if it holds any: the file is no segment, or its beginning is damaged.")
	}
	for _, x := range []struct {
		bucket []byte
		n      *int
	}{{bGaps, &r.Gaps}, {bEvents, &r.Events}} {
		b := tx.Bucket(x.bucket)
		if err := b.ForEachBucket(func(k []byte) error { *x.n += b.Bucket(k).Stats().KeyN; return nil }); err != nil {
			return err
		}
	}
	r.Locks = tx.Bucket(bLocks).Stats().KeyN
	if b := tx.Bucket(bDamaged); b != nil {
		r.Damaged = b.Stats().KeyN
	}
	return tx.Bucket(bSegments).ForEachBucket(func([]byte) error { r.Streams++; return nil })
}

// swapIndex puts the new index in the place of the old one, which gets a name beside it first. A crash in between leaves
// the old one in place, with two names.
func swapIndex(path, next string) (aside string, err error) {
	if _, err := os.Stat(path); err == nil {
		aside = path + ".before-" + time.Now().UTC().Format("20060102T150405.000Z")
		if err := os.Link(path, aside); err != nil {
			return "", err
		}
	}
	if err := os.Rename(next, path); err != nil {
		return "", err
	}
	return aside, durable.OS.SyncDir(filepath.Dir(path))
}
