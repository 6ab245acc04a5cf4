package storage

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"go.etcd.io/bbolt"

	"holdfast/storage/internal/durable"
)

// mendJournal writes to a volume's journal again what the index knows and it does not say any longer, then sets the lines
// that cannot be read aside. In this order: a crash in between leaves lines twice, which is of no consequence.
func (s *Store) mendJournal(v *volume) error {
	v.mu.Lock()
	j := v.journal
	v.mu.Unlock()
	if j == nil {
		return errors.New("the journal is not open")
	}
	names, err := j.settled()
	if err != nil {
		return v.fail(err)
	}
	if err := s.sayAgain(v); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.setAside(filepath.Join(j.dir, name)); err != nil {
			return v.fail(err)
		}
	}
	return nil
}

// settled begins a new file and gives the names of those before, which nobody writes any longer.
func (j *journal) settled() ([]string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	names, err := j.names()
	if err != nil {
		return nil, err
	}
	return names, j.rotate()
}

// setAside moves lines that cannot be read from a journal file to one beside it.
func (s *Store) setAside(path string) error {
	data, err := durable.ReadFile(s.fs, path, 4*journalSize)
	if err != nil {
		return err
	}
	var good, bad []byte
	for line := range bytes.Lines(data) {
		if r, err := decodeLine(bytes.TrimSuffix(line, []byte{'\n'})); err != nil || !r.meant() {
			bad = append(bad, line...)
			continue
		}
		good = append(good, line...)
	}
	if len(bad) == 0 {
		return nil
	}
	if err := durable.WriteFile(s.fs, path+".bad", bad); err != nil {
		return err
	}
	return durable.WriteFile(s.fs, path, good)
}

// sayAgain appends what the index knows of a volume and its journal does not say: closed segments, and gaps, events and locks
// that no journal has.
func (s *Store) sayAgain(v *volume) error {
	closed, gaps, marks := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, x := range s.list() {
		_, err := replay(s.fs, x.o.Path, func(r record) {
			switch {
			case r.Type == "closed" && x == v:
				closed[r.Path] = true
			case r.Type == "gap":
				gaps[gapName(&r)] = true
			case r.ID != "":
				marks[r.ID] = true
			}
		})
		if err != nil && x == v {
			return err
		}
	}
	list, err := s.unsaidOf(s.numberOf(v), closed, gaps)
	if err != nil {
		return err
	}
	told, err := s.unsaidMarks(marks)
	if err != nil {
		return err
	}
	list = append(list, told...)
	for len(list) > 0 {
		n := min(len(list), 256)
		if err := s.journalTo(v, list[:n]...); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// unsaidMarks gives records of the events, the locks and the ends of locks that no journal tells of.
func (s *Store) unsaidMarks(told map[string]bool) (list []record, err error) {
	now := s.now().UTC()
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bEvents)
		err := all.ForEachBucket(func(camera []byte) error {
			return all.Bucket(camera).ForEach(func(k, v []byte) error {
				if e, err := readEvent(string(camera), k, v); err == nil && !told[e.ID] {
					list = append(list, e.record(now))
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		return eachLock(tx, "", func(e lockEntry) error {
			if told[e.ID] {
				return nil
			}
			r := e.record()
			if e.state != lockHolds {
				r.Type, r.At = "unlock", now
			}
			list = append(list, r)
			return nil
		})
	})
	return list, err
}

func gapName(r *record) string {
	return fmt.Sprintf("%s\x00%s\x00%d\x00%s", r.Camera, r.Stream, r.At.UnixNano(), r.Cause)
}

// unsaidOf gives records of what the index knows and journals do not say.
func (s *Store) unsaidOf(number uint16, closed, gaps map[string]bool) (list []record, err error) {
	err = s.index.streams(func(tx *bbolt.Tx, camera, stream string, b *bbolt.Bucket) error {
		return b.ForEach(func(k, val []byte) error {
			seg, err := unmarshalSegment(k, val)
			if err != nil || seg.Open || !seg.on(number) {
				return nil
			}
			seg.Camera, seg.Stream = camera, stream
			if seg = seg.onVolume(number); !closed[seg.relative()] {
				list = append(list, closing(&seg))
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	err = s.index.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bGaps)
		return all.ForEachBucket(func(name []byte) error {
			camera, stream := splitKey(name)
			return all.Bucket(name).ForEach(func(k, val []byte) error {
				g, err := readGap(k, val)
				r := record{Type: "gap", At: g.start, Camera: camera, Stream: stream, Cause: g.cause}
				if err == nil && g.cause != CauseRetention && !gaps[gapName(&r)] {
					list = append(list, r)
				}
				return nil
			})
		})
	})
	return list, err
}
