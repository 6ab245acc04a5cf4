package storage

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/storage/storagetest"
)

// moment is what a crash at an operation leaves: the disk with what was not synced, the index, and what had been promised.
type moment struct {
	op    string
	rig   rig    // its disk is the moment's own
	index []byte // nil: there was none
}

// moments are those at every operation of a life. The life is lived once, to its end: a copy at each operation is what a
// crash there leaves, and costs less than living up to it again. also is called at each, for what a rig does not remember.
func (r *rig) moments(life func() error, also ...func()) (list []moment, err error) {
	r.mounts().Before(func(op string, found *storagetest.Mounts) {
		m := moment{op: op, rig: *r, index: r.indexNow()}
		m.rig.store, m.rig.w = nil, nil
		m.rig.runOn(found)
		if n := len(list); n > 0 && bytes.Equal(list[n-1].index, m.index) {
			m.index = list[n-1].index
		}
		list = append(list, m)
		for _, f := range also {
			f()
		}
	})
	err = life()
	r.mounts().Before(nil)
	return list, err
}

// runOn gives the rig other disks.
func (r *rig) runOn(m *storagetest.Mounts) { r.disk, r.machine = m.At("/"), m }

// indexNow is the index as it is at a moment.
func (r *rig) indexNow() []byte {
	data, err := os.ReadFile(r.index)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.tb.Error(err)
	}
	return data
}

// found is the rig as it is found after a crash at the moment; without an index when none is kept.
func (m *moment) found(tb testing.TB, s storagetest.Survival, seed uint64, index bool) *rig {
	r := m.rig
	r.tb = tb
	return r.after(s, seed, m.kept(index))
}

// kept is the index that a crash leaves, nil when none is kept.
func (m *moment) kept(index bool) []byte {
	if !index {
		return nil
	}
	return m.index
}

// rigs counts those that are found after crashes, so that each has an index of its own.
var rigs atomic.Int64

// after is the rig as it is found after the crash; without an index when that is nil.
func (r *rig) after(s storagetest.Survival, seed uint64, index []byte) *rig {
	after := *r
	after.store, after.w, after.lost = nil, nil, r.lost || index == nil
	after.acked, after.opts.Volumes = slices.Clone(r.acked), slices.Clone(r.opts.Volumes) // others go on from here too
	after.runOn(r.mounts().After(s, rand.New(rand.NewPCG(seed, uint64(r.mounts().Ops())))))
	after.index = filepath.Join(filepath.Dir(r.index), fmt.Sprintf("after-%d.db", rigs.Add(1)))
	if index != nil {
		after.must(os.WriteFile(after.index, index, 0o600))
	}
	return &after
}

// discard ends a rig whose case is over: a table has thousands.
func (r *rig) discard() {
	r.close()
	os.Remove(r.index)
}

// states are what crashes left and was looked at: it is the same after many a crash, because most calls change nothing, and
// everything may be synced. Of the fault table's 3500 crashes 262 leave something of their own; looking at each again, and living up
// to it, was most of what this package's tests cost.
type states struct {
	mu   sync.Mutex // guards seen
	seen map[state]bool
}

// state is what decides what comes of a crash: what is on the disk and in the index, and what was promised.
type state struct {
	disk, index           [sha256.Size]byte
	lost, marked          bool
	made                  uint32
	acked, given, ordered int
	locked                string
}

func newStates() *states { return &states{seen: map[state]bool{}} }

// first tells whether a rig was not found like this before.
func (s *states) first(r *rig, index []byte) bool {
	now := state{disk: r.mounts().Sum(), index: sha256.Sum256(index), lost: r.lost, marked: r.marked, made: r.made,
		acked: len(r.acked), given: r.given, ordered: r.ordered, locked: r.locked}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.seen[now]
	s.seen[now] = true
	return !known
}

// crash looks at what is found after a crash at a moment. It gives 1, or 0 when the same was found before.
func (s *states) crash(t *testing.T, m *moment, survival storagetest.Survival, seed uint64, index bool, look func(*rig) error) int {
	t.Helper()
	r := m.found(t, survival, seed, index)
	defer r.discard()
	if !s.first(r, m.kept(index)) {
		return 0
	}
	if err := look(r); err != nil {
		t.Errorf("%s crash (%s, seed %d, index %t): %v\n%s", m.op, survival, seed, index, err, r.mounts())
	}
	return 1
}

// crashTable looks at every moment as each survival leaves it, with the index and without. The n-th survival is drawn with
// seed n.
func crashTable(t *testing.T, which []int, moments []moment, survivals []storagetest.Survival, look func(*rig) error) int64 {
	t.Helper()
	seen := newStates()
	var cases atomic.Int64
	spread(t, which, func(t *testing.T, at int) {
		for seed, survival := range survivals {
			for _, index := range []bool{true, false} {
				cases.Add(int64(seen.crash(t, &moments[at-1], survival, uint64(seed), index, look)))
			}
		}
	})
	return cases.Load()
}

// every is every stride-th number from 1 to n, or fewer (see thinned).
func every(stride, n int) (list []int) {
	stride *= thinned
	for at := 1; at <= n; at += stride {
		list = append(list, at)
	}
	return list
}

// spread runs the cases of a table side by side, as many as there are processors: they share nothing. It ends at the first
// that fails.
func spread(t *testing.T, which []int, run func(t *testing.T, at int)) {
	t.Helper()
	var next atomic.Int64
	var failed atomic.Bool
	t.Run("cases", func(t *testing.T) {
		for part := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				for !failed.Load() {
					n := int(next.Add(1)) - 1
					if n >= len(which) {
						return
					}
					if run(t, which[n]); t.Failed() {
						failed.Store(true)
					}
				}
			})
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}
