package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the size and root of the log at a time, signed.
type Checkpoint struct {
	Origin string    // name of the log
	Size   int64     // entries
	Root   tlog.Hash // over them
	Time   time.Time // when it was signed, to the second
	Note   []byte    // as it was signed, with its signatures
}

// text is what is signed: origin, size and root as C2SP's tlog-checkpoint has them, then the time as an extension line.
func (c *Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %s\n", c.Origin, c.Size, c.Root, c.Time.UTC().Format(time.RFC3339))
}

var errNoCheckpoint = errors.New("it is no checkpoint")

// parseCheckpoint reads what was signed.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" || lines[0] == "" {
		return Checkpoint{}, errNoCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, errNoCheckpoint
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, errNoCheckpoint
	}
	at, err := time.Parse("time "+time.RFC3339, lines[3])
	if err != nil {
		return Checkpoint{}, errNoCheckpoint
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root, Time: at}
	if c.text() != text {
		return Checkpoint{}, errNoCheckpoint
	}
	return c, nil
}

// key is one that signs.
type key struct {
	private ed25519.PrivateKey
	public  string // as note.NewVerifier reads it
	check   note.Verifier
}

// newKey makes the key of a seed, under the name of a log; "": the log is named after it.
func newKey(seed [32]byte, origin string) (*key, error) {
	k := &key{private: ed25519.NewKeyFromSeed(seed[:])}
	public := k.private.Public().(ed25519.PublicKey)
	if origin == "" {
		sum := sha256.Sum256(public)
		origin = "holdfast-audit-" + hex.EncodeToString(sum[:8])
	}
	var err error
	if k.public, err = note.NewEd25519VerifierKey(origin, public); err != nil {
		return nil, err
	}
	k.check, err = note.NewVerifier(k.public)
	return k, err
}

// Name, KeyHash and Sign make it a note.Signer.
func (k *key) Name() string                    { return k.check.Name() }
func (k *key) KeyHash() uint32                 { return k.check.KeyHash() }
func (k *key) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(k.private, msg), nil }

// sign makes the checkpoint's note.
func (c *Checkpoint) sign(keys ...*key) error {
	signers := make([]note.Signer, len(keys))
	for i, k := range keys {
		signers[i] = k
	}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signers...)
	if err != nil {
		return fmt.Errorf("sign checkpoint: %w", err)
	}
	c.Note = signed
	return nil
}

// openCheckpoint reads a note and tells which of the keys signed it. A note that none of them did is returned with none.
func openCheckpoint(text []byte, keys []note.Verifier) (c Checkpoint, by []string, err error) {
	n, err := note.Open(text, note.VerifierList(keys...))
	var none *note.UnverifiedNoteError
	switch {
	case errors.As(err, &none):
		n = none.Note
	case err != nil:
		return c, nil, err
	}
	if c, err = parseCheckpoint(n.Text); err != nil {
		return c, nil, err
	}
	c.Note = text
	for _, s := range n.Sigs {
		by = append(by, keyName(s.Name, s.Hash))
	}
	return c, by, nil
}

func keyName(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// splitNotes cuts a file of notes, each followed by an empty line, into them. good is how many bytes the whole ones take: what
// follows is the rest of a write that did not come to its end.
func splitNotes(data []byte) (notes [][]byte, good int) {
	for at := 0; ; {
		text := bytes.Index(data[at:], blank)
		if text < 0 {
			return notes, good
		}
		signatures := bytes.Index(data[at+text+2:], blank)
		if signatures < 0 {
			return notes, good
		}
		end := at + text + 2 + signatures + 1
		if !whole(data[at:end]) {
			return notes, good
		}
		notes = append(notes, data[at:end:end])
		at = end + 1
		good = at
	}
}

// blank ends the text of a note, and, as it lies in a file, its signatures.
var blank = []byte("\n\n")

// whole tells whether this is a note at all, whoever signed it.
func whole(text []byte) bool {
	_, _, err := openCheckpoint(text, nil)
	return err == nil
}
