package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	repository = "../.."
	module     = "holdfast"
)

// room is one package or group of packages and what of ours it may import beside its own subtree. A name ending in /...
// stands for that package and all below it. The longest path that fits a package is its room.
type room struct {
	path  string
	may   []string
	tests []string // what its tests may import besides
}

// The import rule. Imports run one way: leaves know nothing of ours, a file format does not depend on a network client,
// and only the gateway joins the parts.
var rooms = []room{
	{path: "config"},
	{path: "onvif"},
	{path: "rtsp"},
	{path: "storage"},
	{path: "storage/fmp4"},
	{path: "storage/internal/durable"},
	{path: "storage/keyring", may: []string{"storage/internal/durable"}, tests: []string{"storage/storagetest"}},
	{path: "storage/keyfile", may: []string{"storage/internal/durable"}, tests: []string{"storage/storagetest"}},
	{path: "gateway/auth", may: []string{"gateway/statedb"}},
	{path: "gateway/statedb"},
	{path: "gateway/audit", tests: []string{"storage/storagetest"}},
	{path: "gateway/egress"},
	{path: "gateway/vault", may: []string{"storage/keyfile", "storage/keyring"}, tests: []string{"storage/storagetest"}},
	{path: "gateway/stream", may: []string{"rtsp"}, tests: []string{"rtsp/..."}},
	{path: "gateway/record", may: []string{"gateway/stream", "rtsp", "storage", "storage/fmp4"}, tests: []string{"rtsp/...", "storage/..."}},
	{path: "gateway/live", may: []string{"gateway/stream", "rtsp", "storage/fmp4"}, tests: []string{"rtsp/...", "storage/fmp4/..."}},
	{path: "gateway/playback", may: []string{"storage", "storage/fmp4"}, tests: []string{"storage/..."}},
	{path: "gateway/evidence", may: []string{"gateway/audit", "storage/fmp4"}},
	{path: "gateway/exports", may: []string{"gateway/audit", "gateway/evidence", "gateway/playback", "storage", "storage/fmp4"}, tests: []string{"storage/..."}},
	{path: "gateway/motion", may: []string{"gateway/stream", "rtsp"}, tests: []string{"rtsp/..."}},
	{path: "gateway/simcam", may: []string{"onvif/server", "onvif/onviftest", "rtsp/rtsptest", "rtsp/server"}, tests: []string{"onvif/...", "rtsp/..."}},
	{path: "gateway/web", may: []string{"gateway/auth", "gateway/audit", "gateway/egress", "gateway/stream", "gateway/record", "gateway/live",
		"gateway/playback", "gateway/exports", "gateway/motion", "config", "onvif/...", "rtsp/...", "storage/..."}, tests: []string{"gateway/simcam", "gateway/auth/authtest", "gateway/statedb"}},
	{path: "gateway", may: []string{"config", "onvif/...", "rtsp/...", "storage/..."}},
	{path: "cmd", may: []string{"..."}},
	{path: "scripts", may: []string{"..."}},
}

// guests are modules that only some rooms may import, so that one package knows each of them.
var guests = []struct {
	module string
	rooms  []string
}{
	{module: "github.com/bluenviron/gortsplib", rooms: []string{"rtsp", "scripts/bench/discard"}}, // the library alone is what recording is measured against
	{module: "github.com/use-go/onvif", rooms: []string{"onvif"}},
	{module: "github.com/pion/rtp", rooms: []string{"gateway/live", "rtsp", "scripts/bench"}}, // its types are gortsplib's too
	{module: "github.com/pion/rtcp", rooms: []string{"gateway/live", "rtsp", "scripts/bench"}},
	{module: "github.com/pion/sdp", rooms: []string{"gateway/live", "rtsp"}},
	{module: "github.com/pion", rooms: []string{"gateway/live", "scripts/bench"}}, // the bench is a viewer
	{module: "go.etcd.io/bbolt", rooms: []string{"storage", "gateway"}},
	{module: "github.com/coreos/go-systemd", rooms: []string{"cmd"}},
	{module: "github.com/goccy/go-yaml", rooms: []string{"config"}},
}

// databases may be opened only by the package that owns the file: storage opens index.db, gateway opens state.db.
var databaseOwners = []string{"storage", "gateway"}

// source is one parsed file of the repository.
type source struct {
	path  string // from the root, with slashes
	pkg   string // directory
	test  bool
	file  *ast.File
	lines int
}

