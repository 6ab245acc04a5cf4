package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// checkKeys looks whether the key of every encrypted segment can be had: else footage is there that nobody can open. It costs
// one small read for each day of a camera, and no transaction of the index spans that.
func (c *checking) checkKeys(ctx context.Context) error {
	var d keyDay
	err := c.eachRecord(ctx, func(ctx context.Context, seg *Segment) {
		if !seg.Protected || !c.reachable(seg) {
			return
		}
		if day := seg.Start.UTC().Format(time.DateOnly); d.camera != seg.Camera || d.stream != seg.Stream || d.day != day {
			c.tellKeys(ctx, &d)
			d = keyDay{camera: seg.Camera, stream: seg.Stream, day: day}
		}
		c.lookForKey(&d, seg)
	})
	c.tellKeys(ctx, &d)
	if c.r.KeysLocked > 0 {
		c.note(c.lockedNote())
	}
	return err
}

// keyDay is the segments of a stream's day whose keys are not to be had.
type keyDay struct {
	camera, stream, day string
	lost, destroyed     int
}

// reachable tells whether a volume that has the segment is there: its own copy of the keyring has the key of what it holds.
func (c *checking) reachable(seg *Segment) bool {
	for _, p := range seg.places() {
		if v := c.s.volumeOf(p.volume); v != nil && c.o.ofVolume(v) && v.readable() {
			return true
		}
	}
	return false
}

func (c *checking) lookForKey(d *keyDay, seg *Segment) {
	_, err := c.s.cipherOf(seg)
	switch {
	case err == nil:
	case errors.Is(err, ErrLocked):
		c.r.KeysLocked++
	case !c.s.isKept(seg): // deleted, and its key forgotten, meanwhile
	case errors.Is(err, ErrErased):
		d.destroyed++
	default:
		d.lost++
	}
}

// tellKeys makes findings of a day.
func (c *checking) tellKeys(ctx context.Context, d *keyDay) {
	path := d.camera + "/" + d.stream + "/" + d.day
	if d.lost > 0 {
		c.add(ctx, Finding{Kind: KindKey, Path: path, What: fmt.Sprintf("The keys of %d segments are in no copy of the keyring that can be reached.", d.lost),
			Means: "Their footage is there, and nobody can open it.",
			Do: "Attach every volume that was ever in use here: each has a copy of the keyring. Where the keyring was lost with this machine, put its directory back from a " +
				"copy, and its root key by holdfast keys restore or holdfast keys unlock."})
	}
	if d.destroyed > 0 {
		c.add(ctx, Finding{Kind: KindKey, Path: path, What: fmt.Sprintf("The keys of %d segments were destroyed, and the timeline still has them.", d.destroyed),
			Means: "Their footage was erased: nobody can ever open it.", Do: "Have the span erased again (holdfast erase), so that the timeline says so; or leave it to retention."})
	}
}

func (c *checking) lockedNote() Finding {
	f := Finding{Kind: KindKey, What: fmt.Sprintf("The keys of %d segments were not looked at: keys are locked.", c.r.KeysLocked),
		Means: "Their footage can be shown once the keyring of that time is open, if it has their keys.",
		Do:    "Run holdfast keys unlock with the recovery key of that time, or holdfast keys restore with a backup, and check again."}
	if c.s.o.Keys == nil {
		f.What = fmt.Sprintf("The keys of %d segments were not looked at: the keyring is not open here.", c.r.KeysLocked)
		f.Do = "Switch encryption on, or check as the user who may read the root key."
	}
	return f
}

// note takes what is worth knowing and is no fault.
func (c *checking) note(f Finding) {
	if len(c.r.Notes) < maxKnown {
		c.r.Notes = append(c.r.Notes, f)
	}
}
