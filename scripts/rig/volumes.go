package rig

import (
	"fmt"
	"os"
	"strings"
)

// AlsoOn gives the daemon another volume beside its first. It is called before Start.
func (d *Daemon) AlsoOn(path string) error {
	text, err := os.ReadFile(d.config)
	if err != nil {
		return err
	}
	settings := strings.Replace(string(text), "volumes:\n", fmt.Sprintf("volumes:\n  - path: %q\n    min_free: 1MB\n", path), 1)
	return os.WriteFile(d.config, []byte(settings), 0o600)
}
