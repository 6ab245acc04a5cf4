package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// kind is how values of one sort are written: what is allowed in words, in JSON Schema, and how a node is read. read
// returns false after it has told the problem.
type kind[V any] struct {
	allowed string
	schema  map[string]any
	read    func(r *reader, at place, n ast.Node) (V, bool)
}

// scalar makes a kind of single values. parse gets the text as written; its errors say what is wrong with it.
func scalar[V any](allowed string, schema map[string]any, parse func(string) (V, error)) kind[V] {
	return kind[V]{allowed: allowed, schema: schema, read: func(r *reader, at place, n ast.Node) (v V, ok bool) {
		s, ok := r.text(at, n, allowed)
		if !ok {
			return v, false
		}
		v, err := parse(s)
		if err != nil {
			r.problem(at, "%v; allowed: %s", err, allowed)
			return v, false
		}
		return v, true
	}}
}

// list makes a kind of lists of between least and most values.
func list[V any](of kind[V], least, most int) kind[[]V] {
	allowed := fmt.Sprintf("a list of %d to %d: %s", least, most, of.allowed)
	schema := map[string]any{"type": "array", "items": of.schema, "minItems": least, "maxItems": most}
	return kind[[]V]{allowed: allowed, schema: schema, read: func(r *reader, at place, n ast.Node) ([]V, bool) {
		nodes, ok := r.items(at, n)
		if !ok {
			return nil, false
		}
		if len(nodes) < least || len(nodes) > most {
			r.problem(at, "has %d entries; allowed: %d to %d", len(nodes), least, most)
			return nil, false
		}
		values := make([]V, 0, len(nodes))
		for i, node := range nodes {
			v, good := of.read(r, r.mark(at.under(fmt.Sprintf("[%d]", i), node)), node)
			values, ok = append(values, v), ok && good
		}
		return values, ok
	}}
}

// field is one named setting of a T.
type field[T any] struct {
	name     string
	doc      string
	def      string // default, written as in the file; "" when there is none
	defWords string // what happens without the field, where no fixed value says it
	required bool
	also     []string // other names that people try
	allowed  string
	schema   map[string]any
	sub      docTable // fields of the group or of each entry
	read     func(r *reader, at place, n ast.Node, dst *T) bool
}

// setting makes the field whose value of kind k lies at into(dst).
func setting[T, V any](name string, k kind[V], into func(*T) *V, doc string) field[T] {
	return field[T]{name: name, doc: doc, allowed: k.allowed, schema: k.schema, read: func(r *reader, at place, n ast.Node, dst *T) bool {
		v, ok := k.read(r, at, n)
		*into(dst) = v // also when it is wrong: rules between fields tell more problems at once
		return ok
	}}
}

func (f field[T]) defaults(written string) field[T]      { f.def = written; return f }
func (f field[T]) otherwise(words string) field[T]       { f.defWords = words; return f }
func (f field[T]) must() field[T]                        { f.required = true; return f }
func (f field[T]) insteadOf(names ...string) field[T]    { f.also = names; return f }
func (f field[T]) groups(t docTable, many bool) field[T] { t.many = many; f.sub = t; return f }

// object is a group of fields that make a T, and the rules that join them.
type object[T any] struct {
	doc    string
	fields []field[T]
	// check tells what is wrong with the whole; f tells which fields were read and where they stand.
	check func(r *reader, f found, v *T)
}

// found tells which fields of one object the file has, and where they and what is in them stand.
type found struct {
	r    *reader
	at   place
	good map[string]bool // fields that the file has: whether they could be read
}

// has tells whether the file has the field, readable or not.
func (f found) has(name string) bool { _, ok := f.good[name]; return ok }

// broken tells whether one of the fields could not be read.
func (f found) broken(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return f.has(n) && !f.good[n] })
}

// stands tells whether the file has the field of a whole path, such as retention.max_age.
func (f found) stands(path string) bool { _, ok := f.r.places[path]; return ok }