var parseOnce = sync.OnceValues(func() (*token.FileSet, []source) {
	fset := token.NewFileSet()
	var all []source
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(name, repository), "/"))
		if d.IsDir() && foreign(d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{path: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), file: f, lines: fset.File(f.Pos()).LineCount()})
		return nil
	})
	if err != nil {
		panic(err)
	}
	return fset, all
})

// foreign directories hold nothing that we wrote.
func foreign(name string) bool {
	return slices.Contains([]string{".git", "node_modules", "testdata", "out"}, name)
}

// sources parses the repository in-process: what a go command answers is cached, and a stale answer passes.
func sources(t *testing.T) (*token.FileSet, []source) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(repository, "go.mod")); err != nil {
		t.Fatal(err)
	}
	fset, all := parseOnce()
	if len(all) < 10 {
		t.Fatalf("only %d Go files found", len(all))
	}
	return fset, all
}

func TestImportsRunOneWay(t *testing.T) {
	_, all := sources(t)
	for _, s := range all {
		r, ok := roomOf(s.pkg)
		if !ok {
			t.Errorf("%s: the import rule has no room for %s", s.path, s.pkg)
			continue
		}
		for _, name := range importsOf(s.file) {
			own, ours := strings.CutPrefix(name, module+"/")
			if ours && !allowed(own, r, s.test) {
				t.Errorf("%s imports %s; %s may import its own subtree and %v", s.path, name, r.path, r.may)
			}
		}
	}
}

func roomOf(pkg string) (best room, ok bool) {
	for _, r := range rooms {
		if within(pkg, r.path) && len(r.path) > len(best.path) {
			best, ok = r, true
		}
	}
	return best, ok
}

func allowed(own string, r room, test bool) bool {
	may := r.may
	if test {
		may = append(slices.Clone(may), r.tests...)
	}
	return within(own, r.path) || slices.ContainsFunc(may, func(m string) bool {
		tree, all := strings.CutSuffix(m, "...")
		return own == m || all && (tree == "" || within(own, strings.TrimSuffix(tree, "/")))
	})
}

// within tells whether the package is dir or below it.
func within(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

func importsOf(f *ast.File) []string {
	names := make([]string, len(f.Imports))
	for i, spec := range f.Imports {
		names[i] = strings.Trim(spec.Path.Value, `"`)
	}
	return names
}

func TestGuestsStayInTheirRooms(t *testing.T) {
	_, all := sources(t)
	for _, s := range all {
		for _, name := range importsOf(s.file) {
			for _, g := range guests {
				if !within(name, g.module) {
					continue
				}
				if !slices.ContainsFunc(g.rooms, func(r string) bool { return within(s.pkg, r) }) {
					t.Errorf("%s imports %s; only %v may", s.path, name, g.rooms)
				}
				break // the first row that fits is the most particular
			}
		}
	}
}

func TestDatabasesAreOpenedByTheirOwners(t *testing.T) {
	fset, all := sources(t)
	for _, s := range all {
		if s.test || slices.Contains(databaseOwners, s.pkg) || !slices.Contains(importsOf(s.file), "go.etcd.io/bbolt") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Open" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "bbolt" || x.Name == "bolt") {
				t.Errorf("%s opens a database; only %v do and hand it down", fset.Position(sel.Pos()), databaseOwners)
			}
			return true
		})
	}
}

func TestTheRuleItselfHolds(t *testing.T) {
	for _, c := range []struct {
		from, to string
		test, ok bool
	}{
		{from: "storage", to: "rtsp"},
		{from: "storage/fmp4", to: "storage"},
		{from: "storage", to: "storage/fmp4", ok: true},
		{from: "gateway/live", to: "storage"},
		{from: "gateway/live", to: "storage/fmp4", ok: true},
		{from: "gateway/live", to: "rtsp/rtsptest"},
		{from: "gateway/live", to: "rtsp/rtsptest", test: true, ok: true},
		{from: "gateway/web/authority", to: "gateway"},
		{from: "gateway/web", to: "gateway/record", ok: true},
		{from: "gateway", to: "cmd/holdfast"},
		{from: "cmd/holdfast", to: "gateway", ok: true},
		{from: "config", to: "gateway/egress"},
		{from: "gateway/playback", to: "gateway/stream"},
	} {
		r, ok := roomOf(c.from)
		if got := ok && allowed(c.to, r, c.test); got != c.ok {
			t.Errorf("%s imports %s (test %v): allowed %v, want %v", c.from, c.to, c.test, got, c.ok)
		}
	}
}
