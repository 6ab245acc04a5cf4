package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"holdfast/gateway/web"
)

// policy shows or changes what the site asks of everybody.
func policy(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "policy", args, verb{"show", policyShow}, verb{"set", policySet})
}

func policyShow(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "policy show", "")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	var p web.Policy
	if err := q.ask("GET", "/api/v1/policy", nil, &p); err != nil {
		return err
	}
	return q.printPolicy(p)
}

func (q *inquiry) printPolicy(p web.Policy) error {
	return q.print(p, func(w io.Writer) {
		for _, r := range p.TwoPeople {
			fmt.Fprintf(w, "two people:\t%s on %s\n", strings.Join(r.Permissions, ","), strings.Join(r.Cameras, ","))
		}
		if len(p.TwoPeople) == 0 {
			fmt.Fprintln(w, "two people:\tfor nothing")
		}
		fmt.Fprintf(w, "second factor:\t%s\n", orNone(p.SecondFactor))
		fmt.Fprintf(w, "process token:\t%s\n", map[bool]string{true: "on", false: "off"}[p.ProcessToken])
	})
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "for nobody"
	}
	return "for " + strings.Join(list, ",")
}

// twoPeople are rules of the command line: PERMISSIONS [on CAMERAS].
type twoPeople []web.TwoPeople

func (r *twoPeople) String() string { return fmt.Sprint(len(*r)) }

func (r *twoPeople) Set(text string) error {
	permissions, cameras, ok := strings.Cut(text, " on ")
	if !ok {
		cameras = "*"
	}
	*r = append(*r, web.TwoPeople{Permissions: commaList(permissions), Cameras: commaList(cameras)})
	return nil
}

func policySet(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "policy set", "[--two-people RULE]… [--one-person] [--second-factor ROLES] [--process-token on|off]")
	var rules twoPeople
	q.fs.Var(&rules, "two-people", "another person approves first, a `RULE` such as \"playback,export on door,group:till\"; may be given several times, and replaces the rules of before")
	one := q.fs.Bool("one-person", false, "nothing takes two people")
	factor := q.fs.String("second-factor", "", "`ROLES` whose holders need a second factor, with commas between; none: nobody does")
	process := q.fs.String("process-token", "", "whether programs of the gateway's user may use the token of endpoint.json: `on` or off")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	c, err := policyChange(q.fs, rules, *one, *factor, *process)
	if err != nil {
		return err
	}
	var p web.Policy
	if err := q.ask("PUT", "/api/v1/policy", c, &p); err != nil {
		return err
	}
	return q.printPolicy(p)
}

func policyChange(fs *flag.FlagSet, rules twoPeople, one bool, factor, process string) (c web.PolicyChange, err error) {
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "two-people", "one-person":
			all := append([]web.TwoPeople{}, rules...)
			c.TwoPeople = &all
		case "second-factor":
			roles := []string{}
			if factor != "none" {
				roles = commaList(factor)
			}
			c.SecondFactor = &roles
		case "process-token":
			on := process == "on"
			if c.ProcessToken = &on; !on && process != "off" {
				err = fmt.Errorf("--process-token is on or off, and not %q", process)
			}
		}
	})
	if c == (web.PolicyChange{}) || len(rules) > 0 && one {
		return c, errors.New("say what is to be changed; --two-people and --one-person do not go together (holdfast policy set -h lists the options)")
	}
	return c, err
}
