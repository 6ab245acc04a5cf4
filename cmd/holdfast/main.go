// Command holdfast is the recorder and camera gateway, and the tool that operates it.
//
//	holdfast demo        the main job with simulated cameras
//	holdfast serve       the daemon
//	holdfast reload      have the gateway read its configuration again
//	holdfast camera      list, add and look at cameras, see or change what of one is recorded, set up the camera itself
//	holdfast check       compare index, files and hashes, and repair them
//	holdfast map         floor plans, and the cameras on them
//	holdfast volume      list, add, drain or remove volumes
//	holdfast event       raise, end or list events, and mark them as reviewed
//	holdfast lock        keep footage from deletion
//	holdfast erase       erase footage and its keys
//	holdfast export      take footage out: order, list, fetch, cancel or remove evidence packages
//	holdfast verify      check an evidence package, anywhere
//	holdfast retention   how long footage is kept, and what the space allows
//	holdfast health      how the gateway and its cameras do, and what is missing of a week
//	holdfast plan        what footage takes, and for how long the volumes have room
//	holdfast clock       confirm that the machine's clock is right
//	holdfast connections list every connection that the gateway can make
//	holdfast discover    find cameras on the network
//	holdfast config      check a configuration file
//	holdfast keys        the root key of the footage: recovery key, backup, rotation
//	holdfast recordings  tell and show what is recorded, list the files of footage, and give their keys
//	holdfast search      look for motion in what was recorded
//	holdfast certificate see the certificate of the HTTPS addresses, or renew it now
//	holdfast person      people: who may sign in, and what they may
//	holdfast role        named sets of permissions
//	holdfast group       groups of cameras, for rights
//	holdfast token       tokens of programs, walls and kiosks
//	holdfast session     who is signed in
//	holdfast policy      second factor and second person, site-wide
//	holdfast approval    what people asked another person to approve
//	holdfast setup       print the one-time set-up link of a new gateway
//	holdfast version     print the version
//
// Every command takes -h. Exit codes: 0 done, 1 findings or a refusal, 2 could not run; verify has its own, which its -h lists.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// Exit codes of every command.
const (
	exitDone     = 0
	exitFindings = 1
	exitFailed   = 2
)

// errFindings ends a command with exit code 1 after it has said what it found.
var errFindings = errors.New("findings")

// terminal is what a command reads and writes.
type terminal struct {
	out, err io.Writer
}

// command is one of holdfast's verbs.
type command struct {
	name, does string
	run        func(ctx context.Context, t terminal, args []string) error
}

var commands = []command{
	{"demo", "run the main job with simulated cameras", demo},
	{"serve", "run the gateway", serve},
	{"reload", "have the running gateway read its configuration again", reload},
	{"camera", "list cameras; see what they report; see or change what of one is recorded", camera},
	{"check", "compare index, files and hashes, and repair them", check},
	{"map", "floor plans and maps: list, add or remove them, put cameras on them", mapCommand},
	{"volume", "list, add, drain or remove volumes", volume},
	{"event", "raise, end or list events, and mark them as reviewed", event},
	{"lock", "keep footage from deletion: add, list or remove locks", lock},
	{"erase", "erase footage and its keys, or list what was erased", erase},
	{"export", "take footage out: order, list, fetch, cancel or remove evidence packages", exportCommand},
	{"verify", "check an evidence package, on any machine", verify},
	{"retention", "how long footage is kept, promised and forecast", retention},
	{"health", "how the gateway and its cameras do, what is missing of the last week, and what to do", health},
	{"plan", "what footage takes at the measured rates, and for how long the volumes have room", planCommand},
	{"clock", "confirm that the machine's clock is right", clock},
	{"connections", "list every connection that the gateway can make, and why", connections},
	{"discover", "find cameras on the network", discover},
	{"config", "check a configuration file, or print its reference", configure},
	{"keys", "see, confirm, change, back up and restore the root key of the footage", keys},
	{"recordings", "tell and show what is recorded, list the files of footage, and give their keys", recordings},
	{"search", "look for motion in what was recorded", search},
	{"certificate", "the certificate of the HTTPS addresses: see it, renew it now", certificateCommand},
	{"audit", "who did and saw what: show, verify or export the audit log", auditCommand},
	{"person", "people: list, add, invite, change, disable, enable, delete or forget them", person},
	{"role", "named sets of permissions: list, set or remove them", role},
	{"group", "groups of cameras, for rights: list, set or remove them", group},
	{"token", "list or revoke tokens, make those of walls and kiosks", tokenCommand},
	{"session", "who is signed in: list or end sessions", session},
	{"policy", "show or set what the site asks of everybody", policy},
	{"approval", "what people asked another person to approve: list, give or decline", approval},
	{"setup", "print the one-time set-up link of a new gateway", setup},
	{"version", "print the version", version},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, terminal{out: os.Stdout, err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run finds the command and turns its error into an exit code.
func run(ctx context.Context, t terminal, args []string) int {
	if len(args) == 0 {
		usage(t.err)
		return exitFailed
	}
	for _, c := range commands {
		if c.name == args[0] {
			return finish(t, c, c.run(ctx, t, args[1:]))
		}
	}
	if isHelp(args[0]) {
		usage(t.out)
		return exitDone
	}
	fmt.Fprintf(t.err, "holdfast: no command %q\n\n", args[0])
	usage(t.err)
	return exitFailed
}

func finish(t terminal, c command, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errFindings):
		return exitFindings
	}
	if code := codeError(0); errors.As(err, &code) {
		return int(code)
	}
	fmt.Fprintf(t.err, "holdfast %s: %v\n", c.name, err)
	return exitFailed
}

func isHelp(s string) bool {
	return s == "help" || strings.TrimLeft(s, "-") == "h" || strings.TrimLeft(s, "-") == "help"
}

func usage(w io.Writer) {
	fmt.Fprintf(w, "Holdfast records and shows the cameras of a site. Footage stays on this machine.\n\nusage: holdfast COMMAND [options]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-11s %s\n", c.name, c.does)
	}
	fmt.Fprintf(w, "\nholdfast COMMAND -h lists a command's options. Exit codes: 0 done, 1 findings, 2 could not run.\n")
}

// options makes the flag set of a command; what it prints goes to the terminal's error stream.
func options(t terminal, name, line string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(t.err)
	fs.Usage = func() {
		fmt.Fprintf(t.err, "usage: holdfast %s\n\n", line)
		fs.PrintDefaults()
	}
	return fs
}

// parse reads a command's options and refuses what is left over.
func parse(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w (holdfast %s -h lists the options)", err, fs.Name())
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("%q is one word too many (holdfast %s -h lists the options)", fs.Arg(0), fs.Name())
	}
	return nil
}

// isTerminal tells whether people see what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
