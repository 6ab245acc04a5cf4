package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// notesPerFile bounds a file of checkpoints, which is about 250 bytes for each.
const notesPerFile = 1024

// maxNotes is the most that is read of a file of checkpoints, bytes.
const maxNotes = 1 << 20

// series is the files of checkpoints of a directory, "00000001.notes" and on. It is owned by one goroutine.
type series struct {
	fs    files
	dir   string
	limit int // notes in a file

	number int // of the last file; 0: there is none
	open   file
	size   int64 // of it: what was synced
	count  int   // notes in it
}

// listSeries gives the numbers of the files in a directory, in order.
func listSeries(f files, dir string) ([]int, error) {
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), ".notes")
		if n, err := strconv.Atoi(digits); ok && err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func seriesPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("%08d.notes", number))
}

// recoverSeries finds where to go on: after the last whole note. What is behind it is cut off.
func (s *series) recoverSeries() error {
	numbers, err := listSeries(s.fs, s.dir)
	if err != nil || len(numbers) == 0 {
		return err
	}
	s.number = numbers[len(numbers)-1]
	path := seriesPath(s.dir, s.number)
	data, err := read(s.fs, path, maxNotes)
	if err != nil {
		return err
	}
	notes, good := splitNotes(data)
	if s.open, err = s.fs.Open(path); err != nil {
		return err
	}
	s.size, s.count = int64(good), len(notes)
	if good == len(data) {
		return nil
	}
	if errors.Join(s.open.Truncate(s.size), s.open.Sync()) != nil {
		s.close() // the next note begins another file
	}
	return nil
}

// append writes a note and syncs it. After an error the next note begins another file: nothing is assumed about this one.
func (s *series) append(text []byte) error {
	if s.open != nil && s.count >= s.limit {
		s.close()
	}
	err := s.write(append(slices.Clip(text), '\n'))
	if err != nil {
		if s.open != nil {
			s.open.Truncate(s.size) // a wish: what is behind the last whole note is skipped
		}
		s.close()
		return fmt.Errorf("write checkpoint: %w", err)
	}
	s.count++
	return nil
}

func (s *series) write(text []byte) error {
	fresh := s.open == nil
	if fresh {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if _, err := s.open.WriteAt(text, s.size); err != nil {
		return err
	}
	sync := s.open.SyncData
	if fresh {
		sync = s.open.Sync
	}
	if err := sync(); err != nil {
		return err
	}
	if fresh {
		if err := syncDir(s.fs, s.dir); err != nil {
			return err
		}
	}
	s.size += int64(len(text))
	return nil
}

// begin makes the next file. A number that is taken is of a file whose making failed.
func (s *series) begin() error {
	s.number++
	f, err := s.fs.Create(seriesPath(s.dir, s.number))
	if err != nil {
		return err
	}
	s.open, s.size, s.count = f, 0, 0
	return nil
}

func (s *series) close() {
	if s.open != nil {
		s.open.Close()
		s.open = nil
	}
}

// eachNote calls f with every note of a directory, in order, until f returns false, and tells of which files a part is no note.
func eachNote(fsys files, dir string, f func(text []byte) bool) (torn []string, err error) {
	numbers, err := listSeries(fsys, dir)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		data, err := read(fsys, seriesPath(dir, n), maxNotes)
		if err != nil {
			return torn, err
		}
		notes, good := splitNotes(data)
		if good < len(data) {
			torn = append(torn, filepath.Base(seriesPath(dir, n)))
		}
		for _, text := range notes {
			if !f(text) {
				return torn, nil
			}
		}
	}
	return torn, nil
}

// lastNotes gives the last notes of a directory, newest first, until f returns false.
func lastNotes(fsys files, dir string, f func(text []byte) bool) error {
	numbers, err := listSeries(fsys, dir)
	if err != nil {
		return err
	}
	for _, n := range slices.Backward(numbers) {
		data, err := read(fsys, seriesPath(dir, n), maxNotes)
		if err != nil {
			return err
		}
		notes, _ := splitNotes(data)
		for _, text := range slices.Backward(notes) {
			if !f(text) {
				return nil
			}
		}
	}
	return nil
}
