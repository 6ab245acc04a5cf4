package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// readEntries goes through all entries in order, and through the hashes of those that were pruned.
func (v *verifier) readEntries() error {
	dir := entriesDir(v.dir)
	firsts, err := listEntries(v.fs, dir)
	if err != nil {
		return err
	}
	firsts = slices.DeleteFunc(firsts, func(first int64) bool { return first > 0 && first >= v.o.upTo }) // begun since
	if len(firsts) > 0 {
		v.report.Pruned = firsts[0]
	}
	for i, first := range firsts {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if i > 0 && first > v.size() {
			v.report.find(Dropped, v.size(), first, "", "%s are not there.", entriesText(v.size(), first))
		}
		v.skip(first)
		limit := v.o.upTo
		if i+1 < len(firsts) {
			limit = min(limit, firsts[i+1])
		}
		data, err := readEntries(v.fs, dir, first)
		if errors.Is(err, fs.ErrNotExist) { // pruned since
			v.report.Pruned = limit
			continue
		}
		if err != nil {
			return err
		}
		v.readFile(data, first, limit, i+1 == len(firsts))
		if v.o.Progress != nil {
			v.o.Progress(v.size(), v.total(firsts))
		}
	}
	v.readRest()
	return nil
}

// total is about how many entries there are.
func (v *verifier) total(firsts []int64) int64 {
	return max(v.report.Signed, firsts[len(firsts)-1], v.size())
}

func (v *verifier) size() int64 { return v.stored.size }

// skip takes the entries up to seq by their hashes alone.
func (v *verifier) skip(seq int64) {
	for v.size() < seq {
		h, _ := v.leaf(v.size())
		v.feed(h, h)
	}
}

// readRest takes what has a hash and no entry any more, at the end.
func (v *verifier) readRest() {
	v.report.Entries = v.size()
	for {
		h, ok := v.leaf(v.size())
		if !ok {
			break
		}
		v.feed(h, h)
	}
	if end := max(v.size(), v.report.Signed); end > v.report.Entries {
		v.report.find(Truncated, v.report.Entries, end, "", "%s are cut off: the log ends before them, and has signed for %d.", entriesText(v.report.Entries, end), v.report.Signed)
	}
}

// feed adds an entry to both trees, and compares the checkpoints that were made there.
func (v *verifier) feed(stored, lined tlog.Hash) {
	v.stored.add(stored)
	v.lined.add(lined)
	for v.next < len(v.signatures) && v.signatures[v.next].size <= v.stored.size {
		v.compare(v.signatures[v.next])
		v.next++
	}
}

func (v *verifier) side(witness string) *side {
	if v.sides == nil {
		v.sides = map[string]*side{}
	}
	s := v.sides[witness]
	if s == nil {
		s = &side{}
		v.sides[witness] = s
	}
	return s
}

func (v *verifier) compare(c signature) {
	s := v.side(c.witness)
	s.compared++
	if c.size != v.stored.size { // of an empty log
		return
	}
	stored, errStored := v.stored.root(c.size)
	lined, errLined := v.lined.root(c.size)
	if (errStored != nil || stored != c.root) && s.stored == 0 {
		s.stored = c.size
	}
	if (errLined != nil || lined != c.root) && s.lined == 0 {
		s.lined = c.size
	}
	if s.stored == 0 && s.lined == 0 {
		s.good = c.size
	}
}

// mark is a line of a file: its hash, and which entry it says it is, -1 when it cannot be read.
type mark struct {
	seq  int64
	hash tlog.Hash
}

// readFile compares the entries of a file with their hashes, and says of each that does not fit what was done to it.
func (v *verifier) readFile(data []byte, first, limit int64, last bool) {
	var marks []mark
	x := newExtent(first)
	eachLine(data, first, false, func(_ int64, text []byte) bool {
		l, err := skim(text)
		if err != nil {
			l.Seq = -1
		} else {
			v.note(&l)
		}
		if int64(len(marks)) < limit-first {
			x.add(&l, len(text)+1)
		}
		marks = append(marks, mark{l.Seq, tlog.RecordHash(text)})
		return true
	})
	file := filepath.Base(entriesPath("", first))
	end := v.place(marks, first, limit, file, last)
	if !last {
		for v.size() < limit { // entries at the end of a file that is not the last
			h, ok := v.leaf(v.size())
			if !ok {
				break
			}
			v.feed(h, h)
		}
		if end < limit {
			v.doubt(Dropped, end, limit, file)
		}
	}
	if last || len(v.doubts) > 0 {
		return
	}
	if kept, ok := readExtent(v.fs, entriesDir(v.dir), first); ok && !kept.same(x) {
		v.report.find(ExtentDamaged, first, x.end(), filepath.Base(extentPath("", first)), "What is kept about the entries from %d on is not what they are: searches may miss some. It is made again when the file is deleted and the gateway started.", first)
	}
}

// note remembers what the log says of its own pruning.
func (v *verifier) note(l *line) {
	var m prunedMark
	if l.Action == ActionPruned && json.Unmarshal(l.After, &m) == nil {
		v.below = max(v.below, m.Below)
	}
}

