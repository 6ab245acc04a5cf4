package auth

import (
	"bufio"
	"bytes"
	"compress/flate"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// wordList holds 94,000 leaked passwords, common words and names of five languages, in 230 kB. It is DEFLATE of one
// line for each class, from the first: a word of class n is among the first 2ⁿ that a guesser tries. The words of a line
// are sorted, and each is written as a letter that says how many characters it has in common with the one before (A is
// none), and the rest. scripts/words makes it; words/NOTICE says where it comes from.
//
// It is read through each time that a password is judged, which takes some milliseconds, and not kept in memory.
//
//go:embed words/words.flate
var wordList []byte

const (
	minWord = 3  // characters of a word that counts as one
	maxWord = 24 // characters of the longest in the list
)

// words calls f with every word of a list and its class. The word is good until f returns.
type words func(f func(word []byte, class int)) error

// builtIn is the list above.
func builtIn(f func(word []byte, class int)) error {
	return readWords(flate.NewReader(bytes.NewReader(wordList)), f)
}

// readWords reads a list, unpacked.
func readWords(list io.Reader, f func(word []byte, class int)) error {
	r := bufio.NewReaderSize(list, 32<<10)
	word, class := make([]byte, 0, maxWord), 1
	for {
		c, err := r.ReadByte()
		begins := c >= 'A' && c <= 'A'+maxWord || c == '\n'
		if (begins || err != nil) && len(word) > 0 {
			f(word, class)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read list of words: %w", err)
		case c == '\n':
			word, class = word[:0], class+1
		case begins:
			word = word[:min(int(c-'A'), len(word))]
		case len(word) < maxWord:
			word = append(word, c)
		}
	}
}

// fold gives a text as words are looked for in it: in small letters and without marks.
func fold(s string) []rune {
	var folded []rune
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			folded = append(folded, unicode.ToLower(r))
		}
	}
	return folded
}

// leet are letters and the characters that are written for them; some may stand for two.
var leet = []map[rune]rune{
	{'4': 'a', '@': 'a', '8': 'b', '(': 'c', '3': 'e', '6': 'g', '9': 'g', '1': 'i', '!': 'i', '|': 'i', '0': 'o', '5': 's', '$': 's', '7': 't', '+': 't', '2': 'z'},
	{'4': 'a', '@': 'a', '8': 'b', '<': 'c', '3': 'e', '6': 'b', '9': 'g', '1': 'l', '!': 'l', '|': 'l', '0': 'o', '5': 's', '$': 's', '7': 'l', '+': 't', '2': 'z'},
}

// unleet gives a text with the letters that it may stand for.
func unleet(text []rune, table map[rune]rune) []rune {
	letters := make([]rune, len(text))
	for i, r := range text {
		letters[i] = r
		if letter, ok := table[r]; ok {
			letters[i] = letter
		}
	}
	return letters
}

// found is a word that was found in a password.
type found struct {
	from, to int // characters, to not included
	bits     float64
	own      bool // it is the person's or the site's
	whole    bool // it is a leaked password or a word as it stands, without anything done to it
}

// places are where the pieces of a password lie, by the text that is looked for.
type places map[string][]found

// place notes all pieces of a text that may be words. cost are the bits that its making from the password is worth.
func (p places) place(text []rune, cost func(from, to int) float64, backwards bool) {
	for from := range text {
		for to := from + minWord; to <= min(len(text), from+maxWord); to++ {
			f := found{from: from, to: to}
			if backwards {
				f.from, f.to = len(text)-to, len(text)-from
			}
			f.bits = cost(f.from, f.to)
			piece := string(text[from:to])
			p[piece] = append(p[piece], f)
		}
	}
}

// findWords finds the words of the list, and the person's own, in a password, also when they are written backwards, with
// figures for letters, or with capitals.
func findWords(list words, typed, text []rune, own []string) ([]found, error) {
	p := make(places)
	for i, table := range append([]map[rune]rune{nil}, leet...) {
		letters := unleet(text, table)
		cost := func(from, to int) float64 { return capitals(typed[from:to]) + changed(text[from:to], letters[from:to]) }
		if i > 0 && string(letters) == string(text) {
			break
		}
		p.place(letters, cost, false)
		p.place(reversed(letters), func(from, to int) float64 { return 1 + cost(from, to) }, true)
	}
	var all []found
	add := func(word string, class int, own bool) {
		for _, f := range p[word] {
			f.whole, f.own = f.bits == 0, own
			f.bits += float64(class)
			all = append(all, f)
		}
	}
	for _, word := range own {
		add(word, 1, true)
	}
	err := list(func(word []byte, class int) {
		if list, ok := p[string(word)]; ok && len(list) > 0 { // no string is made to look
			add(string(word), class, false)
		}
	})
	return all, err
}

func reversed(text []rune) []rune {
	back := make([]rune, len(text))
	for i, r := range text {
		back[len(text)-1-i] = r
	}
	return back
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")

// ownWords are what a guesser who knows the person and the site tries first: the texts' words and each text in one, in
// the form of fold.
func ownWords(texts ...string) []string {
	var words []string
	for _, text := range texts {
		text = strings.ToLower(text[:min(len(text), 4*maxWord)]) // names are shorter; a site's may be a sentence
		for _, spelt := range []string{text, umlauts.Replace(text)} {
			parts := strings.FieldsFunc(string(fold(spelt)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			for _, word := range append(parts, strings.Join(parts, "")) {
				if n := len([]rune(word)); n >= minWord && n <= maxWord && !slices.Contains(words, word) {
					words = append(words, word)
				}
			}
		}
	}
	return words
}
