package audit

import (
	"encoding/json"
	"time"
)

// prunedMark is what an entry says of what was pruned: the contents of all entries below Below.
type prunedMark struct {
	Below int64 `json:"below"`
	Older stamp `json:"older_than"`
}

// prune deletes the contents of entries that are older than they are kept, in whole files and only what a checkpoint covers. An
// entry says so before anything is deleted: what is missing without one was not pruned. It is owned by the goroutine that writes.
func (l *Log) prune() {
	l.looked = time.Now()
	if l.o.Keep <= 0 || l.o.MayPrune != nil && !l.o.MayPrune() {
		return
	}
	old := stampOf(l.o.Now().Add(-l.o.Keep))
	if l.o.Forget != nil {
		if err := l.o.Forget(old.time()); err != nil {
			l.o.Log.Warn("the keys of old entries of nobody in the audit log are not destroyed; it is tried again in an hour", "error", err)
		}
	}
	doomed := l.oldest(old)
	if len(doomed) == 0 {
		return
	}
	after, _ := json.Marshal(prunedMark{doomed[len(doomed)-1].end, old})
	if _, err := l.store([]Entry{{Time: l.o.Now(), Action: ActionPruned, After: after}}); err != nil {
		l.settle(nil, nil, loss{}, err)
		return
	}
	for _, s := range doomed {
		if err := l.pruneFile(s); err != nil {
			l.o.Log.Warn("old entries of the audit log cannot be deleted; it is tried again in an hour", "error", err)
			return
		}
	}
	if err := pruneNotes(l.fs, l.notes.dir, old); err != nil {
		l.o.Log.Warn("old checkpoints of the audit log cannot be deleted", "error", err)
	}
}

// oldest are the files, from the first on, in which every entry is older.
func (l *Log) oldest(old stamp) (doomed []stretch) {
	l.state.RLock()
	defer l.state.RUnlock()
	for _, x := range l.extents {
		if !x.sealed || x.Max >= old || x.end() > l.last.Size {
			break
		}
		doomed = append(doomed, stretch{x.First, x.Bytes, x.end()})
	}
	return doomed
}

// pruneFile takes the first file off the disk, then out of the log. Each is gone for good before the next goes: a crash leaves no
// hole, which nobody could tell from entries that were taken out.
func (l *Log) pruneFile(s stretch) error {
	for _, path := range []string{entriesPath(l.entries, s.first), extentPath(l.entries, s.first)} {
		if err := remove(l.fs, path); err != nil {
			return err
		}
	}
	if err := syncDir(l.fs, l.entries); err != nil {
		return err
	}
	l.state.Lock()
	l.extents = l.extents[1:]
	l.state.Unlock()
	return nil
}

// pruneNotes deletes files of checkpoints that are older, but the last: what they signed for is covered by every later one.
func pruneNotes(f files, dir string, old stamp) error {
	numbers, err := listSeries(f, dir)
	for i := 0; err == nil && i < len(numbers)-1; i++ {
		path := seriesPath(dir, numbers[i])
		data, err := read(f, path, maxNotes)
		if err != nil {
			return err
		}
		notes, _ := splitNotes(data)
		if len(notes) == 0 {
			return nil
		}
		c, _, err := openCheckpoint(notes[len(notes)-1], nil)
		if err != nil || stampOf(c.Time) >= old {
			return err
		}
		if err := remove(f, path); err != nil {
			return err
		}
	}
	return err
}
