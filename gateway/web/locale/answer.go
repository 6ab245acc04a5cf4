package locale

import (
	"reflect"
	"strings"
	"sync"
)

// Tag marks, on the field of an answer, what people read: a string, a pointer to one, or a list of them.
//
//	What string `json:"what" people:"read"`
//
// What is ours in some answers and somebody's own words in others names the field beside it, exported or not, that is true where it is ours:
//
//	Name string `json:"name" people:"read if Ready"`
const (
	Tag    = "people"
	readBy = "read"
	where  = " if "
)

// marks tells of a field whether people read it, and which field beside it says that this one's words are ours; "" where they always are.
func marks(f reflect.StructField) (marked bool, beside string) {
	mark, beside, _ := strings.Cut(f.Tag.Get(Tag), where)
	return mark == readBy, beside
}

// Answer gives what is to be sent in the language: value itself where that changes nothing, else a copy in which the fields that people read are said in
// it. value is not changed, since others may be reading it.
func (l Language) Answer(value any) any {
	if value == nil || l == English || l == "" || !holds(reflect.TypeOf(value)) {
		return value
	}
	return l.answer(reflect.ValueOf(value)).Interface()
}

// answer copies what holds something to be said.
func (l Language) answer(v reflect.Value) reflect.Value {
	if !holds(v.Type()) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
		return l.pointed(v)
	case reflect.Interface:
		return l.within(v)
	case reflect.Slice, reflect.Array:
		return l.list(v)
	case reflect.Map:
		return l.mapped(v)
	case reflect.Struct:
		return l.structure(v)
	}
	return v
}

func (l Language) pointed(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	p := reflect.New(v.Type().Elem())
	p.Elem().Set(l.answer(v.Elem()))
	return p
}

func (l Language) within(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(l.answer(v.Elem()))
	return c
}

func (l Language) list(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	if v.Kind() == reflect.Slice {
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := range v.Len() {
		c.Index(i).Set(l.answer(v.Index(i)))
	}
	return c
}

func (l Language) mapped(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	c := reflect.MakeMapWithSize(v.Type(), v.Len())
	for k, x := range v.Seq2() {
		c.SetMapIndex(k, l.answer(x))
	}
	return c
}

func (l Language) structure(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch marked, beside := marks(f); {
		case !f.IsExported(): // not part of an answer
		case marked && beside != "" && !v.FieldByName(beside).Bool(): // somebody's own words
		case marked:
			c.Field(i).Set(l.said(v.Field(i)))
		default:
			c.Field(i).Set(l.answer(v.Field(i)))
		}
	}
	return c
}

// said says what a marked field holds.
func (l Language) said(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	switch {
	case v.Kind() == reflect.String:
		c.SetString(l.Say(v.String()))
	case v.Kind() == reflect.Pointer && !v.IsNil():
		c.Set(reflect.New(v.Type().Elem()))
		c.Elem().Set(l.said(v.Elem()))
	case v.Kind() == reflect.Slice && !v.IsNil():
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(l.said(v.Index(i)))
		}
	default:
		return v
	}
	return c
}

// known is whether a type holds what people read, by type: what answers are made of does not change.
var known sync.Map

func holds(t reflect.Type) bool {
	if h, ok := known.Load(t); ok {
		return h.(bool)
	}
	h := look(t, map[reflect.Type]bool{})
	known.Store(t, h)
	return h
}

// look looks into a type; met are those that it is within.
func look(t reflect.Type, met map[reflect.Type]bool) bool {
	if met[t] {
		return false
	}
	met[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return t.NumMethod() == 0 // an error or a clock is no answer
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return look(t.Elem(), met)
	case reflect.Struct:
		for f := range t.Fields() {
			if marked, _ := marks(f); marked || f.IsExported() && look(f.Type, met) {
				return true
			}
		}
	}
	return false
}
