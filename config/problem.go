package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems bounds how many problems are told one by one.
const maxProblems = 100

// Problem is one thing wrong with a configuration file.
type Problem struct {
	File      string
	Line, Col int    // from 1; 0 when the file as a whole is meant
	Field     string // path such as cameras[0].rtsp, or "" for the YAML itself
	Reason    string // what is wrong, and what is allowed
}

// String is "file:line:col: field: reason".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	return b.String() + ": " + p.Reason
}

// Problems is the error of Load and Parse: everything that is wrong, in the order of the file.
type Problems []Problem

// Error has one line for each problem, and says how many are left out beyond the hundredth.
func (p Problems) Error() string {
	lines := make([]string, 0, len(p))
	for i, one := range p {
		if i == maxProblems {
			lines = append(lines, fmt.Sprintf("%s: and %d problems more", one.File, len(p)-i))
			break
		}
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return p
}

// nearest finds the word in known that was probably meant, or "".
func nearest(word string, known []string) string {
	best, least := "", 3 // more than two wrong letters is another word
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < least && d*2 < max(len(k), 3) {
			best, least = k, d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		if len(word) >= 3 && strings.HasPrefix(k, strings.ToLower(word)) {
			return k
		}
	}
	return ""
}

// maxWord bounds what is compared letter by letter.
const maxWord = 64

// distance counts the letters to insert, remove, change or swap to make b of a (optimal string alignment).
func distance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, prev, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := prev[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(prev[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows = [3][]int{prev, row, before}
	}
	return rows[1][len(b)]
}
