package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// witnessDir is where in a witness directory the checkpoints of a log lie; more than one log may share a directory.
func witnessDir(dir, origin string) string { return filepath.Join(dir, origin) }

// witnessFile remembers, in the log's directory, which witness directories were ever written to, a path a line.
const witnessFile = "witnesses"

// witness is a directory that gets a copy of each checkpoint. One that hangs holds nothing up: it has a goroutine of its own,
// and what it could not take is passed over, since each checkpoint covers those before.
type witness struct {
	log    *Log
	dir    string // of this log, in the directory that was named
	parent string
	offers chan Checkpoint // holds the newest that was not taken yet
	notes  series          // owned by the goroutine that writes
	ready  bool            // the same

	mu          sync.Mutex // guards what follows
	signed      int64
	fault       error
	contradicts string
	beside      bool // it is on the disk that the log is on
}

func (l *Log) newWitness(dir string) *witness {
	own := witnessDir(dir, l.key.Name())
	return &witness{log: l, parent: dir, dir: own, offers: make(chan Checkpoint, 1), notes: series{fs: l.fs, dir: own, limit: l.o.bounds.notes}}
}

// offer hands a checkpoint over, in the place of one that was not taken.
func (w *witness) offer(c Checkpoint) {
	select {
	case <-w.offers:
	default:
	}
	select {
	case w.offers <- c:
	default:
	}
}

func (w *witness) status() (WitnessStatus, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := WitnessStatus{Dir: w.parent, Signed: w.signed, Beside: w.beside}
	if w.fault != nil {
		s.Fault = w.fault.Error()
	}
	return s, w.contradicts
}

// beginWitnesses starts their goroutines; what it returns waits for them, but not long for one that hangs.
func (l *Log) beginWitnesses(ctx context.Context) (end func()) {
	var all sync.WaitGroup
	for _, w := range l.witnesses {
		if last := l.Checkpoint(); last.Note != nil {
			w.offer(last)
		}
		all.Go(func() { w.run(ctx) })
	}
	return func() {
		ended := make(chan struct{})
		go func() { all.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(patience):
			l.o.Log.Warn("a witness directory does not answer; it is left behind")
		}
	}
}

// witnessRetry is how long a witness that failed is left alone, unless there is a new checkpoint.
const witnessRetry = time.Minute

func (w *witness) run(ctx context.Context) {
	var left Checkpoint
	retry := time.NewTimer(witnessRetry)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case left = <-w.offers:
		case <-retry.C:
		}
		if left.Note != nil && w.take(left) == nil {
			left = Checkpoint{}
		}
		retry.Reset(witnessRetry)
	}
}

// take writes a checkpoint, and notes how it went.
func (w *witness) take(c Checkpoint) error {
	err := w.write(c)
	w.mu.Lock()
	changed := (err == nil) != (w.fault == nil)
	w.fault = err
	if err == nil {
		w.signed = c.Size
	}
	w.mu.Unlock()
	if changed {
		w.log.tell()
	}
	return err
}

func (w *witness) write(c Checkpoint) error {
	if w.ready && !w.there() {
		w.notes.close()
		w.ready = false
	}
	if !w.ready {
		if err := w.prepare(); err != nil {
			return err
		}
		w.ready = true
	}
	if err := w.notes.append(c.Note); err != nil {
		w.ready = false
		return err
	}
	if w.log.o.Keep > 0 && w.notes.count == 1 {
		return pruneNotes(w.log.fs, w.dir, stampOf(c.Time.Add(-w.log.o.Keep)))
	}
	return nil
}

// there tells whether the directory has its key file still: a disk that was taken out leaves an empty one behind.
func (w *witness) there() bool {
	_, lines, err := readKeys(w.log.fs, w.dir)
	return err == nil && len(lines) > 0
}

// sameDisk tells whether two directories are on one file system, as far as that can be told.
func sameDisk(a, b string) bool {
	var x, y unix.Stat_t
	return unix.Stat(a, &x) == nil && unix.Stat(b, &y) == nil && x.Dev == y.Dev
}

// prepare makes the directory on first use. One that was used before and is empty now is not written to: the disk is not there,
// and the machine's own would fill in its place.
func (w *witness) prepare() error {
	w.log.witnessing.Lock()
	defer w.log.witnessing.Unlock()
	known, err := w.log.knownWitnesses()
	if err != nil {
		return err
	}
	if slices.Contains(known, w.parent) {
		if !w.there() {
			return fmt.Errorf("%s is not what it was: is the disk there?", w.parent)
		}
	} else if err := mkdir(w.log.fs, w.dir); err != nil {
		return err
	}
	_, lines, err := readKeys(w.log.fs, w.log.dir)
	if err != nil {
		return err
	}
	if err := w.compare(lines); err != nil {
		return err
	}
	beside := sameDisk(w.dir, w.log.dir)
	w.mu.Lock()
	w.beside = beside
	w.mu.Unlock()
	if err := w.notes.recoverSeries(); err != nil {
		return err
	}
	if slices.Contains(known, w.parent) {
		return nil
	}
	return replace(w.log.fs, filepath.Join(w.log.dir, witnessFile), []byte(strings.Join(append(known, w.parent), "\n")+"\n"))
}

// compare holds the witness's last checkpoint against the log, which cannot have become another, nor shorter; then it gives the
// witness the keys that it lacks.
func (w *witness) compare(lines []string) error {
	keys, have, err := readKeys(w.log.fs, w.dir)
	if err != nil {
		return err
	}
	if len(have) > 0 && (len(lines) < len(have) || !slices.Equal(lines[:len(have)], have)) {
		return w.contradict("The public keys of the log are not those that the witness %s has.", w.parent)
	}
	var against error
	err = lastNotes(w.log.fs, w.dir, func(text []byte) bool {
		c, by, err := openCheckpoint(text, keys)
		if err != nil || len(by) == 0 {
			return true
		}
		root, err := w.log.Root(c.Size)
		switch {
		case c.Size > w.log.Size():
			against = w.contradict("The witness %s has a checkpoint of %d entries; the log has %d.", w.parent, c.Size, w.log.Size())
		case err == nil && root != c.Root:
			against = w.contradict("The log is not what the witness %s saw at %d entries.", w.parent, c.Size)
		}
		return false
	})
	if err := errors.Join(err, against); err != nil {
		return err
	}
	return writeKeys(w.log.fs, w.dir, lines)
}

// contradict notes that the log is not what it was. The witness keeps what it has: nothing is written to it any more.
func (w *witness) contradict(format string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.contradicts = fmt.Sprintf(format, args...)
	return errors.New(w.contradicts)
}

func (l *Log) knownWitnesses() ([]string, error) {
	data, err := read(l.fs, filepath.Join(l.dir, witnessFile), 64<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return slices.DeleteFunc(strings.Split(string(data), "\n"), func(s string) bool { return s == "" }), err
}

// writeLastWitness gives the witnesses the last checkpoint. Run has ended: they are nobody else's. One that hangs is not waited for.
func (l *Log) writeLastWitness() {
	last := l.Checkpoint()
	for _, w := range l.witnesses {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if s, _ := w.status(); last.Note != nil && s.Signed < last.Size {
				w.take(last)
			}
			w.notes.close()
		}()
		select {
		case <-done:
		case <-time.After(patience):
		}
	}
}
