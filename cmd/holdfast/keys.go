package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"holdfast/gateway"
	"holdfast/gateway/web"
	"holdfast/storage/keyring"
)

// keysVerbs are the operations of holdfast keys.
var keysVerbs = []struct {
	name, args, does string
	run              func(*keysCommand, context.Context) error
}{
	{"status", "", "how the keyring is; exit code 1 when something is locked, behind or overdue", (*keysCommand).status},
	{"recovery", "", "print the recovery key, to be kept away from this machine", (*keysCommand).recovery},
	{"confirm", "[CODE]", "type the recovery key back, which ends the reminder; asked for when left out", (*keysCommand).confirm},
	{"rotate", "", "change the root key; the former recovery key opens nothing any more", (*keysCommand).rotate},
	{"backup", "[--clear] FILE", "write the root key to a file, sealed under a passphrase", (*keysCommand).backup},
	{"restore", "FILE", "open what was sealed under the root key in a backup", (*keysCommand).restore},
	{"unlock", "[CODE]", "open what was sealed under another root key, by its recovery key; asked for when left out", (*keysCommand).unlock},
}

// keysCommand is one call of holdfast keys.
type keysCommand struct {
	t          terminal
	in         io.Reader
	file, data string
	asJSON     bool
	clear      bool
	args       []string
}

// keys operates the keyring: through the gateway while it runs, on the files when it does not.
func keys(ctx context.Context, t terminal, args []string) error {
	if len(args) == 0 || isHelp(args[0]) {
		keysUsage(t.err)
		if len(args) == 0 {
			return errors.New("say what to do with the keys")
		}
		return flag.ErrHelp
	}
	for _, v := range keysVerbs {
		if v.name != args[0] {
			continue
		}
		c := &keysCommand{t: t, in: os.Stdin}
		fs := options(t, "keys "+v.name, strings.Join(strings.Fields("keys "+v.name+" --config FILE | --data DIR [--json] "+v.args), " "))
		fs.StringVar(&c.file, "config", "", "the configuration `FILE`; the installed one when left out")
		fs.StringVar(&c.data, "data", "", "the data `DIR` of a demo, instead of --config")
		fs.BoolVar(&c.asJSON, "json", false, "print JSON")
		if v.name == "backup" {
			fs.BoolVar(&c.clear, "clear", false, "without a passphrase: whoever reads the file can open all footage")
		}
		if err := fs.Parse(args[1:]); err != nil {
			return err
		}
		if c.args = fs.Args(); len(c.args) > 1 && v.name != "confirm" && v.name != "unlock" || len(c.args) > 0 && v.args == "" {
			return fmt.Errorf("%q is one word too many (holdfast keys %s -h lists the options)", c.args[len(c.args)-1], v.name)
		}
		return v.run(c, ctx)
	}
	keysUsage(t.err)
	return fmt.Errorf("no operation %q", args[0])
}

func keysUsage(w io.Writer) {
	fmt.Fprintf(w, "usage: holdfast keys OPERATION --config FILE | --data DIR [options]\n\n")
	for _, v := range keysVerbs {
		fmt.Fprintf(w, "  %-24s %s\n", v.name+" "+v.args, v.does)
	}
}

// keyAccess is the keyring, wherever it is held.
type keyAccess interface {
	Status(ctx context.Context) (web.KeyStatus, error)
	Recovery(ctx context.Context) (string, error)
	Send(ctx context.Context, verb, recovery string) error // confirm, unlock, rotate
}

// with finds the keyring and lets go of it afterwards.
func (c *keysCommand) with(ctx context.Context, f func(keyAccess) error) error {
	dir, err := dataDir(c.file, c.data)
	if err != nil {
		return err
	}
	l, err := dialLocal(ctx, dir)
	if err == nil {
		return f(heldByDaemon{l})
	}
	if !errors.Is(err, errNoDaemon) {
		return err
	}
	conf, err := checkedConfig(c.file, c.data)
	if err != nil {
		return err
	}
	k, release, err := gateway.KeyFiles(conf)
	if err != nil {
		return err
	}
	return errors.Join(f(inFiles{k}), release())
}

type heldByDaemon struct{ *local }

func (d heldByDaemon) Status(ctx context.Context) (st web.KeyStatus, err error) {
	return st, d.call(ctx, "GET", "/api/v1/keys", nil, &st)
}

func (d heldByDaemon) Recovery(ctx context.Context) (string, error) {
	var k web.RecoveryKey
	err := d.call(ctx, "GET", "/api/v1/keys/recovery", nil, &k)
	return k.Recovery, err
}

