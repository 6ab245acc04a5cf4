package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

type tlogHash = tlog.Hash

// commit writes one batch of what waits, and tells whether it went well and there may be more.
func (l *Log) commit() bool {
	l.mu.Lock()
	batch, lost := l.queue.take()
	idle := len(batch) == 0 && lost.count == 0 && len(l.unsaved) == 0
	if !idle {
		l.busy = time.Now()
	}
	l.mu.Unlock()
	if idle {
		return false
	}
	entries := make([]Entry, 0, len(batch)+1)
	for i := range batch {
		entries = append(entries, batch[i].entry)
	}
	if lost.count > 0 {
		entries = append(entries, lost.entry(l.o.Now()))
	}
	n, err := l.store(entries)
	if n > len(batch) {
		n, lost = len(batch), loss{}
	}
	l.settle(batch[:n], batch[n:], lost, err)
	return err == nil
}

// settle tells those who wait, and keeps what could not be written.
func (l *Log) settle(stored, left []item, lost loss, err error) {
	for _, i := range stored {
		if i.done != nil {
			i.done <- nil
		}
	}
	l.mu.Lock()
	l.busy = time.Time{}
	changed := (err == nil) != (l.failing == nil)
	if err == nil {
		l.recovered()
	} else {
		l.failed(left, lost, err)
	}
	l.mu.Unlock()
	if changed || lost.count > 0 {
		l.tell()
	}
}

// recovered notes that entries are written. Caller holds mu.
func (l *Log) recovered() {
	if l.failing != nil {
		after, _ := json.Marshal(map[string]any{"since": stampOf(l.since)})
		l.queue.put(item{entry: Entry{Time: l.o.Now(), Action: ActionResumed, After: after}})
	}
	l.failing, l.retry, l.backoff = nil, time.Time{}, 0
}

// failed keeps what could not be written, as the policy says. Caller holds mu.
func (l *Log) failed(left []item, lost loss, err error) {
	keep := left[:0]
	for _, i := range left {
		if i.done != nil {
			i.done <- l.refusal(err)
			if l.o.Policy == Refuse {
				continue
			}
			i.done = nil
		}
		keep = append(keep, i)
	}
	l.queue.giveBack(keep, lost)
	if l.failing == nil {
		l.since = l.o.Now()
	}
	l.failing = err
	l.backoff = min(max(2*l.backoff, retryFirst), retryLast)
	l.retry = time.Now().Add(l.backoff)
}

// store makes entries durable, in as many files as they need, and tells how many are.
func (l *Log) store(entries []Entry) (n int, err error) {
	if err := l.saveHashes(); err != nil {
		return 0, err
	}
	for n < len(entries) {
		part := entries[n:]
		if room := l.room(); room < len(part) {
			part = part[:room]
		}
		if err := l.append(part); err != nil {
			return n, err
		}
		n += len(part)
		if err := l.saveHashes(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// room is how many entries the active file takes. A full one is closed.
func (l *Log) room() int {
	if l.active == nil {
		return l.o.bounds.entries
	}
	x := l.lastExtent()
	if room := l.o.bounds.entries - x.Count; room > 0 && x.Bytes < int64(l.o.bounds.bytes) {
		return room
	}
	l.seal()
	return l.o.bounds.entries
}

// append writes entries to the active file and syncs it; then they are in the log.
func (l *Log) append(entries []Entry) error {
	lines, text, err := l.encode(entries)
	if err != nil {
		return err
	}
	if err := l.write(text); err != nil {
		l.abandon()
		return fmt.Errorf("write entries: %w", err)
	}
	l.offset += int64(len(text))
	l.publish(lines)
	return nil
}

// encoded is a line and its text.
type encoded struct {
	line line
	text []byte // with its newline
}

// encode numbers and seals entries.
func (l *Log) encode(entries []Entry) (lines []encoded, text []byte, err error) {
	seq, dropped := l.size(), int64(0)
	for i := range entries {
		e := &entries[i]
		e.Seq = seq + int64(i)
		ln := lineOf(*e)
		if err := sealPersonal(l.o.Keys, e.Personal, &ln); err != nil {
			dropped++
			l.o.Log.Warn("what is personal in an entry of the audit log is dropped", "seq", e.Seq, "error", err)
		}
		b, err := ln.encode()
		if err != nil {
			return nil, nil, fmt.Errorf("encode entry: %w", err)
		}
		lines, text = append(lines, encoded{ln, b}), append(text, b...)
	}
	if dropped > 0 {
		l.mu.Lock()
		l.dropped += dropped
		l.mu.Unlock()
	}
	return lines, text, nil
}

// write appends text durably. A file is made with its first entries, under the number of the first.
func (l *Log) write(text []byte) error {
	fresh := l.active == nil
	if fresh {
		path := entriesPath(l.entries, l.size())
		if err := remove(l.fs, path); err != nil { // of a write that failed: no entry of the log is in it
			return err
		}
		f, err := l.fs.Create(path)
		if err != nil {
			return err
		}
		l.active, l.offset = f, 0
	}
	if _, err := l.active.WriteAt(text, l.offset); err != nil {
		return err
	}
	if !fresh {
		return l.active.SyncData()
	}
	if err := l.active.Sync(); err != nil {
		return err
	}
	return syncDir(l.fs, l.entries)
}

// abandon gives a file up that could not be written: after a failed sync nobody knows what of it is on the disk. What is behind
// its last entry is cut off if that can be; else it counts for nothing, because the next file's name says where that begins.
func (l *Log) abandon() {
	if l.active == nil {
		return
	}
	l.active.Truncate(l.offset)
	if l.offset == 0 {
		l.active.Close()
		l.active = nil
		return
	}
	l.seal()
}

// seal ends the active file and keeps its extent beside it.
func (l *Log) seal() {
	l.active.Close()
	l.active = nil
	x := l.sealLast()
	if err := writeExtent(l.fs, l.entries, x); err != nil {
		l.o.Log.Warn("the extent of a file of audit entries is not kept; it is made again at the next start", "error", err)
	}
}

// publish takes lines that are durable into the log.
func (l *Log) publish(lines []encoded) {
	l.state.Lock()
	defer l.state.Unlock()
	if l.offset == int64(totalSize(lines)) || len(l.extents) == 0 {
		l.extents = append(l.extents, newExtent(l.tree.size))
	}
	x := l.extents[len(l.extents)-1]
	for i := range lines {
		x.add(&lines[i].line, len(lines[i].text))
		chunk, n := l.tree.size>>l.tree.level, int(l.tree.size&(1<<l.tree.level-1))
		leaves := l.tree.add(tlog.RecordHash(lines[i].text[:len(lines[i].text)-1]))
		l.unsaved = addPart(l.unsaved, chunkPart{chunk, leaves, n})
	}
}

// totalSize is how many bytes lines are.
func totalSize(lines []encoded) (n int) {
	for i := range lines {
		n += len(lines[i].text)
	}
	return n
}

// addPart joins leaves of one chunk into one part.
func addPart(parts []chunkPart, p chunkPart) []chunkPart {
	if last := len(parts) - 1; last >= 0 && parts[last].chunk == p.chunk {
		parts[last].leaves = p.leaves
		return parts
	}
	return append(parts, p)
}

// saveHashes writes the leaves that are not in their files yet.
func (l *Log) saveHashes() error {
	for len(l.unsaved) > 0 {
		p := l.unsaved[0]
		if err := l.hashes.put(p.chunk, p.leaves, p.n); err != nil {
			return err
		}
		l.unsaved = l.unsaved[1:]
	}
	return nil
}
