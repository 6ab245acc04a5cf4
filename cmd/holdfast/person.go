package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"

	"holdfast/gateway/web"
)

// person lists people, and lets them in and out.
func person(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "person", args, verb{"list", personList}, verb{"add", personAdd}, verb{"invite", personInvite}, verb{"change", personChange},
		verb{"disable", personDisable}, verb{"enable", personEnable}, verb{"delete", personDelete}, verb{"forget", personForget})
}

func dateOf(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.RFC3339)
}

// find gives the person of a user name or id.
func (q *inquiry) find(name string) (p web.Person, err error) {
	var list []web.Person
	if err := q.ask("GET", "/api/v1/people", nil, &list); err != nil {
		return p, err
	}
	for _, p := range list {
		if p.Username == name || p.ID == name {
			return p, nil
		}
	}
	return p, fmt.Errorf("there is no person %q (holdfast person list shows them all)", name)
}

func personPath(id, more string) string { return "/api/v1/people/" + url.PathEscape(id) + more }

func personList(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "person list", "[--unused DAYS]")
	unused := q.fs.Int("unused", 0, "only those with whose account nobody signed in for so many `DAYS`")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	path := "/api/v1/people"
	if *unused != 0 {
		path += fmt.Sprintf("/unused?days=%d", *unused)
	}
	var list []web.Person
	if err := q.ask("GET", path, nil, &list); err != nil {
		return err
	}
	return q.print(list, func(w io.Writer) {
		fmt.Fprintln(w, "ID\tUSER\tNAME\tSTATE\tSECOND FACTOR\tLAST SIGN-IN\tRIGHTS")
		for _, p := range list {
			factor := "no"
			if p.SecondFactor {
				factor = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Username, p.Display, p.State, factor, dateOf(p.LastSignIn), grantsText(p.Grants))
		}
	})
}

const grantUsage = "`RIGHTS`: ROLE [on CAMERAS] [at HOURS] [until TIME], such as \"viewer on door,group:till at mon-fri 08:00-18:00\"; may be given several times"

func personAdd(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "person add", "[--name TEXT] [--grant RIGHTS]… USER")
	var given grants
	name := q.fs.String("name", "", "what the person is called")
	q.fs.Var(&given, "grant", grantUsage)
	if err := q.begin(ctx, args, "one user name"); err != nil {
		return err
	}
	var made web.InvitedPerson
	if err := q.ask("POST", "/api/v1/people", web.NewPerson{Username: q.fs.Arg(0), Display: *name, Grants: append([]web.Grant{}, given...)}, &made); err != nil {
		return err
	}
	return q.print(made, func(w io.Writer) { printInvitation(w, t.err, made.Invitation) })
}

// printInvitation writes the link alone to where it can be piped on, and what is to be known of it beside it.
func printInvitation(out, notes io.Writer, inv web.Invitation) {
	fmt.Fprintln(out, inv.Link)
	fmt.Fprintf(notes, "Whoever opens the link chooses the password, once, until %s. Give it to the person alone.\n", inv.Until.Format(time.RFC3339))
}

func personInvite(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "person invite", "USER")
	if err := q.begin(ctx, args, "one person"); err != nil {
		return err
	}
	p, err := q.find(q.fs.Arg(0))
	if err != nil {
		return err
	}
	var inv web.Invitation
	if err := q.ask("POST", personPath(p.ID, "/invitation"), nil, &inv); err != nil {
		return err
	}
	return q.print(inv, func(w io.Writer) { printInvitation(w, t.err, inv) })
}

func personChange(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "person change", "[--user USER] [--name TEXT] [--grant RIGHTS]… [--no-grants] [--drop-second-factor] USER")
	var given grants
	user := q.fs.String("user", "", "another user name")
	name := q.fs.String("name", "", "what the person is called")
	q.fs.Var(&given, "grant", grantUsage+". What is not given is taken away")
	none := q.fs.Bool("no-grants", false, "take all rights away")
	drop := q.fs.Bool("drop-second-factor", false, "the person lost their authenticator and their recovery codes")
	if err := q.begin(ctx, args, "one person"); err != nil {
		return err
	}
	c := web.PersonChange{DropSecondFactor: *drop}
	q.fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "user":
			c.Username = user
		case "name":
			c.Display = name
		}
	})
	if all := append([]web.Grant{}, given...); len(all) > 0 || *none {
		c.Grants = &all
	}
	if len(given) > 0 && *none {
		return errors.New("--grant and --no-grants do not go together")
	}
	if c == (web.PersonChange{}) {
		return errors.New("nothing is said to be changed (holdfast person change -h lists what can be)")
	}
	return q.changePerson(c)
}

// changePerson changes the person that the command line names, and prints them.
func (q *inquiry) changePerson(c web.PersonChange) error {
	p, err := q.find(q.fs.Arg(0))
	if err != nil {
		return err
	}
	if err := q.ask("PATCH", personPath(p.ID, ""), c, &p); err != nil {
		return err
	}
	return q.print(p, func(w io.Writer) { fmt.Fprintf(w, "%s is %s: %s\n", p.Username, p.State, grantsText(p.Grants)) })
}

func personDisable(ctx context.Context, t terminal, args []string) error {
	return personAble(ctx, t, args, "person disable", true)
}

func personEnable(ctx context.Context, t terminal, args []string) error {
	return personAble(ctx, t, args, "person enable", false)
}

func personAble(ctx context.Context, t terminal, args []string, name string, disabled bool) error {
	q := inquiryOptions(t, name, "USER")
	if err := q.begin(ctx, args, "one person"); err != nil {
		return err
	}
	return q.changePerson(web.PersonChange{Disabled: &disabled})
}

func personDelete(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "person delete", "[--forget] USER")
	forget := q.fs.Bool("forget", false, "the audit log's name, address and browser of the person can be read no more either")
	if err := q.begin(ctx, args, "one person"); err != nil {
		return err
	}
	p, err := q.find(q.fs.Arg(0))
	if err != nil {
		return err
	}
	more := ""
	if *forget {
		more = "?forget=1"
	}
	if err := q.ask("DELETE", personPath(p.ID, more), nil, nil); err != nil {
		return err
	}
	if !*forget {
		fmt.Fprintf(t.err, "The audit log names the person still. To have it forget them: holdfast person forget %s\n", p.ID)
	}
	return q.done(p.ID)
}

func personForget(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "person forget", "ID")
	if err := q.begin(ctx, args, "the id of one person who was deleted"); err != nil {
		return err
	}
	if err := q.ask("POST", personPath(q.fs.Arg(0), "/forget"), nil, nil); err != nil {
		return err
	}
	return q.done(q.fs.Arg(0))
}
