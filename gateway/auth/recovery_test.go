package auth

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestARecoveryCodeIsGoodOnceAlsoOverARestart(t *testing.T) {
	r, codes := NewRecovery()
	if len(codes) != 10 || r.Left() != 10 {
		t.Fatalf("%d codes, %d left", len(codes), r.Left())
	}
	for i, code := range codes {
		kept := must[[]byte](t)(json.Marshal(r))
		for _, code := range codes {
			if strings.Contains(string(kept), code) || strings.Contains(string(kept), strings.ReplaceAll(code, "-", "")) {
				t.Fatal("a code is kept as it is")
			}
		}
		r = Recovery{}
		if err := json.Unmarshal(kept, &r); err != nil {
			t.Fatal(err)
		}
		next, ok := r.Use(code)
		if !ok || next.Left() != 9-i || r.Left() != 10-i {
			t.Fatalf("code %d: %v, %d left of %d", i, ok, next.Left(), r.Left())
		}
		if again, ok := next.Use(code); ok || again.Left() != next.Left() {
			t.Fatal("a code is good twice")
		}
		r = next
	}
}

func TestRecoveryCodesAreReadAsPeopleTypeThem(t *testing.T) {
	r := Recovery{[][]byte{recoveryDigest("0123ABCDEFGHJK10")}}
	for _, typed := range []string{
		"0123-ABCD-EFGH-JK10", "0123abcdefghjk10", "o123 abcd efgh jkl0", " 0i23-ABCD-EFGH-JKIO ", "0-1-2-3-A-B-C-D-E-F-G-H-J-K-1-0", "0123–abcd–efgh–jk10",
	} {
		if _, ok := r.Use(typed); !ok || !IsRecoveryCode(typed) {
			t.Errorf("%q is refused", typed)
		}
	}
	for _, bad := range []string{"", "0123-ABCD-EFGH-JK1", "0123-ABCD-EFGH-JK100", "0123-ABCD-EFGH-JK11", "0123-ABCD-EFGH-JKU0", "123456", "0123.ABCD.EFGH.JK10", strings.Repeat("-", 1<<20)} {
		if _, ok := r.Use(bad); ok {
			t.Errorf("%.30q is taken", bad)
		}
	}
	if _, ok := (Recovery{[][]byte{nil, {1}}}).Use("0123-ABCD-EFGH-JK10"); ok {
		t.Error("a damaged record takes a code")
	}
}

func TestRecoveryCodesDiffer(t *testing.T) {
	form, seen := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`), make(map[string]bool)
	letters := make(map[rune]int)
	for range 100 {
		_, codes := NewRecovery()
		for _, code := range codes {
			if !form.MatchString(code) || seen[code] || !IsRecoveryCode(code) {
				t.Fatalf("code %s", code)
			}
			seen[code] = true
			for _, c := range code {
				letters[c]++
			}
		}
	}
	for _, c := range crockford { // 16,000 letters of 32 kinds: 500 each, with a standard deviation of 22
		if n := letters[c]; n < 350 || n > 650 {
			t.Errorf("%c comes %d times of 16000", c, n)
		}
	}
}

func FuzzRecoveryCode(f *testing.F) {
	for _, s := range []string{"0123-ABCD-EFGH-JK10", "", "\xff\xfe", "oooo-iiii-llll-0000", "ſſſſſſſſſſſſſſſſ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseRecovery(s)
		if !ok {
			return
		}
		if again, ok := parseRecovery(grouped(c)); !ok || again != c {
			t.Errorf("%q becomes %q and then %q", s, c, again)
		}
		if strings.Trim(c, crockford) != "" || len(c) != recoveryLength {
			t.Errorf("%q becomes %q", s, c)
		}
	})
}
