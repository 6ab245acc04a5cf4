package storage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// retentionAlarms are the conditions of what is kept that need a person. What cannot be found out is left out: that the index
// does not answer is known otherwise.
func (s *Store) retentionAlarms() (list []Alarm) {
	forecasts, err := s.Forecasts()
	if err != nil {
		return nil
	}
	if a, ok := shortfall(forecasts); ok {
		list = append(list, a)
	}
	if a, ok := broken(forecasts); ok {
		list = append(list, a)
	}
	load, err := s.lockLoad()
	if err != nil {
		return list
	}
	for _, v := range s.list() {
		if a, ok := s.lockAlarm(v, load); ok {
			list = append(list, a)
		}
		if a, ok := s.crowdAlarm(v); ok {
			list = append(list, a)
		}
	}
	s.dateAlarms(list)
	return list
}

// dateAlarms notes since when each alarm of retention has lasted.
func (s *Store) dateAlarms(list []Alarm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := map[string]time.Time{}
	for i := range list {
		at, ok := s.alarmed[list[i].ID]
		if !ok {
			at = s.now().UTC()
		}
		since[list[i].ID], list[i].Since = at, at
	}
	s.alarmed = since
}

// shortfall is the alarm before a promised age is broken.
func shortfall(list []Forecast) (Alarm, bool) {
	var names []string
	var room float64 // bytes that are missing
	short := slices.DeleteFunc(slices.Clone(list), func(f Forecast) bool { return !f.Short() })
	slices.SortStableFunc(short, func(a, b Forecast) int { return int((a.Keeps - a.Ages.Min - b.Keeps + b.Ages.Min) / time.Second) })
	for _, f := range short {
		names = append(names, fmt.Sprintf("%s is kept for %s, %s are promised", f.Camera, Days(f.Keeps), Days(f.Ages.Min)))
		room += f.Rate * (f.Ages.Min - f.Keeps).Seconds()
	}
	if len(names) == 0 {
		return Alarm{}, false
	}
	return Alarm{ID: "retention_shortfall", What: "At the present rate the space does not last for the promised age: footage of " + some(names) + ".",
		Means: "The oldest footage will be deleted before its promised age, as new footage needs the space.",
		Do:    fmt.Sprintf("Add about %.0f GB, or record less: a lower bit rate, fewer streams, by event. Or promise less: min_age in the configuration.", max(1, room/1e9))}, true
}

// broken is the alarm after it.
func broken(list []Forecast) (Alarm, bool) {
	var names []string
	for _, f := range list {
		if !f.Broken.IsZero() {
			names = append(names, fmt.Sprintf("%s up to %s, which was promised until %s", f.Camera, f.Broken.Format("2006-01-02 15:04"), f.Until.Format("2006-01-02 15:04 UTC")))
		}
	}
	if len(names) == 0 {
		return Alarm{}, false
	}
	return Alarm{ID: "retention_broken", What: "Footage was deleted before its promised age, because space was needed: " + some(names) + ".",
		Means: "That footage is gone. The journal has each deletion.",
		Do:    "Add a disk, record less, or promise less. The alarm goes when that footage would have been old enough."}, true
}

// some joins words, at most maxNamed of them.
func some(words []string) string {
	if n := len(words) - maxNamed; n > 0 {
		return strings.Join(words[:maxNamed], "; ") + fmt.Sprintf("; and %d more", n)
	}
	return strings.Join(words, "; ")
}

// lockAlarm is the alarm of a volume on which only locked footage is left, or soon will be.
func (s *Store) lockAlarm(v *volume, load *lockLoad) (a Alarm, ok bool) {
	st, number := v.status(), s.numberOf(v)
	locked := load.all[number]
	v.mu.Lock()
	stuck, spare := v.stuck, v.free-v.keepFree()
	v.mu.Unlock()
	unlocked := s.heldOn(number, classFree).bytes + s.heldOn(number, classEvent).bytes + s.heldOn(number, classLocked).bytes - locked
	lasts := lastsFor(unlocked+spare, s.rateOn(v))
	if locked == 0 || !stuck && (lasts >= soonTime || locked < (unlocked+spare)/4) {
		return a, false
	}
	a = Alarm{ID: "locks:" + st.Path, What: fmt.Sprintf("Only locked footage is left on volume %s: %.1f GB.", st.Path, float64(locked)/1e9)}
	if !stuck {
		a.What = fmt.Sprintf("At the present rate only locked footage, %.1f GB, is left on volume %s in %s.", float64(locked)/1e9, st.Path, Days(lasts))
	}
	a.Means = "Locked footage is not deleted. Once the volume is full, what is recorded goes to the other volumes."
	if !s.elsewhere(v) {
		a.Means = "Locked footage is not deleted. Once the volume is full, what is recorded is lost: a gap `disk full`."
		a.Loses = stuck && !st.Usable()
	}
	var names []string
	for _, l := range load.shares[number] {
		names = append(names, fmt.Sprintf("%s (camera %s, %.1f GB, until %s)", l.ID, l.Camera, float64(l.bytes)/1e9, l.Until.Format("2006-01-02")))
	}
	a.Do = "Add a disk, or end locks that are no longer needed (holdfast lock remove ID). The most is held by " + some(names) + "."
	return a, true
}

// rateOn is what the streams that are recorded on a volume write, averaged over a day, bytes per second.
func (s *Store) rateOn(v *volume) (rate float64) {
	v.mu.Lock()
	streams := slices.Collect(maps.Keys(v.appetites))
	v.mu.Unlock()
	now := s.now()
	s.index.db.View(func(tx *bbolt.Tx) error {
		for _, k := range streams {
			e, err := streamOf(tx, []byte(k))
			if err != nil {
				return err
			}
			r, _ := e.per(now)
			rate += r
		}
		return nil
	})
	return rate
}

// lastsFor is how long space lasts at a rate in bytes per second.
func lastsFor(bytes int64, rate float64) time.Duration {
	if rate <= 0 {
		return 100 * 365 * 24 * time.Hour
	}
	return time.Duration(min(max(0, float64(bytes))/rate, 3e9) * float64(time.Second))
}
