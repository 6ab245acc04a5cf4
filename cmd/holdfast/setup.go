package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"holdfast/config"
	"holdfast/gateway"
)

// setup prints the one-time link with which the administrator of a new gateway is made, and the recovery key.
func setup(ctx context.Context, t terminal, args []string) error {
	fl := options(t, "setup", "setup --config FILE | --data DIR")
	file := fl.String("config", "", "the configuration `FILE`; the installed one when left out")
	data := fl.String("data", "", "the data `DIR`, instead of --config")
	if err := parse(fl, args); err != nil {
		return err
	}
	dir, err := dataDir(*file, *data)
	if err != nil {
		return err
	}
	link, err := os.ReadFile(gateway.SetupLinkPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no set-up link: either the gateway is not running, or its administrator exists already")
	}
	if err != nil {
		return fmt.Errorf("read set-up link: %w", err)
	}
	if _, err = t.out.Write(link); err != nil {
		return err
	}
	return tellRecovery(ctx, t, dir)
}

// tellRecovery prints the recovery key while nobody has confirmed it. It goes where people look, not into a file that the link is kept in.
func tellRecovery(ctx context.Context, t terminal, dir string) error {
	l, err := dialLocal(ctx, dir)
	if err != nil {
		return fmt.Errorf("ask for the recovery key: %w", err)
	}
	d := heldByDaemon{l}
	st, err := d.Status(ctx)
	if err != nil {
		return fmt.Errorf("ask for the recovery key: %w", err)
	}
	if st.Confirmed {
		return nil
	}
	text, err := d.Recovery(ctx)
	if err != nil {
		return fmt.Errorf("ask for the recovery key: %w", err)
	}
	_, err = fmt.Fprintf(t.err, "\nRecovery key of this gateway:\n%s\n\n"+
		"It opens the footage, and what is sealed of cameras and people, when this machine or its root key is lost. Write it down now and keep it\n"+
		"away from this machine. The viewer asks for it until somebody has typed it; holdfast keys confirm does the same, and\n"+
		"holdfast keys recovery prints it again.\n", text)
	return err
}

// installedConfig is where the installer puts the configuration. Commands on a gateway take it when no option says which gateway is
// meant, so that what alarms and the viewer tell people to run can be run as it stands.
var installedConfig = "/etc/holdfast/holdfast.yaml"

// namedConfig loads the configuration that is named, or the installed one.
func namedConfig(file string) (*config.Config, error) {
	if file == "" {
		if _, err := os.Stat(installedConfig); err != nil {
			return nil, fmt.Errorf("which gateway? Say --config FILE or --data DIR: there is no %s", installedConfig)
		}
		file = installedConfig
	}
	return loadConfig(file)
}

// dataDir finds the data directory from either option.
func dataDir(file, data string) (string, error) {
	if data != "" {
		return data, nil
	}
	conf, err := namedConfig(file)
	if err != nil {
		return "", err
	}
	return conf.Data, nil
}
