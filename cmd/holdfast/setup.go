package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"holdfast/gateway"
)

// setup prints the one-time link with which the administrator of a new gateway is made.
func setup(_ context.Context, t terminal, args []string) error {
	fl := options(t, "setup", "setup --config FILE | --data DIR")
	file := fl.String("config", "", "the configuration `FILE`")
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
	_, err = fmt.Fprintln(t.err, "Footage is encrypted unless the configuration says otherwise. Its recovery key opens it when this machine is lost: holdfast keys recovery prints it, holdfast keys confirm ends the reminder.")
	return err
}

// dataDir finds the data directory from either option.
func dataDir(file, data string) (string, error) {
	if data != "" {
		return data, nil
	}
	conf, err := loadConfig(file)
	if err != nil {
		return "", err
	}
	return conf.Data, nil
}
