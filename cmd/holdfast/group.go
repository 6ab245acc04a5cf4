package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"holdfast/gateway/web"
)

// group lists, makes, changes and removes groups of cameras.
func group(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "group", args, verb{"list", groupList}, verb{"set", groupSet}, verb{"remove", groupRemove})
}

func groupPath(id string) string { return "/api/v1/camera-groups/" + url.PathEscape(id) }

func groupList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "group list", "/api/v1/camera-groups", "ID\tNAME\tCAMERAS", func(g web.CameraGroup) string {
		return fmt.Sprintf("%s\t%s\t%s", g.ID, g.Name, strings.Join(g.Cameras, " "))
	})
}

func groupSet(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "group set", "--name TEXT --cameras IDS ID")
	name := q.fs.String("name", "", "what the group is called")
	cameras := q.fs.String("cameras", "", "the cameras, `IDS` with commas between")
	if err := q.begin(ctx, args, "the id of one group"); err != nil {
		return err
	}
	var g web.CameraGroup
	if err := q.ask("PUT", groupPath(q.fs.Arg(0)), web.CameraGroupChange{Name: *name, Cameras: commaList(*cameras)}, &g); err != nil {
		return err
	}
	return q.print(g, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", g.ID, strings.Join(g.Cameras, " ")) })
}

func groupRemove(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "group remove", "group", "DELETE", groupPath)
}