// of is where the field stands (names may go deeper: streams[1].rtsp), or else what is around it.
func (f found) of(name string) place {
	path := strings.TrimPrefix(f.at.path+"."+name, ".")
	at, known := f.r.places[path]
	for around := path; !known; at, known = f.r.places[around] {
		cut := strings.LastIndexAny(around, ".[")
		if cut <= len(f.at.path) {
			at = f.at
			break
		}
		around = around[:cut]
	}
	at.path = path
	return at
}

func (o *object[T]) kind() kind[T] {
	return kind[T]{allowed: "a group of fields", schema: o.schema(), read: func(r *reader, at place, n ast.Node) (T, bool) {
		var v T
		ok := o.read(r, at, n, &v)
		return v, ok
	}}
}

// read fills v with defaults and then with what the file says. It tells whether v is good.
func (o *object[T]) read(r *reader, at place, n ast.Node, v *T) bool {
	before := len(r.problems)
	o.defaults(r, v)
	entries, ok := r.entries(at, n)
	if !ok {
		return false
	}
	f := found{r: r, at: at, good: make(map[string]bool)}
	for _, e := range entries {
		o.readEntry(r, f, e, v)
	}
	for _, fd := range o.fields {
		if fd.required && !f.has(fd.name) {
			r.problem(f.of(fd.name), "is missing; allowed: %s", fd.allowed)
		}
	}
	if o.check != nil {
		o.check(r, f, v)
	}
	return len(r.problems) == before
}

func (o *object[T]) readEntry(r *reader, f found, e *ast.MappingValueNode, v *T) {
	name := e.Key.GetToken().Value
	here := f.at.under(clip(name), e)
	fd := o.find(name)
	if fd == nil {
		o.unknown(r, here, e)
		return
	}
	f.good[name] = fd.read(r, r.mark(here.at(e.Value)), e.Value, v)
}

func (o *object[T]) find(name string) *field[T] {
	for i := range o.fields {
		if o.fields[i].name == name {
			return &o.fields[i]
		}
	}
	return nil
}

// unknown says that there is no such field, and which one was probably meant.
func (o *object[T]) unknown(r *reader, at place, e *ast.MappingValueNode) {
	name := e.Key.GetToken().Value
	if _, merge := e.Key.(*ast.MergeKeyNode); merge {
		r.problem(at, "YAML merge keys (<<) are not read here: write the fields out")
		return
	}
	if v, null := e.Value.(*ast.NullNode); null && v.Token.Type == token.ImplicitNullType && nearest(name, o.names()) == "" {
		at.path = strings.TrimSuffix(at.path, "."+clip(name)) // it may be the end of a password with a comma in it
		r.problem(at, "a word without a value stands here; a value with a comma or a brace in it goes between 'single quotes'")
		return
	}
	for _, fd := range o.fields {
		if slices.ContainsFunc(fd.also, func(a string) bool { return strings.EqualFold(a, name) }) {
			r.problem(at, "there is no such field; did you mean `%s`?", fd.name)
			return
		}
	}
	if meant := nearest(name, o.names()); meant != "" {
		r.problem(at, "there is no such field; did you mean `%s`?", meant)
		return
	}
	r.problem(at, "there is no such field; allowed: %s", strings.Join(o.names(), ", "))
}

func (o *object[T]) names() []string {
	names := make([]string, len(o.fields))
	for i, fd := range o.fields {
		names[i] = fd.name
	}
	return names
}

// defaults sets every field that has a default, by reading the default as the file would be read.
func (o *object[T]) defaults(r *reader, v *T) {
	for _, fd := range o.fields {
		if fd.def == "" {
			continue
		}
		quiet := newReader("default", nil)
		quiet.dir = r.dir
		if n := quiet.document([]byte(fd.def)); n == nil || !fd.read(quiet, place{path: fd.name}, n, v) {
			panic("config: default of " + fd.name + ": " + quiet.problems.Error()) // the table is wrong; a test sets every default
		}
	}
}
