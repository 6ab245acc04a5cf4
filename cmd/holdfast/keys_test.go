package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/storage/keyring"
)

// runKeys runs holdfast keys on a data directory, with what is typed.
func runKeys(t *testing.T, typed string, args ...string) (string, error) {
	t.Helper()
	var out, said bytes.Buffer
	for _, v := range keysVerbs {
		if v.name != args[0] {
			continue
		}
		c := &keysCommand{t: terminal{out: &out, err: &said}, in: strings.NewReader(typed), data: args[1], args: args[2:]}
		if len(c.args) > 0 && c.args[0] == "--clear" {
			c.clear, c.args = true, c.args[1:]
		}
		err := v.run(c, context.Background())
		return out.String(), err
	}
	t.Fatalf("no operation %s", args[0])
	return "", nil
}

func TestKeysWithoutADaemon(t *testing.T) {
	dir := t.TempDir()
	code, err := runKeys(t, "", "recovery", dir)
	if err != nil {
		t.Fatal(err)
	}
	code = strings.TrimSpace(code)
	if _, err := runKeys(t, "", "confirm", dir, keyring.NewRoot().Recovery()); !errors.Is(err, keyring.ErrRoot) {
		t.Errorf("another's recovery key: %v", err)
	}
	if text, err := runKeys(t, "", "status", dir); err != nil || !strings.Contains(text, "NOT CONFIRMED") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := runKeys(t, strings.ToLower(code)+"\n", "confirm", dir); err != nil {
		t.Fatal(err)
	}
	if text, err := runKeys(t, "", "status", dir); err != nil || strings.Contains(text, "NOT CONFIRMED") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := runKeys(t, "", "rotate", dir); err != nil {
		t.Fatal(err)
	}
	next, err := runKeys(t, "", "recovery", dir)
	if err != nil || strings.TrimSpace(next) == code {
		t.Errorf("the root key is as it was: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "root.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info, err)
	}
}

func TestABackupOpensUnderItsPassphraseOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, err := runKeys(t, "", "recovery", dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup.json")
	if _, err := runKeys(t, "short\n", "backup", dir, file); err == nil {
		t.Error("a short passphrase is taken")
	}
	if _, err := runKeys(t, "wet paint on the stairs\n", "backup", dir, file); err != nil {
		t.Fatal(err)
	}
	if _, err := runKeys(t, "wet paint on the stairs\n", "backup", dir, file); err == nil {
		t.Error("a backup is written over another")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(code[:9])) {
		t.Error("the backup shows the key")
	}
	pass := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	if _, err := readBackup(text, pass("wet paint on the wall")); err == nil {
		t.Error("a wrong passphrase opens it")
	}
	if got, err := readBackup(text, pass("wet paint on the stairs")); err != nil || got != strings.TrimSpace(code) {
		t.Errorf("restored: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", info, err)
	}
	open := filepath.Join(t.TempDir(), "clear.json")
	if _, err := runKeys(t, "", "backup", dir, "--clear", open); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(open); err != nil {
		t.Fatal(err)
	}
	if got, err := readBackup(text, nil); err != nil || got != strings.TrimSpace(code) {
		t.Errorf("in clear: %v", err)
	}
}

func TestKeysSaysWhatItCanDo(t *testing.T) {
	var out, said bytes.Buffer
	if err := keys(context.Background(), terminal{&out, &said}, []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, v := range keysVerbs {
		if !strings.Contains(said.String(), v.name) {
			t.Errorf("%s is not listed", v.name)
		}
	}
	if err := keys(context.Background(), terminal{&out, &said}, []string{"status", "--data", t.TempDir(), "more"}); err == nil {
		t.Error("a word too many is taken")
	}
}

func FuzzBackup(f *testing.F) {
	f.Add([]byte(`{"holdfast_root_key":1,"fingerprint":"00","recovery":"0"}`))
	f.Add([]byte(`{"holdfast_root_key":1,"argon2id_time":4294967295,"argon2id_memory_kib":4294967295,"argon2id_salt":"AAAAAAAAAAA=","nonce":"AAAAAAAAAAAAAAAA"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		asked := errors.New("asked for a passphrase")
		recovery, err := readBackup(text, func() (string, error) { return "", asked })
		if err == nil {
			if _, err := keyring.ParseRecovery(recovery); err != nil {
				t.Fatal("a backup gives what is no recovery key")
			}
		}
	})
}

// The recovery key is printed at set-up, with footage in clear too, and not any more once somebody has it.
func TestSetupPrintsTheRecoveryKeyUntilItIsConfirmed(t *testing.T) {
	dir, file := site(t, "encryption: {at_rest: false}\n")
	background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	code, link, said := invoke(t, "setup", "--config", file)
	if code != exitDone || !strings.Contains(link, "/setup#token=") || strings.Count(link, "\n") != 1 {
		t.Fatalf("exit %d: %q, %s", code, link, said)
	}
	_, recovery, _ := invoke(t, "keys", "recovery", "--config", file)
	recovery = strings.TrimSpace(recovery)
	if len(recovery) != 14*5-1 || !strings.Contains(said, recovery) || strings.Contains(link, recovery[:9]) {
		t.Errorf("said is %q, the recovery key has %d letters", said, len(recovery))
	}
	if code, text, errs := invoke(t, "keys", "status", "--config", file); code != exitDone || !strings.Contains(text, "NOT CONFIRMED") || !strings.Contains(text, "kept in clear") {
		t.Errorf("exit %d: %s%s", code, text, errs)
	}
	if code, _, errs := invoke(t, "keys", "confirm", "--config", file, recovery); code != exitDone {
		t.Errorf("confirm: exit %d, %s", code, errs)
	}
	if code, again, said := invoke(t, "setup", "--config", file); code != exitDone || again != link || said != "" {
		t.Errorf("exit %d: %q, %q", code, again, said)
	}
}
