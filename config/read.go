package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// place is where in the file a value stands and how its field is called.
type place struct {
	path      string
	line, col int
}

func (p place) under(name string, n ast.Node) place {
	path := name
	if p.path != "" && !strings.HasPrefix(name, "[") {
		path = "." + name
	}
	return place{path: p.path + path}.at(n)
}

func (p place) at(n ast.Node) place {
	if t := firstToken(n); t != nil && t.Position != nil {
		p.line, p.col = t.Position.Line, t.Position.Column
	}
	return p
}

// firstToken is where a person would point at to show the node: a mapping begins at its first key, not at the colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return firstToken(n.Values[0])
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

// reader reads one file and gathers what is wrong with it.
type reader struct {
	file     string
	dir      string       // where relative paths start
	secrets  secretReader // nil: password files are not read
	problems Problems
	places   map[string]place // where each field of the file stands, by its path
}

func newReader(name string, secrets secretReader) *reader {
	return &reader{file: name, dir: filepath.Dir(name), secrets: secrets, places: make(map[string]place)}
}

// mark remembers where a field stands, for rules that look at it later.
func (r *reader) mark(at place) place { r.places[at.path] = at; return at }

func (r *reader) problem(at place, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.line, Col: at.col, Field: at.path, Reason: fmt.Sprintf(format, args...)})
}

// abs resolves a path of the file.
func (r *reader) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(r.dir, path)
}

// document parses the YAML and returns its mapping, or nil after saying why there is none.
func (r *reader) document(data []byte) ast.Node {
	if len(data) > maxFile {
		r.problem(place{}, "the file is larger than %d KiB", maxFile>>10)
		return nil
	}
	if !utf8.Valid(data) {
		r.problem(place{}, "the file is not UTF-8 text")
		return nil
	}
	f := r.syntax(string(data))
	if f == nil {
		return nil
	}
	bodies := slices.DeleteFunc(f.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch len(bodies) {
	case 0:
		r.problem(place{line: 1, col: 1}, "the file says nothing; the least is `volumes`")
		return nil
	case 1:
		return bodies[0].Body
	}
	r.problem(place{}.at(bodies[1].Body), "a second document begins here; one file holds one configuration")
	return nil
}

// syntax runs the YAML parser within bounds. A panic in it is a syntax error that it has no words for.
func (r *reader) syntax(text string) (f *ast.File) {
	defer func() {
		if recover() != nil {
			f = nil
			r.problem(place{}, "the file is not YAML that can be read")
		}
	}()
	tokens := lexer.Tokenize(text)
	if !r.bounded(tokens) {
		return nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntaxProblem(err)
		return nil
	}
	return f
}

// syntaxProblem tells the parser's complaint without the lines around it, which may hold a password.
func (r *reader) syntaxProblem(err error) {
	var at place
	reason := "not valid YAML"
	var ye yaml.Error
	if errors.As(err, &ye) {
		if t := ye.GetToken(); t != nil && t.Position != nil {
			at.line, at.col = t.Position.Line, t.Position.Column
		}
		if m := ye.GetMessage(); strings.Contains(m, "\t") {
			reason = "a tab stands where YAML wants spaces"
		} else if !strings.ContainsAny(m, "\"\n") { // a quote in it may be of a value
			reason += ": " + m
		}
	}
	r.problem(at, "%s; values with special characters, such as passwords, go between 'single quotes'", reason)
}

// entries returns a mapping's entries, each key once.
func (r *reader) entries(at place, n ast.Node) ([]*ast.MappingValueNode, bool) {
	var all []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		all = n.Values
	case *ast.MappingValueNode:
		all = []*ast.MappingValueNode{n}
	default:
		r.wrongShape(at, n, "fields, each a line `name: value`")
		return nil, false
	}
	first := make(map[string]int, len(all))
	return slices.DeleteFunc(slices.Clone(all), func(e *ast.MappingValueNode) bool {
		name := e.Key.GetToken().Value
		if line, again := first[name]; again {
			r.problem(at.under(name, e), "stands twice; the first is in line %d", line)
			return true
		}
		first[name] = e.Key.GetToken().Position.Line
		return false
	}), true
}

// items returns a sequence's nodes.
func (r *reader) items(at place, n ast.Node) ([]ast.Node, bool) {
	if s, ok := n.(*ast.SequenceNode); ok {
		return s.Values, true
	}
	r.wrongShape(at, n, "a list, each entry a line `- ...`")
	return nil, false
}

// text returns a scalar as it is written: 007, true and 1e3 are text here.
func (r *reader) text(at place, n ast.Node, allowed string) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode, *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
	case *ast.StringNode:
		return n.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	r.wrongShape(at, n, allowed)
	return "", false
}

// wrongShape says that a value is of the wrong kind, naming the kind and never the value.
func (r *reader) wrongShape(at place, n ast.Node, allowed string) {
	switch n.(type) {
	case nil, *ast.NullNode:
		r.problem(at, "has no value; allowed: %s (or leave the line out)", allowed)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		r.problem(at, "YAML anchors (&), aliases (*), merge keys (<<) and tags (!) are not read here: write the value itself, between 'quotes' if it begins with such a character")
	case *ast.MappingNode, *ast.MappingValueNode:
		r.problem(at, "is a group of fields; allowed: %s", allowed)
	case *ast.SequenceNode:
		r.problem(at, "is a list; allowed: %s", allowed)
	default:
		r.problem(at, "is a single value; allowed: %s", allowed)
	}
}
