package audit

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// forged is a log that somebody is going to change, with a copy of its checkpoints elsewhere.
type forged struct {
	t       *testing.T
	dir     string
	witness string
	o       Options
}

// forge makes a log of n entries with a witness, and a key known from elsewhere.
func forge(t *testing.T, n int) *forged {
	t.Helper()
	f := &forged{t: t, dir: filepath.Join(t.TempDir(), "audit"), witness: t.TempDir()}
	f.o = smallOptions(f.dir)
	f.o.Witness = []string{f.witness}
	l, end := begin(t, f.o)
	write(t, l, 0, n)
	end()
	wantSound(t, f.verify())
	return f
}

func (f *forged) verify() *Report {
	f.t.Helper()
	return verified(f.t, f.dir, VerifyOptions{Witness: []string{f.witness}})
}

// entries gives the files of entries, in order.
func (f *forged) entries() []string {
	f.t.Helper()
	files, err := filepath.Glob(filepath.Join(f.dir, "entries", "*.jsonl"))
	if err != nil {
		f.t.Fatal(err)
	}
	return files
}

// edit changes a file.
func (f *forged) edit(path string, change func([]byte) []byte) {
	f.t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(data), 0o600)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// lines changes the lines of a file of entries.
func (f *forged) lines(file int, change func([][]byte) [][]byte) {
	f.t.Helper()
	f.edit(f.entries()[file], func(data []byte) []byte {
		return bytes.Join(change(bytes.SplitAfter(data, newline)), nil)
	})
}

// want asks for a finding of a flaw at an entry, and that nothing else is named but what may be.
func (f *forged) want(flaw Flaw, seq int64, may ...Flaw) {
	f.t.Helper()
	r := f.verify()
	if !slices.ContainsFunc(r.Findings, func(x Finding) bool { return x.Flaw == flaw && x.Seq == seq }) {
		f.t.Errorf("%s at %d is not named: %+v", flaw, seq, r.Findings)
	}
	for _, x := range r.Findings {
		if (x.Flaw != flaw || x.Seq != seq) && !slices.Contains(may, x.Flaw) {
			f.t.Errorf("named besides: %+v", x)
		}
	}
}

func TestAFlippedBitIsNamedByItsEntry(t *testing.T) {
	f := forge(t, 23)
	for file, path := range f.entries() {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data); at += 103 {
			seq := int64(file*small.entries + bytes.Count(data[:at], newline))
			damaged := slices.Clone(data)
			damaged[at] ^= 1 << (at % 8)
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			r := f.verify()
			if !slices.ContainsFunc(r.Findings, func(x Finding) bool { return x.Seq == seq && (x.Flaw == Altered || x.Flaw == Truncated) }) {
				t.Fatalf("byte %d of %s, entry %d: %+v", at, path, seq, r.Findings)
			}
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantSound(t, f.verify())
}

func TestAFlippedBitIsNamedAlone(t *testing.T) {
	f := forge(t, 23)
	f.lines(1, func(l [][]byte) [][]byte { return replaceIn(l, 2, "playback", "plbyback") })
	f.want(Altered, 7)
}

// replaceIn changes a text in one line.
func replaceIn(lines [][]byte, n int, from, to string) [][]byte {
	lines[n] = bytes.Replace(lines[n], []byte(from), []byte(to), 1)
	return lines
}

func TestADroppedEntryIsNamed(t *testing.T) {
	for _, n := range []int{0, 2, 4} {
		t.Run(fmt.Sprintf("line %d", n), func(t *testing.T) {
			f := forge(t, 23)
			f.lines(2, func(l [][]byte) [][]byte { return slices.Delete(l, n, n+1) })
			f.want(Dropped, int64(10+n))
		})
	}
	t.Run("a whole file", func(t *testing.T) {
		f := forge(t, 23)
		if err := os.Remove(f.entries()[2]); err != nil {
			t.Fatal(err)
		}
		f.want(Dropped, 10)
	})
	t.Run("the first file", func(t *testing.T) {
		f := forge(t, 23)
		if err := os.Remove(f.entries()[0]); err != nil {
			t.Fatal(err)
		}
		f.want(Dropped, 0)
	})
}

func TestReorderedEntriesAreNamed(t *testing.T) {
	f := forge(t, 23)
	f.lines(2, func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l })
	f.want(Reordered, 11)
}

func TestAnInsertedLineIsNamed(t *testing.T) {
	f := forge(t, 23)
	f.lines(2, func(l [][]byte) [][]byte { return slices.Insert(l, 2, slices.Clone(l[0])) })
	f.want(Inserted, 12)
}

