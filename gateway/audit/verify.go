package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions say what a log is held against besides itself.
type VerifyOptions struct {
	Key     string   // a public key that is known from elsewhere; "": the first of the log's own
	Witness []string // directories with copies of checkpoints

	// Progress is told now and then how many of how many entries were verified; nil: nobody is.
	Progress func(done, of int64)

	upTo   int64 // so many entries, of a log that is written meanwhile; 0: all
	fs     files
	bounds bounds
}

// Verify reads a whole log and names what is wrong with it. It changes nothing, and may run while the log is written. An error
// means that it could not be read to its end, and says nothing about the log.
func Verify(ctx context.Context, dir string, o VerifyOptions) (*Report, error) {
	if o.fs == nil {
		o.fs = disk{}
	}
	if o.upTo == 0 {
		o.upTo = int64(1) << 62
	}
	b := o.bounds.filled()
	v := &verifier{ctx: ctx, o: o, fs: o.fs, dir: dir, report: &Report{Findings: []Finding{}}, hashes: hashes{fs: o.fs, dir: hashesDir(dir), level: b.level}, chunk: -1, badRoot: -1,
		stored: &tree{level: b.level}, lined: &tree{level: b.level}}
	for _, step := range []func() error{v.readKeys, v.readNotes, v.readWitnesses, v.readEntries} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("verify audit log: %w", err)
		}
	}
	v.conclude()
	return v.report, nil
}

// Verify verifies the log as it is now, against itself, the key that signs and its witnesses.
func (l *Log) Verify(ctx context.Context, progress func(done, of int64)) (*Report, error) {
	return Verify(ctx, l.dir, VerifyOptions{Witness: l.o.Witness, Progress: progress, upTo: l.Size(), fs: l.fs, bounds: l.o.bounds})
}

// signature is a checkpoint that the log is held against.
type signature struct {
	size    int64
	root    tlog.Hash
	witness string // the directory it is from; "": the log's own
}

// verifier is one verification.
type verifier struct {
	ctx    context.Context
	o      VerifyOptions
	fs     files
	dir    string
	report *Report

	keys       []note.Verifier
	lines      []string
	signatures []signature // in order of size
	next       int         // of signatures: the first that was not compared

	hashes  hashes
	chunk   int64 // that leaves are of; -1: none
	leaves  []tlog.Hash
	badRoot int64 // chunk whose root was told to be wrong; -1: none

	stored *tree // by the stored hashes
	lined  *tree // by the entries
	sides  map[string]*side
	doubts []Finding // about entries that do not have their stored hash: which of the two is wrong shows in the end
	below  int64     // entries below are said to be pruned
}

// side is how the checkpoints of one place compare.
type side struct {
	compared      int
	good          int64 // the last size at which both trees were right
	stored, lined int64 // the first size at which the tree was wrong; 0: none
}

// readKeys reads whose signatures count.
func (v *verifier) readKeys() error {
	keys, lines, err := readKeys(v.fs, v.dir)
	if len(keys) == 0 {
		return cmp.Or(err, fmt.Errorf("there are no public keys in %s", KeyFile(v.dir)))
	}
	if err != nil {
		return err
	}
	v.keys, v.lines = keys, lines
	v.report.Origin, v.report.Key, v.report.Keys = keys[0].Name(), cmp.Or(v.o.Key, lines[0]), len(keys)
	if v.o.Key == "" || slices.Contains(lines, v.o.Key) {
		return nil
	}
	k, err := note.NewVerifier(v.o.Key)
	if err != nil {
		return fmt.Errorf("the key to verify with: %w", err)
	}
	v.report.find(KeyReplaced, 0, 0, keyFile, "The log does not have the key %s; it is signed by another.", keyName(k.Name(), k.KeyHash()))
	return nil
}

