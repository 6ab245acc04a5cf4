package config

import "github.com/goccy/go-yaml/token"

const (
	// maxDepth bounds how deep brackets and one-line nesting may go. The YAML parser recurses, and a Go stack that
	// overflows cannot be caught.
	maxDepth = 32
	// maxFields bounds the fields of one group. The YAML parser takes time that grows with their square: 100,000 fields
	// would take it minutes. No group has a third as many.
	maxFields = 64
)

// bounded refuses, before the parser runs, what would make it recurse or work without bound.
func (r *reader) bounded(tokens token.Tokens) bool {
	var m measure
	for _, t := range tokens {
		m.add(t)
		switch at := (place{line: t.Position.Line, col: t.Position.Column}); {
		case m.brackets > maxDepth || m.nested > maxDepth:
			r.problem(at, "nested more than %d levels deep", maxDepth)
			return false
		case m.fields() > maxFields:
			r.problem(at, "more than %d fields in one group", maxFields)
			return false
		}
	}
	return true
}

// measure counts along the tokens of a file.
type measure struct {
	line     int
	nested   int // tokens of this line that open a level without a bracket
	brackets int
	groups   []group // the groups of fields that are open, outermost first
}

// group is an open group of fields. Column 0 is one in braces.
type group struct{ col, fields int }

func (m *measure) fields() int {
	if len(m.groups) == 0 {
		return 0
	}
	return m.groups[len(m.groups)-1].fields
}

func (m *measure) add(t *token.Token) {
	if t.Position.Line != m.line {
		m.line, m.nested = t.Position.Line, 0
	}
	switch t.Type {
	case token.MappingStartType:
		m.brackets++
		m.groups = append(m.groups, group{})
	case token.SequenceStartType:
		m.brackets++
	case token.MappingEndType:
		m.brackets--
		m.closeBrace()
	case token.SequenceEndType:
		m.brackets--
	case token.SequenceEntryType:
		m.nested++
		m.closeBelow(t.Position.Column)
	case token.MappingKeyType:
		m.nested++
		m.field(t.Position.Column)
	case token.AnchorType, token.TagType, token.AliasType:
		m.nested++
	case token.MappingValueType:
		m.field(keyColumn(t))
	}
}

// keyColumn is where the field begins whose colon is t.
func keyColumn(t *token.Token) int {
	if t.Prev != nil && t.Prev.Position.Line == t.Position.Line {
		return t.Prev.Position.Column
	}
	return t.Position.Column
}

// field counts a field that begins at col.
func (m *measure) field(col int) {
	m.closeBelow(col)
	if last := len(m.groups) - 1; last >= 0 && (m.groups[last].col == 0 || m.groups[last].col == col) {
		m.groups[last].fields++
		return
	}
	m.groups = append(m.groups, group{col: col, fields: 1})
}

// closeBelow ends the groups that are indented deeper than col, up to a brace.
func (m *measure) closeBelow(col int) {
	for n := len(m.groups); n > 0 && m.groups[n-1].col > col; n-- {
		m.groups = m.groups[:n-1]
	}
}

// closeBrace ends the innermost group in braces.
func (m *measure) closeBrace() {
	for n := len(m.groups); n > 0; n-- {
		brace := m.groups[n-1].col == 0
		m.groups = m.groups[:n-1]
		if brace {
			return
		}
	}
}
