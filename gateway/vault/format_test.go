package vault

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"holdfast/storage/keyring"
)

// testdata/v1 was made when format 1 was, and is never made again: a vault of two keys, of which the second was made while the first was
// locked, with a person of each time.
func TestAVaultOfFormatOneOpens(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "v1"))); err != nil {
		t.Fatal(err)
	}
	root, err := keyring.ReadRootFile(nil, filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	v := openIn(t, dir, root)
	for _, name := range []string{"first", "second"} {
		sealed, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		v.wantOpens(t, sealed, nil)
		if v.Fresh(sealed) != (name == "second") {
			t.Errorf("%s is taken for what it is not", name)
		}
	}
	person, _ := v.Person("p-00112233445566aa")
	if got := fmt.Sprintf("%x", person); got != "a0838f68e271ad3483c101ff4c9f376ad4ca10aee1b92a869ade7574f5c364aa" {
		t.Errorf("the person's key is %s", got)
	}
	if got := fmt.Sprintf("%x", v.Key("log")); got != "06170792d3240ce810092fedec39ebc05a044bcd6bc23ddfe6fd9679ef6ae9b7" {
		t.Errorf("the key of a purpose is %s", got)
	}
	if _, known := v.Person("day-2026-11-27"); !known || len(v.Locked()) > 0 {
		t.Errorf("the day is known: %v; locked: %v", known, v.Locked())
	}
}
