package auth

import (
	"context"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"holdfast/gateway/auth/authtest"
	"holdfast/gateway/statedb"
)

// BenchmarkAccessLeases is what 20 streams cost: all their rights are looked at once a minute, and after each change. A streamed minute costs
// a twentieth of it.
func BenchmarkAccessLeases(b *testing.B) {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "state.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	a, err := New(Options{DB: statedb.New(db), Keys: authtest.NewKeys()})
	if err != nil {
		b.Fatal(err)
	}
	token, err := a.SetupToken()
	if err != nil {
		b.Fatal(err)
	}
	session, err := a.Setup(context.Background(), shop, token, "grace", goodPassword)
	if err != nil {
		b.Fatal(err)
	}
	for range 20 {
		if _, ok := a.Hold(session.Identity, Need{Permission: Live, Camera: "door"}, func() {}); !ok {
			b.Fatal("not held")
		}
	}
	for b.Loop() {
		a.review()
	}
	if a.Leases() != 20 {
		b.Fatal("a lease ended")
	}
}
