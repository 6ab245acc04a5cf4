package locale

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed texts/*.txt
var texts embed.FS

// form is a sentence of the program, and what it is in other languages. It is constant.
type form struct {
	english string
	pieces  []string // the fixed parts around its parameters, one more than there are of these
	names   []string // of its parameters, in order
	in      map[Language]string
}

// table is every form.
type table struct {
	whole map[string]*form // those without parameters, by what they are
	open  []*form          // those with, the one with the most fixed letters first
}

// read reads the texts once. They are part of the program, and a test reads them: a fault in them is one of the program.
var read = sync.OnceValue(func() *table {
	t, err := parse()
	if err != nil {
		panic(err)
	}
	return t
})

func parse() (*table, error) {
	t := &table{whole: make(map[string]*form)}
	files, err := texts.ReadDir("texts")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := texts.ReadFile(path.Join("texts", f.Name()))
		if err != nil {
			return nil, err
		}
		for block := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
			if err := t.add(block); err != nil {
				return nil, fmt.Errorf("texts/%s: %w", f.Name(), err)
			}
		}
	}
	slices.SortStableFunc(t.open, func(a, b *form) int { return b.fixed() - a.fixed() })
	return t, nil
}

// add takes in one sentence: its English, and a line for each other language.
func (t *table) add(block string) error {
	lines := strings.Split(block, "\n")
	f, err := newForm(lines[0])
	if err != nil {
		return err
	}
	for _, line := range lines[1:] {
		name, said, ok := strings.Cut(line, ": ")
		l := Language(name)
		switch {
		case !ok || l != German && l != Spanish:
			return fmt.Errorf("%q: a line begins with no language", f.english)
		case f.in[l] != "":
			return fmt.Errorf("%q: %s is there twice", f.english, l)
		}
		f.in[l] = said
	}
	if len(f.in) != len(spoken)-1 {
		return fmt.Errorf("%q: a language is missing", f.english)
	}
	if len(f.names) > 0 {
		t.open = append(t.open, f)
		return nil
	}
	if t.whole[f.english] != nil {
		return fmt.Errorf("%q is there twice", f.english)
	}
	t.whole[f.english] = f
	return nil
}

// newForm takes a form apart at its parameters.
func newForm(english string) (*form, error) {
	f := &form{english: english, in: make(map[Language]string)}
	rest := english
	for {
		piece, after, open := strings.Cut(rest, "{")
		f.pieces = append(f.pieces, piece)
		if !open {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || name == "" || slices.Contains(f.names, name) {
			return nil, fmt.Errorf("%q: a parameter is not closed, has no name, or that of another", english)
		}
		f.names, rest = append(f.names, name), tail
	}
	if len(f.names) > 0 && f.fixed() < 2 {
		return nil, fmt.Errorf("%q: it fits everything", english)
	}
	return f, nil
}

// fixed is how much of it is given.
func (f *form) fixed() (n int) {
	for _, p := range f.pieces {
		n += len(p)
	}
	return n
}
