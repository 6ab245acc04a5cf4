package storage

import (
	"errors"
	"slices"

	"go.etcd.io/bbolt"
)

// enter opens a volume's journal and enters the volume into the index, the first time that it is there. One that the
// index has not met is taken in with its footage: the index was lost, or the volume comes from elsewhere.
func (s *Store) enter(v *volume) error {
	v.mu.Lock()
	entered := v.journal != nil
	id := v.id
	v.mu.Unlock()
	if err := s.attachKeys(v); err != nil || entered {
		return err
	}
	j, err := openJournal(s.fs, v.o.Path)
	if err != nil {
		return v.fail(err)
	}
	number, err := s.admit(v, id)
	if err != nil {
		return errors.Join(err, j.close())
	}
	v.mu.Lock()
	v.journal = j
	v.mu.Unlock()
	s.mu.Lock()
	for n, x := range s.numbers {
		if x == v && n != number { // another was here before
			delete(s.numbers, n)
			s.recopies.removed = true
		}
	}
	s.numbers[number] = v
	s.mu.Unlock()
	return s.collectOpen(v)
}

// admit gives a volume's number in the index. What is found on a new one is entered in the same transaction, so that a
// crash leaves it new.
func (s *Store) admit(v *volume, id string) (number uint16, err error) {
	_, known, err := s.index.volumeNumber(id)
	if err != nil {
		return 0, err
	}
	var found findings
	reopened := false
	if !known {
		if found, err = s.findAll(v); err != nil {
			v.tries++
			return 0, v.fail(err)
		}
	}
	last := !known && !slices.ContainsFunc(s.list(), func(x *volume) bool { return x != v && s.numberOf(x) == 0 })
	err = s.index.db.Update(func(tx *bbolt.Tx) (err error) {
		if number, err = enterVolume(tx, id, v.o.Path); err != nil {
			return err
		}
		if err := found.enter(tx, number); err != nil || known {
			return err
		}
		if reopened, err = reopenErasures(tx); err != nil || !last {
			return err
		}
		return dropOutdated(tx)
	})
	s.mu.Lock()
	s.report.Rebuilt = s.report.Rebuilt || err == nil && len(found.segments) > 0
	s.mu.Unlock()
	if err == nil && (reopened || len(found.erasures) > 0) {
		err = s.collectErasures()
	}
	return number, err
}