func (v *verifier) doubt(flaw Flaw, seq, to int64, file string) {
	if len(v.doubts) >= maxFindings {
		v.report.More++
		return
	}
	v.doubts = append(v.doubts, Finding{Flaw: flaw, Seq: seq, To: to, File: file})
}

// place finds out where each line belongs, feeds the trees, and gives where the entries of the file end. A line belongs where the
// stored hash is its own; one that belongs nowhere was altered or put in.
func (v *verifier) place(marks []mark, first, limit int64, file string, last bool) (end int64) {
	missing := map[int64]bool{}
	at := first
	for i := 0; i < len(marks) && at < limit; i++ {
		m := marks[i]
		stored, known := v.leaf(at)
		switch {
		case !known && m.seq != at && last && at >= v.report.Signed: // of a write that did not come to its end
			i = len(marks)
		case !known: // no hash was stored yet: it counts as it is
			v.feed(m.hash, m.hash)
			if m.seq != at {
				v.doubt(Altered, at, at+1, file)
			}
			at++
		case m.hash == stored:
			v.feed(stored, m.hash)
			at++
		case v.belongs(m, at, limit): // what is between was taken out, or stands further on
			for ; at < m.seq; at++ {
				h, _ := v.leaf(at)
				missing[at] = true
				v.feed(h, h)
			}
			v.feed(m.hash, m.hash)
			at++
		case missing[m.seq] && v.belongs(m, first-1, limit):
			delete(missing, m.seq)
			v.doubt(Reordered, m.seq, m.seq+1, file)
		case m.seq >= first && m.seq < at && v.belongs(m, first-1, limit): // a copy
			v.doubt(Inserted, at, at, file)
		case i+1 < len(marks) && marks[i+1].hash == stored: // the one that belongs here follows
			v.doubt(Inserted, at, at, file)
		default:
			v.feed(stored, m.hash)
			v.doubt(Altered, at, at+1, file)
			at++
		}
	}
	v.doubtMissing(missing, first, at, file)
	return at
}

// belongs tells whether a line is the entry that it says it is, behind another.
func (v *verifier) belongs(m mark, behind, limit int64) bool {
	if m.seq <= behind || m.seq >= limit || m.seq-behind > entriesPerFile+maxBatch {
		return false
	}
	h, ok := v.leaf(m.seq)
	return ok && h == m.hash
}

// doubtMissing says in runs which entries are nowhere.
func (v *verifier) doubtMissing(missing map[int64]bool, first, end int64, file string) {
	for seq := first; seq < end; seq++ {
		if !missing[seq] {
			continue
		}
		from := seq
		for seq < end && missing[seq] {
			seq++
		}
		v.doubt(Dropped, from, seq, file)
	}
}

// conclude says which of entries, hashes and checkpoints is wrong, where they do not fit.
func (v *verifier) conclude() {
	own := v.side("")
	v.report.Checkpoints = own.compared
	entriesRight := own.lined == 0 && own.stored != 0
	for _, d := range v.doubts {
		if entriesRight && (d.Flaw == Altered || d.Flaw == Reordered) {
			v.report.find(HashDamaged, d.Seq, d.To, v.hashes.path(d.Seq>>v.hashes.level), "%s is what was signed for; its stored hash is not.", entriesText(d.Seq, d.To))
			continue
		}
		v.report.find(d.Flaw, d.Seq, d.To, d.File, "%s", doubtText(d))
	}
	if v.below < v.report.Pruned {
		v.report.find(Dropped, v.below, v.report.Pruned, "", "%s are not there, and the log does not say that they were deleted by age.", entriesText(v.below, v.report.Pruned))
	}
	if own.stored != 0 && own.lined != 0 {
		v.report.find(Rewritten, own.good, own.stored, "", "The log fits what was signed up to entry %d, and not any more at the checkpoint of %d entries: something between was changed together with its hash.", own.good, own.stored)
	}
	for _, dir := range v.o.Witness {
		v.concludeWitness(dir, v.side(dir))
	}
}

func (v *verifier) concludeWitness(dir string, s *side) {
	var newest int64
	for _, c := range v.signatures[v.next:] {
		if c.witness == dir {
			newest = max(newest, c.size)
		}
	}
	v.report.Witnessed += s.compared
	if newest > v.report.Entries {
		v.report.find(Truncated, v.report.Entries, newest, dir, "The witness saw %d entries; the log has %d.", newest, v.report.Entries)
	}
	if s.stored == 0 || s.lined == 0 {
		return // what is wrong, if anything, is said of the entries or of the hashes
	}
	if own := v.side(""); own.stored == 0 || own.lined == 0 {
		v.report.find(Forked, s.good, s.stored, dir, "At %d entries the witness saw another log, signed with the same key: another history was written from entry %d on.", s.stored, s.good)
	} else {
		v.report.find(Rewritten, s.good, s.stored, dir, "The log is not what the witness saw at %d entries.", s.stored)
	}
}

func doubtText(d Finding) string {
	where := fmt.Sprintf("%s (%s)", entriesText(d.Seq, d.To), d.File)
	switch d.Flaw {
	case Altered:
		return where + " is not what was logged."
	case Dropped:
		return where + ": taken out."
	case Reordered:
		return where + " stands elsewhere than where it was logged."
	}
	return fmt.Sprintf("A line before entry %d (%s) was never logged.", d.Seq, d.File)
}
