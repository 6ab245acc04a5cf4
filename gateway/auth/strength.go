package auth

import "math"

const (
	maxJudged  = 64   // characters of a password that are looked at; what follows makes it no weaker
	minBits    = 33   // of a new password: 10,000,000,000 guesses
	letterBits = 3.32 // what a character is worth in which nothing was found: one in ten, as people do not choose evenly
)

// kind is why a piece of a password is easy to guess.
type patternKind int

const (
	byLetters patternKind = iota // it is not
	byWord
	byOwn // the person's or site's name
	byRun
	byWalk
	byDate
	byRepeat
)

// piece is a part of a password and the bits that it is worth.
type piece struct {
	from, to int // characters, to not included
	bits     float64
	kind     patternKind
}

// strength is how hard a password is to guess for somebody who knows how people make them, whose it is and where.
type strength struct {
	bits   float64     // log2 of the guesses that it takes
	worst  patternKind // what most of it is made of
	leaked bool        // the whole of it is in the list of words and leaked passwords
}

// judge estimates how many guesses a password takes: the least over all ways to cut it into words, runs, walks over the
// keys, dates, repetitions and letters. A guesser must also find the order of the pieces. The idea is that of zxcvbn
// (Wheeler, USENIX Security 2016). It takes at most some tens of milliseconds, whatever the password.
func judge(password string, list words, own []string, year int) (strength, error) {
	typed, text := cut(password)
	words, err := findWords(list, typed, text, own)
	if err != nil {
		return strength{}, err
	}
	s := strength{}
	var pieces []piece
	for _, w := range words {
		kind := byWord
		if w.own {
			kind = byOwn
		}
		pieces = append(pieces, piece{w.from, w.to, w.bits, kind})
		s.leaked = s.leaked || w.whole && w.from == 0 && w.to == len(text) && !w.own
	}
	pieces = append(pieces, findRuns(text)...)
	pieces = append(pieces, findWalks(text)...)
	pieces = append(pieces, findDates(text, year)...)
	cheapest := newTable(len(text), pieces)
	cheapest.add(findRepeats(text, func(from, to int) float64 {
		bits, _ := cheapest.least(from, to)
		return bits
	}))
	var used []piece
	s.bits, used = cheapest.least(0, len(text))
	longest := 0
	for _, p := range used {
		if p.kind != byLetters && p.to-p.from > longest {
			longest, s.worst = p.to-p.from, p.kind
		}
	}
	return s, nil
}

// cut gives the first characters of a password as they are typed and as they are looked at, one for one.
func cut(password string) (typed, text []rune) {
	for _, r := range password {
		if len(typed) == maxJudged {
			break
		}
		folded := fold(string(r))
		typed = append(typed, r)
		if len(folded) == 0 {
			text = append(text, r)
			continue
		}
		text = append(text, folded[0])
	}
	return typed, text
}

// table holds the cheapest piece for each part of a password.
type table struct {
	length int
	best   []piece // of from*(length+1)+to
}

func newTable(length int, pieces []piece) *table {
	t := &table{length, make([]piece, (length+1)*(length+1))}
	for from := range length {
		for to := from + 1; to <= length; to++ {
			t.best[from*(length+1)+to] = piece{from, to, letterBits * float64(to-from), byLetters}
		}
	}
	t.add(pieces)
	return t
}

func (t *table) add(pieces []piece) {
	for _, p := range pieces {
		if at := p.from*(t.length+1) + p.to; p.bits < t.best[at].bits {
			t.best[at] = p
		}
	}
}

// most is how many pieces a password is cut into: with more, their order alone is worth 60 bits.
const most = 20

// least gives the fewest bits that a part may be worth, and how it is cut for that. n pieces can be put in n! orders.
func (t *table) least(from, to int) (bits float64, used []piece) {
	var cost [most + 1][maxJudged + 1]float64
	var last [most + 1][maxJudged + 1]piece
	bits = math.Inf(1)
	count := 0
	for n := 1; n <= min(most, to-from); n++ {
		for end := from + n; end <= to; end++ {
			cost[n][end] = math.Inf(1)
			for start := from; start < end; start++ {
				p := t.best[start*(t.length+1)+end]
				sum := p.bits + math.Log2(float64(n))
				if n > 1 {
					if start < from+n-1 {
						continue
					}
					sum += cost[n-1][start]
				} else if start > from {
					continue
				}
				if sum < cost[n][end] {
					cost[n][end], last[n][end] = sum, p
				}
			}
		}
		if cost[n][to] < bits {
			bits, count = cost[n][to], n
		}
	}
	for n, end := count, to; n > 0; n-- {
		used = append(used, last[n][end])
		end = last[n][end].from
	}
	return max(bits, 0), used
}
