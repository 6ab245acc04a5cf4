package storage

import "time"

// meant tells whether a record of a kind that this program knows says what it has to. The checksum of one that does not is right,
// so it was written so: by a program that erred, or by hand. It is told like a line that cannot be read, and what is around it
// stands. A kind that only a newer program knows is left to that.
func (r *record) meant() bool {
	switch r.Type {
	case "gap":
		return r.ofStream() && canBe(&r.At) && r.Cause != ""
	case "closed":
		return r.ofStream() && r.Path != "" && canBe(r.Start) && canBe(r.End)
	case "deleted", "erased": // without a path where another volume was emptied
		return r.ofStream() && canBe(r.Start) && canBe(r.End)
	case "erasure":
		e, err := readErasure(r.Erasure)
		return err == nil && len(e.ID) <= maxWord && validName(e.Camera)
	case "event":
		_, ok := eventFrom(r)
		return ok
	case "lock", "unlock":
		l, ok := lockFrom(r)
		return ok && canBe(&l.From) && canBe(&l.To) && canBe(&l.Until)
	}
	return true
}

// maxWord bounds an id that a journal tells of, bytes.
const maxWord = 64

func (r *record) ofStream() bool { return validName(r.Camera) && validName(r.Stream) }

// canBe tells whether a time is there, and can be a key of the index.
func canBe(t *time.Time) bool { return t != nil && t.Unix() > 0 && t.Year() < 2262 }
