package config

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestPasswordFileLosesOneLineEndOnly(t *testing.T) {
	for content, want := range map[string]string{
		"secret\n": "secret", "secret\r\n": "secret", "secret": "secret", " two words \n\n": " two words \n", "p@ss:w/ö?rd#1\n": "p@ss:w/ö?rd#1",
	} {
		s, err := readSecret(secretFile(t, content, 0o600))
		if err != nil || s.Reveal() != want {
			t.Errorf("%q gives %q, %v", content, s.Reveal(), err)
		}
	}
}

func TestPasswordFileOfOthersIsRefused(t *testing.T) {
	for mode, reason := range map[os.FileMode]string{
		0o644: "others may read", 0o620: "others may read or change", 0o604: "others may read",
	} {
		_, err := readSecret(secretFile(t, "secret\n", mode))
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestPasswordFileMustBeASmallFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"pipe":      pipe,
		"directory": t.TempDir(),
		"missing":   filepath.Join(t.TempDir(), "none"),
		"empty":     secretFile(t, "\n", 0o600),
		"too large": secretFile(t, strings.Repeat("x", maxSecretFile+1), 0o600),
	} {
		if _, err := readSecret(path); err == nil {
			t.Errorf("%s: taken for a password file", name)
		}
	}
}

func TestLoadReadsPasswordFilesBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cam.password"), "from the file\n", 0o600)
	write(t, filepath.Join(dir, "holdfast.yaml"), "data: state\nvolumes: [{path: footage}]\n"+
		"cameras: [{id: a, rtsp: \"rtsp://10.0.0.1/\", username: u, password_file: cam.password}]\n", 0o600)
	c, err := Load(filepath.Join(dir, "holdfast.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Cameras[0].Password.Reveal(); got != "from the file" {
		t.Errorf("password %q", got)
	}
	if c.Data != filepath.Join(dir, "state") || c.Volumes[0].Path != filepath.Join(dir, "footage") {
		t.Errorf("paths %s, %s", c.Data, c.Volumes[0].Path)
	}
}

func secretFile(t *testing.T, content string, mode os.FileMode) string {
	path := filepath.Join(t.TempDir(), "password")
	write(t, path, content, mode)
	return path
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
