package auth

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var someone = about{name: "grace", display: "Grace Hopper", site: "Bäckerei Nordlicht", host: "nvr-keller"}

func (a about) words() []string { return ownWords(a.name, a.display, a.site, a.host, "holdfast") }

// refusal is what is told about a new password, "" when it is taken.
func refusal(t *testing.T, password string) string {
	t.Helper()
	err := checkNewPassword(someone, password)
	var rule *RuleError
	if errors.As(err, &rule) {
		return rule.Reason
	}
	if err != nil {
		t.Fatal(err)
	}
	return ""
}

func TestWeakPasswordsAreRefusedAndTheReasonTold(t *testing.T) {
	for password, reason := range map[string]string{
		"Summer2026":                   "at least 12",
		"Password2026!!":               "common word",
		"P@$$w0rd1234":                 "common word",
		"PASSWORT-123456":              "common word",
		"drowssap12345":                "common word",
		"Sommer2026!!!!":               "common word",
		"summer-winter":                "common word",
		"jennifer1985!":                "common word",
		"Hallo1234567!":                "common word",
		"administrator2026":            "common word",
		"contraseña123":                "common word",
		"gfhjkmgfhjkm":                 "guess", // Russian, on other keys
		"1q2w3e4r5t6y":                 "guess",
		"unbelievable":                 "guess",
		"motherfucker":                 "guess",
		"Correct Horse Battery Staple": "guess",
		"gracehopper1906":              "name of the person",
		"baeckereinordlicht1":          "name of the person",
		"BäckereiNordlicht!":           "name of the person",
		"N0rdl1cht2026!":               "name of the person",
		"nvr-keller-2026":              "name of the person",
		"Grace.Hopper.Grace":           "name of the person",
		"holdfastholdfast":             "repeats",
		"aaaaaaaaaaaaaaaa":             "repeats",
		"abcabcabcabcabc":              "repeats",
		"xK9!xK9!xK9!xK9!":             "repeats",
		"abcdefghijklmnop":             "alphabet",
		"zyxwvutsrqponm":               "alphabet",
		"acegikmoqsuwy":                "alphabet",
		"qwertzuiopü+":                 "keys",
		"1q2w3e4r5t6z7u":               "keys",
		"p0o9i8u7z6t5":                 "keys",
		"24.12.1987-24.12":             "date",
		"1987-12-24 1990":              "date",
		"241219872412":                 "date",
	} {
		got := refusal(t, password)
		if !strings.Contains(got, reason) {
			t.Errorf("%q: %q, want something about %q", password, got, reason)
		}
		if strings.Contains(strings.ToLower(got), strings.ToLower(password)) {
			t.Errorf("what is told repeats the password: %q", got)
		}
	}
}

func TestGoodPasswordsAreTaken(t *testing.T) {
	for _, password := range []string{
		"wet paint on the stairs", "green horses eat late", "the gate squeaks on mondays", "drei nasse katzen im regen", "x7K!mQ2z9Lp#", "kxqzvjwpmtrh",
		"p@ss:w/ö?rd#1 längst", "смородина у забора", "东京的雨下了一整夜还没有停", "Zebra-Toaster-Fjord-9", "8f14e45fceea167a", "🦄🌋🧭🪁🎻🥝🐌🧂🪵🦷🔭🪤",
	} {
		if got := refusal(t, password); got != "" {
			t.Errorf("%q is refused: %s", password, got)
		}
	}
}

func TestAddingToAPasswordThatIsGoodKeepsItGood(t *testing.T) {
	for n := 0; n < 240; n += 16 {
		password := "x7K!mQ2z9Lp#" + strings.Repeat("a", n)
		if got := refusal(t, password); got != "" {
			t.Fatalf("with %d more it is refused: %s", n, got)
		}
	}
}

func TestRandomPasswordsAreTaken(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const n = 100
	for range n {
		b := make([]byte, 14)
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		if got := refusal(t, string(b)); got != "" {
			refused++
		}
	}
	if refused > n/50 {
		t.Errorf("%d of %d random passwords are refused", refused, n)
	}
}

func TestTheListOfWordsIsWhole(t *testing.T) {
	words, classes, last, lastClass := 0, make(map[int]int), "", 0
	known := map[string]int{"password": 0, "backerei": 0, "baeckerei": 0, "jennifer": 0, "müller": 0, "mueller": 0, "muller": 0, "stairs": 0}
	err := builtIn(func(word []byte, class int) {
		w := string(word)
		if len(w) < minWord || len(w) > maxWord || w != strings.ToLower(w) || w != string(fold(w)) {
			t.Fatalf("word %q", w)
		}
		if class == lastClass && w <= last {
			t.Fatalf("%q comes after %q", w, last)
		}
		if _, ok := known[w]; ok {
			known[w] = class
		}
		last, lastClass = w, class
		words++
		classes[class]++
	})
	if err != nil {
		t.Fatal(err)
	}
	if words < 90_000 || known["password"] == 0 || known["password"] > 3 || known["mueller"] == 0 || known["stairs"] == 0 || known["müller"] != 0 {
		t.Errorf("%d words, %v", words, known)
	}
	for class, n := range classes {
		if class < 1 || class > 17 || float64(n) > math.Exp2(float64(class))*20 {
			t.Errorf("%d words of class %d", n, class)
		}
	}
	t.Logf("%d words in %d bytes", words, len(wordList))
}

