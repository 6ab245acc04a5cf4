package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// keyFile holds the public keys that signed the log, oldest first, a line each.
const keyFile = "key.pub"

// maxKeys bounds how often the key may change.
const maxKeys = 256

// parseKeys reads the lines of a key file. All keys of a log have its name.
func parseKeys(data []byte) (keys []note.Verifier, err error) {
	for text := range strings.Lines(string(data)) {
		k, err := note.NewVerifier(strings.TrimSuffix(text, "\n"))
		if err != nil {
			return nil, fmt.Errorf("read public keys: %w", err)
		}
		if len(keys) > 0 && keys[0].Name() != k.Name() {
			return nil, fmt.Errorf("read public keys: they are of two logs, %s and %s", keys[0].Name(), k.Name())
		}
		if keys = append(keys, k); len(keys) > maxKeys {
			return nil, fmt.Errorf("read public keys: there are more than %d", maxKeys)
		}
	}
	return keys, nil
}

// readKeys reads the key file of a directory; none when there is none.
func readKeys(f files, dir string) (keys []note.Verifier, lines []string, err error) {
	data, err := read(f, filepath.Join(dir, keyFile), maxKeys*256)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	keys, err = parseKeys(data)
	return keys, strings.Fields(string(data)), err
}

// writeKeys adds a key to the file of a directory, unless it is there.
func writeKeys(f files, dir string, lines []string) error {
	_, have, err := readKeys(f, dir)
	if err == nil && slices.Equal(have, lines) {
		return nil
	}
	return replace(f, filepath.Join(dir, keyFile), []byte(strings.Join(lines, "\n")+"\n"))
}
