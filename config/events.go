package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// EventKinds are the kinds of what a camera reports, as package onvif has them.
var EventKinds = []string{"motion", "line", "intrusion", "loitering", "left-object", "object", "person", "vehicle", "animal", "face", "plate", "parcel", "tamper", "blur", "dark",
	"bright", "scene-change", "signal-loss", "digital-input", "relay", "sensor", "temperature", "audio", "storage-failure", "disk-full", "hardware", "network", "access", "reboot", "other"}

// reported is on, off, or a list of kinds of events.
func reported() kind[Events] {
	kinds := list(oneOf(EventKinds), 1, len(EventKinds))
	allowed := "on, off, or a list of: " + strings.Join(EventKinds, ", ")
	schema := map[string]any{"oneOf": []any{map[string]any{"enum": []any{"on", "off", true, false}}, kinds.schema}}
	return kind[Events]{allowed: allowed, schema: schema, read: func(r *reader, at place, n ast.Node) (e Events, ok bool) {
		if _, many := n.(*ast.SequenceNode); many {
			e.Kinds, ok = kinds.read(r, at, n)
			slices.Sort(e.Kinds)
			e.Kinds = slices.Compact(e.Kinds)
			return e, ok
		}
		s, ok := r.text(at, n, allowed)
		if !ok {
			return e, false
		}
		switch s {
		case "on", "true":
			return e, true
		case "off", "false":
			return Events{Off: true}, true
		}
		r.problem(at, "%v; allowed: %s", fmt.Errorf("is %q", clip(s)), allowed)
		return e, false
	}}
}
