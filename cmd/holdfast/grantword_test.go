package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/web"
)

func TestRightsAreReadAsPeopleWriteThem(t *testing.T) {
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	work := []string{"mon", "tue", "wed", "thu", "fri"}
	for text, want := range map[string]web.Grant{
		"administrator":                                                 {Role: "administrator", Cameras: []string{"*"}, Hours: []web.Hours{}},
		"viewer on door":                                                {Role: "viewer", Cameras: []string{"door"}, Hours: []web.Hours{}},
		"viewer on door,group:till":                                     {Role: "viewer", Cameras: []string{"door", "group:till"}, Hours: []web.Hours{}},
		"viewer on door, group:till ":                                   {Role: "viewer", Cameras: []string{"door", "group:till"}, Hours: []web.Hours{}},
		"guard at mon-fri 08:00-18:00, sat+sun 22:00-06:00":             {Role: "guard", Cameras: []string{"*"}, Hours: []web.Hours{{Days: work, From: "08:00", To: "18:00"}, {Days: []string{"sat", "sun"}, From: "22:00", To: "06:00"}}},
		"guard at sat-mon 00:00-24:00":                                  {Role: "guard", Cameras: []string{"*"}, Hours: []web.Hours{{Days: []string{"sat", "sun", "mon"}, From: "00:00", To: "24:00"}}},
		"guard at daily 08:00-18:00 on door until 2027-01-01T00:00:00Z": {Role: "guard", Cameras: []string{"door"}, Hours: []web.Hours{{Days: week, From: "08:00", To: "18:00"}}, Until: &until},
	} {
		got, err := parseGrant(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v, %v", text, got, err)
			continue
		}
		again, err := parseGrant(grantsText([]web.Grant{got}))
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q is told as %q, and read as %+v, %v", text, grantsText([]web.Grant{got}), again, err)
		}
	}
	for _, bad := range []string{"", " ", "viewer door", "viewer on", "viewer on a on b", "viewer at", "viewer at noon", "viewer at mon", "viewer at someday 08:00-18:00", "viewer until tomorrow", "viewer at mon-fri"} {
		if g, err := parseGrant(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, g)
		}
	}
}

// FuzzGrantWords: what is read is told in words that are read as the same.
func FuzzGrantWords(f *testing.F) {
	for _, s := range []string{"viewer on door,till at mon-fri 08:00-18:00 until 2027-01-01T00:00:00Z", "administrator", "x at daily 1-2, sun-mon 3-4", "x on , , a", "on on on", "x at mon+mon -"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := parseGrant(text)
		if err != nil || len(g.Cameras) == 0 || strings.ContainsAny(text, ";") {
			return
		}
		for _, c := range append([]string{g.Role}, g.Cameras...) {
			if strings.ContainsAny(c, " ") || c == "on" || c == "at" || c == "until" {
				return // no id: the gateway refuses it
			}
		}
		again, err := parseGrant(grantsText([]web.Grant{g}))
		if err != nil || grantsText([]web.Grant{again}) != grantsText([]web.Grant{g}) {
			t.Fatalf("%q is told as %q, and that as %q, %v", text, grantsText([]web.Grant{g}), grantsText([]web.Grant{again}), err)
		}
	})
}
