package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"holdfast/storage/disk"
)

const (
	// diskPeriod is the time between two looks at the report on disks.
	diskPeriod = time.Minute
	// diskStale is how old a report may be and still be believed. The helper makes one every quarter of an hour.
	diskStale = 24 * time.Hour
)

// diskWatch knows the disks under one volume. Its own lock guards it.
type diskWatch struct {
	mu     sync.Mutex
	looked time.Time // monotonic
	disks  []disk.Health
	stale  time.Time // when the report was made that is too old to be believed; zero while it is not
	err    error     // of reading a report that is there
}

// lookAtDisks reads what the helper found of the disks under a volume. It is called where the volume has just answered: finding
// its device asks its file system.
func (s *Store) lookAtDisks(v *volume) {
	if s.o.Disks == "" || !v.disks.due() {
		return
	}
	r, err := disk.ReadReport(s.o.Disks)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = nil, nil // no helper is installed: nothing is known
	}
	var under []string
	if r != nil {
		under, err = disk.Under(v.o.Path)
	}
	v.disks.take(r, under, s.now(), err)
}

func (w *diskWatch) due() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.looked.IsZero() && time.Since(w.looked) < diskPeriod {
		return false
	}
	w.looked = time.Now()
	return true
}

func (w *diskWatch) take(r *disk.Report, under []string, now time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disks, w.stale, w.err = nil, time.Time{}, err
	if r == nil || err != nil {
		return
	}
	if now.Sub(r.At) > diskStale {
		w.stale = r.At
		return
	}
	for _, d := range r.Disks {
		for _, dev := range under {
			if d.Device == dev {
				w.disks = append(w.disks, d)
			}
		}
	}
}

func (w *diskWatch) list() []disk.Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]disk.Health(nil), w.disks...)
}

// alarms tells of disks that fail or are worn, and of a helper that stopped telling.
func (w *diskWatch) alarms(path string) (list []Alarm) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := "disks:" + path
	switch {
	case w.err != nil:
		return []Alarm{{ID: id, What: fmt.Sprintf("How the disks of volume %s are cannot be read: %v.", path, w.err),
			Means: "A disk that is about to fail is not announced. Recording goes on.", Do: "Look at the service holdfast-disks and the file that it writes."}}
	case !w.stale.IsZero():
		return []Alarm{{ID: id, Since: w.stale.Add(diskStale), What: fmt.Sprintf("Nobody has asked the disks of volume %s how they are since %s.", path, w.stale.Format(time.RFC3339)),
			Means: "A disk that is about to fail is not announced. Recording goes on.", Do: "Look at the timer holdfast-disks (systemctl status holdfast-disks.timer)."}}
	}
	for i := range w.disks {
		if what := ailing(&w.disks[i]); what != "" {
			d := &w.disks[i]
			list = append(list, Alarm{ID: "disk:" + path + ":" + d.Device, What: fmt.Sprintf("Disk %s of volume %s %s.", strings.TrimSpace(d.Name+" "+d.Model), path, what),
				Means: "Footage on it may be lost when it fails. Recording goes on.",
				Do:    "Replace it soon: add another volume, drain this one (holdfast volume drain), then take the disk out."})
		}
	}
	return list
}

// ailing says what is wrong with a disk, "" when nothing is that needs a person.
func ailing(d *disk.Health) string {
	switch {
	case d.State == disk.Failing:
		return "is failing: " + d.Why
	case d.Worn():
		return fmt.Sprintf("is worn: %d %% of what its maker promises is used up", d.Wear)
	case d.Pending > 0:
		return fmt.Sprintf("has %d sectors that could not be read", d.Pending)
	}
	return ""
}
