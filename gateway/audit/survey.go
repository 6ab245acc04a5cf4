package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The directories of a log.
func entriesDir(dir string) string { return filepath.Join(dir, "entries") }
func hashesDir(dir string) string  { return filepath.Join(dir, "hashes") }
func notesDir(dir string) string   { return filepath.Join(dir, "checkpoints") }

// survey is what a directory holds, as far as has to be known to read it and to go on. It changes nothing. It reads one file of
// entries, or as many as were written since the last checkpoint; it is no verification.
type survey struct {
	fs     files
	dir    string
	hashes hashes

	keys   []note.Verifier // that are known
	lines  []string        // of the key file
	origin string          // name of the log; "": there is none yet
	last   Checkpoint      // the last that one of the keys signed
	lastBy []string        // whose keys signed it

	extents []*extent
	remade  []*extent // of them, those that were not kept, or wrongly
	surplus int64     // bytes behind the last entry of the last file
	tree    *tree
	stale   []chunkPart // whose file is not what it should be
	damage  []string    // what cannot be put down to a crash

	data  []byte // content of the file of entries that was read last
	first int64
	whole bool // data is of a file
}

// look surveys a directory; own is the key that is to sign, nil when nothing is to be written.
func look(f files, dir string, b bounds, own note.Verifier) (*survey, error) {
	s := &survey{fs: f, dir: dir, hashes: hashes{fs: f, dir: hashesDir(dir), level: b.level}}
	for _, step := range []func() error{s.lookAtKeys, func() error { return s.lookAtNotes(own) }, s.lookAtEntries, s.lookAtHashes} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("open audit log: %w", err)
		}
	}
	return s, nil
}

func (s *survey) damaged(format string, args ...any) {
	s.damage = append(s.damage, fmt.Sprintf(format, args...))
}

// lookAtKeys reads the public keys. A file that is no key file is damage, and no reason not to go on.
func (s *survey) lookAtKeys() error {
	keys, lines, err := readKeys(s.fs, s.dir)
	var host *fs.PathError
	if err != nil && errors.As(err, &host) {
		return err
	}
	if err != nil {
		s.damaged("The public keys cannot be read: %v.", err)
		return nil
	}
	s.keys, s.lines = keys, lines
	if len(keys) > 0 {
		s.origin = keys[0].Name()
	}
	return nil
}

// lookAtNotes finds the last checkpoint that is signed by a key of the log.
func (s *survey) lookAtNotes(own note.Verifier) error {
	known := s.keys
	if own != nil {
		known = append(known[:len(known):len(known)], own)
	}
	newest := true
	err := lastNotes(s.fs, notesDir(s.dir), func(text []byte) bool {
		c, by, err := openCheckpoint(text, known)
		if s.origin == "" {
			s.origin = c.Origin
		}
		if err == nil && len(by) > 0 {
			s.last, s.lastBy = c, by
			return false
		}
		if newest {
			s.damaged("The last checkpoint is not signed by a key of this log.")
		}
		newest = false
		return true
	})
	return err
}

// lookAtEntries makes the extents, and finds the end of the log.
func (s *survey) lookAtEntries() error {
	dir := entriesDir(s.dir)
	firsts, err := listEntries(s.fs, dir)
	if err != nil {
		return err
	}
	for i, first := range firsts {
		if i == len(firsts)-1 {
			return s.lookAtLast(first)
		}
		x, kept := readExtent(s.fs, dir, first)
		if !kept || x.end() != firsts[i+1] {
			if x, err = s.scan(first, firsts[i+1]); err != nil {
				return err
			}
			x.sealed = true
			s.remade = append(s.remade, x)
		}
		if x.end() < firsts[i+1] {
			s.damaged("Entries %d to %d are missing.", x.end(), firsts[i+1]-1)
		}
		s.extents = append(s.extents, x)
	}
	return nil
}

func (s *survey) scan(first, limit int64) (*extent, error) {
	data, err := s.content(first)
	if err != nil {
		return nil, err
	}
	x, damaged := scan(data, first, s.last.Size, limit)
	if damaged > 0 {
		s.damaged("%d of the entries from %d on cannot be read.", damaged, first)
	}
	return x, nil
}

