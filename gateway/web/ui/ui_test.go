package ui

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
)

// A style sheet that asked the system itself would not follow what a device was told.
func TestOnlyTheThemeDecidesTheColours(t *testing.T) {
	sheets, err := fs.Glob(FS, "*.css")
	if err != nil || len(sheets) < 5 {
		t.Fatal(sheets, err)
	}
	for _, name := range sheets {
		if strings.Contains(read(t, name), "prefers-color-scheme") {
			t.Errorf("%s follows the system: write :root[data-theme=light], which theme.js sets", name)
		}
	}
	if !strings.Contains(read(t, "theme.js"), "prefers-color-scheme") {
		t.Error("nothing follows the system")
	}
}

func TestWhatThePageAndTheManifestNameIsThere(t *testing.T) {
	var manifest struct {
		ID, Scope string
		Icons     []struct{ Src, Purpose string }
	}
	if err := json.Unmarshal([]byte(read(t, "app.webmanifest")), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.ID == "" || manifest.Scope != "/" || len(manifest.Icons) < 4 {
		t.Errorf("%+v", manifest)
	}
	for _, i := range manifest.Icons {
		read(t, strings.TrimPrefix(i.Src, "/"))
	}
	for _, part := range strings.Split(read(t, "index.html"), `"/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		read(t, name)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := FS.ReadFile(name)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}