func TestACutOffEndIsNamed(t *testing.T) {
	t.Run("of the entries", func(t *testing.T) {
		f := forge(t, 23)
		f.lines(4, func(l [][]byte) [][]byte { return l[:1] })
		f.want(Truncated, 21)
	})
	t.Run("of entries and hashes", func(t *testing.T) {
		f := forge(t, 23)
		f.cut(21)
		f.want(Truncated, 21)
	})
	t.Run("of everything but what the witness has", func(t *testing.T) {
		f := forge(t, 23)
		f.cut(21)
		f.cutNotes(21)
		if r := verified(t, f.dir, VerifyOptions{}); !r.Sound() {
			t.Errorf("without the witness nobody can tell; found %+v", r.Findings)
		}
		f.want(Truncated, 21)
	})
}

// cut removes what is behind the entry numbered n, in the last files, of entries and hashes.
func (f *forged) cut(n int) {
	f.t.Helper()
	f.lines(n/small.entries, func(l [][]byte) [][]byte { return l[:n%small.entries] })
	for _, path := range f.entries()[n/small.entries+1:] {
		os.Remove(path)
	}
	h := hashes{dir: hashesDir(f.dir)}
	f.edit(h.path(int64(n>>small.level)), func(b []byte) []byte { return b[:n%(1<<small.level)*32] })
}

// cutNotes removes the checkpoints of more than n entries.
func (f *forged) cutNotes(n int64) {
	f.t.Helper()
	numbers, err := listSeries(disk{}, notesDir(f.dir))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, number := range numbers {
		f.edit(seriesPath(notesDir(f.dir), number), func(data []byte) (kept []byte) {
			notes, _ := splitNotes(data)
			for _, text := range notes {
				if c, _, _ := openCheckpoint(text, nil); c.Size <= n {
					kept = append(append(kept, text...), '\n')
				}
			}
			return kept
		})
	}
}

// Whoever changes an entry together with its hash is caught by the next checkpoint.
func TestARewrittenEntryIsNamedByTheCheckpointBehindIt(t *testing.T) {
	f := forge(t, 23)
	f.rewrite(9)
	f.want(Rewritten, 8, ExtentDamaged, HashDamaged, Rewritten) // the witness says so too
}

// rewrite changes an entry and its stored hash.
func (f *forged) rewrite(n int) {
	f.t.Helper()
	var leaf [32]byte
	f.lines(n/small.entries, func(l [][]byte) [][]byte {
		i := n % small.entries
		l[i] = bytes.Replace(l[i], []byte(`"outcome":"`), []byte(`"outcome":"un`), 1)
		leaf = sha256.Sum256(append([]byte{0}, bytes.TrimSuffix(l[i], newline)...))
		return l
	})
	h := hashes{dir: hashesDir(f.dir)}
	f.edit(h.path(int64(n>>small.level)), func(b []byte) []byte {
		copy(b[n%(1<<small.level)*32:], leaf[:])
		return b
	})
}

func TestAReplacedKeyIsNamed(t *testing.T) {
	other := sha256.Sum256([]byte("another seed"))
	t.Run("that goes on", func(t *testing.T) {
		f := forge(t, 23)
		f.o.Seed, f.o.Witness = other, nil
		l, end := begin(t, f.o)
		if len(l.Status().Damage) == 0 {
			t.Error("the log was opened with another key, and says nothing")
		}
		write(t, l, 23, 25)
		end()
		f.o.Witness = []string{f.witness}
		f.want(KeyReplaced, 26) // the entry that names the new key, and the two written
	})
	t.Run("that signs all of it", func(t *testing.T) {
		f := forge(t, 23)
		known := newKeyFor(t, f.o.Seed)
		fake := smallOptions(filepath.Join(t.TempDir(), "audit"))
		fake.Seed = other
		l, end := begin(t, fake)
		write(t, l, 0, 23)
		end()
		f.dir = fake.Dir
		if r := verified(t, f.dir, VerifyOptions{Key: known}); len(r.Findings) != 1 || r.Findings[0].Flaw != KeyReplaced {
			t.Errorf("held against the key that is known: %+v", r.Findings)
		}
		f.want(WitnessMissing, 0)
	})
}

func newKeyFor(t *testing.T, seed [32]byte) string {
	t.Helper()
	k, err := newKey(seed, "")
	if err != nil {
		t.Fatal(err)
	}
	return k.public
}

