package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast/config"
	"holdfast/gateway"
	"holdfast/gateway/web"
)

// cameraVerbs are all that is done with cameras, in the order of the help.
var cameraVerbs = slices.Concat([]verb{{"list", cameraList}, {"ways", cameraWays}, {"record", cameraRecord}, {"trust", cameraTrust}, {"events", cameraEvents}, {"scene", cameraScene}}, adoptVerbs, mediaVerbs, cardVerbs, deviceVerbs, controlVerbs)

// cameraHelp says what each of them does, in groups.
var cameraHelp = []struct{ group, verbs, does string }{
	{"Cameras", "list probe add adopt show", "which there are, what a device has, adding one or many"},
	{"Changes", "change replace remove", "what one is called and for, another device in its place, taking it away"},
	{"Recording", "record events scene card fill", "what is recorded of one, what it reports and what it sees, what it keeps itself"},
	{"Movement", "ptz preset tour", "steer it, keep and go to positions"},
	{"Picture", "imaging thermal encoder osd mask mode snapshot ways", "how it looks, how it is encoded, what is written in it or hidden, how it comes to browsers"},
	{"Outputs", "relay input aux say clip", "switch, listen, wipe, speak, sounds that it keeps"},
	{"Device", "name clock network account position trust", "how the camera itself is set up"},
	{"Upkeep", "restart reset log backup restore firmware", "of the camera itself"},
}

// camera does something with cameras.
func camera(ctx context.Context, t terminal, args []string) error {
	if len(args) > 0 && isHelp(args[0]) {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "usage: holdfast camera VERB -h")
		for _, h := range cameraHelp {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", h.group, h.verbs, h.does)
		}
		return errors.Join(table.Flush(), flag.ErrHelp)
	}
	if len(args) == 0 || !slices.ContainsFunc(cameraVerbs, func(v verb) bool { return v.name == args[0] }) {
		return errors.New("say what is to be done with a camera (holdfast camera -h lists it)")
	}
	return operate(ctx, t, "camera", args, cameraVerbs...)
}

func cameraList(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "camera list", "[--removed] [--json]")
	removed := x.fs.Bool("removed", false, "those that are there no longer and of which there is footage")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	if *removed {
		return formerList(ctx, t, x)
	}
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	var list []web.Camera
	if err := l.call(ctx, "GET", "/api/v1/cameras", nil, &list); err != nil {
		return err
	}
	if *x.asJSON {
		return printJSON(t.out, list)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CAMERA\tNAME\tSOURCE\tSTATE\tMODE\tRECORDING\tLAST FOOTAGE\tMIRROR\t")
	for _, c := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Name, c.Source, c.State, c.Record.Mode, c.Record.State, dateOf(c.LastFootage), strings.ReplaceAll(c.Record.Mirror, "_", " "), cmp.Or(c.Record.Why, c.Record.MirrorWhy))
	}
	return table.Flush()
}