// readNotes reads the log's own checkpoints, and follows who signed them.
func (v *verifier) readNotes() error {
	current, dir, first := "", notesDir(v.dir), true
	numbers, err := listSeries(v.fs, dir)
	if err != nil {
		return err
	}
	whole := len(numbers) > 0 && numbers[0] == 1 // none was pruned: the first key signed the first
	torn, err := eachNote(v.fs, dir, func(text []byte) bool {
		c, by, err := openCheckpoint(text, v.keys)
		var bad *note.InvalidSignatureError
		switch {
		case errors.As(err, &bad):
			v.report.find(CheckpointDamaged, c.Size, c.Size, "checkpoints", "A checkpoint is not what %s signed.", keyName(bad.Name, bad.Hash))
			return true
		case err != nil || len(by) == 0:
			v.report.find(KeyReplaced, c.Size, c.Size, "checkpoints", "The checkpoint of %d entries is signed by no key of this log.", c.Size)
			return true
		case first && whole:
			current = keyName(v.keys[0].Name(), v.keys[0].KeyHash())
		}
		if current != "" && !slices.Contains(by, current) {
			v.report.find(KeyReplaced, c.Size, c.Size, "checkpoints", "From the checkpoint of %d entries on %s signs; %s, which signed before, did not sign the change.", c.Size, by[0], current)
		}
		current, first = v.newestOf(by), false
		if c.Size > v.o.upTo {
			return true // made since the verification began
		}
		v.signatures = append(v.signatures, signature{size: c.Size, root: c.Root})
		v.report.Signed = max(v.report.Signed, c.Size)
		return true
	})
	for _, file := range torn {
		v.report.find(CheckpointDamaged, 0, 0, filepath.Join("checkpoints", file), "A part of the file is no checkpoint.")
	}
	return err
}

// newestOf gives which of those who signed stands last in the key file: that is the one that goes on signing.
func (v *verifier) newestOf(by []string) string {
	for _, k := range slices.Backward(v.keys) {
		if name := keyName(k.Name(), k.KeyHash()); slices.Contains(by, name) {
			return name
		}
	}
	return ""
}

// readWitnesses reads the checkpoints that others have, and the keys they know.
func (v *verifier) readWitnesses() error {
	for _, dir := range v.o.Witness {
		if err := v.readWitness(dir); err != nil {
			return fmt.Errorf("read witness %s: %w", dir, err)
		}
	}
	slices.SortStableFunc(v.signatures, func(a, b signature) int { return cmp.Compare(a.size, b.size) })
	return nil
}

func (v *verifier) readWitness(parent string) error {
	dir := witnessDir(parent, v.report.Origin)
	keys, lines, err := readKeys(v.fs, dir)
	if err == nil && len(keys) == 0 {
		dir = parent // the directory of one log itself
		keys, lines, err = readKeys(v.fs, dir)
	}
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		v.report.find(WitnessMissing, 0, 0, parent, "The witness has no checkpoint of this log, %s%s.", v.report.Origin, v.others(parent))
		return nil
	}
	if len(v.lines) < len(lines) || !slices.Equal(v.lines[:len(lines)], lines) {
		v.report.find(KeyReplaced, 0, 0, keyFile, "The witness %s knows the log by other keys.", parent)
	}
	_, err = eachNote(v.fs, dir, func(text []byte) bool {
		c, by, err := openCheckpoint(text, keys)
		if err != nil || len(by) == 0 {
			v.report.find(CheckpointDamaged, c.Size, c.Size, parent, "A checkpoint of the witness is not signed by the keys that it knows.")
			return true
		}
		if c.Size <= v.o.upTo {
			v.signatures = append(v.signatures, signature{size: c.Size, root: c.Root, witness: parent})
		}
		return true
	})
	return err
}

// others says which other logs a witness knows.
func (v *verifier) others(parent string) (text string) {
	entries, err := v.fs.ReadDir(parent)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if keys, _, err := readKeys(v.fs, filepath.Join(parent, e.Name())); err == nil && len(keys) > 0 {
			text += ", but of " + keys[0].Name()
		}
	}
	return text
}

// leaf is the stored hash of an entry; false: there is none.
func (v *verifier) leaf(seq int64) (tlog.Hash, bool) {
	chunk := seq >> v.hashes.level
	if chunk != v.chunk {
		leaves, root, err := v.hashes.read(chunk)
		if err != nil {
			leaves = nil
		}
		if root != nil && rootOf(leaves, v.hashes.level) != *root && chunk != v.badRoot {
			v.badRoot = chunk
			v.report.find(HashDamaged, chunk<<v.hashes.level, (chunk+1)<<v.hashes.level, v.hashes.path(chunk), "The root that is stored with the hashes from entry %d on is not theirs.", chunk<<v.hashes.level)
		}
		v.chunk, v.leaves = chunk, leaves
	}
	i := seq & (1<<v.hashes.level - 1)
	if i >= int64(len(v.leaves)) || seq >= v.o.upTo {
		return tlog.Hash{}, false
	}
	return v.leaves[i], true
}
