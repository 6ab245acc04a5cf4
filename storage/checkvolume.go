package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// checkVolumes looks for files that the index does not know, and at the journals.
func (c *checking) checkVolumes(ctx context.Context) error {
	for _, v := range c.s.list() {
		if !c.o.ofVolume(v) {
			continue
		}
		st := v.status()
		if st.State == VolumeMissing {
			c.add(ctx, Finding{Kind: KindVolume, Path: st.Path, What: "The volume is not there: " + st.Cause, Means: "Its footage was not checked.", Do: st.Do})
			continue
		}
		if err := c.checkOrphans(ctx, v); err != nil {
			return fmt.Errorf("check volume %s: %w", st.Path, err)
		}
		if err := c.checkJournal(ctx, v); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("check journal of %s: %w", st.Path, err)
		}
	}
	return nil
}

// checkOrphans looks for files that the index does not know. Each is looked up after it was seen: a file has a note of
// garbage before it has a name, and a record before it has lost the note.
func (c *checking) checkOrphans(ctx context.Context, v *volume) error {
	number := c.s.numberOf(v)
	top, depth := v.o.Path, 4
	if c.o.Camera != "" {
		top, depth = filepath.Join(top, c.o.Camera), 3
	}
	err := c.s.walk(top, depth, func(path string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(v.o.Path, path)
		if err != nil || !strings.HasSuffix(rel, ".mp4") || !c.inRange(rel) || c.s.isKnown(number, rel) {
			return err
		}
		if _, err := c.s.fs.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		f := Finding{Kind: KindOrphan, Path: path, What: "The index does not know this file.", Means: "Its footage is on no timeline.",
			Do: "Run holdfast check --repair to have it taken in; or remove the file."}
		c.adopt(v, number, rel, &f)
		c.add(ctx, f)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// inRange tells whether the day of a file is looked at.
func (c *checking) inRange(rel string) bool {
	day, err := time.Parse(time.DateOnly, filepath.Base(filepath.Dir(rel)))
	return err != nil || (c.o.To.IsZero() || day.Before(c.o.To)) && (c.o.From.IsZero() || day.Add(24*time.Hour+MaxSegmentTime).After(c.o.From))
}

// isKnown tells whether a file below a volume is a segment's, or is about to be removed.
func (s *Store) isKnown(number uint16, rel string) (known bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		if _, known = segmentAt(tx, number, rel); !known {
			known = has(tx.Bucket(bGarbage), garbageName(number, rel))
		}
		return nil
	})
	return known
}

// checkJournal reads the journal of a volume.
func (c *checking) checkJournal(ctx context.Context, v *volume) error {
	bad, err := replay(c.s.fs, v.o.Path, func(record) {})
	if err != nil || bad == 0 {
		return err
	}
	f := Finding{Kind: KindJournal, Path: v.o.Path, What: fmt.Sprintf("%d lines of the journal cannot be read.", bad),
		Means: "Should the index be lost, the causes of some gaps would be too.", Do: "Look at the disk's health, and run holdfast check --repair.",
		Repair: "The lines are set aside; what the index knows is written to the journal again."}
	f.mend = func(context.Context) error { return c.s.mendJournal(v) }
	c.add(ctx, f)
	return nil
}
