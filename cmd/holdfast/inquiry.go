package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
)

// inquiry is a command that asks the running gateway, by its local socket.
type inquiry struct {
	target
	ctx context.Context
	l   *local
	out io.Writer
}

func inquiryOptions(t terminal, name, more string) *inquiry {
	return &inquiry{target: targetOptions(t, name, more+" [--json]"), out: t.out}
}

// begin reads the command line, which names as many things behind the options as want has words, and reaches the gateway.
func (q *inquiry) begin(ctx context.Context, args []string, want ...string) (err error) {
	if err := q.fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w (holdfast %s -h lists the options)", err, q.fs.Name())
	}
	if q.fs.NArg() != len(want) {
		if len(want) == 0 {
			return fmt.Errorf("%q is one word too many (holdfast %s -h lists the options)", q.fs.Arg(0), q.fs.Name())
		}
		return fmt.Errorf("name %s, behind the options (holdfast %s -h lists them)", want[0], q.fs.Name())
	}
	q.ctx = ctx
	q.l, err = q.running(ctx)
	return err
}

// ask sends one request. A body is sent as JSON.
func (q *inquiry) ask(method, path string, body, answer any) error {
	if body == nil {
		return q.l.call(q.ctx, method, path, nil, answer)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return q.l.call(q.ctx, method, path, bytes.NewReader(text), answer)
}

// print writes v as JSON where that is asked for, and else calls plain with a table.
func (q *inquiry) print(v any, plain func(w io.Writer)) error {
	if *q.asJSON {
		return printJSON(q.out, v)
	}
	table := tabwriter.NewWriter(q.out, 0, 0, 2, ' ', 0)
	plain(table)
	return table.Flush()
}

// done says what was done, in JSON where that is asked for.
func (q *inquiry) done(id string) error {
	if *q.asJSON {
		return printJSON(q.out, map[string]string{"done": id})
	}
	return nil
}

// askAboutOne runs a command that does one thing to what one id names, and says so.
func askAboutOne(ctx context.Context, t terminal, args []string, name, noun, method string, path func(id string) string) error {
	q := inquiryOptions(t, name, "ID")
	if err := q.begin(ctx, args, "the id of one "+noun); err != nil {
		return err
	}
	if err := q.ask(method, path(q.fs.Arg(0)), nil, nil); err != nil {
		return err
	}
	return q.done(q.fs.Arg(0))
}

// askForList runs a command that lists what a path of the API has, a line each.
func askForList[T any](ctx context.Context, t terminal, args []string, name, path, heading string, line func(T) string) error {
	q := inquiryOptions(t, name, "")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	var list []T
	if err := q.ask("GET", path, nil, &list); err != nil {
		return err
	}
	return q.print(list, func(w io.Writer) {
		fmt.Fprintln(w, heading)
		for _, x := range list {
			fmt.Fprintln(w, line(x))
		}
	})
}
