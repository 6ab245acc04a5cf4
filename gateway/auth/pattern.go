package auth

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// capitals are the bits that it takes to guess which letters are capital: one for a first, a last or all of them.
func capitals(typed []rune) float64 {
	upper, letters := 0, 0
	for _, r := range typed {
		if unicode.IsLetter(r) {
			letters++
		}
		if unicode.IsUpper(r) {
			upper++
		}
	}
	switch {
	case upper == 0:
		return 0
	case upper == letters, upper == 1 && (unicode.IsUpper(typed[0]) || unicode.IsUpper(typed[len(typed)-1])):
		return 1
	}
	return choices(letters, min(upper, letters-upper))
}

// changed are the bits that it takes to guess which letters are written as something else.
func changed(text, letters []rune) float64 {
	n := 0
	for i := range text {
		if text[i] != letters[i] {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return 1 + choices(len(text), min(n, len(text)-n))/2 // mostly all that can be, and not any of them
}

// choices is log2 of the number of ways to take at most k of n.
func choices(n, k int) float64 {
	sum, ways := 0.0, 1.0
	for i := 1; i <= k; i++ {
		ways *= float64(n-i+1) / float64(i)
		sum += ways
	}
	return math.Log2(max(sum, 1))
}

// findRuns finds characters that follow each other by the same small step: abcd, 9876, acegi.
func findRuns(text []rune) (all []piece) {
	for from := 0; from+2 < len(text); {
		step := text[from+1] - text[from]
		to := from + 2
		for to < len(text) && text[to]-text[to-1] == step {
			to++
		}
		if step != 0 && step >= -5 && step <= 5 && to-from >= minWord {
			all = append(all, piece{from: from, to: to, bits: runBits(text[from], step, to-from), kind: byRun})
		}
		from = to - 1
	}
	return all
}

func runBits(first, step rune, length int) float64 {
	bits := math.Log2(float64(length))
	switch {
	case strings.ContainsRune("a1z09", first):
		bits += 2
	case unicode.IsDigit(first):
		bits += math.Log2(10)
	default:
		bits += math.Log2(26)
	}
	if step != 1 {
		bits += math.Log2(float64(max(step, -step)) + 1)
	}
	return bits
}

// keyboards by row, as they lie; shifted characters follow their row, so that a capital or a mark is its key.
var keyboards = []string{
	"`1234567890-=\n qwertyuiop[]\n asdfghjkl;'\n zxcvbnm,./",
	"^1234567890ß´\n qwertzuiopü+\n asdfghjklöä#\n yxcvbnm,.-",
	"²&é\"'(-è_çà)=\n azertyuiop^$\n qsdfghjklmù\n wxcvbn,;:!",
	"~!@#$%^&*()_+\n qwertyuiop{}\n asdfghjkl:\"\n zxcvbnm<>?",
	"789\n456\n123\n0",
}

// key is where a character lies.
type key struct{ row, column int }

var layouts = func() (all []map[rune]key) {
	for _, board := range keyboards {
		layout := make(map[rune]key)
		for row, keys := range strings.Split(board, "\n") {
			for column, r := range []rune(keys) {
				if r != ' ' {
					layout[r] = key{row, column}
				}
			}
		}
		all = append(all, layout)
	}
	return all
}()

const (
	minKeys   = 4 // of a walk
	mostTurns = 4 // moves after which a walk begins again: 1qaz2wsx has four
)

// findWalks finds walks over the keys: qwertz, 1q2w3e4r, 1qaz2wsx. A walk is cheap when its moves repeat.
func findWalks(text []rune) (all []piece) {
	for _, layout := range layouts {
		for from := range text {
			for period := 1; period <= mostTurns; period++ {
				all = append(all, walksFrom(layout, text, from, period)...)
			}
		}
	}
	return all
}

// walksFrom gives the walks that begin with a character and whose moves repeat after so many.
func walksFrom(layout map[rune]key, text []rune, from, period int) (all []piece) {
	bits := math.Log2(float64(len(layout)))
	var moves []key
	at, ok := layout[text[from]]
	for to := from + 1; ok && to < len(text); to++ {
		var next key
		if next, ok = layout[text[to]]; !ok {
			break
		}
		move := key{next.row - at.row, next.column - at.column}
		at = next
		if n := len(moves); n < period || moves[n-period] != move {
			bits += moveBits(move, len(layout))
		}
		if moves = append(moves, move); len(moves)+1 >= minKeys {
			all = append(all, piece{from: from, to: to + 1, bits: bits + math.Log2(float64(len(moves))), kind: byWalk})
		}
	}
	return all
}

// moveBits are what one move is worth: to a neighbour one of eight, else any key.
func moveBits(move key, keys int) float64 {
	if move.row >= -1 && move.row <= 1 && move.column >= -1 && move.column <= 1 {
		return 3
	}
	return math.Log2(float64(keys))
}

// findDates finds years and dates, of six or eight figures or with marks between. A year is worth how far it is from
// this one, a day and a month one in 366.
func findDates(text []rune, year int) (all []piece) {
	for from := range text {
		for to := from + 4; to <= min(len(text), from+10); to++ {
			if bits, ok := dateBits(string(text[from:to]), year); ok {
				all = append(all, piece{from: from, to: to, bits: bits, kind: byDate})
			}
		}
	}
	return all
}

func dateBits(s string, year int) (bits float64, ok bool) {
	parts, marks := splitDate(s)
	least := math.Inf(1)
	for _, p := range parts {
		if cost, ok := p.bits(year); ok {
			least = min(least, cost)
		}
	}
	if marks {
		least += 2
	}
	return least, !math.IsInf(least, 1)
}

// date is a year, or figures that may be a day and a month, and a year, in any order.
type date []string

// splitDate cuts what may be a date in the ways that it may be meant.
func splitDate(s string) (parts []date, marks bool) {
	cut := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-./_ ", r) })
	if n := len(cut); (n == 2 || n == 3) && len(s) == len(strings.Join(cut, ""))+n-1 {
		return []date{cut}, true
	}
	if strings.Trim(s, "0123456789") != "" {
		return nil, false
	}
	switch len(s) {
	case 4:
		return []date{{s}}, false
	case 6:
		return []date{{s[:2], s[2:4], s[4:]}}, false
	case 8:
		return []date{{s[:2], s[2:4], s[4:]}, {s[:4], s[4:6], s[6:]}}, false
	}
	return nil, false
}

func (d date) bits(year int) (float64, bool) {
	switch {
	case len(d) == 1:
		return yearBits(d[0], year)
	case len(d) == 2:
		return math.Log2(366), isDay(d[0], d[1]) || isDay(d[1], d[0])
	}
	for _, order := range [][3]int{{0, 1, 2}, {1, 0, 2}, {2, 1, 0}} { // day, month, year
		if bits, ok := yearBits(d[order[2]], year); ok && isDay(d[order[0]], d[order[1]]) {
			return bits + math.Log2(366), true
		}
	}
	return 0, false
}

func isDay(day, month string) bool {
	d, m := number(day), number(month)
	return d >= 1 && d <= 31 && m >= 1 && m <= 12 && len(day) <= 2 && len(month) <= 2
}

// yearBits are what a year of two or four figures is worth.
func yearBits(s string, year int) (float64, bool) {
	n := number(s)
	switch {
	case len(s) == 2 && n >= 0:
		n += year / 100 * 100
		if n > year+10 {
			n -= 100
		}
	case len(s) != 4 || n < 1900 || n > 2100:
		return 0, false
	}
	return math.Log2(float64(max(20, n-year, year-n))), true
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// findRepeats finds what is written several times over. weigh tells what once is worth.
func findRepeats(text []rune, weigh func(from, to int) float64) (all []piece) {
	for from := range text {
		reach := 0 // how far something shorter is repeated: what is longer adds nothing to that
		for length := 1; from+2*length <= len(text); length++ {
			to := from + length
			for to+length <= len(text) && slices.Equal(text[to:to+length], text[from:from+length]) {
				to += length
			}
			if times := (to - from) / length; times > 1 && to > reach {
				reach = to
				all = append(all, piece{from: from, to: to, bits: weigh(from, from+length) + math.Log2(float64(times)), kind: byRepeat})
			}
		}
	}
	return all
}
