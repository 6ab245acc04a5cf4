package storage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// drainWait is the time between two looks for something to move, or for room to move it to.
	drainWait = 2 * time.Second
	// drainPage is how many segments are taken from the index at a time.
	drainPage = 64
	// carryPart bounds one append of carried lines.
	carryPart = 200
)

// Draining is how far the emptying of a volume is.
type Draining struct {
	Since    time.Time
	Segments int64         // left, the closed ones
	Bytes    int64         // left
	Moved    int64         // segments
	MovedB   int64         // bytes
	Left     time.Duration // at the present rate; 0 while it is not known
	Waits    string        // why nothing is moved now, a plain sentence; "" while something is
	Damaged  int           // segments whose bytes are not those that were recorded: they stay where they are
	Done     bool          // nothing is left: the volume can be removed

	byItself bool // what it waits for passes by itself: nobody has to do anything
}

// drain is the state of an emptying. The volume's lock guards it.
type drain struct {
	since   time.Time
	moved   int64
	bytes   int64
	began   time.Time // monotonic, of the first move
	waits   string
	yields  string          // as waits, while recording needs the disks
	damaged map[string]bool // by path
	carried bool            // what its journal alone tells is in another volume's
}

func newDrain(now time.Time) *drain { return &drain{since: now.UTC(), damaged: map[string]bool{}} }

// Drain begins to empty a volume: nothing new is recorded on it while another is usable, and its segments are moved to the
// others, the oldest first, while recording goes on. It is over when Volumes says so, and lasts until CancelDrain or
// RemoveVolume; whoever wants it to go on after a restart says so in VolumeOptions.
func (s *Store) Drain(id string) error {
	v, err := s.byID(id)
	if err != nil {
		return fmt.Errorf("drain volume: %w", err)
	}
	if len(s.list()) < 2 {
		return fmt.Errorf("drain volume: there is no other volume; add one first")
	}
	v.mu.Lock()
	if v.drain == nil {
		v.drain = newDrain(v.now())
	}
	v.mu.Unlock()
	s.note()
	return nil
}

// CancelDrain ends the emptying of a volume: what was moved stays where it is, and the volume is recorded on again.
func (s *Store) CancelDrain(id string) error {
	v, err := s.byID(id)
	if err != nil {
		return fmt.Errorf("cancel drain: %w", err)
	}
	v.mu.Lock()
	v.drain = nil
	v.mu.Unlock()
	s.note()
	return nil
}

func (v *volume) draining() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.drain != nil
}

// empty empties volumes one after the other until ctx ends. It has a goroutine of its own: reading from a disk that fails
// may take long.
func (s *Store) empty(ctx context.Context, v *volume) {
	for ctx.Err() == nil {
		more := false
		if v.draining() {
			more = s.drainSome(ctx, v)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(drainWait):
		}
	}
}

// drainSome moves some of a volume's segments, and tells whether there may be more to be moved now.
func (s *Store) drainSome(ctx context.Context, v *volume) (more bool) {
	list, err := s.oldestOn(v, drainPage)
	if err != nil {
		v.drainWaits("The index cannot be read: " + err.Error())
		return false
	}
	for i := range list {
		if ctx.Err() != nil || !v.draining() {
			return false
		}
		if !s.drainOne(ctx, v, &list[i]) {
			return false
		}
	}
	if len(list) == 0 {
		return s.carry(v)
	}
	return true
}

// drainOne moves one segment; false when nothing can be moved now.
func (s *Store) drainOne(ctx context.Context, v *volume, seg *Segment) bool {
	if seg.mirror.volume != 0 && s.dropCopy(v, seg) {
		return true
	}
	to, why := s.target(seg, v)
	if to == nil {
		v.drainWaits(why)
		return false
	}
	v.drainWaits("")
	began := time.Now()
	err := s.moveSegment(ctx, seg, v, to)
	var ve *VolumeError
	switch {
	case err == nil:
		v.drained(seg, began)
	case errors.Is(err, errMoved), ctx.Err() != nil:
	case errors.As(err, &ve):
		v.drainWaits(fmt.Sprintf("%s took no copy: %v", to.o.Path, err))
		return false
	default: // of the source: the others may be readable
		s.log.Error("move segment", "path", seg.Path, "error", err)
		v.mu.Lock()
		if v.drain != nil {
			v.drain.damaged[seg.Path] = true
		}
		v.mu.Unlock()
	}
	return true
}

func (v *volume) drainWaits(why string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.drain != nil {
		v.drain.waits, v.drain.yields = why, ""
	}
}

