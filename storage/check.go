package storage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/fmp4"
)

// Level says how much a check proves. FORMAT.md has what each costs.
type Level string

// The levels, each of which includes those before.
const (
	LevelIndex Level = "index" // the index is whole and agrees with itself
	LevelFiles Level = "files" // and the files are there, as long as they should be, and say the same of themselves
	LevelHash  Level = "hash"  // and every byte is what was written
	LevelMedia Level = "media" // and the samples are such as a player can decode
)

// levels in their order.
var levels = []Level{LevelIndex, LevelFiles, LevelHash, LevelMedia}

// ParseLevel reads a level; "" is LevelFiles.
func ParseLevel(s string) (Level, error) {
	if s == "" {
		return LevelFiles, nil
	}
	for _, l := range levels {
		if s == string(l) {
			return l, nil
		}
	}
	return "", fmt.Errorf("check level %q: allowed are index, files, hash and media", s)
}

// includes tells whether l proves what other does.
func (l Level) includes(other Level) bool {
	for _, x := range levels {
		switch x {
		case other:
			return true
		case l:
			return l == other
		}
	}
	return false
}

// The kinds of findings. They are stable: programs may rely on them. FORMAT.md tells of each what repair does.
const (
	KindRecord     = "record"     // a record of the index cannot be read
	KindDangling   = "dangling"   // one part of the index speaks of what another does not have
	KindGap        = "gap"        // a gap never ends, or cannot be read
	KindMissing    = "missing"    // a file is not there
	KindUnreadable = "unreadable" // the disk does not give a file's bytes
	KindSize       = "size"       // a file is longer or shorter than it was
	KindHeader     = "header"     // a file's beginning is damaged, or is of other footage
	KindTrailer    = "trailer"    // a file's table is damaged
	KindDigest     = "digest"     // footage is not what was recorded
	KindChecksum   = "checksum"   // a byte of a file that holds no footage is not what was written
	KindMedia      = "media"      // a sample cannot be what a camera sent in order
	KindDecode     = "decode"     // a decoder stumbles over it
	KindOrphan     = "orphan"     // a file is on no timeline
	KindVolume     = "volume"     // a volume is not there
	KindJournal    = "journal"    // lines of a journal cannot be read
	KindKey        = "key"        // no keyring has the key of footage
	KindSpare      = "spare key"  // no footage needs a key: a note, and no fault
)

// Finding is something that is not as it should be.
type Finding struct {
	Kind   string `json:"kind"`
	Path   string `json:"path,omitempty"`
	What   string `json:"what" people:"read"`
	Means  string `json:"means" people:"read"`
	Do     string `json:"do" people:"read"`
	Repair string `json:"repair,omitempty"`              // what a repair does about it; "" when it can do nothing
	Done   bool   `json:"done,omitempty"`                // by this repair
	Error  string `json:"error,omitempty" people:"read"` // why this repair could not

	mend func(context.Context) error // does what Repair says; running it twice does no more than once
}

// Report is the outcome of a check or a repair.
type Report struct {
	Level    Level     `json:"level"`
	Started  time.Time `json:"started"`
	Took     float64   `json:"took_seconds"`
	Streams  int       `json:"streams"`
	Segments int       `json:"segments"`
	Open     int       `json:"open"`             // being recorded, or waiting to be finished after a crash: not looked at
	Skipped  int       `json:"skipped"`          // on volumes that are not there, or deleted meanwhile: not looked at
	Locked   int       `json:"locked,omitempty"` // whose samples were not compared with their digest: their key is missing
	Bytes    int64     `json:"bytes"`            // of the files that were looked at; read only from level hash on
	Findings []Finding `json:"findings"`
	More     int       `json:"more,omitempty"`     // findings beyond maxFindings
	Known    []Finding `json:"known,omitempty"`    // damage that a repair has noted: nothing new
	Notes    []Finding `json:"notes,omitempty"`    // what is worth knowing, and is no fault
	Repaired int       `json:"repaired,omitempty"` // findings that this repair has dealt with

	KeysLocked int `json:"keys_locked,omitempty"` // segments whose keys were not looked at: keys are locked
}

