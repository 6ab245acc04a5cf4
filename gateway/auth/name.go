package auth

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// Bounds of names and passwords.
const (
	maxName     = 64  // bytes
	minPassword = 12  // characters
	maxPassword = 256 // bytes
)

// prepareName brings a user name into the one form under which it is kept: case-mapped, composed (RFC 8265 section 3.3).
func prepareName(name string) (string, error) {
	if name == "" || len(name) > maxName {
		return "", &RuleError{"username", fmt.Sprintf("It must have 1 to %d characters.", maxName)}
	}
	prepared, err := precis.UsernameCaseMapped.String(name)
	if err != nil || prepared == "" {
		return "", &RuleError{"username", "It may hold letters, digits and marks like . _ - @, and no spaces."}
	}
	return prepared, nil
}

// preparePassword brings a password into the one form that is hashed, whatever keyboard typed it (RFC 8265 section 4.2).
func preparePassword(password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", &RuleError{"password", fmt.Sprintf("It must have at least %d characters and at most %d bytes.", minPassword, maxPassword)}
	}
	prepared, err := precis.OpaqueString.String(password)
	if err != nil {
		return "", &RuleError{"password", "It holds characters that cannot be typed, such as control characters."}
	}
	return prepared, nil
}

// about is whose a new password is to be and where, and what it is held against.
type about struct {
	name, display string    // of the person, prepared
	site, host    string    // of the gateway
	breached      *Breached // nil: only what is built in
}

// famous are passwords in the press and in handbooks that no rule finds.
var famous = []string{"correct horse battery staple", "correcthorsebatterystaple", "correct-horse-battery-staple", "correct battery horse staple"}

// How to do better. A rule's sentence comes first.
const fewWords = " Take four or more words that do not belong together, or what a password manager makes."

var weakBecause = map[patternKind]string{
	byLetters: "It is easy to guess.",
	byWord:    "It is little more than a common word or a leaked password with something added.",
	byOwn:     "It is little more than the name of the person, the site or the machine.",
	byRun:     "It follows the alphabet or counts.",
	byWalk:    "It follows the keys of the keyboard.",
	byDate:    "It is little more than a date.",
	byRepeat:  "It repeats a few characters.",
}

// checkNewPassword holds a new password against the rules: long enough, hard to guess for who knows the person and the
// site, not known to have leaked. There is no rule about kinds of characters (NIST SP 800-63B section 3.1.1.2). What is
// told never holds the password. Errors: *RuleError, and others when the rules themselves cannot be read.
func checkNewPassword(whose about, password string) error {
	if utf8.RuneCountInString(password) < minPassword {
		return &RuleError{"password", fmt.Sprintf("It must have at least %d characters. A few words are easy to remember.", minPassword)}
	}
	s, err := judge(password, builtIn, ownWords(whose.name, whose.display, whose.site, whose.host, "holdfast"), time.Now().Year())
	if err != nil {
		return err
	}
	switch {
	case s.leaked, slices.Contains(famous, strings.ToLower(password)):
		return &RuleError{"password", "It is one of the first that anyone would guess." + fewWords}
	case s.bits < minBits:
		return &RuleError{"password", weakBecause[s.worst] + fewWords}
	case whose.breached != nil && whose.breached.leaked(password):
		return &RuleError{"password", "It is known to have leaked somewhere, so guessers try it." + fewWords}
	}
	return nil
}