// formerList lists the cameras that are there no longer. Their footage is listed, played, locked, exported and erased by their ids.
func formerList(ctx context.Context, t terminal, x target) error {
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	list := []web.FormerCamera{}
	if err := l.call(ctx, "GET", "/api/v1/removed-cameras", nil, &list); err != nil {
		return err
	}
	if *x.asJSON {
		return printJSON(t.out, list)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CAMERA\tNAME\tREMOVED\tSTREAMS\tFOOTAGE FROM\tTO\t")
	for _, c := range list {
		when := "left the file"
		if c.Removed != nil {
			when = c.Removed.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Name, when, strings.Join(c.Streams, " "), c.Oldest.Format(time.RFC3339), c.Newest.Format(time.RFC3339), c.Says)
	}
	return table.Flush()
}

// recordChange is what the command line of camera record says is to be changed.
type recordChange struct {
	mode, preRoll, postRoll, maxAge, eventMaxAge, minAge string
	streams, volumes, schedule, file, mirror, fill       string
}

func (r *recordChange) options(fs *flag.FlagSet) {
	fs.StringVar(&r.mode, "mode", "", "record `HOW`: continuous, event, schedule or off")
	fs.StringVar(&r.preRoll, "pre-roll", "", "keep so much from before an event, such as `5s`")
	fs.StringVar(&r.postRoll, "post-roll", "", "keep so much after an event, such as `10s`")
	fs.StringVar(&r.maxAge, "max-age", "", "delete footage that is older, such as `30d`; site: as the site's")
	fs.StringVar(&r.eventMaxAge, "event-max-age", "", "delete footage of events that is older, an `AGE`; site: as the site's")
	fs.StringVar(&r.minAge, "min-age", "", "promise to keep footage so long, an `AGE`; site: as the site's")
	fs.StringVar(&r.streams, "streams", "", "record these streams, `IDS` with commas between")
	fs.StringVar(&r.volumes, "volumes", "", "record on these volumes, `IDS` or paths with commas between; all: on any")
	fs.StringVar(&r.mirror, "mirror", "", "record to two volumes at once, `yes` or no")
	fs.StringVar(&r.fill, "fill", "", "fetch what was lost from the camera's own `card`, or off")
	fs.StringVar(&r.schedule, "schedule", "", "take the schedule from a `FILE`, as it stands below schedule in a configuration file; goes with --mode schedule")
	fs.StringVar(&r.file, "from", "", "take everything from a `FILE`, as it stands below record in a configuration file, instead of the other options")
}

// apply changes settings by what was said, and tells whether anything was.
func (r *recordChange) apply(s *web.RecordSettings) (changed bool, err error) {
	if r.file != "" {
		if *r != (recordChange{file: r.file}) {
			return false, errors.New("--from goes alone")
		}
		return true, readSettings(r.file, s)
	}
	for _, x := range []struct {
		said string
		to   *string
	}{{r.mode, &s.Mode}, {r.preRoll, &s.PreRoll}, {r.postRoll, &s.PostRoll}, {r.maxAge, &s.MaxAge}, {r.eventMaxAge, &s.EventMaxAge}, {r.minAge, &s.MinAge}, {r.fill, &s.Fill}} {
		if x.said == "" {
			continue
		}
		if changed = true; x.said == "site" {
			x.said = ""
		}
		*x.to = x.said
	}
	for _, x := range []struct {
		said string
		to   *[]string
	}{{r.streams, &s.Streams}, {r.volumes, &s.Volumes}} {
		if x.said == "" {
			continue
		}
		if changed, *x.to = true, strings.Split(x.said, ","); x.said == "all" {
			*x.to = nil
		}
	}
	switch r.mirror {
	case "":
	case "yes", "no":
		changed, s.Mirror = true, r.mirror == "yes"
	default:
		return false, fmt.Errorf("--mirror: %q is neither yes nor no", r.mirror)
	}
	if r.mode != "" && s.Mode != config.Scheduled {
		s.Schedule = nil
	}
	if r.schedule == "" {
		return changed, nil
	}
	data, err := os.ReadFile(r.schedule)
	if err != nil {
		return false, err
	}
	whole, err := settingsFrom(r.schedule, append([]byte("mode: schedule\nschedule:\n  "), bytes.ReplaceAll(data, []byte("\n"), []byte("\n  "))...))
	s.Schedule = whole.Schedule
	return true, err
}

// readSettings reads settings as they stand in a configuration file.
func readSettings(path string, s *web.RecordSettings) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	*s, err = settingsFrom(path, data)
	return err
}

// settingsFrom reads settings in the form of a configuration file's record.
func settingsFrom(name string, data []byte) (web.RecordSettings, error) {
	r, err := config.ParseRecord(name, data)
	return gateway.SettingsOf(r), err
}

// cameraRecord shows what of a camera is recorded, or changes it.
func cameraRecord(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "record", "[--mode HOW] [--max-age AGE] …")
	var change recordChange
	change.options(d.fs)
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	var s web.RecordSettings
	if err := d.ask(http.MethodGet, d.of("record"), nil, &s); err != nil {
		return err
	}
	changed, err := change.apply(&s)
	if err != nil {
		return err
	}
	if changed {
		to := s
		s = web.RecordSettings{}
		if err := d.ask(http.MethodPut, d.of("record"), to, &s); err != nil {
			return err
		}
	}
	return printJSON(t.out, s) // it is YAML too, for --from
}
