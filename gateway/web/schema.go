package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// schemas turns Go types into JSON Schema (2020-12), each named struct once. Tags: json as usual, doc for the
// description, enum for the allowed strings.
type schemas struct {
	named map[string]any
}

func newSchemas() *schemas { return &schemas{named: make(map[string]any)} }

// of gives the schema of a type. It knows what the API uses and panics on anything else, which New's tests would show.
func (s *schemas) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return map[string]any{} // any value
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() != reflect.Pointer && t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Interface:
		return map[string]any{}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Array:
		return map[string]any{"type": "array", "items": s.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{s.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Struct:
		return s.reference(t)
	}
	panic(fmt.Sprintf("the API has no schema for %s", t))
}

func (s *schemas) reference(t reflect.Type) map[string]any {
	if _, ok := s.named[t.Name()]; !ok {
		s.named[t.Name()] = nil // breaks a circle
		s.named[t.Name()] = s.object(t)
	}
	return map[string]any{"$ref": "#/components/schemas/" + t.Name()}
}

func (s *schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) { // those of embedded structs too, as encoding/json writes them
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || name == "" {
			continue
		}
		properties[name] = s.property(f)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func (s *schemas) property(f reflect.StructField) map[string]any {
	p := s.of(f.Type)
	if doc := f.Tag.Get("doc"); doc != "" {
		p["description"] = doc
	}
	if enum, ok := f.Tag.Lookup("enum"); ok {
		p["enum"] = strings.Split(enum, ",")
	}
	return p
}
