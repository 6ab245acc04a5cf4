package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"holdfast/config"
	"holdfast/gateway"
)

// serve runs the daemon until SIGTERM or an interrupt. SIGHUP has it read its configuration again.
func serve(ctx context.Context, t terminal, args []string) error {
	fs := options(t, "serve", "serve --config FILE")
	file := fs.String("config", "", "the configuration `FILE` (required)")
	level := fs.String("log", "info", "least `LEVEL` to log: debug, info, warn, error")
	if err := parse(fs, args); err != nil {
		return err
	}
	conf, err := loadConfig(*file)
	if err != nil {
		return err
	}
	log, err := newLog(t.err, *level)
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	g := gateway.New(gateway.Options{Config: conf, Version: release, Log: log, Load: func() (*config.Config, error) { return config.Load(*file) }})
	return runNotified(ctx, g, log, hangup)
}

// runNotified runs the gateway and tells the service manager how it is doing. Each hangup has it read its configuration again.
func runNotified(ctx context.Context, g *gateway.Gateway, log *slog.Logger, hangup <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var both errgroup.Group
	both.Go(func() error {
		defer cancel()
		return g.Run(ctx)
	})
	both.Go(func() error {
		return notifier{Ready: g.Ready(), Healthy: g.Healthy, Status: g.StatusLine, Log: log}.Run(ctx)
	})
	both.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-hangup:
				g.Reloaded(ctx)
			}
		}
	})
	return both.Wait()
}

// loadConfig reads the file, or says how to name one.
func loadConfig(file string) (*config.Config, error) {
	if file == "" {
		return nil, errors.New("which configuration? Say --config FILE")
	}
	return config.Load(file)
}

// newLog makes the daemon's logger: text lines, to the journal or the terminal.
func newLog(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		return nil, fmt.Errorf("--log %s: allowed are debug, info, warn, error", level)
	}
	h := &slog.HandlerOptions{Level: l}
	if os.Getenv("JOURNAL_STREAM") != "" {
		h.ReplaceAttr = dropTime // the journal stamps each line itself
	}
	return slog.New(slog.NewTextHandler(w, h)), nil
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
