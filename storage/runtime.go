package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// ErrNoVolume says that there is no volume of an id or path.
var ErrNoVolume = errors.New("no such volume")

// MaxVolumes bounds the volumes of a store.
const MaxVolumes = 64

// InUse says that a volume has footage, so that it is not removed without a word.
type InUse struct {
	Path     string
	Segments int64
	Bytes    int64
	Oldest   time.Time // start of the oldest segment on it
	Newest   time.Time // start of the newest
	Streams  int       // that are recorded on it now
}

func (e *InUse) Error() string {
	if e.Streams > 0 {
		return fmt.Sprintf("volume %s has %d segments (%.1f GB), and %d streams are being recorded on it", e.Path, e.Segments, float64(e.Bytes)/1e9, e.Streams)
	}
	return fmt.Sprintf("volume %s has %d segments (%.1f GB) of %s to %s", e.Path, e.Segments, float64(e.Bytes)/1e9,
		e.Oldest.Format(time.DateTime), e.Newest.Format(time.DateTime))
}

// byID finds a volume by its id, or by its path.
func (s *Store) byID(id string) (*volume, error) {
	for _, v := range s.list() {
		if st := v.status(); id != "" && (st.ID == id || st.Path == id) {
			return v, nil
		}
	}
	return nil, ErrNoVolume
}

// AddVolume takes a directory into use, as one that Options name. With Adopt, what is found there is made a volume of this
// site; also of a volume that is in use already and was refused. The error says why the directory is refused; it is then
// not in use, or as it was.
func (s *Store) AddVolume(o VolumeOptions) (VolumeStatus, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return VolumeStatus{}, fmt.Errorf("add volume: %w", err)
	}
	o.Path = path
	s.changing.Lock()
	defer s.changing.Unlock()
	v, err := s.candidate(o)
	if err != nil {
		return VolumeStatus{}, fmt.Errorf("add volume: %w", err)
	}
	if err := s.meet(v); err != nil {
		if !slices.Contains(s.list(), v) {
			s.leave(v)
		}
		return VolumeStatus{}, fmt.Errorf("add volume %s: %w", path, err)
	}
	s.mu.Lock()
	if !slices.Contains(s.vols, v) {
		s.vols = append(slices.Clone(s.vols), v)
	}
	s.mu.Unlock()
	s.rejoin()
	return s.statusOf(v), nil
}

// meet looks at a volume that is to be used, and takes in what is on it.
func (s *Store) meet(v *volume) error {
	if err := within(patience, v.look); err != nil {
		return err
	}
	if err := s.twice(v); err != nil {
		return err
	}
	if err := within(patience, func() error { return s.enter(v) }); err != nil {
		return err
	}
	return s.collectOpen(v)
}

// candidate is the volume that a path is to become: a new one, or one in use that is to be adopted.
func (s *Store) candidate(o VolumeOptions) (*volume, error) {
	vols := s.list()
	for _, v := range vols {
		switch {
		case v.o.Path == o.Path && o.Adopt && !v.ok():
			v.release()
			s.detachKeys(v)
			v.mu.Lock()
			v.adopt, v.journal = true, nil // that was of the volume before
			v.mu.Unlock()
			return v, nil
		case v.o.Path == o.Path:
			return nil, fmt.Errorf("%s is a volume already", o.Path)
		case below(v.o.Path, o.Path) || below(o.Path, v.o.Path):
			return nil, fmt.Errorf("%s and %s lie in each other; volumes must lie apart", o.Path, v.o.Path)
		}
	}
	if len(vols) >= MaxVolumes {
		return nil, fmt.Errorf("there are %d volumes already, the most that are allowed", len(vols))
	}
	return newVolume(o, s.fs, s.now, s.index), nil
}

