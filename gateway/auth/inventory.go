package auth

import (
	"reflect"
	"strings"
)

// Stored names every field that this package keeps of a person, as it lies in state.db or, of approvals, in memory: record and field, such as
// "person.name". It is made of the records themselves, so that what is told to people about what is held of them can be held against it.
func Stored() []string {
	var all []string
	for _, r := range []struct {
		name string
		of   reflect.Type
	}{{"person", reflect.TypeFor[person]()}, {"session", reflect.TypeFor[record]()}, {"token", reflect.TypeFor[token]()}, {"approval", reflect.TypeFor[Approval]()}, {"reviewed", reflect.TypeFor[reviewed]()}} {
		for i := range r.of.NumField() {
			f := r.of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case !f.IsExported() || name == "-":
			case name != "":
				all = append(all, r.name+"."+name)
			default: // an approval is in memory alone
				all = append(all, r.name+"."+strings.ToLower(f.Name))
			}
		}
	}
	return all
}