// Left is how many findings are left: all, less those that were repaired.
func (r *Report) Left() int { return len(r.Findings) + r.More - r.Repaired }

// maxFindings bounds a report, and maxKnown what it lists of old damage.
const (
	maxFindings = 1000
	maxKnown    = 1000
)

// CheckProgress is how far a check is.
type CheckProgress struct {
	Segments int           `json:"segments"`
	Of       int           `json:"of"` // segments to be looked at, as the check began
	Bytes    int64         `json:"bytes"`
	OfBytes  int64         `json:"of_bytes"`
	Left     time.Duration `json:"-"` // at the rate so far; 0 while that is not known
}

// CheckOptions restrict a check. Zero values restrict nothing.
type CheckOptions struct {
	Camera   string
	From, To time.Time // footage that overlaps [From, To)
	Volume   string    // id or path
	Rate     int64     // bytes read per second, at most
	Repair   bool      // do what Finding.Repair says
	Progress func(CheckProgress)
	// Decode, if set, is given each file of level media from its beginning to its end. Its error is a finding.
	Decode func(ctx context.Context, media *Media) error
}

// wants tells whether a segment is to be looked at.
func (o *CheckOptions) wants(seg *Segment) bool {
	return o.ofCamera(seg.Camera) && (o.To.IsZero() || seg.Start.Before(o.To)) && (o.From.IsZero() || seg.Open || seg.End.After(o.From))
}

func (o *CheckOptions) ofCamera(camera string) bool { return o.Camera == "" || o.Camera == camera }

func (o *CheckOptions) ofVolume(v *volume) bool {
	return v != nil && (o.Volume == "" || o.Volume == v.o.Path || o.Volume == v.status().ID)
}

// whole tells whether nothing is left out.
func (o *CheckOptions) whole() bool {
	return o.Camera == "" && o.From.IsZero() && o.To.IsZero() && o.Volume == ""
}

// checking is a check, or a repair, while it runs. Owned by the goroutine that runs it.
type checking struct {
	s     *Store
	o     CheckOptions
	level Level
	r     Report
	pace  pace
	began time.Time
	at    CheckProgress
	buf   []byte
}

// Check compares index, files and hashes, and without Repair changes nothing. It may run while footage is recorded and
// deleted. A nil o looks at everything. The report of a check that ctx ended tells what was found until then.
func (s *Store) Check(ctx context.Context, level Level, o *CheckOptions) (Report, error) {
	c := &checking{s: s, level: level, began: time.Now()}
	if o != nil {
		c.o = *o
	}
	if err := c.known(); err != nil {
		return c.r, err
	}
	c.pace.rate = c.o.Rate
	c.r = Report{Level: level, Started: s.now().UTC(), Findings: []Finding{}}
	err := c.run(ctx)
	c.r.Took = time.Since(c.began).Seconds()
	return c.r, err
}

// known refuses a camera or volume that there is not: a check of nothing finds nothing.
func (c *checking) known() error {
	if c.o.Volume == "" {
		return nil
	}
	if path, err := filepath.Abs(c.o.Volume); err == nil {
		for _, v := range c.s.list() {
			if v.o.Path == path {
				c.o.Volume = path
			}
		}
	}
	for _, v := range c.s.list() {
		if c.o.ofVolume(v) {
			return nil
		}
	}
	return fmt.Errorf("check: there is no volume %q", c.o.Volume)
}

func (c *checking) run(ctx context.Context) error {
	if err := c.checkIndex(ctx); err != nil {
		return err
	}
	if err := c.checkKeys(ctx); err != nil {
		return err
	}
	if c.level == LevelIndex {
		return nil
	}
	if err := c.eachSegment(ctx, c.checkSegment); err != nil {
		return err
	}
	if err := c.checkVolumes(ctx); err != nil {
		return err
	}
	return c.checkSpare(ctx)
}

