package storage

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"syscall"
	"time"
)

// mirrors tells whether a camera is to be recorded to two volumes at once.
func (s *Store) mirrors(camera string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mirrored[camera]
}

// SetMirror says whether a camera is recorded to two volumes at once. When it is to be from now on, what is being recorded of it
// ends at the next picture at which decoding can start, so that what follows has its second copy; until then it is not mirrored.
func (s *Store) SetMirror(camera string, mirror bool) {
	s.mu.Lock()
	was := s.mirrored[camera]
	s.mirrored[camera] = mirror
	s.mu.Unlock()
	if was || !mirror {
		return
	}
	for _, w := range s.writersOf(camera) {
		if v, _ := w.stands(); v.path != "" && v.twin == "" {
			w.alone(justWanted)
			w.ask(cutAtSync)
		}
	}
}

const justWanted = "it was asked for just now, and holds from the next key frame on"

// unmirrors tells whether a camera was said not to be mirrored. Of one that nobody told of, because its configuration is not here,
// nothing is known.
func (s *Store) unmirrors(camera string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mirror, told := s.mirrored[camera]
	return told && !mirror
}

// places chooses the volumes for a new segment: that of pick, and of a mirrored camera a second one where one takes footage; else
// why says what there is instead.
func (s *Store) places(camera string) (first, second *volume, why string, err error) {
	if first, err = s.pick(camera); err != nil || !s.mirrors(camera) {
		return first, nil, "", err
	}
	second, why = s.chooseSecond(camera, first, func(*volume) string { return "" })
	return first, second, why, nil
}

// chooseSecond chooses the volume of the second copy: one that takes footage, is not being emptied, can make room, and of which but
// says nothing; on another disk if there is one, among those that the camera is pinned to if one of them will do.
func (s *Store) chooseSecond(camera string, first *volume, but func(*volume) string) (*volume, string) {
	var able []*volume
	why := onlyOne
	for _, v := range s.list() {
		if v == first {
			continue
		}
		if what := cmp.Or(v.unfit(), but(v)); what != "" {
			why = fmt.Sprintf("volume %s %s", v.o.Path, what)
			continue
		}
		able = append(able, v)
	}
	if apart := slices.DeleteFunc(slices.Clone(able), first.sameDisk); len(apart) > 0 {
		able = apart
	}
	pinned := s.pinned(s.o.Pins[camera])
	if own := slices.DeleteFunc(slices.Clone(able), func(v *volume) bool { return !slices.Contains(pinned, v) }); len(own) > 0 {
		able = own
	}
	if v, err := best(able); err == nil {
		return v, ""
	}
	return nil, why
}

// unfit says why a volume takes no second copy, "" when it does.
func (v *volume) unfit() string {
	switch st := v.status(); {
	case !st.Usable():
		return fmt.Sprintf("is %s: %s", st.State, st.Cause)
	case !v.takes():
		return "does not answer"
	case v.draining():
		return "is being emptied"
	case v.isStuck():
		return "has only locked footage left where room is needed"
	case v.isCrowded():
		return "is nearly full of other files"
	}
	return ""
}

// refused says that a volume did not take a copy.
func refused(v *volume, err error) string {
	var ve *VolumeError
	if errors.As(err, &ve) {
		return fmt.Sprintf("volume %s did not take it (%s)", v.o.Path, ve.Cause)
	}
	return fmt.Sprintf("volume %s did not take it (%v)", v.o.Path, err)
}

// noteDevice notes the device of the file system that a file of the volume's lies on.
func (v *volume) noteDevice(info fs.FileInfo) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.device = st.Dev
	}
}

// sameDisk tells whether two volumes are known to lie on one file system.
func (v *volume) sameDisk(other *volume) bool {
	v.mu.Lock()
	own := v.device
	v.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	return own != 0 && own == other.device
}

// aloneTime is how long a camera that is to be mirrored is recorded once before it is an alarm: a volume that was away for a moment
// is used again by the next segment.
const aloneTime = time.Minute

// alone is why and since when a stream has no second copy though one is wanted.
type alone struct {
	why   string // a plain clause, "" when it has one, or none is wanted
	since time.Time
}

// alone notes why the segment has no second copy.
func (w *Writer) alone(why string) {
	now := w.s.now().UTC()
	w.mu.Lock()
	changed := (w.sole.why == "") != (why == "")
	if changed {
		w.sole.since = now
	}
	w.sole.why = why
	w.mu.Unlock()
	if changed {
		w.s.note()
	}
}

// stands tells how it is with the second copy: whether a segment is recorded at all, on which volumes, and why it has none.
func (w *Writer) stands() (v view, sole alone) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view, w.sole
}

// Mirroring is how it stands with the second copy of what is recorded of a camera.
type Mirroring struct {
	Wanted  bool
	Why     string    // why there is none, a plain clause; "" when everything that is recorded now is recorded twice
	Since   time.Time // of Why
	OneDisk bool      // both copies lie on one file system: they are lost together
}

// Mirrored tells whether everything that is recorded of the camera now is recorded twice.
func (m *Mirroring) Mirrored() bool { return m.Wanted && m.Why == "" }

// Mirroring tells how it stands with the second copy of a camera. It asks no disk.
func (s *Store) Mirroring(camera string) (m Mirroring) {
	if m.Wanted = s.mirrors(camera); !m.Wanted {
		return m
	}
	for _, w := range s.writersOf(camera) {
		v, sole := w.stands()
		if sole.why != "" {
			m.Why, m.Since = sole.why, sole.since
		}
		if v.twin != "" {
			one, other := s.volumeAt(v.path), s.volumeAt(v.twin)
			m.OneDisk = m.OneDisk || one != nil && other != nil && one.sameDisk(other)
		}
	}
	if m.Why == "" && len(s.list()) < 2 {
		m.Why, m.Since = onlyOne, s.opened.UTC()
	}
	return m
}

const onlyOne = "there is only one volume"

func (s *Store) writersOf(camera string) (list []*Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.writers {
		if w.camera == camera {
			list = append(list, w)
		}
	}
	return list
}

// volumeAt gives the volume that a file lies on.
func (s *Store) volumeAt(path string) *volume {
	for _, v := range s.list() {
		if below(v.o.Path, path) {
			return v
		}
	}
	return nil
}

// unmirrored are the cameras that are to be mirrored and are not, for a while, or whose copies lie on one disk.
func (s *Store) unmirrored() (list []Alarm) {
	s.mu.Lock()
	cameras := slices.Sorted(maps.Keys(s.mirrored))
	s.mu.Unlock()
	for _, camera := range cameras {
		m := s.Mirroring(camera) // nothing where it is not wanted
		switch {
		case m.Why != "" && s.now().Sub(m.Since) >= aloneTime:
			list = append(list, Alarm{ID: "mirror:" + camera, Since: m.Since, What: fmt.Sprintf("Camera %s is not mirrored: %s.", camera, m.Why),
				Means: "It is recorded on one volume. Should that fail, what is on it is lost. Second copies are made afterwards, once a second volume takes them.",
				Do:    "Mend the volume, make room, or add another one. The next segment, within five minutes, is recorded twice again."})
		case m.OneDisk:
			list = append(list, Alarm{ID: "mirror:" + camera, Since: s.opened.UTC(), What: fmt.Sprintf("Both copies of camera %s lie on one file system.", camera),
				Means: "They are lost together should that disk fail.", Do: "Add a volume on another disk, or move one of both there."})
		}
	}
	return list
}
