package web

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/gateway/auth"
)

// shownTo is the health as somebody may see it. Who sees every camera is told of all trouble; volumes are for who maintains them. Who sees
// some cameras is told of those, and not that there are others.
func (h Health) shownTo(who auth.Identity) Health {
	h = h.complete()
	if !who.May(auth.Maintain) {
		h.Volumes, h.Copies = []Volume{}, Copies{}
	}
	if who.May(auth.Maintain) || who.MayEverywhere(auth.See) {
		return h
	}
	h.Alarms = slices.DeleteFunc(slices.Clone(h.Alarms), func(a Alarm) bool { return !who.MayOn(auth.See, a.camera()) })
	h.State, h.Summary = "ok", "Your cameras are as they should be."
	for _, a := range h.Alarms {
		if h.State == "ok" || a.Severity == "alarm" {
			h.Summary = a.What
			h.State = map[string]string{"alarm": "failing"}[a.Severity]
			h.State = cmp.Or(h.State, "warning")
		}
	}
	return h
}

// camera is the id of the camera that an alarm is about, "" of another.
func (a Alarm) camera() string {
	kind, id, _ := strings.Cut(a.ID, ":")
	if kind == "camera" || kind == "settings" || kind == "ptz" {
		return id
	}
	return ""
}
