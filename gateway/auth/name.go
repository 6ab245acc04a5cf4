package auth

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// Bounds of names and passwords.
const (
	maxName      = 64  // bytes
	minPassword  = 12  // characters
	maxPassword  = 256 // bytes
	minDifferent = 5   // different characters in a password
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

// common are long passwords that every guesser tries first, in lower case.
var common = []string{
	"password1234", "passwordpassword", "password12345", "123456789012", "1234567890123", "qwertyuiop12", "qwertyuiopas", "1q2w3e4r5t6y", "1qaz2wsx3edc",
	"administrator", "administrator1", "changemechangeme", "letmeinletmein", "welcome12345", "iloveyou1234", "adminadminadmin", "admin12345678", "abcdefghijkl", "abc123456789", "holdfastholdfast", "correct horse battery staple", "correcthorsebatterystaple",
}

// checkNewPassword holds a new password against the rules: long enough, not the name, not what is guessed first. There
// is no rule about kinds of characters (NIST SP 800-63B section 3.1.1.2).
func checkNewPassword(name, password string) error {
	lower := strings.ToLower(password)
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return &RuleError{"password", fmt.Sprintf("It must have at least %d characters. A few words are easy to remember.", minPassword)}
	case len(name) >= 3 && strings.Contains(lower, name) && len(lower)-len(name) < minPassword-4:
		return &RuleError{"password", "It is little more than the user name."}
	case different(lower) < minDifferent:
		return &RuleError{"password", "It repeats a few characters."}
	case slices.Contains(common, lower), inOrder(lower):
		return &RuleError{"password", "It is one of the first that anyone would guess."}
	}
	return nil
}

func different(s string) int {
	seen := make(map[rune]struct{})
	for _, r := range s {
		seen[r] = struct{}{}
	}
	return len(seen)
}

// inOrder tells whether each character follows the one before by the same step: 123456…, abcdef…, 987654….
func inOrder(s string) bool {
	for i := 2; i < len(s); i++ {
		if d := int(s[i]) - int(s[i-1]); d != int(s[1])-int(s[0]) || d < -1 || d > 1 {
			return false
		}
	}
	return true
}
