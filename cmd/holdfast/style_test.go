package main

import (
	"bytes"
	"go/ast"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Bounds of what one can read at a sitting, in lines. Tests are lists, and lists may be longer.
const (
	maxFileLines     = 600
	maxFuncLines     = 100
	maxTestFileLines = 1000
	maxTestFuncLines = 200
)

// rooted is all that may stand at the root.
var rooted = []string{"cmd", "gateway", "onvif", "rtsp", "storage", "config", "scripts", "go.mod", "go.sum", "README.md", "LICENSE",
	".ci", ".gitignore", ".gitattributes", ".golangci.yml"}

// vague names say where somebody was in a hurry, not what a package is.
var vague = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "misc", "shared", "pkg", "lib", "internalutils"}

var vagueNoun = regexp.MustCompile(`(Manager|Helper|Service|Util|Utils)$`)

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(repository)
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredAtRoot(t)
	for _, e := range entries {
		name := e.Name()
		known := name == ".git" || slices.Contains(rooted, name)
		if !known && !slices.ContainsFunc(ignored, func(p string) bool { ok, _ := path.Match(p, name); return ok }) {
			t.Errorf("%s does not belong at the root", name)
		}
	}
}

func ignoredAtRoot(t *testing.T) []string {
	var patterns []string
	for line := range strings.Lines(string(readText(t, ".gitignore"))) {
		patterns = append(patterns, strings.Trim(strings.TrimSpace(line), "/"))
	}
	return patterns
}

func TestEveryPackageHasOneComment(t *testing.T) {
	_, all := sources(t)
	comments, names := make(map[string][]string), make(map[string]string)
	for _, s := range all {
		if s.test {
			continue
		}
		names[s.pkg] = s.file.Name.Name
		if s.file.Doc != nil {
			comments[s.pkg] = append(comments[s.pkg], s.file.Doc.Text())
		}
	}
	for pkg, name := range names {
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(pkg) + " "
		}
		switch c := comments[pkg]; {
		case len(c) != 1:
			t.Errorf("%s has %d package comments; exactly one is the contract", pkg, len(c))
		case !strings.HasPrefix(c[0], want):
			t.Errorf("%s: the package comment does not begin with %q", pkg, want)
		}
	}
}

func TestNamesSayWhatThingsAre(t *testing.T) {
	fset, all := sources(t)
	for _, s := range all {
		if slices.ContainsFunc(strings.Split(s.pkg, "/"), func(p string) bool { return slices.Contains(vague, p) }) {
			t.Errorf("%s: the directory does not say what the package is", s.path)
		}
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				if ts, ok := spec.(*ast.TypeSpec); ok && vagueNoun.MatchString(ts.Name.Name) {
					t.Errorf("%s: type %s does not say what it is", fset.Position(ts.Pos()), ts.Name.Name)
				}
			}
		}
	}
}

func TestFilesAndFunctionsAreSmall(t *testing.T) {
	fset, all := sources(t)
	for _, s := range all {
		fileBound, funcBound := maxFileLines, maxFuncLines
		if s.test {
			fileBound, funcBound = maxTestFileLines, maxTestFuncLines
		}
		if s.lines > fileBound {
			t.Errorf("%s has %d lines; at most %d", s.path, s.lines, fileBound)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > funcBound {
				t.Errorf("%s: %s has %d lines; at most %d", s.path, f.Name.Name, n, funcBound)
			}
		}
	}
}

// The words are put together here so that this file does not hold them.
var (
	leftUndone = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|panic\("(not impl` + `emented|un` + `implemented)`)
	ofAMachine = regexp.MustCompile(`(^|[^A-Za-z0-9_.])/(ro` + `ot|wo` + `rk|home/[a-z]+|Us` + `ers/[a-z]+)/`)
)

func TestNothingIsLeftUndoneOrTiedToAMachine(t *testing.T) {
	t.Parallel()
	eachText(t, func(name string, text []byte) {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if leftUndone.Match(line) {
				t.Errorf("%s:%d: says itself that something is not done", name, i+1)
			}
			if ofAMachine.Match(line) {
				t.Errorf("%s:%d: names a path of somebody's machine", name, i+1)
			}
		}
	})
}

// Whoever opens a script learns first what it is for.
func TestEveryScriptSaysWhatItIsFor(t *testing.T) {
	eachText(t, func(name string, text []byte) {
		if !within(name, "scripts") && !within(name, ".ci") || strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".md") || strings.HasPrefix(path.Base(name), ".") {
			return
		}
		if after, ok := bytes.CutPrefix(text, []byte("#!")); ok {
			_, text, _ = bytes.Cut(after, []byte("\n"))
		}
		start := bytes.TrimLeft(text, "\n")
		if !slices.ContainsFunc([]string{"# ", "// ", "/*", "<!--", "package "}, func(p string) bool { return bytes.HasPrefix(start, []byte(p)) }) {
			t.Errorf("%s does not begin with a comment that says what it is for", name)
		}
	})
}

var directModule = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)

func TestReadmeNamesEveryDependency(t *testing.T) {
	readme := readText(t, "README.md")
	for _, m := range directModule.FindAllSubmatch(readText(t, "go.mod"), -1) {
		if !bytes.Contains(readme, m[1]) {
			t.Errorf("README.md does not say what %s is for", m[1])
		}
	}
}

// eachText calls f with every text file of ours.
func eachText(t *testing.T, f func(name string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(name, repository), "/"))
		if d.IsDir() {
			if foreign(d.Name()) || strings.HasPrefix(d.Name(), "holdfast-data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || slices.Contains([]string{".git", "go.sum", "LICENSE", "package-lock.json"}, d.Name()) {
			return nil
		}
		const large = 1 << 20 // larger files are clips and programs
		if info, err := d.Info(); err != nil || info.Size() > large {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		f(rel, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readText(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
