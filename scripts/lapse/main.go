// Command lapse makes the finished exports of a gateway older: they are gone in so much time.
//
//	lapse -data DIR [-in 5s]
//
// The least time for which exports are kept is longer than a test should wait, and no program can be given another clock. The gateway must
// not run. What it writes is what the gateway itself would have written had it been told to keep exports for less time.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"holdfast/gateway/vault"
	"holdfast/storage/keyring"
)

// purpose is what the gateway seals the records of exports for.
const purpose = "export"

func main() {
	data := flag.String("data", "", "the gateway's `DIR` of data")
	in := flag.Duration("in", 5*time.Second, "when exports are to be gone")
	flag.Parse()
	n, err := lapse(*data, time.Now().Add(*in))
	if err == nil && n == 0 {
		err = fmt.Errorf("no finished export is in %s", *data)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lapse:", err)
		os.Exit(1)
	}
}

// lapse gives every finished export a new end, and tells how many there are.
func lapse(data string, end time.Time) (n int, err error) {
	root, err := keyring.ReadRootFile(nil, filepath.Join(data, "root.key"))
	if err != nil {
		return 0, err
	}
	v, err := vault.Open(vault.Options{Dir: filepath.Join(data, "vault"), Root: root})
	if err != nil {
		return 0, err
	}
	records, err := filepath.Glob(filepath.Join(data, "exports", "x-*", "job"))
	if err != nil {
		return 0, err
	}
	for _, path := range records {
		done, err := shorten(v, path, end)
		if err != nil {
			return n, fmt.Errorf("%s: %w", path, err)
		}
		if done {
			n++
		}
	}
	return n, nil
}

// shorten gives one export a new end; what else its record says stays as it is. One that has not ended has no end yet.
func shorten(v *vault.Vault, path string, end time.Time) (bool, error) {
	id := []byte(filepath.Base(filepath.Dir(path)))
	sealed, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	plain, err := v.Open(purpose, sealed, id)
	if err != nil {
		return false, err
	}
	var record map[string]json.RawMessage
	if err := json.Unmarshal(plain, &record); err != nil {
		return false, err
	}
	if record["expires"] == nil {
		return false, nil
	}
	if record["expires"], err = json.Marshal(end.UTC()); err != nil {
		return false, err
	}
	if plain, err = json.Marshal(record); err != nil {
		return false, err
	}
	return true, os.WriteFile(path, v.Seal(purpose, plain, id), 0o600)
}
