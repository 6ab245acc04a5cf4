package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"holdfast/gateway/web"
)

// role lists, makes, changes and removes roles.
func role(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "role", args, verb{"list", roleList}, verb{"set", roleSet}, verb{"remove", roleRemove})
}

func rolePath(id string) string { return "/api/v1/roles/" + url.PathEscape(id) }

func roleList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "role list", "/api/v1/roles", "ID\tNAME\tHOLDERS\tPERMISSIONS", func(r web.Role) string {
		return fmt.Sprintf("%s\t%s\t%d\t%s", r.ID, r.Name, r.Holders, strings.Join(r.Permissions, " "))
	})
}

func roleSet(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "role set", "--name TEXT [--says TEXT] --permissions LIST ID")
	name := q.fs.String("name", "", "what the role is called")
	says := q.fs.String("says", "", "what it is for")
	permissions := q.fs.String("permissions", "", "what it allows, a `LIST` with commas between")
	if err := q.begin(ctx, args, "the id of one role"); err != nil {
		return err
	}
	var r web.Role
	if err := q.ask("PUT", rolePath(q.fs.Arg(0)), web.RoleChange{Name: *name, Says: *says, Permissions: commaList(*permissions)}, &r); err != nil {
		return err
	}
	return q.print(r, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", r.ID, strings.Join(r.Permissions, " ")) })
}

func roleRemove(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "role remove", "role", "DELETE", rolePath)
}
