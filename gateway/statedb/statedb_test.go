package statedb

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
)

var bucket = []byte("b")

func openAt(t *testing.T, path string) *DB {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db)
}

func put(v string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucket)
		if err != nil {
			return err
		}
		return b.Put([]byte("k"), []byte(v))
	}
}

func (d *DB) value() (v string) {
	d.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucket); b != nil {
			v = string(b.Get([]byte("k")))
		}
		return nil
	})
	return v
}

// TestAnAnswerSaysWhatStands has transactions fail in each way. What was answered is so at once, after another transaction, and after the
// file is opened anew.
func TestAnAnswerSaysWhatStands(t *testing.T) {
	own := errors.New("the caller's own")
	for _, c := range []struct {
		name   string
		faults [][2]error // undone, stood, of the transaction and of writing its head again
		f      func(*bbolt.Tx) error
		want   error
		counts bool
	}{
		{"well", nil, put("new"), nil, true},
		{"undone", [][2]error{{syscall.ENOSPC, nil}}, put("new"), syscall.ENOSPC, false},
		{"refused", nil, func(tx *bbolt.Tx) error { return errors.Join(put("new")(tx), own) }, own, false},
		{"refused on a bad disk", [][2]error{{nil, syscall.EIO}}, func(tx *bbolt.Tx) error { return errors.Join(put("new")(tx), own) }, own, false},
		{"stood, then confirmed", [][2]error{{nil, syscall.EIO}}, put("new"), nil, true},
		{"stood, not confirmed", [][2]error{{nil, syscall.EIO}, {nil, syscall.EIO}}, put("new"), ErrUnconfirmed, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			d := openAt(t, path)
			if err := d.Update(put("old")); err != nil {
				t.Fatal(err)
			}
			left := c.faults
			d.Fails = func() (undone, stood error) {
				if len(left) > 0 {
					undone, stood = left[0][0], left[0][1]
					left = left[1:]
				}
				return undone, stood
			}
			err := d.Update(c.f)
			if !errors.Is(err, c.want) || Counts(err) != c.counts {
				t.Errorf("%v, counts %t; want %v, %t", err, Counts(err), c.want, c.counts)
			}
			want := "old"
			if c.counts {
				want = "new"
			}
			d.Fails = nil
			if got := d.value(); got != want {
				t.Errorf("at once: %q, want %q", got, want)
			}
			if err := d.Update(func(*bbolt.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
			d.Close()
			if got := openAt(t, path).value(); got != want {
				t.Errorf("opened anew: %q, want %q", got, want)
			}
		})
	}
}

// TestWhatAnotherWroteIsNotTakenForOnesOwn: a transaction that is undone gives its number to the next.
func TestWhatAnotherWroteIsNotTakenForOnesOwn(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "state.db"))
	refused := errors.New("refused")
	done := make(chan error)
	for range 4 {
		go func() {
			var err error
			for range 50 {
				err = errors.Join(err, d.Update(put("other")))
			}
			done <- err
		}()
	}
	for range 50 {
		if err := d.Update(func(*bbolt.Tx) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("what was refused is told as %v", err)
		}
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestAClosedDatabaseSaysNo: nothing is found out of it.
func TestAClosedDatabaseSaysNo(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "state.db"))
	d.Close()
	if err := d.Update(put("new")); err == nil || Counts(err) {
		t.Errorf("a closed database answers %v", err)
	}
}
