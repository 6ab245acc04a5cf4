package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the packaging scripts (-ldflags "-X main.release=1.2.3").
var release = "dev"

// build is what `holdfast version --json` prints.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func thisBuild() build {
	b := build{Version: release, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
	}
	return b
}

func version(_ context.Context, t terminal, args []string) error {
	fs := options(t, "version", "version [--json]")
	asJSON := fs.Bool("json", false, "print JSON")
	if err := parse(fs, args); err != nil {
		return err
	}
	b := thisBuild()
	if *asJSON {
		return json.NewEncoder(t.out).Encode(b)
	}
	_, err := fmt.Fprintf(t.out, "holdfast %s %s/%s %s %.12s\n", b.Version, b.OS, b.Arch, b.Go, b.Commit)
	return err
}
