package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the expected messages and REFERENCE.md anew (files in testdata/v1 are never rewritten)")

// Files that were valid once stay valid: testdata/v1 may be added to and never changed.
func TestFilesOfTheFirstVersionStayValid(t *testing.T) {
	files := glob(t, "testdata/v1/*.yaml")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if _, err := Parse(file, read(t, file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLeastFileHasTheDocumentedDefaults(t *testing.T) {
	c := mustParse(t, "testdata/v1/least.yaml")
	got, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/least.json", append(got, '\n'))
}

func TestEveryFieldIsRead(t *testing.T) {
	c := mustParse(t, "testdata/v1/full.yaml")
	got, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/full.json", append(got, '\n'))
}

func TestACMEIsRead(t *testing.T) {
	got, err := json.MarshalIndent(mustParse(t, "testdata/v1/tls.yaml").TLS, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/tls.json", append(got, '\n'))
}

func TestACertificateThatIsNotPresentedIsAWarning(t *testing.T) {
	for listen, want := range map[string]int{"127.0.0.1:8080": 1, "localhost:8080": 1, "\"[::1]:8080\"": 1, ":8443": 0, "192.168.1.5:8443": 0} {
		c, err := Parse("tls.yaml", []byte("listen: "+listen+"\nvolumes: [{path: /a}]\ntls: {certificate: /a.crt, key: /a.key}\n"))
		if err != nil || len(c.Warnings) != want {
			t.Errorf("%s: %v, %v", listen, c, err)
		}
	}
}

func TestTheKeyOfAnACMEAccountIsReadAsPasswordsAre(t *testing.T) {
	dir := t.TempDir()
	file, key := filepath.Join(dir, "holdfast.yaml"), filepath.Join(dir, "acme.key")
	write(t, file, "names: [a.lan]\nvolumes: [{path: footage}]\ntls: {acme: {directory: \"https://ca.lan/d\", account_id: a, account_key_file: acme.key}}\n", 0o600)
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o644: false} {
		write(t, key, "c2VjcmV0\n", mode)
		c, err := Load(file)
		if (err == nil) != ok || ok && c.TLS.ACME.AccountKey.Reveal() != "c2VjcmV0" {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestHowTheAuditLogIsKept(t *testing.T) {
	c := mustParse(t, "testdata/v1/audit.yaml")
	if a := c.Audit; time.Duration(a.Keep) != 90*24*time.Hour || a.WhenFailing != AuditRefuses || len(a.Witness) != 2 || a.Witness[1] != "/mnt/share/holdfast" {
		t.Errorf("%+v", a)
	}
}

func TestPasswordsAreTakenAsWritten(t *testing.T) {
	want := map[string]string{
		"plain": "p@ss:w/ö?rd", "single": `#'"\n %[]{}&*!|>`, "double": "tab\there, snow ☃", "zeros": "0007", "number": "1e3",
		"hex": "0x1F", "truth": "true", "underscore": "1_000", "tilde": "~", "date": "2024-01-02", "infinite": ".inf",
		"block": `back\slash: and # more`,
	}
	c := mustParse(t, "testdata/v1/passwords.yaml")
	for _, cam := range c.Cameras {
		if got := cam.Password.Reveal(); got != want[cam.ID] {
			t.Errorf("%s: %q, want %q", cam.ID, got, want[cam.ID])
		}
		delete(want, cam.ID)
	}
	if len(want) > 0 {
		t.Errorf("not in the file: %v", want)
	}
}

// Every wrong file gives exactly these messages, all at once, and none quotes a secret.
func TestProblemsAreTold(t *testing.T) {
	for _, file := range glob(t, "testdata/bad/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Parse(filepath.Base(file), read(t, file))
			if err == nil {
				t.Fatal("the file is taken for valid")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", []byte(err.Error()+"\n"))
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("a message quotes a secret:\n%v", err)
			}
		})
	}
}

func TestFileTooLargeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("#\n", maxFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

func TestLargestFileIsRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("volumes: [{path: /a}]\ncameras:\n")
	for i := range maxCameras {
		fmt.Fprintf(&b, "  - id: cam-%d\n    name: Camera %d\n    rtsp: rtsp://10.0.%d.%d/live\n    username: u\n    password: 'p'\n", i, i, i/256, i%256)
	}
	c, err := Parse("many.yaml", []byte(b.String()))
	if err != nil || len(c.Cameras) != maxCameras {
		t.Fatal(err)
	}
	b.WriteString("  - {id: one-more, rtsp: \"rtsp://10.0.0.1/\"}\n")
	if _, err := Parse("many.yaml", []byte(b.String())); err == nil {
		t.Error("one camera more than allowed was taken")
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := "volumes: [{path: /a}]\ncameras:\n" + strings.Repeat("  - {}\n", 200)
	_, err := Parse("bad.yaml", []byte(text))
	if err == nil {
		t.Fatal("the file is taken for valid")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != maxProblems+1 || !strings.HasSuffix(lines[maxProblems], "problems more") {
		t.Errorf("%d lines, the last: %s", len(lines), lines[len(lines)-1])
	}
}

// Each of these would make the YAML parser overflow its stack or work for minutes.
func TestHostileShapesAreRefused(t *testing.T) {
	const n = maxFile / 4
	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", n), "braces": strings.Repeat("{a: ", n/4), "dashes": strings.Repeat("- ", n/2), "question marks": strings.Repeat("? ", n/2),
		"tags": strings.Repeat("!a ", n/3), "anchors": strings.Repeat("&a ", n/3), "same field": strings.Repeat("a: b\n", n/5),
		"fields in braces": "{" + strings.Repeat("a: b,", n/5) + "}", "fields in an entry": "- a: b\n" + strings.Repeat("  a: b\n", n/7),
		"explicit keys": strings.Repeat("? a\n", n/4),
		"colons":        strings.Repeat("a: ", n/3), "quotes": strings.Repeat("'", n), "commas": "a: [" + strings.Repeat("a,", n/2) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse("hostile.yaml", []byte(text)); err == nil {
				t.Error("taken for valid")
			}
		})
	}
}

func TestMissingFileAndDirectoryAreNamed(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "none.yaml"), dir} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const text = "hunter2-λ"
	type holder struct{ S Secret }
	s := Secret(text)
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s", "%!"} {
		fmt.Fprintf(&b, verb+"\n", s)
		fmt.Fprintf(&b, verb+"\n", holder{s})
		fmt.Fprintf(&b, verb+"\n", &holder{s})
		fmt.Fprintf(&b, verb+"\n", map[Secret]Secret{s: s})
	}
	for _, v := range []any{s, holder{s}, map[string]Secret{"s": s}, []Secret{s}, &s} {
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(out)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("camera", "password", s, "config", holder{s})
	}
	for _, leak := range []string{text, "hunter", fmt.Sprintf("%x", text), fmt.Sprintf("%X", text)} {
		if strings.Contains(b.String(), leak) {
			t.Errorf("%q is in:\n%s", leak, b.String())
		}
	}
}

func TestWarnsOfAPasswordThatEveryoneMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.yaml")
	text := "volumes: [{path: /a}]\ncameras: [{id: a, rtsp: \"rtsp://10.0.0.1/\", username: u, password: p}]\n"
	for mode, want := range map[os.FileMode]int{0o644: 1, 0o640: 0} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Warnings) != want {
			t.Errorf("mode %o: warnings %q", mode, c.Warnings)
		}
	}
}

