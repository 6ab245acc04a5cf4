package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"slices"
	"strings"
)

const (
	recoveryCodes  = 10 // made at once
	recoveryLength = 16 // characters of 5 bits: 80 bits
	recoveryGroup  = 4  // characters between dashes
)

// crockford is base 32 without letters that are taken for others (I, L, O) and without U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Recovery is what is left of a person's recovery codes, each of which stands in for a code of the authenticator once.
// Only their digests are kept; with 80 random bits a code needs no slow hash. A record is replaced and never changed.
type Recovery struct {
	Codes [][]byte `json:"codes,omitempty"` // SHA-256 each
}

// NewRecovery makes ten codes, to be shown once: ABCD-EFGH-JKMN-PQRS.
func NewRecovery() (Recovery, []string) {
	var r Recovery
	codes := make([]string, recoveryCodes)
	for i := range codes {
		var b [recoveryLength]byte
		rand.Read(b[:])
		for j := range b {
			b[j] = crockford[b[j]%32] // 256 is a multiple of 32: no letter is likelier
		}
		r.Codes = append(r.Codes, recoveryDigest(string(b[:])))
		codes[i] = grouped(string(b[:]))
	}
	return r, codes
}

func grouped(code string) string {
	var groups []string
	for ; code != ""; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.Join(groups, "-")
}

func recoveryDigest(canonical string) []byte {
	d := digestOf("holdfast recovery code 1 " + canonical)
	return d[:]
}

// Left tells how many codes are left.
func (r Recovery) Left() int { return len(r.Codes) }

// Use takes a code out. The caller stores next before it lets anybody in, in one operation with reading r.
func (r Recovery) Use(code string) (next Recovery, ok bool) {
	canonical, ok := parseRecovery(code)
	if !ok {
		return r, false
	}
	typed, found := recoveryDigest(canonical), -1
	for i, d := range r.Codes {
		if hmac.Equal(d, typed) {
			found = i
		}
	}
	if found < 0 {
		return r, false
	}
	return Recovery{slices.Delete(slices.Clone(r.Codes), found, found+1)}, true
}

// IsRecoveryCode tells by its form whether something typed is a recovery code and not one of an authenticator.
func IsRecoveryCode(code string) bool {
	_, ok := parseRecovery(code)
	return ok
}

// parseRecovery reads a code as people type it: in either case, with dashes and spaces anywhere, O for 0, I or L for 1.
func parseRecovery(code string) (canonical string, ok bool) {
	if len(code) > maxSecret {
		return "", false
	}
	var b strings.Builder
	for _, c := range strings.ToUpper(code) {
		switch c {
		case ' ', '-', '\t', '\u2010', '\u2013':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		if !strings.ContainsRune(crockford, c) {
			return "", false
		}
		b.WriteRune(c)
	}
	return b.String(), b.Len() == recoveryLength
}
