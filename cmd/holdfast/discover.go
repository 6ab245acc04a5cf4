package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast/onvif/discovery"
)

// discover asks every network of this machine for ONVIF cameras and lists who answered.
func discover(ctx context.Context, t terminal, args []string) error {
	fs := options(t, "discover", "discover [--json] [--timeout 3s]")
	asJSON := fs.Bool("json", false, "print a JSON array")
	timeout := fs.Duration("timeout", 3*time.Second, "how long to listen for answers")
	if err := parse(fs, args); err != nil {
		return err
	}
	found, err := discovery.Probe(ctx, discovery.Options{Timeout: *timeout})
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(t.out).Encode(discoveredRows(found))
	}
	return printFound(t.out, found)
}

// discoveredRow is one line of the answer.
type discoveredRow struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Hardware string   `json:"hardware"`
	Location string   `json:"location"`
	Address  string   `json:"address"`
	XAddrs   []string `json:"xaddrs"`
}

func discoveredRows(found []discovery.Found) []discoveredRow {
	rows := make([]discoveredRow, 0, len(found))
	for _, f := range found {
		rows = append(rows, discoveredRow{ID: f.ID, Name: f.Name, Hardware: f.Hardware, Location: f.Location, Address: f.Address(), XAddrs: f.XAddrs})
	}
	return rows
}

func printFound(w io.Writer, found []discovery.Found) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "No camera answered. Cameras answer only on their own network segment, and only when discovery is enabled in them; a camera can also be named by its address in the configuration.")
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "ADDRESS\tNAME\tHARDWARE\tLOCATION\tID")
	for _, r := range discoveredRows(found) {
		fmt.Fprintln(tw, strings.Join([]string{r.Address, r.Name, r.Hardware, r.Location, r.ID}, "\t"))
	}
	return tw.Flush()
}
