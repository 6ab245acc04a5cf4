package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/storage/keyring"
)

// Ground says why footage is erased. It is kept for ever and in clear, so it is a word of this list, and never says who.
type Ground string

// The grounds. The words are those of the API.
const (
	GroundRequest   Ground = "subject request"     // a person who was filmed asked for it
	GroundUnlawful  Ground = "unlawful"            // it should never have been recorded
	GroundAgreement Ground = "breach of agreement" // with staff or others
	GroundPurpose   Ground = "purpose ended"
	GroundOrder     Ground = "legal order"
	GroundTest      Ground = "test footage"
)

// Grounds are all grounds.
var Grounds = []Ground{GroundRequest, GroundUnlawful, GroundAgreement, GroundPurpose, GroundOrder, GroundTest}

// ParseGround reads a ground.
func ParseGround(s string) (Ground, error) {
	if slices.Contains(Grounds, Ground(s)) {
		return Ground(s), nil
	}
	words := make([]string, len(Grounds))
	for i, g := range Grounds {
		words[i] = string(g)
	}
	return "", fmt.Errorf("ground %q: allowed are %s", s, strings.Join(words, ", "))
}

const (
	// MaxErasures bounds the answer of Erasures.
	MaxErasures = 1000
	// maxErased bounds the stretches that an erasure lists; what is more is counted and joined to the last.
	maxErased = 200
	// maxUnderWay bounds the erasures that are not done.
	maxUnderWay = 100
	// erasePeriod is how often an erasure that waits is tried again.
	erasePeriod = 250 * time.Millisecond
)

// ErrNoErasure says that there is no erasure of an id.
var ErrNoErasure = errors.New("no such erasure")

// Erased is a stretch of a stream that went.
type Erased struct {
	Stream string    `json:"stream"`
	Start  time.Time `json:"start"` // UTC
	End    time.Time `json:"end"`
}

// Erasure is an order to erase footage, and what became of it: the receipt.
type Erasure struct {
	ID        string    `json:"id"`
	Camera    string    `json:"camera"`
	Streams   []string  `json:"streams,omitempty"` // none: all of the camera
	From      time.Time `json:"from"`              // UTC, as it was asked for
	To        time.Time `json:"to"`
	Ground    Ground    `json:"ground"`
	Requested time.Time `json:"requested"`
	Done      time.Time `json:"done,omitzero"`     // when all of it was gone from timelines and disks; zero while it is under way
	Waiting   string    `json:"waiting,omitempty"` // while it is under way: what for

	Erased    []Erased         `json:"erased"`              // what went, rounded outward to where footage can be parted
	Segments  int              `json:"segments"`            // that went as a whole
	Rewritten int              `json:"rewritten"`           // of which a part went; what is left was encrypted anew
	Bytes     int64            `json:"bytes"`               // of files, that went
	InClear   int              `json:"in_clear,omitempty"`  // segments that were not encrypted: their files were removed, and that is all
	Receipt   *keyring.Receipt `json:"receipt,omitempty"`   // of the destruction of the keys; nil until then, and without keys
	Means     string           `json:"means" people:"read"` // a sentence for people: what the erasure is worth by now

	Keys []erasedKey `json:"keys,omitempty"` // still to be forgotten
}

// erasedPart is the kind of a journal's line "erased" about a segment of which a part is left.
const erasedPart = "part"

// erasedKey names a key.
type erasedKey struct {
	Start time.Time `json:"start"` // of its segment
	ID    string    `json:"id"`    // hex
}

// HeldError says that footage cannot be erased because locks hold it.
type HeldError struct{ Locks []Lock }

func (e *HeldError) Error() string {
	l := e.Locks[0]
	return fmt.Sprintf("the footage is locked: %d locks, the first %s, of %s to %s, until %s", len(e.Locks), l.ID,
		l.From.Format(time.RFC3339), l.To.Format(time.RFC3339), l.Until.Format(time.RFC3339))
}

