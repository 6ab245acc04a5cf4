package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"text/tabwriter"

	"holdfast/gateway/web"
)

// cameraWays lists in which ways the streams of a camera can be watched live, and why not in others. Which of them a browser
// takes depends on what it plays: the viewer says which, and why.
func cameraWays(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "camera ways", "--camera ID [--json]")
	camera := x.fs.String("camera", "", "the `ID` of the camera")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	if *camera == "" {
		return fmt.Errorf("camera ways: which camera? --camera ID")
	}
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	var c web.Camera
	if err := l.call(ctx, "GET", "/api/v1/cameras/"+url.PathEscape(*camera), nil, &c); err != nil {
		return err
	}
	if *x.asJSON {
		ways := map[string][]web.Way{}
		for _, s := range c.Streams {
			ways[s.ID] = s.Ways
		}
		return printJSON(t.out, ways)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STREAM\tWAY\tPICTURE\tSOUND\tPOSSIBLE")
	for _, s := range c.Streams {
		for _, w := range s.Ways {
			kind := w.Kind
			if w.Transcoded {
				kind += ", transcoded"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.ID, kind, w.Codec, cmp.Or(w.Audio, "none"), cmp.Or(w.Why, "yes"))
		}
	}
	return table.Flush()
}