func (d heldByDaemon) Send(ctx context.Context, verb, recovery string) error {
	var body io.Reader
	if recovery != "" {
		text, err := json.Marshal(web.RecoveryKey{Recovery: recovery})
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	return d.call(ctx, "POST", "/api/v1/keys/"+verb, body, nil)
}

type inFiles struct{ *gateway.KeyOperations }

func (k inFiles) Status(context.Context) (web.KeyStatus, error) { return k.KeyStatus(), nil }
func (k inFiles) Recovery(context.Context) (string, error)      { return k.RecoveryKey(), nil }

func (k inFiles) Send(_ context.Context, verb, recovery string) error {
	switch verb {
	case "confirm":
		return k.ConfirmKey(recovery)
	case "unlock":
		return k.UnlockKeys(recovery)
	}
	return k.RotateKey()
}

func (c *keysCommand) status(ctx context.Context) error {
	return c.with(ctx, func(k keyAccess) error {
		st, err := k.Status(ctx)
		if err != nil {
			return err
		}
		if c.asJSON {
			err = printJSON(c.t.out, st)
		} else {
			err = printKeyStatus(c.t.out, st)
		}
		if err == nil && (len(st.Locked)+len(st.Sealed) > 0 || anyCopy(st.Copies, "failing")) {
			return errFindings
		}
		return err
	})
}

func anyCopy(copies []keyring.Copy, state string) bool {
	for _, c := range copies {
		if c.State == state {
			return true
		}
	}
	return false
}

func printKeyStatus(w io.Writer, st web.KeyStatus) error {
	confirmed := "its recovery key is confirmed"
	if !st.Confirmed {
		confirmed = "NOT CONFIRMED: run holdfast keys recovery, keep what it prints, then holdfast keys confirm"
	}
	fmt.Fprintf(w, "root key     %s, kept as %s; %s\n", st.Root, st.Strength, confirmed)
	fmt.Fprintf(w, "erasure      %s\n", st.Strength.Says())
	fmt.Fprintf(w, "keyring      generation %d, %d camera-days, %d keys still to be destroyed\n", st.Generation, st.CameraDays, st.Due)
	for _, c := range st.Copies {
		name := "volume " + c.Volume
		if c.Volume == "" {
			name = "data directory"
		}
		fmt.Fprintf(w, "copy         %s: %s %s\n", name, c.State, c.Cause)
	}
	if !st.Footage {
		fmt.Fprintln(w, "footage      kept in clear (encryption.at_rest is false); the root key seals what is kept of cameras and people")
	}
	for _, root := range st.Sealed {
		fmt.Fprintf(w, "LOCKED       what is kept of cameras and people needs the root key %s: run holdfast keys unlock with its recovery key\n", root)
	}
	for _, l := range st.Locked {
		fmt.Fprintf(w, "LOCKED       keyring %s needs the root key %s: run holdfast keys unlock with its recovery key\n", l.Ring, strings.Join(l.Roots, " or "))
	}
	if r := st.Last; r != nil {
		fmt.Fprintf(w, "last erasure %s: %d keys, generation %d to %d, %d copies clean, %d still away\n", r.At.Format("2006-01-02T15:04:05Z"), r.Keys, r.From, r.To, len(r.Clean), len(r.Away))
	}
	return nil
}

func (c *keysCommand) recovery(ctx context.Context) error {
	return c.with(ctx, func(k keyAccess) error {
		text, err := k.Recovery(ctx)
		if err != nil {
			return err
		}
		if c.asJSON {
			return printJSON(c.t.out, web.RecoveryKey{Recovery: text})
		}
		fmt.Fprintln(c.t.out, text)
		fmt.Fprintln(c.t.err, "This opens all footage of this gateway, and what is sealed of cameras and people, on any machine. Keep it on paper or in a safe, away from this machine. Then run holdfast keys confirm.")
		return nil
	})
}

func (c *keysCommand) confirm(ctx context.Context) error {
	return c.send(ctx, "confirm", "The recovery key is confirmed.")
}

func (c *keysCommand) unlock(ctx context.Context) error {
	return c.send(ctx, "unlock", "What was sealed under that root key is open, and stays so.")
}

func (c *keysCommand) rotate(ctx context.Context) error {
	return c.with(ctx, func(k keyAccess) error {
		if err := k.Send(ctx, "rotate", ""); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.t.out, "The root key is changed. The former recovery key and backups open nothing any more: run holdfast keys recovery, and then holdfast keys confirm.")
		return err
	})
}

// send sends the recovery key of the command line, or one that is typed.
func (c *keysCommand) send(ctx context.Context, verb, done string) error {
	text := strings.Join(c.args, " ")
	if text == "" {
		var err error
		if text, err = c.ask("Recovery key: ", true); err != nil {
			return err
		}
	}
	if _, err := keyring.ParseRecovery(text); err != nil {
		return err
	}
	return c.with(ctx, func(k keyAccess) error {
		if err := k.Send(ctx, verb, text); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.t.out, done)
		return err
	})
}

// ask reads a line that the person types.
func (c *keysCommand) ask(prompt string, echo bool) (string, error) {
	return typed(c.in, c.t.err, prompt, echo)
}

// typed reads a line: from a terminal after a prompt, and unseen unless echo is set; else from in as it is.
func typed(in io.Reader, out io.Writer, prompt string, echo bool) (string, error) {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(out, prompt)
		if !echo {
			text, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(out)
			return string(text), err
		}
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("nothing was typed")
	}
	return line, nil
}
