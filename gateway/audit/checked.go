package audit

import (
	"errors"
	"fmt"
)

// CheckCheckpoint reads a checkpoint and tells whether one of the keys in the text of a key file signed it, for whoever has both from a
// proof and not the log.
func CheckCheckpoint(note, keys []byte) (Checkpoint, error) {
	known, err := parseKeys(keys)
	if err != nil {
		return Checkpoint{}, err
	}
	c, by, err := openCheckpoint(note, known)
	switch {
	case err != nil:
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	case len(by) == 0:
		return Checkpoint{}, errors.New("the checkpoint is signed by no key of the log")
	}
	return c, nil
}

// KeyLines are the public keys that signed the log, oldest first, as its key file has them, a line each.
func (r *Reader) KeyLines() (text []byte, err error) {
	return read(r.fs, KeyFile(r.dir), maxKeys*256)
}
