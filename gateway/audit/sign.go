package audit

import (
	"context"
	"encoding/json"
	"time"
)

// quote is strings as JSON.
func quote(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}

// checkpoint signs the log as it is: the hashes are made durable first, so that all that is signed for can be found again. One
// that cannot be written is an alarm, and is tried again; entries go on.
func (l *Log) checkpoint() {
	l.signed = time.Now()
	err := l.sign()
	l.mu.Lock()
	changed := (err == nil) != (l.note == nil)
	l.note = err
	l.mu.Unlock()
	if changed {
		l.tell()
	}
}

func (l *Log) sign() error {
	if err := l.saveHashes(); err != nil {
		return err
	}
	if err := l.hashes.sync(); err != nil {
		l.unsaved = addPart(l.unsaved, l.lastPart())
		return err
	}
	t := l.snapshot()
	root, err := t.root(t.size)
	if err != nil {
		return err
	}
	c := Checkpoint{Origin: l.key.Name(), Size: t.size, Root: root, Time: l.o.Now().UTC().Truncate(time.Second)}
	signers := []*key{l.key}
	if l.former != nil {
		signers = append(signers, l.former)
	}
	if err := c.sign(signers...); err != nil {
		return err
	}
	if err := l.notes.append(c.Note); err != nil {
		return err
	}
	l.former = nil
	l.state.Lock()
	l.last = c
	l.state.Unlock()
	for _, w := range l.witnesses {
		w.offer(c)
	}
	return nil
}

// lastPart is the whole chunk that is being filled.
func (l *Log) lastPart() chunkPart {
	return chunkPart{chunk: l.tree.size >> l.tree.level, leaves: l.tree.last.leaves()}
}

// Sign makes a checkpoint now, of all that is in the log, if the last one does not cover it.
func (l *Log) Sign(ctx context.Context) error {
	asked := make(chan error, 1)
	select {
	case l.signs <- asked:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ends:
		return ErrClosed
	}
	select {
	case err := <-asked:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signNow is Sign, by the goroutine that writes.
func (l *Log) signNow() error {
	l.pass()
	if l.unsigned() > 0 {
		l.checkpoint()
	}
	return l.note
}

// due tells whether a checkpoint is: enough entries, or time, since the last. One that failed is tried again after a while.
func (l *Log) due() bool {
	n, since := l.unsigned(), time.Since(l.signed)
	return n >= int64(l.o.bounds.every) && (l.note == nil || since >= retryLast) || n > 0 && since >= checkpointTime
}