// drainYields says that nothing is moved off the volume while recording on another, or on itself, waits for its disk; nil: that is
// over.
func (v *volume) drainYields(slow *volume) {
	why := ""
	if slow != nil {
		why = fmt.Sprintf("Recording on volume %s waits for its disk. Moving goes on by itself when that keeps up again.", slow.o.Path)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.drain != nil {
		v.drain.yields = why
	}
}

func (v *volume) drained(seg *Segment, began time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.drain
	if d == nil {
		return
	}
	if d.began.IsZero() {
		d.began = began
	}
	d.moved, d.bytes = d.moved+1, d.bytes+seg.Size
}

// target chooses where a segment is moved to: a usable volume, not one that is emptied, with room for it beside what is to
// stay free, and not the one that has its second copy.
func (s *Store) target(seg *Segment, from *volume) (best *volume, why string) {
	var most float64
	for _, v := range s.list() {
		st := v.status()
		if v == from || !st.Usable() || v.draining() || v.stands(seg, s) || !v.roomFor(seg.Size) {
			continue
		}
		if lasts := lasting(st); best == nil || lasts > most {
			best, most = v, lasts
		}
	}
	if best == nil {
		return nil, "No other volume has room for its footage. It waits until there is some: add a volume, or shorten the retention."
	}
	return best, ""
}

// stands tells whether the volume has a file of the segment.
func (v *volume) stands(seg *Segment, s *Store) bool {
	n := s.numberOf(v)
	return seg.volume == n || seg.mirror.volume == n
}

// roomFor tells whether n bytes fit beside what is to stay free.
func (v *volume) roomFor(n int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.free-n >= v.keepFree()
}

// oldestOn gives closed segments whose place is on a volume, the oldest first, without those that cannot be moved.
func (s *Store) oldestOn(v *volume, limit int) (list []Segment, err error) {
	number := s.numberOf(v)
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		for class := classFree; class < classes; class++ {
			b := tx.Bucket(bOrder).Bucket(classKey(number, class))
			if b == nil {
				continue
			}
			c := b.Cursor()
			n := 0
			for k, _ := c.First(); k != nil && n < limit; k, _ = c.Next() {
				seg, ok, err := ordered(tx, k)
				if err != nil {
					return err
				}
				if seg = seg.onVolume(number); ok && !v.stays(&seg) {
					list = append(list, seg)
					n++
				}
			}
		}
		return nil
	})
	for i := range list {
		s.fill(&list[i])
	}
	slices.SortFunc(list, func(a, b Segment) int { return a.Start.Compare(b.Start) })
	return list[:min(len(list), limit)], err
}

// stays tells whether a segment was found not to be movable.
func (v *volume) stays(seg *Segment) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.drain != nil && v.drain.damaged[filepath.Join(v.o.Path, seg.relative())]
}

// onVolume is the segment as the volume of a number has it: its place there is the first, the other the mirror.
func (s Segment) onVolume(number uint16) Segment {
	if s.mirror.volume == number {
		s.place, s.mirror = s.mirror, s.place
	}
	return s
}

// carry takes what a volume's journal alone tells, gaps, events and locks, to another volume's journal, once. It tells whether
// there is more to be done, which there is not.
func (s *Store) carry(v *volume) bool {
	v.mu.Lock()
	over := v.drain == nil || v.drain.carried || len(v.drain.damaged) > 0 || v.streams > 0
	v.mu.Unlock()
	if over {
		return false
	}
	var list []record
	_, err := replay(s.fs, v.o.Path, func(r record) {
		if r.Type != "closed" {
			r.Path = "" // of this volume: the other has files of the same names, which are not meant
			list = append(list, r)
		}
	})
	if err == nil {
		list, err = s.stillTold(list)
	}
	if err == nil {
		err = s.carryTo(v, list)
	}
	if err != nil {
		v.drainWaits("Its journal cannot be taken over yet: " + err.Error())
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.drain != nil {
		v.drain.carried, v.drain.waits = true, ""
	}
	return false
}

func (s *Store) stillTold(list []record) (still []record, err error) {
	now := s.now()
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		for _, r := range list {
			if tells(tx, &r, now) {
				still = append(still, r)
			}
		}
		return nil
	})
	return still, err
}

func (s *Store) carryTo(from *volume, list []record) error {
	for _, v := range s.list() {
		if v == from || !v.takes() || v.draining() {
			continue
		}
		for len(list) > 0 {
			n := min(len(list), carryPart)
			if err := s.journalTo(v, list[:n]...); err != nil {
				return err
			}
			list = list[n:]
		}
		return nil
	}
	return errors.New("no other volume is usable")
}

// progress is how far the emptying of a volume is, nil when it is not emptied. Caller holds v.mu.
func (v *volume) progress(onIt held) *Draining {
	d := v.drain
	if d == nil {
		return nil
	}
	p := &Draining{Since: d.since, Segments: onIt.segments, Bytes: onIt.bytes, Moved: d.moved, MovedB: d.bytes, Waits: d.waits, Damaged: len(d.damaged)}
	if d.waits == "" && d.yields != "" {
		p.Waits, p.byItself = d.yields, true
	}
	p.Done = d.carried && onIt.segments == 0 && v.streams == 0
	if took := time.Since(d.began); d.bytes > 0 && took > 0 && p.Waits == "" {
		p.Left = time.Duration(float64(took) * float64(onIt.bytes) / float64(d.bytes)).Round(time.Second)
	}
	return p
}

// drainAlarms are the conditions of an emptying that need a person.
func (s *Store) drainAlarms(v *volume) []Alarm {
	d := s.statusOf(v).Draining
	if d == nil {
		return nil
	}
	var list []Alarm
	if d.Waits != "" && !d.byItself {
		list = append(list, Alarm{ID: "drain:" + v.o.Path, Since: d.Since, What: "Volume " + v.o.Path + " is being emptied, and nothing can be moved. " + d.Waits,
			Means: "Its footage stays where it is. Recording goes on.", Do: "Make room on another volume or add one; or end it with holdfast volume drain --config FILE --cancel " + shellQuoted(v.o.Path) + "."})
	}
	if d.Damaged > 0 {
		list = append(list, Alarm{ID: "drain-damaged:" + v.o.Path, Since: d.Since, What: fmt.Sprintf("%d segments on volume %s cannot be moved: their bytes are not those that were recorded, or cannot be read.", d.Damaged, v.o.Path),
			Means: "They stay where they are, and are lost with the disk.", Do: "holdfast check --level hash names them. Copy what can be read, then remove the volume with --forget."})
	}
	return list
}
