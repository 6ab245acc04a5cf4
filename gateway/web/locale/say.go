package locale

import (
	"slices"
	"strings"
)

// Bounds of what is looked at: a sentence that is longer, or has sentences within more sentences, stays English.
const (
	maxText  = 4 << 10 // bytes
	maxDepth = 4
)

// Say says an English sentence, or several, in the language. What is in no table stays as it is.
func (l Language) Say(english string) string {
	switch {
	case english == "" || len(english) > maxText || !slices.Contains([]Language{German, Spanish, Marked}, l):
		return english
	case l == Marked:
		return mark(english)
	}
	said, _ := l.say(english, maxDepth)
	return said
}

// Knows tells whether all of an English text is in the table.
func Knows(english string) bool {
	_, ok := German.say(english, maxDepth)
	return ok
}

// say gives the text in the language, and whether the table has all of it.
func (l Language) say(text string, depth int) (string, bool) {
	if said, ok := l.sentence(text, depth); ok || depth == 0 {
		return said, ok
	}
	all, rest, known := "", text, true
	for rest != "" {
		n, said, ok := l.first(rest, depth)
		all, rest, known = all+said, rest[n:], known && ok
	}
	return all, known
}

// first says the longest beginning of a text that ends where a sentence may, and how long that was in English.
func (l Language) first(text string, depth int) (n int, said string, ok bool) {
	ends := sentenceEnds(text)
	for _, end := range slices.Backward(ends) {
		if said, ok := l.sentence(strings.TrimRight(text[:end], " "), depth); ok {
			return end, said + strings.Repeat(" ", end-len(strings.TrimRight(text[:end], " "))), true
		}
	}
	return ends[0], text[:ends[0]], false
}

// maxSentences bounds at how many ends a text is taken apart.
const maxSentences = 16

// sentenceEnds are the offsets behind each sentence of a text and its space; the last is the text's end.
func sentenceEnds(text string) (ends []int) {
	for i := 0; i+1 < len(text) && len(ends) < maxSentences; i++ {
		if text[i+1] == ' ' && strings.IndexByte(".?!:;", text[i]) >= 0 {
			ends = append(ends, i+2)
		}
	}
	return append(ends, len(text))
}

// sentence says one that is in the table: as it is, without its full stop, or by a form that fits it.
func (l Language) sentence(text string, depth int) (string, bool) {
	t := read()
	if f := t.whole[text]; f != nil {
		return f.in[l], true
	}
	if bare, stopped := strings.CutSuffix(text, "."); stopped {
		if f := t.whole[bare]; f != nil {
			return f.in[l] + ".", true
		}
	}
	if depth == 0 {
		return text, false
	}
	for _, f := range t.open {
		if values, ok := f.fits(text); ok {
			return l.filled(f, values, depth), true
		}
	}
	return text, false
}

// fits finds the parameters of a text that is of the form.
func (f *form) fits(text string) (values []string, ok bool) {
	rest, ok := strings.CutPrefix(text, f.pieces[0])
	if !ok {
		return nil, false
	}
	for i, name := range f.names {
		end := f.end(rest, i)
		if end <= 0 || name[0] == 'n' && !number(rest[:end]) {
			return nil, false
		}
		values, rest = append(values, rest[:end]), rest[end+len(f.pieces[i+1]):]
	}
	return values, rest == ""
}

// end is where the parameter that a text begins with ends; the last one reaches as far as it can. -1 where it does not.
func (f *form) end(text string, i int) int {
	next := f.pieces[i+1]
	switch {
	case i == len(f.names)-1 && strings.HasSuffix(text, next):
		return len(text) - len(next)
	case i == len(f.names)-1 || next == "":
		return -1
	}
	return strings.Index(text, next)
}

// filled puts parameters into what the form is in the language, themselves said in it.
func (l Language) filled(f *form, values []string, depth int) string {
	pairs := make([]string, 0, 2*len(values))
	for i, v := range values {
		if number(v) {
			v = strings.Replace(v, ".", ",", 1) // the decimal mark of both
		} else {
			v, _ = l.say(v, depth-1)
		}
		pairs = append(pairs, "{"+f.names[i]+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(f.in[l])
}

// number tells whether a parameter is a number as sentences have them.
func number(s string) bool {
	digits := strings.Replace(strings.TrimPrefix(s, "-"), ".", "", 1)
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// vowels as the language that nobody speaks has them, in the manner of the viewer's.
var vowels = strings.NewReplacer("a", "á", "e", "é", "i", "í", "o", "ó", "u", "ú", "A", "Á", "E", "É", "I", "Í", "O", "Ó", "U", "Ú")

// mark brackets a text, and makes it a third longer.
func mark(text string) string {
	return "[" + vowels.Replace(text) + " " + strings.Repeat("~~~~~ ", len(text)/18) + "~]"
}
