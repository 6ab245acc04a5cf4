package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdfast/gateway/web/locale"
)

// unsaid are sources whose sentences are in no table of languages, and why. What ends with a slash is all of a directory.
var unsaid = map[string]string{
	"config/":                     "help on the configuration file, and what is wrong with it: both are in English, as the file is",
	"gateway/evidence/":           "the evidence package and holdfast verify",
	"gateway/simcam/":             "simulated cameras",
	"onvif/onviftest/":            "simulated cameras",
	"onvif/server/":               "answers to ONVIF clients",
	"rtsp/rtsptest/":              "simulated cameras",
	"storage/storagetest/":        "faults for tests",
	"gateway/audit/export.go":     "a file beside a copy of the log",
	"storage/renew.go":            "what a rebuilding of the index lost, told on the command line",
	"gateway/web/openapi.go":      "the description of the API",
	"gateway/web/plain.go":        "told to programs that speak plain HTTP on an HTTPS address",
	"gateway/web/locale/":         "the tables themselves",
	"onvif/encoder.go":            "joined from the device's own numbers",
	"gateway/exports/finish.go":   "a page of the evidence package",
	"gateway/exports/describe.go": "a page of the evidence package",
}

// sentence is what a person reads: it begins with a capital letter, a number or what is put in, has words, and ends as sentences do.
var sentence = regexp.MustCompile(`(?s)^["“]?[A-Z{\d].*[a-z].* .*[.?]$`)

// putIn is a place of a format into which something is put.
var putIn = regexp.MustCompile(`%[-+# 0]*(\[\d+\])?\d*(\.\d+)?[a-zA-Z]`)

// value stands for what is put in: it passes for a number as well.
const value = "77"

// documentation are names of fields and functions whose texts describe the API to whoever writes programs.
var documentation = []string{"summary", "params", "answers", "doc", "unlogged", "public", "filters", "param", "optional", "gives", "tells", "sends", "done"}

// TestEverySentenceIsSaidInEveryLanguage: what the gateway says to people is in the tables of package locale.
func TestEverySentenceIsSaidInEveryLanguage(t *testing.T) {
	fset, all := sources(t)
	found := 0
	for _, s := range all {
		if s.test || !strings.HasPrefix(s.path, "gateway/") && !strings.HasPrefix(s.path, "storage/") && !strings.HasPrefix(s.path, "onvif/") && !strings.HasPrefix(s.path, "rtsp/") || isUnsaid(s.path) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if describes(n) {
				return false
			}
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := written(e)
			if !ok {
				return true
			}
			if text = strings.TrimSpace(text); sentence.MatchString(text) {
				found++
				if !said(text) {
					t.Errorf("%s: in no table of gateway/web/locale/texts: %s", fset.Position(n.Pos()), text)
				}
			}
			return false
		})
	}
	if found < 400 {
		t.Errorf("only %d sentences were found: this test has become blind", found)
	}
}

// said tells whether a text is in the tables: as it stands, or as a format into which something is put. A whole sentence that is put in front stands
// for itself.
func said(text string) bool {
	full := putIn.ReplaceAllString(text, value)
	return locale.Knows(text) || locale.Knows(full) || locale.Knows(strings.TrimPrefix(full, value+" "))
}

func isUnsaid(path string) bool {
	for prefix := range unsaid {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// describes tells whether a node is documentation of the API, a tag or an import.
func describes(n ast.Node) bool {
	named := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && slices.Contains(documentation, id.Name)
	}
	switch x := n.(type) {
	case *ast.KeyValueExpr:
		return named(x.Key)
	case *ast.CallExpr:
		if g, ok := x.Fun.(*ast.IndexExpr); ok {
			return named(g.X)
		}
		return named(x.Fun)
	case *ast.CompositeLit:
		if a, ok := x.Type.(*ast.ArrayType); ok {
			return named(a.Elt)
		}
		return x.Type != nil && named(x.Type)
	case *ast.ValueSpec:
		return strings.HasPrefix(x.Names[0].Name, "param")
	case *ast.ImportSpec:
		return true
	}
	return false
}

// written is the text that an expression makes, with something in place of what is put in; ok when part of it is written there.
func written(e ast.Expr) (text string, ok bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			s, err := strconv.Unquote(x.Value)
			return s, err == nil
		}
	case *ast.ParenExpr:
		return written(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			a, here := written(x.X)
			b, there := written(x.Y)
			return a + b, here || there
		}
	case *ast.CallExpr:
		if f, formats := x.Fun.(*ast.SelectorExpr); formats && f.Sel.Name == "Sprintf" && len(x.Args) > 0 {
			s, ok := written(x.Args[0])
			return strings.ReplaceAll(putIn.ReplaceAllString(s, value), "%%", "%"), ok
		}
	}
	return value, false
}
