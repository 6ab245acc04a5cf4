package audit

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Open opens the log of a directory, or makes one, and mends what a crash has left: what was not acknowledged is cut off, what
// was is there. What cannot be put down to a crash is left as it is, is told in Status, and the log goes on behind it. Run must
// run for anything to be written.
func Open(o Options) (*Log, error) {
	o = o.filled()
	if err := makeDirs(o.fs, o.Dir); err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	own, err := newKey(o.Seed, "")
	if err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	s, err := look(o.fs, o.Dir, o.bounds, nil)
	if err != nil {
		return nil, err
	}
	if s.origin != "" && s.origin != own.Name() { // a log keeps the name that its first key gave it
		if own, err = newKey(o.Seed, s.origin); err != nil {
			return nil, fmt.Errorf("open audit log: %w", err)
		}
	}
	l := newLog(o, s, own)
	if err := l.mend(s); err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	for _, dir := range o.Witness {
		l.witnesses = append(l.witnesses, l.newWitness(dir))
	}
	return l, nil
}

func makeDirs(f files, dir string) error {
	for _, d := range []string{dir, entriesDir(dir), hashesDir(dir), notesDir(dir)} {
		if err := mkdir(f, d); err != nil {
			return err
		}
	}
	return nil
}

func newLog(o Options, s *survey, own *key) *Log {
	l := &Log{o: o, key: own, wake: make(chan struct{}, 1), some: make(chan struct{}, 1), ends: make(chan struct{}), signs: make(chan chan error), damage: s.damage, unsaved: s.stale, signed: time.Now(),
		hashes: hashes{fs: o.fs, dir: s.hashes.dir, level: o.bounds.level, stale: len(s.stale) > 0},
		notes:  series{fs: o.fs, dir: notesDir(o.Dir), limit: o.bounds.notes}}
	l.Reader.init(s, o.Keys)
	return l
}

// mend makes the files what they should be, so that they can be gone on with. What it cannot write it leaves for later: a full
// disk is no reason not to start.
func (l *Log) mend(s *survey) error {
	if err := l.notes.recoverSeries(); err != nil {
		return err
	}
	if err := l.mendLast(s); err != nil {
		return err
	}
	for _, x := range s.remade {
		if err := writeExtent(l.fs, l.entries, x); err != nil {
			l.o.Log.Warn("the extent of a file of audit entries is not kept", "error", err)
		}
	}
	return l.announceKey(s)
}

// mendLast opens the last file of entries to go on with it, and cuts off what was not acknowledged. A file with damage is left
// as it is, and so is one that cannot be cut: the next entry begins another.
func (l *Log) mendLast(s *survey) error {
	if len(s.extents) == 0 {
		return nil
	}
	x := s.extents[len(s.extents)-1]
	if len(s.damage) > 0 || x.end() != s.tree.size {
		x.sealed = true
		return nil
	}
	f, err := l.fs.Open(entriesPath(l.entries, x.First))
	if err != nil {
		return err
	}
	if s.surplus > 0 {
		l.o.Log.Info("an unfinished write to the audit log is cut off", "bytes", s.surplus)
		err = errors.Join(f.Truncate(x.Bytes), f.Sync())
	}
	switch {
	case x.Count == 0: // its first write did not come to its end: the next makes it anew
		l.extents = s.extents[:len(s.extents)-1]
		return f.Close()
	case err != nil:
		x.sealed = true
		return f.Close()
	}
	l.active, l.offset = f, x.Bytes
	return remove(l.fs, extentPath(l.entries, x.First)) // it is going to say less than there is
}

// announceKey sees that the key file has the key that signs. Where another signed before, an entry says so; the checkpoint over
// it is signed by both, when the former seed is known, and otherwise the change stays one that nobody announced.
func (l *Log) announceKey(s *survey) error {
	name := keyName(l.key.Name(), l.key.KeyHash())
	changed := s.last.Note != nil && !slices.Contains(s.lastBy, name)
	lines := s.lines
	if !slices.Contains(lines, l.key.public) {
		lines = append(slices.Clip(lines), l.key.public)
	}
	if !slices.Equal(lines, s.lines) {
		if err := writeKeys(l.fs, l.dir, lines); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	former, err := l.formerKey(s)
	if err != nil {
		return err
	}
	if former == nil {
		l.damage = append(l.damage, "The log was signed with another key until now, and that key did not sign the change.")
	}
	l.former = former
	l.queue.put(item{entry: Entry{Time: l.o.Now(), Action: ActionKeyNext, Target: name, Before: quote(s.lastBy), After: quote([]string{l.key.public})}})
	return nil
}

// formerKey is the key of the former seed, if it is the one that signed last.
func (l *Log) formerKey(s *survey) (*key, error) {
	if l.o.Former == nil {
		return nil, nil
	}
	k, err := newKey(*l.o.Former, l.key.Name())
	if err != nil || !slices.Contains(s.lastBy, keyName(k.Name(), k.KeyHash())) {
		return nil, err
	}
	return k, nil
}

// KeyFile is where the public keys of the log in a directory lie, oldest first, a line each.
func KeyFile(dir string) string { return filepath.Join(dir, keyFile) }
