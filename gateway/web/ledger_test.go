package web

import (
	"context"
	"sync"

	"holdfast/gateway/audit"
)

// ledger is an audit log in memory.
type ledger struct {
	mu      sync.Mutex
	entries []audit.Entry
	refuses bool
}

func (l *ledger) Add(e audit.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

func (l *ledger) Write(_ context.Context, e audit.Entry) error { l.Add(e); return nil }

func (l *ledger) Refuses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refuses
}

// all gives the entries of an action, or of "" all.
func (l *ledger) all(action string) (list []audit.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if action == "" || e.Action == action {
			list = append(list, e)
		}
	}
	return list
}
