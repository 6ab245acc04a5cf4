package storage

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// measuredTime is how long a camera must have been recorded for its forecast to be an alarm.
	measuredTime = time.Hour
	// soonTime is how long before only locked footage is left the alarm is raised.
	soonTime = 24 * time.Hour
	// loadTime is how long the sums of what locks hold are used: footage only joins them as it is recorded.
	loadTime = 10 * time.Minute
	// maxNamed bounds the cameras and locks that an alarm names.
	maxNamed = 5
)

// Forecast is how long a camera's footage is kept, and what decides.
type Forecast struct {
	Camera   string
	Ages     Ages
	Oldest   time.Time     // start of the oldest footage, zero without any
	Rate     float64       // bytes per second that its streams write, averaged over a day; of a mirrored camera on both volumes together
	Measured time.Duration // over how long the rate was measured
	Keeps    time.Duration // how old continuous footage gets at the present rates, 0 while that is not known
	BySpace  bool          // space decides that, not the maximum age
	Broken   time.Time     // end of the newest footage that went before its promised age, zero where none did
	Until    time.Time     // when that would have been old enough
	Locked   int64         // bytes of closed segments that locks hold, all copies; footage of the last ten minutes may be missing
}

// Short tells whether the forecast is less than was promised.
func (f *Forecast) Short() bool {
	return f.Ages.Min > 0 && f.Keeps > 0 && f.Keeps < f.Ages.Min && f.Measured >= measuredTime
}

// Forecasts gives the forecast of every camera that has footage, by its id. It costs a look at each stream, and at what locks
// hold once in ten minutes.
func (s *Store) Forecasts() ([]Forecast, error) {
	load, err := s.lockLoad()
	if err != nil {
		return nil, err
	}
	now := s.now().UTC()
	list, err := s.measured(now)
	if err != nil {
		return nil, err
	}
	room := map[*volume]int64{}
	for _, v := range s.list() {
		if st := v.status(); st.State != VolumeMissing && !v.draining() {
			room[v] = s.roomOn(v, st, load)
		}
	}
	s.foretell(list, room)
	for i := range list {
		list[i].Locked = load.cameras[list[i].Camera]
	}
	return list, nil
}

// measured gives what each camera's streams wrote.
func (s *Store) measured(now time.Time) (list []Forecast, err error) {
	byCamera := map[string]*Forecast{}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bStreams).ForEach(func(k, _ []byte) error {
			e, err := streamOf(tx, k)
			if err != nil {
				return err
			}
			camera, _ := splitKey(k)
			f := byCamera[camera]
			if f == nil {
				f = &Forecast{Camera: camera, Ages: s.agesOf(camera)}
				f.Oldest, _ = firstOfCamera(tx, camera)
				byCamera[camera] = f
			}
			rate, over := e.per(now)
			if s.mirrors(camera) {
				rate *= 2
			}
			f.Rate, f.Measured = f.Rate+rate, max(f.Measured, over)
			if broken := time.Unix(0, e.Broken).UTC(); e.Broken > 0 && broken.After(f.Broken) && now.Sub(broken) < f.Ages.Min {
				f.Broken, f.Until = broken, broken.Add(f.Ages.Min)
			}
			return nil
		})
	})
	for _, f := range byCamera {
		if !f.Oldest.IsZero() || f.Rate > 0 {
			list = append(list, *f)
		}
	}
	slices.SortFunc(list, func(a, b Forecast) int { return strings.Compare(a.Camera, b.Camera) })
	return list, err
}

// roomOn is how many bytes of continuous footage a volume has room for: what it has of it, and what is free beyond what is to stay
// free. Footage of events that was kept beyond the age of the rest, and what is locked, take their room from it.
func (s *Store) roomOn(v *volume, st VolumeStatus, load *lockLoad) int64 {
	number := s.numberOf(v)
	v.mu.Lock()
	keep := v.keepFree()
	v.mu.Unlock()
	return max(0, st.Free-keep+s.heldOn(number, classFree).bytes-load.free[number])
}

// foretell finds how old the footage of each camera gets. Cameras that are pinned have the room of their volumes, which must do
// for them alone; those that are mirrored what two copies have room in, and all must do with all room. Within a set of volumes the oldest goes first whosever it is, so that all
// cameras reach one age, but those whose maximum age is less.
func (s *Store) foretell(list []Forecast, room map[*volume]int64) {
	caps := make([]float64, len(list))
	pinned, pinsOf := map[string][]int{}, s.pins() // by the volumes; by camera
	for i := range list {
		caps[i] = math.Inf(1)
		if list[i].Ages.Max > 0 {
			caps[i] = list[i].Ages.Max.Seconds()
		}
		if pins := pinsOf[list[i].Camera]; len(pins) > 0 {
			k := strings.Join(pins, "\x00")
			pinned[k] = append(pinned[k], i)
		}
	}
	kept := slices.Clone(caps)
	for k, cameras := range pinned {
		var bytes int64
		vols := s.pinned(strings.Split(k, "\x00"))
		for _, v := range vols {
			bytes += room[v]
		}
		rates := list
		if len(vols) == 1 {
			rates = s.firstCopies(list) // the second lie elsewhere
		}
		age := reach(rates, caps, cameras, float64(bytes))
		for _, i := range cameras {
			kept[i] = min(kept[i], age)
		}
	}
	if twice, n := s.mirroredOf(list), roomForPairs(room); n > 0 { // else they are recorded once
		age := reach(list, kept, twice, float64(n))
		for _, i := range twice {
			kept[i] = min(kept[i], age)
		}
	}
	var bytes int64
	all := make([]int, len(list))
	for _, n := range room {
		bytes += n
	}
	for i := range all {
		all[i] = i
	}
	age := reach(list, kept, all, float64(bytes))
	for i := range list {
		if at := min(kept[i], age); !math.IsInf(at, 1) && len(room) > 0 {
			list[i].Keeps = time.Duration(min(at, math.MaxInt64/2e9) * float64(time.Second)).Round(time.Second)
			list[i].BySpace = at < caps[i]
		}
	}
}

