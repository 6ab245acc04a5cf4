package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// grants are what the command line says of rights, one option each:
//
//	ROLE [on CAMERAS] [at HOURS] [until TIME]
//
// such as "viewer on door,group:till at mon-fri 08:00-18:00, sat 09:00-12:00 until 2027-01-01T00:00:00Z". Without on it is over all cameras,
// without at always, without until for good.
type grants []web.Grant

func (g *grants) String() string { return fmt.Sprint(len(*g)) }

// Set reads one more grant.
func (g *grants) Set(text string) error {
	one, err := parseGrant(text)
	if err == nil {
		*g = append(*g, one)
	}
	return err
}

// parseGrant reads one grant. What roles, cameras and hours there are is for the gateway to know.
func parseGrant(text string) (g web.Grant, err error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return g, errors.New("name a role first")
	}
	g = web.Grant{Role: words[0], Cameras: []string{"*"}, Hours: []web.Hours{}}
	part := map[string][]string{}
	last := ""
	for _, w := range words[1:] {
		switch {
		case w == "on" || w == "at" || w == "until":
			if _, twice := part[w]; twice {
				return g, fmt.Errorf("%s is there twice", w)
			}
			last, part[w] = w, []string{}
		case last == "":
			return g, fmt.Errorf("%q: on, at or until comes behind the role", w)
		default:
			part[last] = append(part[last], w)
		}
	}
	for name, words := range part {
		if len(words) == 0 {
			return g, fmt.Errorf("nothing stands behind %s", name)
		}
	}
	if on, ok := part["on"]; ok {
		g.Cameras = commaList(strings.Join(on, " "))
	}
	if at, ok := part["at"]; ok {
		if g.Hours, err = parseHours(strings.Join(at, " ")); err != nil {
			return g, err
		}
	}
	if until, ok := part["until"]; ok {
		t, err := time.Parse(time.RFC3339, strings.Join(until, " "))
		if err != nil {
			return g, fmt.Errorf("until %q is no time of RFC 3339, such as 2027-01-01T00:00:00Z", strings.Join(until, " "))
		}
		g.Until = &t
	}
	return g, nil
}

// week is the days in the order in which people name them.
var week = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// parseHours reads stretches such as "mon-fri 08:00-18:00, sat+sun 09:00-12:00, daily 22:00-06:00".
func parseHours(text string) ([]web.Hours, error) {
	var all []web.Hours
	for _, stretch := range commaList(text) {
		days, span, _ := strings.Cut(stretch, " ")
		from, to, ok := strings.Cut(strings.TrimSpace(span), "-")
		if !ok {
			return nil, fmt.Errorf("%q is no hours, such as mon-fri 08:00-18:00", stretch)
		}
		h := web.Hours{From: from, To: to}
		for name := range strings.SplitSeq(days, "+") {
			some, err := parseDays(name)
			if err != nil {
				return nil, err
			}
			h.Days = append(h.Days, some...)
		}
		all = append(all, h)
	}
	return all, nil
}

// parseDays reads a day, several from one to another, or daily.
func parseDays(name string) ([]string, error) {
	if name == "daily" {
		return week, nil
	}
	first, last, several := strings.Cut(name, "-")
	if !several {
		last = first
	}
	from, to := dayOf(first), dayOf(last)
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q is no day: mon tue wed thu fri sat sun, mon-fri or daily", name)
	}
	var days []string
	for i := from; ; i = (i + 1) % len(week) { // sat-mon goes over the end of the week
		days = append(days, week[i])
		if i == to {
			return days, nil
		}
	}
}

func dayOf(name string) int {
	for i, d := range week {
		if d == name {
			return i
		}
	}
	return -1
}

// commaList reads a list with commas between; of nothing it is empty, not nil.
func commaList(text string) []string {
	list := []string{}
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// grantsText tells rights as the command line says them.
func grantsText(list []web.Grant) string {
	var all []string
	for _, g := range list {
		text := g.Role
		if len(g.Cameras) != 1 || g.Cameras[0] != "*" {
			text += " on " + strings.Join(g.Cameras, ",")
		}
		var hours []string
		for _, h := range g.Hours {
			hours = append(hours, strings.Join(h.Days, "+")+" "+h.From+"-"+h.To)
		}
		if len(hours) > 0 {
			text += " at " + strings.Join(hours, ", ")
		}
		if g.Until != nil {
			text += " until " + g.Until.Format(time.RFC3339)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}