// content reads a file of entries, and keeps the last.
func (s *survey) content(first int64) ([]byte, error) {
	if s.whole && s.first == first {
		return s.data, nil
	}
	data, err := readEntries(s.fs, entriesDir(s.dir), first)
	if err != nil {
		return nil, err
	}
	s.data, s.first, s.whole = data, first, true
	return data, nil
}

func (s *survey) lookAtLast(first int64) error {
	x, err := s.scan(first, int64(1)<<62)
	if err != nil {
		return err
	}
	s.surplus = int64(len(s.data)) - x.Bytes
	s.extents = append(s.extents, x)
	return nil
}

// lookAtHashes makes the tree: below the last checkpoint from the files of hashes, from there on from the entries.
func (s *survey) lookAtHashes() error {
	s.tree = &tree{level: s.hashes.level, load: s.hashes.full}
	var end int64
	if n := len(s.extents); n > 0 {
		end = s.extents[n-1].end()
	}
	if end < s.last.Size {
		s.damaged("The log has %d entries; %d are signed for.", end, s.last.Size)
		if s.keeps(s.last.Size) {
			end = s.last.Size // the hashes of what is missing are there: the tree stays whole
		}
	}
	size := int64(1) << s.hashes.level
	for s.tree.size < end {
		from := s.tree.size
		if to := from + size; to <= min(end, s.last.Size) {
			if root, ok := s.hashes.rootOf(from >> s.hashes.level); ok {
				s.tree.addChunk(root)
				s.compare()
				continue
			}
		}
		if err := s.remake(from, min(from+size, end)); err != nil {
			return err
		}
	}
	return nil
}

// keeps tells whether the files of hashes have those of the first n entries.
func (s *survey) keeps(n int64) bool {
	chunk := (n - 1) >> s.hashes.level
	leaves, _, err := s.hashes.read(chunk)
	return err == nil && int64(len(leaves)) >= n-chunk<<s.hashes.level
}

// remake adds the leaves [from, to) of a chunk to the tree.
func (s *survey) remake(from, to int64) error {
	chunk := from >> s.hashes.level
	have, root, err := s.hashes.read(chunk)
	if err != nil {
		return err
	}
	var leaves []tlog.Hash
	same := int64(len(have)) == to-from && (root != nil) == (to-from == 1<<s.hashes.level)
	for seq := from; seq < to; seq++ {
		var h tlog.Hash
		if i := seq - from; seq < s.last.Size && i < int64(len(have)) {
			h = have[i]
		} else if h, err = s.hashOf(seq); err != nil {
			return err
		}
		same = same && h == have[seq-from]
		leaves = s.tree.add(h)
		s.compare()
	}
	if !same {
		s.stale = append(s.stale, chunkPart{chunk, leaves, 0})
	}
	return nil
}

// hashOf is the hash of an entry as it is in its file, zero when it is not there.
func (s *survey) hashOf(seq int64) (h tlog.Hash, err error) {
	i := extentOf(s.extents, seq)
	if i < 0 {
		return h, nil
	}
	x := s.extents[i]
	data, err := s.content(x.First)
	if err != nil {
		return h, err
	}
	eachLine(data[:min(x.Bytes, int64(len(data)))], x.First, false, func(n int64, text []byte) bool {
		if n == seq {
			h = tlog.RecordHash(bytes.Clone(text))
		}
		return n < seq
	})
	return h, nil
}

// compare holds the tree against the last checkpoint, when it has just the size of it: then nothing has to be read for that.
func (s *survey) compare() {
	if s.tree.size != s.last.Size {
		return
	}
	if root, err := s.tree.root(s.last.Size); err != nil || root != s.last.Root {
		s.damaged("The log is not what was signed at %d entries.", s.last.Size)
	}
}

// extentOf gives which extent an entry is in, -1 when none has it.
func extentOf(extents []*extent, seq int64) int {
	for i := len(extents) - 1; i >= 0; i-- {
		if x := extents[i]; x.First <= seq {
			if seq < x.end() {
				return i
			}
			return -1
		}
	}
	return -1
}