// Erase erases what was recorded of streams of a camera, all of them when none is named, in [from, to). From the moment of
// the call nobody sees it: Segments and Spans leave it out, Media that is open ends with ErrErased. Footage goes in whole
// fragments, and at the back up to the next picture at which decoding can start; what is left of a segment is encrypted
// anew. It waits until all is gone or ctx ends: then the erasure goes on by itself, also over a restart. Locked footage gives a
// *HeldError and nothing happens. Keys are destroyed by the next sweep of the keyring, within the hour, or by Sweep.
func (s *Store) Erase(ctx context.Context, camera string, streams []string, from, to time.Time, ground Ground) (Erasure, error) {
	now := s.now().UTC().Round(0)
	e := Erasure{Camera: camera, Streams: streams, From: from.UTC().Round(0), To: earlier(to.UTC().Round(0), now), Ground: ground, Requested: now, Erased: []Erased{}}
	if err := e.check(); err != nil {
		return e, fmt.Errorf("erase footage: %w", err)
	}
	e.ID = newErasureID(now)
	e.Waiting, e.Means = "it has just begun", meansUnderWay
	if err := s.orderErasure(&e); err != nil {
		return e, fmt.Errorf("erase footage: %w", err)
	}
	for {
		done, err := s.carryOut(ctx, e.ID)
		if err != nil || !done.Done.IsZero() {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, nil
		case <-time.After(erasePeriod):
		}
	}
}

func (e *Erasure) check() error {
	if !validName(e.Camera) {
		return fmt.Errorf("%q names no camera", e.Camera)
	}
	if len(e.Streams) > maxErased {
		return errors.New("too many streams are named")
	}
	for _, stream := range e.Streams {
		if !validName(stream) {
			return fmt.Errorf("%q names no stream", stream)
		}
	}
	if _, err := ParseGround(string(e.Ground)); err != nil {
		return err
	}
	if e.From.Unix() <= 0 {
		return errors.New("its range is no time that can be recorded")
	}
	return checkRange(e.From, e.To)
}

// newErasureID is a time and eight random digits, so that ids are in the order of the orders.
func newErasureID(now time.Time) string {
	var b [4]byte
	rand.Read(b[:])
	return fmt.Sprintf("%016x%s", uint64(now.UnixNano()), hex.EncodeToString(b[:]))
}

// orderErasure notes an erasure, unless locks are in the way, and blocks what it covers: index, journals, readers.
func (s *Store) orderErasure(e *Erasure) error {
	s.locking.Lock()
	err := s.index.db.Update(func(tx *bbolt.Tx) error {
		if err := refuseLocked(tx, e); err != nil {
			return err
		}
		return putErasure(tx, e)
	})
	s.locking.Unlock()
	if err != nil {
		return err
	}
	s.mu.Lock()
	full := len(s.erasing) >= maxUnderWay
	if !full {
		s.erasing = append(slices.Clone(s.erasing), e)
	}
	s.mu.Unlock()
	if full {
		err := s.index.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bErasures).Delete([]byte(e.ID)) })
		return errors.Join(fmt.Errorf("%d erasures are under way; wait until some are done", maxUnderWay), err)
	}
	s.journalAll(e.record())
	s.endReaders(e)
	return nil
}

// refuseLocked refuses an erasure that takes footage under a lock: of its range, or of a segment of which it takes a part. The index
// does not know yet how far a segment reaches that is being recorded; it may reach to now.
func refuseLocked(tx *bbolt.Tx, e *Erasure) error {
	refuse := func(from, to time.Time) error {
		locks, err := lockedIn(tx, e.Camera, from, to)
		if err == nil && len(locks) > 0 {
			err = &HeldError{Locks: locks}
		}
		return err
	}
	if err := refuse(e.From, e.To); err != nil {
		return err
	}
	return eachErased(tx, e, func(seg Segment) error {
		end := later(seg.End, seg.Start.Add(1))
		if seg.Open {
			end = later(end, e.Requested)
		}
		return refuse(seg.Start, end)
	})
}

