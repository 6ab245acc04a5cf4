package config

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestReferenceIsUpToDate(t *testing.T) { golden(t, "REFERENCE.md", Reference()) }

func TestEveryFieldIsDocumented(t *testing.T) {
	var walk func(docTable)
	walk = func(d docTable) {
		for _, r := range d.rows {
			if r.doc == "" || r.allowed == "" || r.def == "" {
				t.Errorf("%s.%s: %+v", d.path, r.name, r)
			}
		}
		for _, sub := range d.tables {
			walk(sub)
		}
	}
	walk(fileObject.table("file"))
}

// The schema is checked by applying it to the files that are known to be valid, with the few words of JSON Schema that
// it uses.
func TestSchemaAcceptsValidFiles(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for _, file := range glob(t, "testdata/v1/*.yaml") {
		var v any
		if err := yaml.Unmarshal(read(t, file), &v); err != nil {
			t.Fatal(err)
		}
		checkSchema(t, file, schema, v)
	}
}

func checkSchema(t *testing.T, at string, schema map[string]any, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for name, value := range v {
			sub, ok := properties[name].(map[string]any)
			if !ok {
				t.Errorf("%s: the schema has no %s", at, name)
				continue
			}
			checkSchema(t, at+"."+name, sub, value)
		}
		for _, name := range listOf(schema["required"]) {
			if _, ok := v[name.(string)]; !ok {
				t.Errorf("%s: %s is missing", at, name)
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for _, value := range v {
			checkSchema(t, at+"[]", items, value)
		}
	case string:
		p, _ := schema["pattern"].(string)
		if ok, err := regexp.MatchString(p, v); err != nil || !ok {
			t.Errorf("%s: %q does not match %s", at, v, p)
		}
		if choices := listOf(schema["enum"]); choices != nil && !slices.Contains(choices, any(v)) {
			t.Errorf("%s: %q is not one of %v", at, v, choices)
		}
	}
}

func listOf(v any) []any { l, _ := v.([]any); return l }
