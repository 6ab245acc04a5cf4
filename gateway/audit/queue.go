package audit

import (
	"encoding/json"
	"time"
)

// Bounds of what waits to be written.
const (
	maxQueue      = 8192     // entries
	maxQueueBytes = 16 << 20 // of them, as estimated
	maxBatch      = 1024     // entries that are written in one go
	maxBatchBytes = 1 << 20
)

// item is an entry that waits.
type item struct {
	entry Entry
	done  chan error // told once it is durable, or will not be; nil: nobody waits. It has room for one.
}

// size is about how many bytes the entry's line will take.
func (i *item) size() int {
	e := &i.entry
	return 160 + len(e.Action) + len(e.Person) + len(e.Via) + len(e.Camera) + len(e.Stream) + len(e.Target) + len(e.Before) + len(e.After) +
		len(e.Reason) + len(e.Session) + 2*(len(e.Personal.Name)+len(e.Personal.Address)+len(e.Personal.Agent)+len(e.Personal.Subject))
}

// loss is entries that found no room.
type loss struct {
	count    int64
	from, to time.Time
}

func (l *loss) add(o loss) {
	if o.count == 0 {
		return
	}
	if l.count == 0 || o.from.Before(l.from) {
		l.from = o.from
	}
	if o.to.After(l.to) {
		l.to = o.to
	}
	l.count += o.count
}

// entry says in the log what the log has lost.
func (l *loss) entry(now time.Time) Entry {
	after, _ := json.Marshal(map[string]any{"count": l.count, "from": stampOf(l.from), "to": stampOf(l.to)})
	return Entry{Time: now, Action: ActionLost, Outcome: Failed, Reason: "no-room", After: after}
}

// queue is what waits to be written, oldest first. Whoever uses it holds the lock that guards it.
type queue struct {
	items []item
	bytes int
	loss  loss
}

// put adds an item unless there is no room; then it is counted as lost.
func (q *queue) put(i item) bool {
	if len(q.items) >= maxQueue || q.bytes+i.size() > maxQueueBytes {
		q.loss.add(loss{1, i.entry.Time, i.entry.Time})
		return false
	}
	q.items, q.bytes = append(q.items, i), q.bytes+i.size()
	return true
}

// take removes what is written in one go, with what was lost until now.
func (q *queue) take() (batch []item, lost loss) {
	size, n := 0, 0
	for n < len(q.items) && n < maxBatch && (n == 0 || size+q.items[n].size() <= maxBatchBytes) {
		size += q.items[n].size()
		n++
	}
	batch, q.items = q.items[:n:n], q.items[n:]
	q.bytes -= size
	lost, q.loss = q.loss, loss{}
	return batch, lost
}

// giveBack puts in front what could not be written. The bound may be passed by one batch.
func (q *queue) giveBack(batch []item, lost loss) {
	for i := range batch {
		q.bytes += batch[i].size()
	}
	q.items = append(batch[:len(batch):len(batch)], q.items...)
	q.loss.add(lost)
}