// Whoever has the key can write another history; the witness has seen the first.
func TestAForkIsNamedByTheWitness(t *testing.T) {
	f := forge(t, 9)
	stolen := filepath.Join(t.TempDir(), "audit")
	if err := os.CopyFS(stolen, os.DirFS(f.dir)); err != nil {
		t.Fatal(err)
	}
	l, end := begin(t, f.o)
	write(t, l, 9, 23)
	end()
	again := smallOptions(stolen)
	l, end = begin(t, again)
	write(t, l, 30, 45) // another story from entry 9 on
	end()
	f.dir = stolen
	if r := verified(t, f.dir, VerifyOptions{}); !r.Sound() {
		t.Errorf("without the witness nobody can tell; found %+v", r.Findings)
	}
	r := f.verify()
	if len(r.Findings) != 1 || r.Findings[0].Flaw != Forked || r.Findings[0].Seq != 9 {
		t.Errorf("found %+v", r.Findings)
	}
	again.Witness = f.o.Witness
	told := make(chan struct{}, 1)
	again.OnChange = func(s Status) {
		if len(s.Damage) > 0 {
			wish(told)
		}
	}
	l, end = begin(t, again)
	defer end()
	write(t, l, 45, 46)
	<-told // the witness contradicts
}

func TestAKeyChangeThatBothKeysSignIsSound(t *testing.T) {
	f := forge(t, 23)
	former := f.o.Seed
	f.o.Former, f.o.Seed = &former, sha256.Sum256([]byte("the next seed"))
	l, end := begin(t, f.o)
	if d := l.Status().Damage; len(d) > 0 {
		t.Errorf("damage %q", d)
	}
	write(t, l, 23, 31)
	end()
	r := f.verify()
	wantSound(t, r)
	if r.Keys != 2 {
		t.Errorf("%d keys", r.Keys)
	}
	if all := records(t, f.dir, f.o, Query{Action: ActionKeyNext}); len(all) != 1 {
		t.Errorf("the change is announced by %d entries", len(all))
	}
}

func TestADamagedHashIsToldFromADamagedEntry(t *testing.T) {
	f := forge(t, 23)
	h := hashes{dir: hashesDir(f.dir)}
	f.edit(h.path(1), func(b []byte) []byte { b[2*32] ^= 1; return b })
	f.want(HashDamaged, 10, HashDamaged)
}

func TestADamagedCheckpointIsNamed(t *testing.T) {
	f := forge(t, 23)
	f.edit(seriesPath(notesDir(f.dir), 1), func(b []byte) []byte {
		return bytes.Replace(b, []byte("\n4\n"), []byte("\n5\n"), 1)
	})
	f.want(CheckpointDamaged, 0)
}

func TestAnExtentThatHidesEntriesIsNamed(t *testing.T) {
	f := forge(t, 23)
	f.edit(extentPath(entriesDir(f.dir), 5), func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"p-1"`), []byte(`"p-9"`), 1)
	})
	f.want(ExtentDamaged, 5)
}

// Whatever was done to it, the log is opened, says so, and goes on; what is written then is there.
func TestATamperedLogGoesOnAndSaysSo(t *testing.T) {
	for name, tamper := range map[string]func(f *forged){
		"a flipped bit in the last file":  func(f *forged) { f.lines(4, func(l [][]byte) [][]byte { return replaceIn(l, 1, `"seq"`, `"sEq"`) }) },
		"the last file cut":               func(f *forged) { f.lines(4, func(l [][]byte) [][]byte { return l[:1] }) },
		"the last files removed":          func(f *forged) { os.Remove(f.entries()[4]); os.Remove(f.entries()[3]) },
		"entries and hashes cut":          func(f *forged) { f.cut(21) },
		"a hash and its entry rewritten":  func(f *forged) { f.rewrite(20) },
		"the hashes removed and an entry": func(f *forged) { os.RemoveAll(hashesDir(f.dir)); os.Remove(f.entries()[1]) },
		"the keys overwritten":            func(f *forged) { f.edit(KeyFile(f.dir), func([]byte) []byte { return []byte("nothing\n") }) },
	} {
		t.Run(name, func(t *testing.T) {
			f := forge(t, 23)
			tamper(f)
			l, end := begin(t, f.o)
			if len(l.Status().Damage) == 0 {
				t.Error("nothing is said")
			}
			write(t, l, 100, 117)
			end()
			page, err := l.Search(t.Context(), Query{Limit: 17})
			if err != nil || len(page.Records) != 17 || !page.Records[0].Time.Equal(entryN(116).Time) {
				t.Errorf("what was written since is not there: %v, %v", page, err)
			}
			if name != "the keys overwritten" && f.verify().Sound() {
				t.Error("verification finds nothing")
			}
		})
	}
}
