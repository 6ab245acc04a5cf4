package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What alarms tell people to run is run as it stands, without an option, where Holdfast is installed.
func TestCommandsWithoutAnOptionMeanTheInstalledGateway(t *testing.T) {
	was := installedConfig
	t.Cleanup(func() { installedConfig = was })
	dir := t.TempDir()
	installedConfig = filepath.Join(dir, "holdfast.yaml")
	if code, _, errs := invoke(t, "keys", "recovery"); code != exitFailed || !strings.Contains(errs, "which gateway?") || !strings.Contains(errs, installedConfig) {
		t.Errorf("without an installed one: exit %d, %s", code, errs)
	}
	yaml := fmt.Sprintf("data: %[1]s/data\nvolumes:\n  - path: %[1]s/volume\n", dir)
	if err := os.WriteFile(installedConfig, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, named, _ := invoke(t, "keys", "recovery", "--config", installedConfig)
	if code, out, errs := invoke(t, "keys", "recovery"); code != exitDone || out != named || strings.Count(out, "-") != 13 {
		t.Errorf("exit %d, printed %q, with the option %q: %s", code, out, named, errs)
	}
	if code, out, errs := invoke(t, "volume", "list"); code != exitDone || !strings.Contains(out, filepath.Join(dir, "volume")) {
		t.Errorf("volume list: exit %d, %s%s", code, out, errs)
	}
	if code, _, errs := invoke(t, "serve"); code != exitFailed || !strings.Contains(errs, "--config") {
		t.Errorf("serve without a configuration: exit %d, %s", code, errs)
	}
}
