package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const unitFile = "scripts/holdfast.service"

// systemd-analyze answers 0 even for a directive that it does not know, so it must also be silent.
func TestUnitFilesAreUnderstoodBySystemd(t *testing.T) {
	analyze := program(t, "systemd-analyze")
	dir := t.TempDir()
	var units []string
	for _, name := range []string{"holdfast.service", "holdfast-disks.service", "holdfast-disks.timer"} {
		text := string(readText(t, "scripts/"+name))
		for _, start := range []string{"ExecStart=/usr/bin/holdfast ", "ExecStart=/usr/lib/holdfast/disk-health"} {
			text = strings.Replace(text, start, "ExecStart=/bin/true ", 1) // the program is not installed here
		}
		text = strings.Replace(text, "ExecReload=/usr/bin/holdfast ", "ExecReload=/bin/true ", 1)
		if strings.HasSuffix(name, ".service") && !strings.Contains(text, "ExecStart=/bin/true ") {
			t.Fatalf("%s starts something else", name)
		}
		units = append(units, filepath.Join(dir, name))
		if err := os.WriteFile(units[len(units)-1], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(analyze, append([]string{"verify"}, units...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Errorf("%v\n%s", err, said.String())
	}
}

func TestEveryDirectiveOfTheUnitIsExplained(t *testing.T) {
	explained := false
	for line := range strings.Lines(string(readText(t, unitFile))) {
		line = strings.TrimSpace(line)
		plain := strings.HasPrefix(line, "Description=") || strings.HasPrefix(line, "Documentation=") || strings.HasPrefix(line, "WantedBy=")
		switch {
		case line == "" || strings.HasPrefix(line, "["):
			explained = false
		case strings.HasPrefix(line, "#"):
			explained = true
		case !explained && !plain:
			t.Errorf("no comment says why: %s", line)
		}
	}
}

func TestInstallCanBeRunAgainAndUndone(t *testing.T) {
	root := t.TempDir()
	first := filepath.Join(t.TempDir(), "first")
	second := filepath.Join(t.TempDir(), "second")
	put(t, first, "#!/bin/sh\necho 1\n", 0o755)
	put(t, second, "#!/bin/sh\necho 2\n", 0o755)
	config := filepath.Join(root, "etc/holdfast/holdfast.yaml")
	footage := filepath.Join(root, "srv/holdfast/footage.mp4")

	if out := install(t, "--root", root, "--binary", first); !strings.Contains(out, "systemctl enable --now holdfast") {
		t.Errorf("the next step is not said:\n%s", out)
	}
	wantText(t, filepath.Join(root, "usr/bin/holdfast"), "#!/bin/sh\necho 1\n")
	wantText(t, filepath.Join(root, "etc/systemd/system/holdfast.service"), string(readText(t, unitFile)))
	wantText(t, filepath.Join(root, "etc/systemd/system/holdfast-disks.timer"), string(readText(t, "scripts/holdfast-disks.timer")))
	wantText(t, filepath.Join(root, "usr/lib/holdfast/disk-health"), string(readText(t, "scripts/disk-health")))
	wantText(t, config, string(readText(t, "scripts/holdfast.yaml.example")))
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("settings may hold passwords; mode %v, %v", info.Mode(), err)
	}

	put(t, config, "volumes: [{path: /srv/mine}]\n", 0o640)
	put(t, footage, "footage", 0o600)
	install(t, "--root", root, "--binary", second)
	wantText(t, filepath.Join(root, "usr/bin/holdfast"), "#!/bin/sh\necho 2\n")
	wantText(t, config, "volumes: [{path: /srv/mine}]\n")

	install(t, "--root", root, "--uninstall")
	install(t, "--root", root, "--uninstall")
	for _, gone := range []string{"usr/bin/holdfast", "etc/systemd/system/holdfast.service",
		"etc/systemd/system/holdfast-disks.service", "etc/systemd/system/holdfast-disks.timer", "usr/lib/holdfast/disk-health"} {
		if _, err := os.Lstat(filepath.Join(root, gone)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", gone, err)
		}
	}
	wantText(t, config, "volumes: [{path: /srv/mine}]\n")
	wantText(t, footage, "footage")
}

func TestInstallRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, args := range [][]string{{"--prefix", "/x"}, {"--root", t.TempDir(), "--binary", "/nowhere"}} {
		out, err := exec.Command(filepath.Join(repository, "scripts/install"), args...).CombinedOutput()
		if err == nil {
			t.Errorf("%v was taken:\n%s", args, out)
		}
	}
}

func install(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(repository, "scripts/install"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("install %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s: %v, says %q", path, err, got)
	}
}

// program finds a program that a test needs: on the build server it must be there.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("HOLDFAST_CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed; scripts/test installs it", name)
	}
	return path
}
