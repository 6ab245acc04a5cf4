package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The parameters of RFC 6238 that every authenticator program knows. They are the defaults of the otpauth URI too.
const (
	totpPeriod = 30 * time.Second
	totpDigits = 6
	totpSecret = 20 // bytes, the length of the HMAC's output (RFC 4226 section 4, R6)
	totpWindow = 1  // steps before and after the expected one (RFC 6238 section 5.2)
	totpDrift  = 20 // steps that the two clocks may be apart at enrolment: ten minutes
)

// How wrong codes are held back. The counts are in the record, so that they last over a restart.
const (
	freeCodes   = 5              // wrong ones without a wait
	firstWait   = time.Minute    // after the one that is too many; it doubles with each one more
	longestWait = 24 * time.Hour // and grows no longer than that
	maxCodes    = 100            // wrong ones until codes are closed (NIST SP 800-63B section 3.2.2)
)

// ErrCodesClosed says that so many wrong codes came that none is looked at any more.
var ErrCodesClosed = errors.New("too many wrong codes: a recovery code or an administrator is needed")

// TOTP is a person's second factor by RFC 6238 (SHA-1, 6 digits, 30 s), as it is kept with the person. Secret must be
// sealed. A record is replaced and never changed.
//
// # How good a guess is
//
// Three codes of a million are right at one moment, and six when the clocks are apart (see Drift). Whoever knows the
// password has 5 guesses, then waits 1, 2, 4 … minutes and at last a day for each; after 100 none is looked at. The
// odds to hit within the first day are 15 × 6 in a million (1 in 11,000), and for all 100 guesses, which take three
// months, 1 in 1,600; half of that when the clocks agree. A right code forgives one wrong one, so that their owner's
// sign-ins do not give a guesser five more each.
type TOTP struct {
	Secret []byte    `json:"secret"`
	Step   int64     `json:"step"`  // the last one whose code was taken: it and earlier ones are refused (RFC 6238 section 5.2)
	Drift  int       `json:"drift"` // how many steps the authenticator's clock was ahead of ours when it was last right
	Wrong  int       `json:"wrong"` // wrong codes that are not forgiven
	Until  time.Time `json:"until"` // no code is looked at before, unless it comes from a known device
}

// NewTOTP makes a second factor with a secret of its own. It is good for nothing until Enrol has seen a code.
func NewTOTP() TOTP {
	t := TOTP{Secret: make([]byte, totpSecret)}
	rand.Read(t.Secret)
	return t
}

var totpBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// URI is what an authenticator program reads to learn the secret (otpauth, Key URI Format). It is a secret.
func (t TOTP) URI(site, account string) string {
	site, account = totpLabel(site), totpLabel(account)
	query := "secret=" + totpBase32.EncodeToString(t.Secret) + "&issuer=" + totpEscape(site) +
		fmt.Sprintf("&algorithm=SHA1&digits=%d&period=%d", totpDigits, int(totpPeriod/time.Second))
	return "otpauth://totp/" + totpEscape(site) + ":" + totpEscape(account) + "?" + query
}

const maxLabel = 64 // bytes of a site or an account in the URI, so that the picture of it stays coarse enough to scan

// totpLabel takes out the colon, which parts site and account, and what is too long.
func totpLabel(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, ":", " "))
	return strings.ToValidUTF8(s[:min(len(s), maxLabel)], "")
}

// totpEscape escapes so that the same is read as part of a path and of a query: a space is %20, a plus is %2B.
func totpEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Text is the secret for people to type, in groups of four.
func (t TOTP) Text() string {
	var groups []string
	for s := totpBase32.EncodeToString(t.Secret); s != ""; s = s[min(4, len(s)):] {
		groups = append(groups, s[:min(4, len(s))])
	}
	return strings.Join(groups, " ")
}

// Enrol takes the first code of a new authenticator. Its clock may be up to ten minutes from ours, which is then
// remembered: a gateway without NTP wanders. Whoever enrols knows the secret, so the wide window helps no guesser.
func (t TOTP) Enrol(code string, now time.Time) (TOTP, bool) {
	next, ok := t.take(code, now, totpDrift, 0)
	if ok {
		next.Wrong = 0
	}
	return next, ok
}

// Check takes a code at sign-in. The caller stores next before it answers, in one operation with reading t: so a code
// is good once, and wrong ones count, also for who asks twice at the same moment. known says that the browser is one on
// which this person signed in before, and that has tries of its own left: it need not wait when somebody else's wrong
// codes make strangers wait.
//
// Errors: ErrCredentials (wrong, or used before), *ThrottledError and ErrCodesClosed (not looked at, next is t).
func (t TOTP) Check(code string, now time.Time, known bool) (next TOTP, err error) {
	if t.Wrong >= maxCodes {
		return t, ErrCodesClosed
	}
	if wait := t.wait(now); wait > 0 && !known {
		return t, &ThrottledError{After: wait}
	}
	if next, ok := t.take(code, now, totpWindow, 0, t.Drift); ok {
		next.Wrong = max(0, t.Wrong-1)
		return next, nil
	}
	return t.refused(now), ErrCredentials
}

// wait tells how long no code is looked at. A time that lies further ahead than any wait was written before the clock
// was set back.
func (t TOTP) wait(now time.Time) time.Duration {
	if wait := t.Until.Sub(now); wait <= longestWait {
		return max(0, wait)
	}
	return 0
}

// refused counts a wrong code.
func (t TOTP) refused(now time.Time) TOTP {
	t.Wrong++
	if over := t.Wrong - freeCodes; over >= 0 {
		t.Until = now.Add(min(longestWait, firstWait<<min(over, 16))).UTC()
	}
	return t
}

// Reopened forgives all wrong codes: after a recovery code, or by an administrator.
func (t TOTP) Reopened() TOTP {
	t.Wrong, t.Until = 0, time.Time{}
	return t
}

// take looks for a code among the steps within window of each drift, all of them, whatever it finds.
func (t TOTP) take(code string, now time.Time, window int64, drifts ...int) (next TOTP, ok bool) {
	typed, ok := parseCode(code)
	if !ok {
		return t, false
	}
	at, found := now.Unix()/int64(totpPeriod/time.Second), int64(0)
	for _, drift := range drifts {
		for step := at + int64(drift) - window; step <= at+int64(drift)+window; step++ {
			same := subtle.ConstantTimeEq(int32(hotp(t.Secret, step)), int32(typed))
			if step > t.Step && same == 1 {
				found = step
			}
		}
	}
	if found == 0 {
		return t, false
	}
	t.Step, t.Until = found, time.Time{}
	t.Drift = int(max(-totpDrift, min(totpDrift, found-at)))
	return t, true
}

// parseCode reads six digits, in groups or not.
func parseCode(code string) (n uint32, ok bool) {
	digits := 0
	for _, c := range code[:min(len(code), maxSecret)] {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+uint32(c-'0'), digits+1
		case c != ' ' && c != '-':
			return 0, false
		}
		if digits > totpDigits {
			return 0, false
		}
	}
	return n, digits == totpDigits && len(code) <= maxSecret
}

// hotp is the code of a counter (RFC 4226 section 5.3).
func hotp(secret []byte, counter int64) uint32 {
	mac := hmac.New(sha1.New, secret)
	var c [8]byte
	binary.BigEndian.PutUint64(c[:], uint64(counter))
	mac.Write(c[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff % 1_000_000
}
