package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// docTable is what the reference says of one object. It is the untyped side of an object, so that tables of different
// types can stand in one list.
type docTable struct {
	path   string // such as cameras[].record
	doc    string
	many   bool
	rows   []docRow
	tables []docTable
}

type docRow struct{ name, allowed, def, doc string }

// table describes the object for the reference.
func (o *object[T]) table(path string) docTable {
	t := docTable{path: path, doc: o.doc}
	for _, f := range o.fields {
		row := docRow{name: f.name, allowed: f.allowed, doc: f.doc, def: f.shownDefault()}
		if f.sub.path != "" {
			row.allowed = "fields below"
			if f.sub.many {
				row.allowed = "list; fields below"
			}
			t.tables = append(t.tables, f.sub)
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func (f *field[T]) shownDefault() string {
	switch {
	case f.required:
		return "required"
	case f.defWords != "":
		return f.defWords
	case f.def == "{}":
		return "as below"
	case f.def != "":
		return "`" + strings.Trim(f.def, `"`) + "`"
	}
	return "none"
}

// schema describes the object as JSON Schema.
func (o *object[T]) schema() map[string]any {
	properties, required := make(map[string]any), []string{}
	for _, f := range o.fields {
		p := make(map[string]any)
		for k, v := range f.schema {
			p[k] = v
		}
		p["description"] = f.doc
		if f.def != "" && f.def != "{}" {
			p["default"] = f.jsonDefault()
		}
		properties[f.name] = p
		if f.required {
			required = append(required, f.name)
		}
	}
	s := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// jsonDefault turns the default as YAML into the JSON of the same value; defaults are plain text, true, false or a list.
func (f *field[T]) jsonDefault() any {
	switch {
	case f.def == "true", f.def == "false":
		return f.def == "true"
	case strings.HasPrefix(f.def, "["):
		return strings.Split(strings.Trim(f.def, "[]"), ", ")
	}
	return strings.Trim(f.def, `"`)
}

// Schema returns the file's JSON Schema (draft 2020-12), for editors.
func Schema() []byte {
	s := fileObject.schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Holdfast configuration"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("config: schema: " + err.Error()) // the table holds only what JSON can say
	}
	return append(b, '\n')
}

// Reference returns the text of REFERENCE.md.
func Reference() []byte {
	var b strings.Builder
	b.WriteString("# The configuration file, field by field\n\n" +
		"Made from the table in `table.go`; a test keeps the two equal. `holdfast config --config FILE` checks a file,\n" +
		"`holdfast config --schema` prints a JSON Schema for editors, and `scripts/holdfast.yaml.example` is a file to start from.\n" +
		"A file that is valid stays valid in every later version.\n\n" +
		"Times are written with w, d, h, m, s (`14d`, `1h30m`), sizes with MB, GB, TB or MiB, GiB, TiB, or as a share of the disk (`5%`).\n" +
		"Relative paths start at the directory of the file. Anchors, aliases and tags of YAML are not read.\n")
	writeTable(&b, fileObject.table("Top level"))
	return []byte(b.String())
}

func writeTable(b *strings.Builder, t docTable) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| field | allowed | default | meaning |\n|---|---|---|---|\n", t.path, t.doc)
	for _, r := range t.rows {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", r.name, r.allowed, r.def, r.doc)
	}
	for _, sub := range t.tables {
		writeTable(b, sub)
	}
}
