package audit

import (
	"fmt"
	"time"
)

// Status is how the log is.
type Status struct {
	Failing string    // why entries cannot be written; "": they can
	Since   time.Time // of Failing
	Policy  Policy

	Entries  int64 // in the log, those pruned included
	Pruned   int64 // of them, those whose contents were deleted by age
	Queue    int   // entries that wait to be written, of at most QueueMax
	QueueMax int
	Lost     int64 // entries that found no room since the log was opened
	Dropped  int64 // entries without what is personal, for want of a key

	Signed     int64     // entries that the last checkpoint covers
	SignedAt   time.Time // when it was made; zero: never
	Checkpoint string    // why the next one cannot be written; "": it can

	Key     string   // the public key that signs
	Damage  []string // what cannot be put down to a crash, as far as it was looked for when the log was opened
	Witness []WitnessStatus
}

// WitnessStatus is how a directory is that gets copies of checkpoints.
type WitnessStatus struct {
	Dir    string
	Signed int64  // entries that the last copied checkpoint covers
	Fault  string // why it is behind; "": it is not
	Beside bool   // it is on the log's own disk, and goes where that goes
}

// Status tells how the log is. It waits for no disk.
func (l *Log) Status() Status {
	s := Status{Policy: l.o.Policy, QueueMax: maxQueue, Entries: l.Size(), Pruned: l.Pruned(), Key: l.key.public}
	last := l.Checkpoint()
	s.Signed, s.SignedAt = last.Size, last.Time
	for _, w := range l.witnesses {
		status, contradicts := w.status()
		s.Witness = append(s.Witness, status)
		if contradicts != "" {
			s.Damage = append(s.Damage, contradicts)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Queue, s.Lost, s.Dropped, s.Since = len(l.queue.items), l.lost, l.dropped, l.since
	s.Damage = append(s.Damage, l.damage...)
	switch {
	case l.failing != nil:
		s.Failing = l.failing.Error()
	case l.stalled():
		s.Failing = fmt.Sprintf("the disk has not answered for %v", time.Since(l.busy).Round(time.Second))
	}
	if l.note != nil {
		s.Checkpoint = l.note.Error()
	}
	return s
}

// Refuses tells whether sensitive actions are to be refused: the log cannot be written, and the policy is Refuse.
func (l *Log) Refuses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o.Policy == Refuse && (l.failing != nil || l.stalled())
}

// tell says that the status changed.
func (l *Log) tell() {
	if l.o.OnChange != nil {
		l.o.OnChange(l.Status())
	}
}