// eachErased calls f for each segment that an erasure covers.
func eachErased(tx *bbolt.Tx, e *Erasure, f func(Segment) error) error {
	prefix := streamKey(e.Camera, "")
	c := tx.Bucket(bSegments).Cursor()
	for k, _ := c.Seek(prefix); k != nil && strings.HasPrefix(string(k), string(prefix)); k, _ = c.Next() {
		_, stream := splitKey(k)
		if !e.covers(e.Camera, stream) {
			continue
		}
		if err := between(tx, e.Camera, stream, e.From, e.To, f); err != nil {
			return err
		}
	}
	return nil
}

// covers tells whether an erasure is of a stream.
func (e *Erasure) covers(camera, stream string) bool {
	return e.Camera == camera && (len(e.Streams) == 0 || slices.Contains(e.Streams, stream))
}

// blocked gives the erasures under way that cover footage of a stream in [from, to).
func (s *Store) blocked(camera, stream string, from, to time.Time) (list []*Erasure) {
	s.mu.Lock()
	under := s.erasing
	s.mu.Unlock()
	for _, e := range under {
		if e.covers(camera, stream) && e.From.Before(to) && e.To.After(from) {
			list = append(list, e)
		}
	}
	return list
}

// unblocked takes out of a list what an erasure under way covers, in part or whole: until it is done, what is left of
// such a segment cannot be told from what goes.
func (s *Store) unblocked(list []Segment) []Segment {
	return slices.DeleteFunc(list, func(seg Segment) bool {
		return len(s.blocked(seg.Camera, seg.Stream, seg.Start, later(seg.End, seg.Start.Add(1)))) > 0
	})
}

// endReaders ends the reading of what an erasure covers.
func (s *Store) endReaders(e *Erasure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.reading {
		if e.covers(m.camera, m.stream) && e.From.Before(m.until) && e.To.After(m.start) {
			m.erased.Store(true)
		}
	}
}

func (e *Erasure) record() record {
	data, err := json.Marshal(e)
	if err != nil {
		data = nil // every field can be
	}
	return record{Type: "erasure", At: e.Requested, Camera: e.Camera, ID: e.ID, Erasure: data}
}

func putErasure(tx *bbolt.Tx, e *Erasure) error {
	return putJSON(tx.Bucket(bErasures), []byte(e.ID), e)
}

func readErasure(v []byte) (e Erasure, err error) {
	if err = json.Unmarshal(v, &e); err == nil && e.ID == "" {
		err = errors.New("it has no id")
	}
	if err != nil {
		err = fmt.Errorf("read index: an erasure is malformed: %w", err)
	}
	return e, err
}

// Erasures gives the erasures of a camera, "" for all, the newest first, at most MaxErasures.
func (s *Store) Erasures(camera string) (list []Erasure, err error) {
	list = []Erasure{}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bErasures).Cursor()
		for k, v := c.Last(); k != nil && len(list) < MaxErasures; k, v = c.Prev() {
			e, err := readErasure(v)
			if err != nil {
				return err
			}
			if camera == "" || e.Camera == camera {
				list = append(list, e)
			}
		}
		return nil
	})
	return list, err
}

// Erasure gives one erasure; ErrNoErasure when there is none of the id.
func (s *Store) Erasure(id string) (e Erasure, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) (err error) {
		v := tx.Bucket(bErasures).Get([]byte(id))
		if v == nil {
			return ErrNoErasure
		}
		e, err = readErasure(v)
		return err
	})
	return e, err
}

// collectErasures finds the erasures that are under way, and those whose keys wait for a sweep: at the start, and when a volume
// that the index had not met told of some.
func (s *Store) collectErasures() error {
	var list []*Erasure
	unswept := map[string]bool{}
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bErasures).ForEach(func(_, v []byte) error {
			e, err := readErasure(v)
			switch {
			case err != nil:
				return err
			case e.Done.IsZero():
				list = append(list, &e)
			case e.Receipt == nil && e.keyed():
				unswept[e.ID] = true
			}
			return nil
		})
	})
	for _, e := range s.resume(list, unswept) {
		s.endReaders(e)
	}
	return err
}

