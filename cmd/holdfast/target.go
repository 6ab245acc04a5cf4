package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"holdfast/config"
)

// target is which gateway a command is about, and how it answers.
type target struct {
	fs         *flag.FlagSet
	file, data *string
	asJSON     *bool
}

// targetOptions makes the options of a command on a gateway, or on its files.
func targetOptions(t terminal, name, more string) target {
	fs := options(t, name, name+" --config FILE | --data DIR "+more)
	return target{fs: fs,
		file:   fs.String("config", "", "the configuration `FILE`; the installed one when left out"),
		data:   fs.String("data", "", "the data `DIR` of a demo, instead of --config"),
		asJSON: fs.Bool("json", false, "print the answer as JSON"),
	}
}

// reach gives the running gateway, or, where none runs, the configuration of its files.
func (x target) reach(ctx context.Context) (*local, *config.Config, error) {
	dir, err := dataDir(*x.file, *x.data)
	if err != nil {
		return nil, nil, err
	}
	l, err := dialLocal(ctx, dir)
	if err == nil || !errors.Is(err, errNoDaemon) {
		return l, nil, err
	}
	conf, err := checkedConfig(*x.file, *x.data)
	return nil, conf, err
}

// running gives the running gateway; errNoDaemon where none runs.
func (x target) running(ctx context.Context) (*local, error) {
	dir, err := dataDir(*x.file, *x.data)
	if err != nil {
		return nil, err
	}
	return dialLocal(ctx, dir)
}

// verb is one operation of a command that has several.
type verb struct {
	name string
	run  func(ctx context.Context, t terminal, args []string) error
}

// operate runs the operation that the first word names.
func operate(ctx context.Context, t terminal, command string, args []string, verbs ...verb) error {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = v.name
		if len(args) > 0 && args[0] == v.name {
			return v.run(ctx, t, args[1:])
		}
	}
	if len(args) > 0 && isHelp(args[0]) {
		fmt.Fprintf(t.out, "usage: holdfast %s %s -h\n", command, strings.Join(names, "|"))
		return flag.ErrHelp
	}
	last := len(names) - 1
	return fmt.Errorf("say %s or %s (holdfast %s %s -h lists the options)", strings.Join(names[:last], ", "), names[last], command, names[0])
}
