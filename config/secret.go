package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// maxSecretFile bounds a password file, in bytes.
const maxSecretFile = 4 << 10

// hidden is how a secret looks wherever it is printed.
const hidden = "•••"

// Secret is text that must not be shown. Every way of printing, logging or encoding it gives "•••"; Reveal gives the
// text. (The fmt package cannot ask an unexported struct field how it wants to be printed, and encoding/json does not
// ask the key of a map: secrets are kept in exported fields and are no keys.)
type Secret string

// Reveal returns the secret itself, for the one place that must send it.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string   { return hidden }
func (s Secret) GoString() string { return hidden }

// Format hides the secret under every verb, also a wrong one.
func (s Secret) Format(f fmt.State, _ rune)   { io.WriteString(f, hidden) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// secretReader reads the password in a file. Its errors do not quote the content.
type secretReader func(path string) (Secret, error)

// readSecret reads a password file. One trailing line end is not part of the password; every other byte is.
func readSecret(path string) (Secret, error) {
	data, err := ReadPrivateFile(path, maxSecretFile)
	if err != nil {
		return "", err
	}
	s := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if s == "" {
		return "", errors.New("the file is empty")
	}
	return Secret(s), nil
}
