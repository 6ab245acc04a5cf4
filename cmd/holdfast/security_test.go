package main

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	namedFile = regexp.MustCompile("`(<(?:data|volume)>/[a-z.-]+/?)`")
)

// section is what stands in a document under a heading of the second rank.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("there is no section %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// rows are the cells of a table, without its head.
func rows(text string) (list [][]string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|---") {
			list = append(list, strings.Split(strings.Trim(line, "|"), "|"))
		}
	}
	return list[min(1, len(list)):]
}

func TestAttacksThatAreSaidToBeTriedAre(t *testing.T) {
	_, all := sources(t)
	tests := make(map[string]bool)
	for _, s := range all {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				tests[f.Name.Name] = true
			}
		}
	}
	table := rows(section(t, string(readText(t, "gateway/SECURITY.md")), "Attacks that were tried"))
	if len(table) < 15 {
		t.Errorf("only %d attacks", len(table))
	}
	for _, row := range table {
		names := namedTest.FindAllStringSubmatch(row[len(row)-1], -1)
		if len(names) == 0 {
			t.Errorf("%s: no test", row[0])
		}
		for _, n := range names {
			if !tests[n[1]] {
				t.Errorf("%s: there is no test %s", strings.TrimSpace(row[0]), n[1])
			}
		}
	}
}

// Every file that is said to hold a secret is in the README's list of files, with what losing it means.
func TestFilesWithSecretsAreListed(t *testing.T) {
	readme := string(readText(t, "README.md"))
	table := section(t, string(readText(t, "gateway/SECURITY.md")), "Where each secret lies")
	found := namedFile.FindAllStringSubmatch(table, -1)
	if len(found) < 8 {
		t.Errorf("only %d files", len(found))
	}
	for _, f := range found {
		name := strings.TrimPrefix(f[1], "<data>/")
		if !strings.Contains(readme, f[1]) && !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("README.md does not list %s", f[1])
		}
	}
}

// Each attacker of the list has what they may reach, what is done, and what remains: an empty cell is a threat that nobody decided about.
func TestEveryAttackerIsDecidedAbout(t *testing.T) {
	table := rows(section(t, string(readText(t, "gateway/SECURITY.md")), "Who attacks"))
	if len(table) < 9 {
		t.Errorf("only %d attackers", len(table))
	}
	for _, row := range table {
		if len(row) != 5 {
			t.Errorf("%s: %d cells", row[0], len(row))
		}
		for _, cell := range row {
			if strings.TrimSpace(cell) == "" {
				t.Errorf("%s: an empty cell", row[0])
			}
		}
	}
}