// resume adds erasures to those under way, and gives those that were not.
func (s *Store) resume(list []*Erasure, unswept map[string]bool) (added []*Erasure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.erasing)
	for _, e := range list {
		if !slices.ContainsFunc(all, func(x *Erasure) bool { return x.ID == e.ID }) {
			all, added = append(all, e), append(added, e)
		}
	}
	s.erasing = all
	maps.Copy(s.unswept, unswept)
	return added
}

// keyed tells whether keys went, or are to.
func (e *Erasure) keyed() bool { return e.Segments+e.Rewritten > e.InClear }

// Sweep destroys the keys of what was erased now, instead of within the hour.
func (s *Store) Sweep(ctx context.Context) error {
	if s.o.Keys == nil {
		return nil
	}
	_, err := s.o.Keys.Sweep(ctx)
	return errors.Join(err, s.attachReceipts())
}

// attachReceipts adds to erasures the receipt of the sweep that destroyed their keys.
func (s *Store) attachReceipts() error {
	s.mu.Lock()
	waiting := len(s.unswept) > 0
	s.mu.Unlock()
	if s.o.Keys == nil || !waiting {
		return nil
	}
	st := s.o.Keys.Status()
	if st.Last == nil || st.Due > 0 {
		return nil
	}
	s.mu.Lock()
	var ids []string
	for id := range s.unswept {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	for _, id := range ids {
		e, err := s.Erasure(id)
		if err != nil || st.Last.At.Before(e.Done.Truncate(time.Second)) {
			continue
		}
		e.Receipt = st.Last
		e.Means = e.worth()
		if err := s.noteErasure(&e); err != nil {
			return err
		}
		s.mu.Lock()
		delete(s.unswept, id)
		s.mu.Unlock()
	}
	return nil
}

// noteErasure writes what has become of an erasure.
func (s *Store) noteErasure(e *Erasure) error {
	if err := s.index.db.Update(func(tx *bbolt.Tx) error { return putErasure(tx, e) }); err != nil {
		return fmt.Errorf("note erasure: %w", err)
	}
	s.journalAll(e.record())
	return nil
}

const (
	meansUnderWay = "Nobody can see this footage any more. Its files are still on the disk."
	meansUnswept  = "Nobody can see this footage any more. Its files are removed; its keys are destroyed within the hour."
	meansNothing  = "Nothing was recorded then."
	meansInClear  = "The footage was not encrypted. Its files were removed, and nothing was overwritten: who has the disk may find parts of it until they are."
)

// worth says what an erasure is worth.
func (e *Erasure) worth() string {
	switch {
	case e.Done.IsZero():
		return meansUnderWay
	case e.Segments+e.Rewritten == 0:
		return meansNothing
	case !e.keyed():
		return meansInClear
	case e.Receipt == nil:
		return meansUnswept
	case e.InClear > 0:
		return e.Receipt.Meaning + fmt.Sprintf(" %d segments were not encrypted: their files were removed, and nothing was overwritten.", e.InClear)
	}
	return e.Receipt.Meaning
}

// enterErasures writes what journals tell of erasures: the orders, those under way with what has gone by them and the keys that
// they may not have forgotten yet, and gaps where footage went.
func (f *findings) enterErasures(tx *bbolt.Tx) error {
	orders, err := f.orders(tx)
	if err != nil {
		return err
	}
	for i := range f.erasures {
		r := &f.erasures[i]
		if r.Type != "erased" || r.Start == nil || r.End == nil {
			continue
		}
		if r.End.After(*r.Start) { // else nothing was recorded of it
			if err := putGapAgain(tx, r.Camera, r.Stream, gapEntry{start: r.Start.UTC(), end: r.End.UTC(), cause: CauseErased}); err != nil {
				return err
			}
		}
		if e := orders[r.ID]; e != nil && e.Done.IsZero() {
			e.recount(r)
		}
	}
	for _, e := range orders {
		if err := putErasure(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// orders are the erasures that the journals tell of, as the newest line has them; or as the index, if that knows more from another
// volume's journal.
func (f *findings) orders(tx *bbolt.Tx) (map[string]*Erasure, error) {
	orders := map[string]*Erasure{}
	for i := range f.erasures {
		r := &f.erasures[i]
		if r.Type != "erasure" {
			continue
		}
		e, err := readErasure(r.Erasure)
		if err != nil {
			continue // a check names the line
		}
		if before := orders[e.ID]; before == nil || e.tellsMore(before) {
			orders[e.ID] = &e
		}
	}
	for id, e := range orders {
		if v := tx.Bucket(bErasures).Get([]byte(id)); v != nil {
			known, err := readErasure(v)
			if err != nil {
				return nil, err
			}
			if !e.tellsMore(&known) {
				orders[id] = &known
			}
		}
	}
	return orders, nil
}

// tellsMore tells whether an erasure is further than it was known before.
func (e *Erasure) tellsMore(before *Erasure) bool {
	if e.Done.IsZero() {
		return false
	}
	return before.Done.IsZero() || before.Receipt == nil && e.Receipt != nil
}

// recount adds what a journal says has gone to a receipt that does not have it. The journal of a second copy says the same.
func (e *Erasure) recount(r *record) {
	went := Erased{Stream: r.Stream, Start: r.Start.UTC(), End: r.End.UTC()}
	if slices.ContainsFunc(e.Erased, func(x Erased) bool {
		return x.Stream == went.Stream && !x.Start.After(went.Start) && !x.End.Before(went.End)
	}) {
		return
	}
	seg := Segment{Start: r.At.UTC()}
	if id, err := hex.DecodeString(r.KeyID); err == nil && len(id) == len(seg.KeyID) {
		seg.Protected, seg.KeyID = true, [16]byte(id)
	}
	e.count(&seg, []Erased{went}, r.Kind == erasedPart, r.Size)
}

// dayOf is the time that a key was made for.
func (k erasedKey) dayAndID() (time.Time, keyring.ID, error) {
	var id keyring.ID
	b, err := hex.DecodeString(k.ID)
	if err != nil || len(b) != len(id) {
		return k.Start, id, errors.New("the name of a key is malformed")
	}
	copy(id[:], b)
	return k.Start, id, nil
}

// hideErased takes what erasures under way cover out of the footage of a timeline, and puts gaps there.
func (s *Store) hideErased(camera, stream string, from, to time.Time, footage []stretch, gaps []gapEntry) ([]stretch, []gapEntry) {
	under := s.blocked(camera, stream, from, to)
	for _, e := range under {
		var left []stretch
		for _, f := range footage {
			if before := earlier(f.end, e.From); before.After(f.start) {
				left = append(left, stretch{f.start, before, f.run, f.filled, f.joined})
			}
			if after := later(f.start, e.To); f.end.After(after) {
				left = append(left, stretch{after, f.end, f.run, f.filled, f.joined && after.Equal(f.start)})
			}
			if cut := (stretch{start: later(f.start, e.From), end: earlier(f.end, e.To)}); cut.end.After(cut.start) {
				gaps = append(gaps, gapEntry{start: cut.start, end: cut.end, cause: CauseErased})
			}
		}
		footage = left
	}
	if len(under) > 0 {
		slices.SortStableFunc(gaps, func(a, b gapEntry) int { return a.start.Compare(b.start) })
	}
	return footage, gaps
}

// KnownCamera tells whether anything was ever recorded of a camera, configured or not.
func (s *Store) KnownCamera(camera string) (known bool, err error) {
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		prefix := streamKey(camera, "")
		for _, name := range [][]byte{bSegments, bGaps} {
			k, _ := tx.Bucket(name).Cursor().Seek(prefix)
			known = known || strings.HasPrefix(string(k), string(prefix))
		}
		return nil
	})
	return known, err
}
