package main

import (
	"context"
	"fmt"
	"time"

	"holdfast/config"
	"holdfast/gateway/web/certificate"
)

// configure checks a configuration file without starting anything, or prints the JSON Schema that editors use.
func configure(_ context.Context, t terminal, args []string) error {
	fs := options(t, "config", "config --config FILE | --schema")
	file := fs.String("config", "", "check this `FILE`")
	schema := fs.Bool("schema", false, "print the JSON Schema of the file")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *schema {
		_, err := t.out.Write(config.Schema())
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	for _, w := range append(conf.Warnings, certificate.Check(conf.TLS, conf.Names, time.Now())...) {
		fmt.Fprintf(t.err, "warning: %s\n", w)
	}
	_, err = fmt.Fprintf(t.out, "%s is valid: %d cameras, %d volumes, viewer at %s\n", *file, len(conf.Cameras), len(conf.Volumes), conf.Listen)
	return err
}
