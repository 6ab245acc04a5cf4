package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
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
	// Non-blocking: opening a named pipe must not wait for its writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return "", plainPathError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", plainPathError(err)
	}
	if err := checkPrivate(info); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", plainPathError(err)
	}
	if len(data) > maxSecretFile {
		return "", fmt.Errorf("the file is larger than %d bytes", maxSecretFile)
	}
	s := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if s == "" {
		return "", errors.New("the file is empty")
	}
	return Secret(s), nil
}

// checkPrivate refuses a password file that others may read or change. The group may read a file of root's: that is
// how a service account is given a file that it cannot change, and how systemd passes credentials.
func checkPrivate(info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner is not known")
	}
	if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("the file belongs to user %d; say chown to root or to the user that runs holdfast", st.Uid)
	}
	allowed := os.FileMode(0o700)
	if st.Uid == 0 {
		allowed |= 0o040
	}
	if perm := info.Mode().Perm(); perm&^allowed != 0 {
		return fmt.Errorf("others may read or change the file (mode %04o); say chmod 600", perm)
	}
	return nil
}

// plainPathError drops operation and path: the message around it names the field that holds the path.
func plainPathError(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
