package auth

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// leakedLine is a password's line in the list.
func leakedLine(password string, count int) string {
	return fmt.Sprintf("%X:%d", sha1.Sum([]byte(password)), count)
}

// leakedFile writes a list of n passwords and the given ones.
func leakedFile(t testing.TB, n int, end string, passwords ...string) string {
	t.Helper()
	lines := make([]string, 0, n+len(passwords))
	for i := range n {
		lines = append(lines, leakedLine(fmt.Sprint("leaked ", i), 1+i*7919%10_000_000))
	}
	for _, p := range passwords {
		lines = append(lines, leakedLine(p, 3))
	}
	slices.Sort(lines)
	path := filepath.Join(t.TempDir(), "pwned-passwords-sha1-ordered-by-hash.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, end)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestALeakedPasswordIsFoundWhereverItLies(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		for _, n := range []int{1, 2, 3, 100, 1000} {
			b := opened(t, leakedFile(t, n, end))
			for i := range n {
				if found := must[bool](t)(b.Has(fmt.Sprint("leaked ", i))); !found {
					t.Fatalf("password %d of %d is not found", i, n)
				}
				if found := must[bool](t)(b.Has(fmt.Sprint("kept ", i))); found {
					t.Fatalf("a password that is not in the list of %d is found", n)
				}
			}
		}
	}
}

func TestALeakedPasswordIsRefused(t *testing.T) {
	whose := someone
	whose.breached = opened(t, leakedFile(t, 1000, "\n", "wet paint on the stairs"))
	err := checkNewPassword(whose, "wet paint on the stairs")
	var rule *RuleError
	if !errors.As(err, &rule) || !strings.Contains(rule.Reason, "leaked") {
		t.Errorf("error %v", err)
	}
	if err := checkNewPassword(whose, "dry paint on the stairs"); err != nil {
		t.Error(err)
	}
}

func TestWithoutTheListPasswordsAreJudgedAllTheSame(t *testing.T) {
	path := leakedFile(t, 10, "\n")
	var told error
	whose := someone
	whose.breached = OpenBreached(path, func(err error) { told = err })
	if told != nil {
		t.Fatal(told)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := checkNewPassword(whose, goodPassword); err != nil {
		t.Error(err)
	}
	if !errors.Is(told, os.ErrNotExist) {
		t.Errorf("told %v", told)
	}
	if err := checkNewPassword(whose, "Password2026!!"); err == nil {
		t.Error("a weak password is taken")
	}
	if err := os.WriteFile(path, []byte(leakedLine(goodPassword, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkNewPassword(whose, goodPassword); err == nil || told != nil {
		t.Errorf("after the list is back: %v, told %v", err, told)
	}
}

func TestAListOfPrefixesWillDo(t *testing.T) {
	path := leakedFile(t, 500, "\n", goodPassword)
	var short []string
	for line := range strings.Lines(string(must[[]byte](t)(os.ReadFile(path)))) {
		short = append(short, strings.ToLower(line[:16]))
	}
	if err := os.WriteFile(path, []byte(strings.Join(short, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := opened(t, path)
	if !must[bool](t)(b.Has(goodPassword)) || must[bool](t)(b.Has("dry paint on the stairs")) {
		t.Error("prefixes are compared wrongly")
	}
}

func TestWhatIsNoListOfHashesIsRefused(t *testing.T) {
	dir := t.TempDir()
	good := leakedLine("x", 1)
	for name, text := range map[string]string{
		"empty": "", "words": "123456\npassword\n", "one long line": strings.Repeat("A", 1000), "too short": "ABCDEF0123:1\n", "not hexadecimal": strings.Repeat("G", 40) + ":1\n",
		"no ends": strings.Repeat(good, 3), "binary": strings.Repeat("\x00", 500), "blank lines": "\n\n\n\n", "too long": good + strings.Repeat("0", 100) + "\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := openError(path); !errors.Is(err, errBreached) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := openError(dir); !errors.Is(err, errBreached) {
		t.Errorf("a directory: %v", err)
	}
	if err := openError(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// openError is what is wrong with a list.
func openError(path string) (told error) {
	OpenBreached(path, func(err error) { told = err })
	return told
}

func opened(t testing.TB, path string) *Breached {
	t.Helper()
	return OpenBreached(path, func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
}

// reads counts what is read of a list.
type reads struct {
	*bytes.Reader
	n int
}

func (r *reads) ReadAt(p []byte, at int64) (int, error) {
	r.n++
	return r.Reader.ReadAt(p, at)
}

func TestALookUpReadsAFewLines(t *testing.T) {
	text := must[[]byte](t)(os.ReadFile(leakedFile(t, 100_000, "\r\n")))
	for range 100 {
		r := &reads{Reader: bytes.NewReader(text)}
		sum := fmt.Sprintf("%X", sha1.Sum([]byte(fmt.Sprint(rand.Int()))))
		if _, err := searchLines(r, int64(len(text)), []byte(sum)); err != nil {
			t.Fatal(err)
		}
		if r.n > 24 { // log2 of the bytes; of 40 GB it is 36
			t.Errorf("%d reads", r.n)
		}
	}
}

func FuzzSearchLines(f *testing.F) {
	f.Add([]byte(leakedLine("a", 1)+"\n"+leakedLine("b", 2)), "a")
	f.Add([]byte("\n\n\n"), "")
	f.Add([]byte(strings.Repeat("A", 12)+":\r\n"), "x")
	f.Fuzz(func(t *testing.T, text []byte, password string) {
		r := &reads{Reader: bytes.NewReader(text)}
		searchLines(r, int64(len(text)), []byte(fmt.Sprintf("%X", sha1.Sum([]byte(password)))))
		if r.n > 64 {
			t.Errorf("%d reads of %d bytes", r.n, len(text))
		}
	})
}

func BenchmarkBreached(b *testing.B) {
	list := opened(b, leakedFile(b, 1_000_000, "\r\n"))
	for i := 0; b.Loop(); i++ {
		if _, err := list.Has(fmt.Sprint(i)); err != nil {
			b.Fatal(err)
		}
	}
}