func TestUnfinishedEntriesAreTold(t *testing.T) {
	for _, text := range []string{"cameras:\n  -\nvolumes: [{path: /a}]\n", "volumes:\n", "volumes: [~]", "listen:\nvolumes: [{path: /a}]"} {
		if _, err := Parse("bad.yaml", []byte(text)); err == nil {
			t.Errorf("%q is taken for valid", text)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	return files
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustParse(t *testing.T, path string) *Config {
	t.Helper()
	c, err := Parse(path, read(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// golden compares got with the file, or writes the file under -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, path); string(want) != string(got) {
		t.Errorf("%s says\n%s\nbut now it is\n%s", path, want, got)
	}
}

func TestTheListOfLeakedPasswordsLiesBesideTheFile(t *testing.T) {
	c, err := Parse("/etc/holdfast/holdfast.yaml", read(t, "testdata/v1/access.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "/etc/holdfast/lists/pwned-passwords-sha1-ordered-by-hash.txt"; c.Access.BreachedPasswords != want {
		t.Errorf("list %s, want %s", c.Access.BreachedPasswords, want)
	}
}

func TestExportsAreRead(t *testing.T) {
	got := mustParse(t, "testdata/v1/exports.yaml").Exports
	if want := (Exports{Directory: "/srv/exports", Keep: Duration(3 * day), Quota: Size{Bytes: 20 << 30}}); got != want {
		t.Errorf("read %+v", got)
	}
	for _, bad := range []string{"keep: 10s", "quota: 5%", "quota: 1MB"} {
		if _, err := Parse("x.yaml", []byte("volumes: [{path: /a}]\nexports: {"+bad+"}\n")); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
