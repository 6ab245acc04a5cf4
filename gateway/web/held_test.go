package web

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/gateway/audit"
	"holdfast/gateway/auth"
)

// TestOnesOwnPageTellsEveryFieldThatIsHeld holds the inventory against the records themselves (P39): a field that is added to one fails it.
func TestOnesOwnPageTellsEveryFieldThatIsHeld(t *testing.T) {
	stored := append(auth.Stored(), "lock.owner", "lock.reason", "entry.person", "entry.kind", "entry.via")
	for _, f := range reflect.VisibleFields(reflect.TypeFor[audit.Personal]()) {
		stored = append(stored, "entry.personal."+strings.ToLower(f.Name))
	}
	var told []string
	for _, h := range inventory {
		if h.What == "" || h.Where == "" || h.Why == "" || h.Until == "" || len(h.fields) == 0 {
			t.Errorf("%+v is not complete", h)
		}
		told = append(told, h.fields...)
	}
	slices.Sort(stored)
	slices.Sort(told)
	if !slices.Equal(stored, told) {
		t.Errorf("held are %d fields, told %d:\n%q\n%q", len(stored), len(told), stored, told)
	}
	s := newSite(t)
	boss := s.setUp()
	ann := s.hire(boss, "ann", on("operator", "door"))
	me := read[Me](s, s.do("GET", "/api/v1/me", "", ann.reads()), 200)
	if len(me.Held) != len(inventory) || me.Username != "ann" || me.Grants[0].RoleName != "Operator" || len(me.Sessions) != 1 || len(me.Networks) != 1 {
		t.Errorf("told %+v", me)
	}
	a := s.do("GET", "/api/v1/me/export", "", ann.reads())
	if c := read[MeCopy](s, a, 200); c.Me.ID != me.ID || c.Site != "Shop" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the copy is %+v", c)
	}
}
