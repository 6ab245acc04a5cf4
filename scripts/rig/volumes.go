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

// Mirrored has the first cameras recorded to two volumes, of which one has the first copy. It is called before Start.
func (d *Daemon) Mirrored(cameras int, first string) error {
	text, err := os.ReadFile(d.config)
	if err != nil {
		return err
	}
	settings := string(text)
	for n := range cameras {
		camera := fmt.Sprintf("{id: cam-%d, ", n+1)
		settings = strings.Replace(settings, camera, fmt.Sprintf("%srecord: {mirror: true, volumes: [%q]}, ", camera, first), 1)
	}
	return os.WriteFile(d.config, []byte(settings), 0o600)
}
