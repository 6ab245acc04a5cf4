package audit

import "fmt"

// Flaw is what is wrong with a log.
type Flaw string

// The flaws.
const (
	Altered           Flaw = "altered"            // an entry is not what was logged
	Dropped           Flaw = "dropped"            // entries were taken out
	Reordered         Flaw = "reordered"          // an entry stands where another was
	Inserted          Flaw = "inserted"           // there is a line that was never logged
	Truncated         Flaw = "truncated"          // the end was cut off
	Rewritten         Flaw = "rewritten"          // entries and hashes fit each other, and not what was signed
	Forked            Flaw = "forked"             // two histories were signed
	KeyReplaced       Flaw = "key replaced"       // another key signs, and the one before did not sign the change
	CheckpointDamaged Flaw = "checkpoint damaged" // a checkpoint is not what was signed
	HashDamaged       Flaw = "hash damaged"       // an entry is what was signed for, and its stored hash is not
	ExtentDamaged     Flaw = "extent damaged"     // a search would not look where it should
	WitnessMissing    Flaw = "witness missing"    // there is nothing to compare with where there should be
)

// Finding is one thing that is wrong.
type Finding struct {
	Flaw Flaw   `json:"flaw"`
	Seq  int64  `json:"seq"`                // first entry that it concerns
	To   int64  `json:"to"`                 // behind the last
	File string `json:"file"`               // where it was found; "" when it is no one file
	Says string `json:"says" people:"read"` // a sentence
}

// maxFindings bounds how many findings are kept. All are counted.
const maxFindings = 200

// Report is what a verification found.
type Report struct {
	Origin      string    `json:"origin"` // name of the log
	Key         string    `json:"key"`    // the public key that it was verified with, the first when it has changed
	Keys        int       `json:"keys"`   // how many have signed
	Entries     int64     `json:"entries"`
	Pruned      int64     `json:"pruned"`      // the first so many have only their hashes left
	Signed      int64     `json:"signed"`      // entries that the last checkpoint covers
	Checkpoints int       `json:"checkpoints"` // that were compared
	Witnessed   int       `json:"witnessed"`   // checkpoints of witnesses that were compared
	Findings    []Finding `json:"findings"`
	More        int       `json:"more"` // findings that are not listed
}

// Sound tells whether nothing is wrong.
func (r *Report) Sound() bool { return len(r.Findings) == 0 }

func (r *Report) find(flaw Flaw, seq, to int64, file, format string, args ...any) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{flaw, seq, to, file, fmt.Sprintf(format, args...)})
}

// entriesText names a range of entries.
func entriesText(seq, to int64) string {
	if to-seq == 1 {
		return fmt.Sprintf("Entry %d", seq)
	}
	return fmt.Sprintf("Entries %d to %d", seq, to-1)
}