// mirroredOf gives which of the cameras are recorded to two volumes at once.
func (s *Store) mirroredOf(list []Forecast) (which []int) {
	for i := range list {
		if s.mirrors(list[i].Camera) {
			which = append(which, i)
		}
	}
	return which
}

// firstCopies is the list with what one of two copies takes.
func (s *Store) firstCopies(list []Forecast) []Forecast {
	list = slices.Clone(list)
	for _, i := range s.mirroredOf(list) {
		list[i].Rate /= 2
	}
	return list
}

// roomForPairs is how many bytes of two copies fit on volumes, no two copies on one: what the largest has beyond all others stays
// empty.
func roomForPairs(room map[*volume]int64) int64 {
	var all, largest int64
	for _, n := range room {
		all, largest = all+n, max(largest, n)
	}
	return min(all, 2*(all-largest))
}

// reach is the age in seconds that the footage of cameras reaches in a room, infinite when none of them fills it.
func reach(list []Forecast, caps []float64, cameras []int, room float64) float64 {
	cameras = slices.Clone(cameras)
	slices.SortFunc(cameras, func(a, b int) int { return cmp.Compare(caps[a], caps[b]) })
	var rate float64
	for _, i := range cameras {
		rate += list[i].Rate
	}
	age := math.Inf(1)
	for _, i := range cameras { // those that reach their own maximum leave room to the others
		if rate <= 0 {
			break
		}
		if age = room / rate; age <= caps[i] {
			return age
		}
		room, rate, age = room-list[i].Rate*caps[i], rate-list[i].Rate, math.Inf(1)
	}
	return age
}

// lockLoad is what locks hold.
type lockLoad struct {
	at      time.Time // monotonic
	made    uint64    // changes of locks when it was summed
	free    map[uint16]int64
	all     map[uint16]int64
	cameras map[string]int64       // as all, by camera
	shares  map[uint16][]lockShare // by volume, the largest first, at most maxNamed
}

// lockShare is what one lock holds on a volume; of footage that two locks hold, each has all.
type lockShare struct {
	Lock
	bytes int64
}

// lockLoad sums what locks hold, from the segments that they overlap, when what it summed before is old.
func (s *Store) lockLoad() (*lockLoad, error) {
	s.mu.Lock()
	load, changes := s.load, s.lockChanges
	s.mu.Unlock()
	if load != nil && load.made == changes && time.Since(load.at) < loadTime {
		return load, nil
	}
	load = &lockLoad{at: time.Now(), made: changes, free: map[uint16]int64{}, all: map[uint16]int64{}, cameras: map[string]int64{}, shares: map[uint16][]lockShare{}}
	var locks []Lock
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		return eachLock(tx, "", func(e lockEntry) error {
			if e.state == lockHolds {
				locks = append(locks, e.Lock)
			}
			return nil
		})
	})
	seen := map[string]bool{}
	for i := range locks {
		if err == nil {
			err = s.weigh(&locks[i], load, seen)
		}
	}
	for _, list := range load.shares {
		slices.SortFunc(list, func(a, b lockShare) int { return cmp.Compare(b.bytes, a.bytes) })
	}
	if err != nil {
		return nil, fmt.Errorf("sum locked footage: %w", err)
	}
	s.mu.Lock()
	s.load = load
	s.mu.Unlock()
	return load, nil
}

// weigh adds what one lock holds. seen are the segments that were added.
func (s *Store) weigh(l *Lock, load *lockLoad, seen map[string]bool) error {
	shares := map[uint16]int64{}
	err := s.index.db.View(func(tx *bbolt.Tx) error {
		prefix := streamKey(l.Camera, "")
		c := tx.Bucket(bStreams).Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			e, err := streamOf(tx, k)
			if err != nil {
				return err
			}
			_, stream := splitKey(k)
			err = between(tx, l.Camera, stream, l.From, l.To, func(seg Segment) error {
				if seg.Open {
					return nil
				}
				at, _ := standingOf(tx, &seg, e.Number)
				name := string(orderKey(&seg, e.Number))
				for _, volume := range seg.volumes() {
					shares[volume] += seg.Size
					if seen[name] {
						continue
					}
					load.all[volume] += seg.Size
					load.cameras[l.Camera] += seg.Size
					if at.class == classFree {
						load.free[volume] += seg.Size
					}
				}
				seen[name] = true
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for volume, n := range shares {
		load.shares[volume] = append(load.shares[volume], lockShare{*l, n})
	}
	return err
}