func TestADamagedListOfWordsIsAnError(t *testing.T) {
	whole := wordList
	defer func() { wordList = whole }()
	wordList = whole[:len(whole)/2]
	if err := checkNewPassword(someone, goodPassword); err == nil {
		t.Error("a password is taken without the list")
	}
}

// hardest are the passwords that take longest to judge.
func hardest() []string {
	random := rand.New(rand.NewPCG(3, 4))
	letters := []string{"ab", "4@8({[<3691!|17$50+%2", "qwertzuiop", "0123456789", "./-19", "aä\u0301", "thequickbrown"}
	all := []string{strings.Repeat("a", 256), strings.Repeat("ab", 128), strings.Repeat("password", 32), strings.Repeat("1a", 128), strings.Repeat("12.12.", 40)}
	for _, set := range letters {
		runes := []rune(set)
		var b strings.Builder
		for b.Len() < 250 {
			b.WriteRune(runes[random.IntN(len(runes))])
		}
		all = append(all, b.String())
	}
	return all
}

func TestJudgingIsBounded(t *testing.T) {
	var longest time.Duration
	for _, password := range hardest() {
		at := time.Now()
		if _, err := judge(password, builtIn, someone.words(), 2026); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(at))
	}
	t.Logf("at most %s", longest)
	if longest > 10*time.Second { // a thousand times what it takes: under the race detector, on a machine that is busy
		t.Errorf("a password takes %s", longest)
	}
}

func TestDatesAreFoundHoweverTheyAreWritten(t *testing.T) {
	for _, s := range []string{"1987", "24121987", "12241987", "19871224", "241287", "24.12.1987", "24/12/87", "1987-12-24", "1.1.2026", "24.12"} {
		if bits, ok := dateBits(s, 2026); !ok || bits > 18 {
			t.Errorf("%s: %g, %v", s, bits, ok)
		}
	}
	for _, s := range []string{"", "1", "9999", "99999999", "abcd", "24..1987", "31.31.1987", "1234567", "ä1987", "-1-1-87"} {
		if bits, ok := dateBits(s, 2026); ok {
			t.Errorf("%q is a date worth %g", s, bits)
		}
	}
}

// few is a short list, so that a fuzzer gets through it.
func few(f func(word []byte, class int)) error {
	return readWords(strings.NewReader("Apassword\nAjenniferAmuller\n\nAlockDfearAoneAtwo\n"), f)
}

func FuzzReadWords(f *testing.F) {
	f.Add("Apassword\nAjenniferAmuller\n\nAlockDfear")
	f.Add("\n\n\nYZA")
	f.Add(strings.Repeat("x", 100) + "Ya")
	f.Fuzz(func(t *testing.T, list string) {
		last := 1
		err := readWords(strings.NewReader(list), func(word []byte, class int) {
			if len(word) == 0 || len(word) > maxWord || class < last || class > len(list)+1 {
				t.Errorf("word %q of class %d", word, class)
			}
			last = class
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func FuzzJudge(f *testing.F) {
	for _, s := range append(hardest(), "Password2026!!", "wet paint on the stairs", "\xff\xfe", "ﬃ", "İIıi", strings.Repeat("\u0308", 100), "") {
		f.Add(s)
	}
	own := someone.words()
	f.Fuzz(func(t *testing.T, password string) {
		if len(password) > maxPassword {
			return
		}
		s, err := judge(password, few, own, 2026)
		if err != nil {
			t.Fatal(err)
		}
		limit := letterBits*float64(min(utf8.RuneCountInString(password), maxJudged)) + 1e-6
		if math.IsNaN(s.bits) || s.bits < 0 || password != "" && s.bits > limit {
			t.Errorf("%q is worth %g, at most %g", password, s.bits, limit)
		}
		if _, ok := weakBecause[s.worst]; !ok {
			t.Errorf("%q: reason %d", password, s.worst)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for name, password := range map[string]string{"Words": goodPassword, "Hardest": strings.Repeat("a", 256), "Figures": hardest()[6]} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := judge(password, builtIn, someone.words(), 2026); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleRuleError() {
	fmt.Println(checkNewPassword(about{name: "grace"}, "Password2026!!"))
	// Output: password: It is little more than a common word or a leaked password with something added. Take four or more words that do not belong together, or what a password manager makes.
}
