package gateway

import (
	"context"
	"errors"
	"fmt"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
	"holdfast/gateway/vault"
	"holdfast/gateway/web"
)

// ownLog reads the audit log for the person whose entries they are.
type ownLog struct{ log web.AuditLog }

func (o ownLog) EntriesOf(ctx context.Context, person, cursor string, limit int) ([]audit.Entry, string, error) {
	page, err := o.log.Search(ctx, audit.Query{Person: person, Cursor: cursor, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	entries := make([]audit.Entry, 0, len(page.Records))
	for _, r := range page.Records {
		entries = append(entries, r.Entry)
	}
	return entries, page.Next, nil
}

// errForgotten says that nothing is sealed about somebody any more.
var errForgotten = errors.New("the person was forgotten")

// personKeys are the vault's keys for the audit log. What a forgotten person did last, such as the end of what they watched, comes to the log
// after their key is gone: it must not make them another, under which they would be named again.
type personKeys struct {
	*vault.Vault
	people func() *auth.Auth // nil until the accounts are open; the log is opened before
}

func (k personKeys) PersonKey(id string) ([32]byte, error) {
	if key, ok := k.Person(id); ok {
		return key, nil
	}
	if a := k.people(); a != nil && auth.IsPerson(id) {
		if _, err := a.Person(id); err != nil {
			return [32]byte{}, fmt.Errorf("key of %s: %w", id, errForgotten)
		}
	}
	return k.Vault.PersonKey(id)
}
