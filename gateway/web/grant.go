package web

import (
	"time"

	"holdfast/gateway/auth"
)

// Grant gives a person a role over some cameras, at some hours.
type Grant struct {
	Role    string     `json:"role" doc:"Id of a role."`
	Cameras []string   `json:"cameras" doc:"Ids of cameras, group: and the id of a group of cameras, or * for all, those to come among them."`
	Hours   []Hours    `json:"hours" doc:"When it counts, in the site's time zone; none: always."`
	Until   *time.Time `json:"until,omitempty" doc:"When it ends by itself; left out: never."`
}

// Hours is a stretch of the day on some days of the week.
type Hours struct {
	Days []string `json:"days" doc:"On which it begins: mon tue wed thu fri sat sun."`
	From string   `json:"from" doc:"Such as 08:00."`
	To   string   `json:"to" doc:"Such as 18:00; 24:00 is midnight. What is not after from lies on the next day."`
}

func grantsOf(list []auth.Grant) []Grant {
	told := make([]Grant, 0, len(list))
	for _, g := range list {
		told = append(told, grantOf(g))
	}
	return told
}

func grantOf(g auth.Grant) Grant {
	told := Grant{Role: g.Role, Cameras: orEmpty(g.Cameras), Hours: make([]Hours, 0, len(g.Hours)), Until: timeOf(g.Until)}
	for _, h := range g.Hours {
		told.Hours = append(told.Hours, Hours{Days: orEmpty(h.Days), From: h.From, To: h.To})
	}
	return told
}

func (g Grant) asked() auth.Grant {
	asked := auth.Grant{Role: g.Role, Cameras: g.Cameras}
	for _, h := range g.Hours {
		asked.Hours = append(asked.Hours, auth.Hours(h))
	}
	if g.Until != nil {
		asked.Until = g.Until.UTC()
	}
	return asked
}

func askedGrants(list []Grant) []auth.Grant {
	asked := make([]auth.Grant, 0, len(list))
	for _, g := range list {
		asked = append(asked, g.asked())
	}
	return asked
}

// orEmpty has a list that is empty, not null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// timeOf is a time that may be left out.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// namesOf lists the names of a set of permissions.
func namesOf(set auth.Set) []string {
	names := []string{}
	for _, p := range set.List() {
		names = append(names, p.String())
	}
	return names
}

// setOf reads the names of permissions.
func setOf(names []string) (set auth.Set, err error) {
	for _, name := range names {
		p, err := auth.ParsePermission(name)
		if err != nil {
			return 0, field(kindRule.with("There is no such permission; /api/v1/permissions lists them."), "permissions")
		}
		set |= auth.SetOf(p)
	}
	return set, nil
}