// add takes a finding, and repairs it at once where that was asked for.
func (c *checking) add(ctx context.Context, f Finding) {
	if c.o.Repair && f.mend != nil {
		if err := f.mend(ctx); err != nil {
			f.Error = err.Error()
		} else {
			f.Done = true
			c.r.Repaired++
			c.s.repaired(&f)
		}
	}
	if len(c.r.Findings) >= maxFindings {
		c.r.More++
		return
	}
	c.r.Findings = append(c.r.Findings, f)
}

// know takes old damage.
func (c *checking) know(f Finding) {
	if len(c.r.Known) < maxKnown {
		c.r.Known = append(c.r.Known, f)
	}
}

// pageSegments is how many segments are read from the index at once: no transaction spans looking at them.
const pageSegments = 256

// eachSegment calls f for each segment that is wanted, and tells how far the check is.
func (c *checking) eachSegment(ctx context.Context, f func(context.Context, *Segment)) error {
	return c.eachRecord(ctx, func(ctx context.Context, seg *Segment) {
		f(ctx, seg)
		c.step(seg)
	})
}

// eachRecord calls f for each segment that is wanted, stream by stream, each in the order of time.
func (c *checking) eachRecord(ctx context.Context, f func(context.Context, *Segment)) error {
	var stream, after []byte
	for {
		list, err := c.s.page(stream, after, pageSegments)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if seg := &list[i]; c.o.wants(seg) {
				f(ctx, seg)
			}
		}
		last := &list[len(list)-1]
		stream, after = streamKey(last.Camera, last.Stream), last.key()
	}
}

// page reads at most n segments behind one of a stream; none are left when it is empty. Malformed records are left out.
func (s *Store) page(stream, after []byte, n int) (list []Segment, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bSegments)
		c := all.Cursor()
		for k, _ := c.Seek(stream); k != nil && len(list) < n; k, _ = c.Next() {
			camera, name := splitKey(k)
			in := all.Bucket(k).Cursor()
			key, v := in.First()
			if string(k) == string(stream) && after != nil {
				if key, v = in.Seek(after); string(key) == string(after) {
					key, v = in.Next()
				}
			}
			for ; key != nil && len(list) < n; key, v = in.Next() {
				seg, err := unmarshalSegment(key, v)
				if err != nil {
					continue
				}
				seg.Camera, seg.Stream = camera, name
				list = append(list, seg)
			}
		}
		return nil
	})
	return list, err
}

// step notes that a segment was looked at, and tells how far the check is.
func (c *checking) step(seg *Segment) {
	c.at.Segments++
	c.at.Bytes += seg.Size
	c.tell()
}

func (c *checking) tell() {
	if c.o.Progress == nil {
		return
	}
	if p := &c.at; c.level.includes(LevelHash) && p.Bytes > 0 {
		p.Left = time.Duration(float64(time.Since(c.began)) * float64(max(p.OfBytes-p.Bytes, 0)) / float64(p.Bytes))
	} else if p.Segments > 0 {
		p.Left = time.Since(c.began) * time.Duration(max(p.Of-p.Segments, 0)) / time.Duration(p.Segments)
	}
	c.o.Progress(c.at)
}

// volumeOf gives the volume of a place, nil when it is not configured.
func (s *Store) volumeOf(number uint16) *volume {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers[number]
}

// isKept tells whether the index still has a segment where it was: it may have been deleted or moved meanwhile.
func (s *Store) isKept(seg *Segment) (kept bool) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		now, ok, err := segmentOf(tx, seg.Camera, seg.Stream, seg.key())
		kept = ok && err == nil && now.place == seg.place && now.Open == seg.Open
		return nil
	})
	return kept
}

// badFile says in what a file differs.
type badFile struct {
	kind, what string
	table      *fmp4.Table // where it could be read
	fragments  []int       // that are damaged, where that is known
	crc        uint32      // of the file as it is, where it was read whole
}

func (b *badFile) Error() string { return b.what }

func isBad(err error) (*badFile, bool) {
	var b *badFile
	return b, errors.As(err, &b)
}

// HasVolume tells whether a volume of this id or path is configured; "" stands for all.
func (s *Store) HasVolume(idOrPath string) bool {
	c := &checking{s: s, o: CheckOptions{Volume: idOrPath}}
	return c.known() == nil
}