func below(dir, path string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// twice refuses a directory that is another name of a volume in use: its space would count twice, and its files have two
// owners.
func (s *Store) twice(v *volume) error {
	id := v.status().ID
	for _, x := range s.list() {
		if x != v && x.status().ID == id {
			return fmt.Errorf("%s is the same volume as %s", v.o.Path, x.o.Path)
		}
	}
	return nil
}

// RemoveVolume takes a volume out of use. One that has footage is refused with an *InUse, unless forget is set: its footage
// is then off the timelines until the volume is added again. Nothing on it is touched.
func (s *Store) RemoveVolume(id string, forget bool) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	v, err := s.byID(id)
	if err != nil {
		return fmt.Errorf("remove volume: %w", err)
	}
	vols := s.list()
	if len(vols) < 2 {
		return errors.New("remove volume: it is the only one; add another first")
	}
	use := s.useOf(v)
	if use.Streams > 0 || use.Segments > 0 && !forget {
		return fmt.Errorf("remove volume: %w", use)
	}
	if use.Segments == 0 { // the directory may become another volume
		if err := s.index.db.Update(func(tx *bbolt.Tx) error { return leavePath(tx, v.status().ID) }); err != nil {
			return fmt.Errorf("remove volume: %w", err)
		}
	}
	s.mu.Lock()
	s.vols = slices.DeleteFunc(slices.Clone(vols), func(x *volume) bool { return x == v })
	for n, x := range s.numbers {
		if x == v {
			delete(s.numbers, n)
		}
	}
	for path, t := range s.torn {
		if strings.HasPrefix(t.Path, v.o.Path+string(filepath.Separator)) {
			delete(s.torn, path)
			s.tearOther(t)
		}
	}
	s.recopies.removed = true
	s.mu.Unlock()
	s.rejoin()
	s.leave(v)
	return nil
}

// tearOther has a segment finished in its other file, if that is on a volume in use. Caller holds mu.
func (s *Store) tearOther(t *tornSegment) {
	other := s.numbers[t.mirror.volume]
	if t.mirror.volume == 0 || other == nil {
		return
	}
	seg := t.onVolume(t.mirror.volume)
	seg.Path = filepath.Join(other.o.Path, seg.relative())
	s.torn[seg.Path] = &tornSegment{Segment: seg, late: t.late}
}

// useOf is what is on a volume, waiting segments included.
func (s *Store) useOf(v *volume) *InUse {
	st := s.statusOf(v)
	use := &InUse{Path: st.Path, Segments: st.Held, Bytes: st.Used, Streams: st.Streams}
	s.mu.Lock()
	for _, t := range s.torn {
		if s.numbers[t.volume] == v {
			use.Segments, use.Bytes = use.Segments+1, use.Bytes+t.Size
		}
	}
	s.mu.Unlock()
	number := s.numberOf(v)
	s.index.db.View(func(tx *bbolt.Tx) error {
		for c := classFree; c < classes; c++ {
			b := tx.Bucket(bOrder).Bucket(classKey(number, c))
			if b == nil {
				continue
			}
			if k, _ := b.Cursor().First(); len(k) == orderKeySize && (use.Oldest.IsZero() || nano(k).Before(use.Oldest)) {
				use.Oldest = nano(k)
			}
			if k, _ := b.Cursor().Last(); len(k) == orderKeySize {
				use.Newest = later(use.Newest, nano(k))
			}
		}
		return nil
	})
	return use
}

// leavePath forgets where a volume was.
func leavePath(tx *bbolt.Tx, id string) error {
	var e volumeEntry
	b := tx.Bucket(bVolumes)
	v := b.Get([]byte(id))
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(v, &e); err != nil {
		return err
	}
	return putJSON(b, []byte(id), volumeEntry{Number: e.Number})
}

// rejoin tells Run that the volumes are others.
func (s *Store) rejoin() {
	select {
	case s.joined <- struct{}{}:
	default:
	}
	s.note()
}

// Advice is what to do about an error that says why a directory is refused; "" when there is none.
func Advice(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.do
	}
	return ""
}

// Adoptable tells whether an error says that a directory is refused, and would be taken with VolumeOptions.Adopt.
func Adoptable(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// Volume gives the present state of one volume, by its id or path; ErrNoVolume when there is none.
func (s *Store) Volume(id string) (VolumeStatus, error) {
	v, err := s.byID(id)
	if err != nil {
		return VolumeStatus{}, err
	}
	return s.statusOf(v), nil
}
