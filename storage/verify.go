package storage

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// Verify says how footage is read again in the background, so that rot is found while there is something to be done.
type Verify struct {
	Rate  int64         // bytes per second, at most; 0: DefaultVerifyRate; less than 0: nothing is read
	Every time.Duration // from the beginning of a pass over a volume to that of the next; 0: DefaultVerifyEvery
}

// What holds where nothing else is said. At this rate 20 TB are read in a month.
const (
	DefaultVerifyRate  = 8_000_000
	DefaultVerifyEvery = 30 * 24 * time.Hour
)

const (
	verifyIdle = 10 * time.Second // between looks for something to do
	verifySave = 5 * time.Second  // how often a pass notes how far it is, at most
)

// Verified is how far the verifier is with a volume.
type Verified struct {
	Last    time.Time `json:"last,omitzero"`    // when the last whole pass began; zero: there was none
	Ended   time.Time `json:"ended,omitzero"`   // and when it ended
	Started time.Time `json:"started,omitzero"` // of the pass that goes on; zero: none does
	Bytes   int64     `json:"bytes,omitempty"`  // read in it
	Stream  []byte    `json:"stream,omitempty"` // the segment that was read last: its stream and key
	Key     []byte    `json:"key,omitempty"`
	Damaged int       `json:"damaged,omitempty"` // files that were found damaged in it
}

// verifyKey is where the index keeps how far the verifier is with a volume.
func verifyKey(volume string) []byte { return []byte("verify\x00" + volume) }

// verified reads how far the verifier is with a volume.
func (s *Store) verified(volume string) (at Verified) {
	s.index.db.View(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bMeta).Get(verifyKey(volume)); v != nil {
			return json.Unmarshal(v, &at) // what cannot be read begins anew
		}
		return nil
	})
	return at
}

func (s *Store) setVerified(volume string, at *Verified) error {
	return s.index.db.Update(func(tx *bbolt.Tx) error { return putJSON(tx.Bucket(bMeta), verifyKey(volume), at) })
}

// verify reads the footage of all volumes again and again until ctx ends, one file at a time, on a thread of its own that
// the disk serves when nobody else asks.
func (s *Store) verify(ctx context.Context) {
	o := s.o.Verify
	if o.Rate < 0 {
		return
	}
	runtime.LockOSThread() // for good: the thread ends with this goroutine, and its priority with it
	idlePriority()
	c := s.verifier()
	tick := time.NewTicker(verifyIdle)
	defer tick.Stop()
	for {
		for _, v := range s.list() {
			for s.verifySome(ctx, c, v) {
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Store) verifier() *checking {
	c := &checking{s: s, level: LevelHash}
	if c.pace.rate = s.o.Verify.Rate; c.pace.rate == 0 {
		c.pace.rate = DefaultVerifyRate
	}
	return c
}

// idlePriority has the disk serve this thread after everybody else (ioprio_set of linux/ioprio.h: who is a process, 0 is
// this thread, class 3 is idle). A wish: not every scheduler knows of it.
func idlePriority() {
	const whoProcess, classIdle, classShift = 1, 3, 13
	unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, 0, classIdle<<classShift)
}

// verifySome reads some segments of a volume, and tells whether there are more to be read now. It does nothing while the
// volume is slow, or is not there: recording needs it.
func (s *Store) verifySome(ctx context.Context, c *checking, v *volume) (more bool) {
	st := v.status()
	if st.State != VolumeOK || st.ID == "" || ctx.Err() != nil {
		return false
	}
	at := s.verified(st.ID)
	every := s.o.Verify.Every
	if every == 0 {
		every = DefaultVerifyEvery
	}
	if now := s.now().UTC(); at.Started.IsZero() {
		if ahead := at.Last.Sub(now); !at.Last.IsZero() && ahead < every && ahead > -every {
			return false
		}
		at = Verified{Last: at.Last, Ended: at.Ended, Started: now}
	}
	list, err := s.page(at.Stream, at.Key, pageSegments)
	if err != nil {
		s.log.Error("verify", "volume", st.Path, "error", err)
		return false
	}
	if len(list) == 0 {
		at = Verified{Last: at.Started, Ended: s.now().UTC(), Damaged: at.Damaged}
	}
	saved := time.Now()
	for i := range list {
		if v.status().State != VolumeOK || !s.verifyOne(ctx, c, v, &list[i], &at) {
			break
		}
		at.Stream, at.Key = streamKey(list[i].Camera, list[i].Stream), list[i].key()
		if time.Since(saved) > verifySave {
			saved = time.Now()
			s.keepVerified(st, &at)
		}
	}
	s.keepVerified(st, &at)
	return len(list) > 0 && ctx.Err() == nil && v.status().State == VolumeOK
}

func (s *Store) keepVerified(st VolumeStatus, at *Verified) {
	if err := s.setVerified(st.ID, at); err != nil {
		s.log.Error("note how far verifying is", "volume", st.Path, "error", err)
	}
}

// verifyOne reads the copy of a segment that lies on a volume; false when ctx ended. Segments that were closed since the
// pass began wait for the next.
func (s *Store) verifyOne(ctx context.Context, c *checking, v *volume, seg *Segment, at *Verified) bool {
	number := s.numberOf(v)
	for _, p := range seg.places() {
		if p.volume != number || seg.Open || seg.End.After(at.Started) {
			continue
		}
		one := *seg
		one.place, one.mirror = p, place{}
		one.Path = v.o.Path + "/" + one.relative()
		err := c.checkCopy(ctx, v, &one)
		if ctx.Err() != nil {
			return false
		}
		at.Bytes += seg.Size
		if err == nil {
			s.sound(&one)
		} else if s.isKept(seg) && v.present() == nil {
			at.Damaged++
			s.foundDamaged(&one, err)
		}
	}
	return true
}

// foundDamaged notes what the verifier found; the alarm stays until a repair, or until the file is found sound.
func (s *Store) foundDamaged(seg *Segment, err error) {
	d := damage{Found: s.now().UTC(), Kind: KindUnreadable, What: "it cannot be read: " + plain(CauseFailing, err) + "."}
	if bad, ok := isBad(err); ok {
		d.Kind, d.What, d.CRC = bad.kind, bad.what, bad.crc
	} else if errors.Is(err, fs.ErrNotExist) {
		d.Kind, d.What = KindMissing, "the file is not there."
	}
	s.log.Error("footage is damaged", "path", seg.Path, "kind", d.Kind, "what", d.What)
	if err := s.index.db.Update(func(tx *bbolt.Tx) error { return noteDamage(tx, seg, d) }); err != nil {
		s.log.Error("note damage", "path", seg.Path, "error", err)
	}
	s.note()
}
