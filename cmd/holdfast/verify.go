package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"holdfast/gateway/evidence"
)

// codeError ends a command with an exit code of its own, after it has said what it found.
type codeError int

func (c codeError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// verify checks an evidence package, on any machine and without a gateway.
func verify(ctx context.Context, t terminal, args []string) error {
	fs := options(t, "verify", "verify PATH [--key FINGERPRINT] [--json]\n\nPATH is an evidence package: its directory, or its zip file. Exit codes: 0 sound; 1 could not be verified; 2 a file is\naltered, missing, added or exchanged; 3 the signature does not fit, or is of another key; 4 the proof that the export is in\nthe audit log does not hold; 5 footage is missing that no gap tells of. Of several the lowest.")
	key := fs.String("key", "", "the `FINGERPRINT` of the key that should have signed, as the site told it; without it nobody is claimed to have")
	asJSON := fs.Bool("json", false, "print the report as JSON")
	path, err := parseOne(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err == nil && path == "":
		err = errors.New("name the package, a directory or a zip file")
	}
	var r *evidence.Report
	if err == nil {
		r, err = evidence.Verify(ctx, path, evidence.Options{Key: *key, Progress: verifyProgress(t.err)})
	}
	if err != nil {
		fmt.Fprintf(t.err, "holdfast verify: %v\n", err)
		return codeError(evidence.NotRun)
	}
	if *asJSON {
		err = printJSON(t.out, r)
	} else {
		printEvidence(t.out, r)
	}
	if err == nil && r.Code != evidence.Sound {
		err = codeError(r.Code)
	}
	return err
}

// verifyProgress shows people how far it is.
func verifyProgress(w io.Writer) func(done, of int64) {
	if !isTerminal(w) {
		return nil
	}
	last := int64(-1)
	return func(done, of int64) {
		if share := 100 * done / max(of, 1); share != last {
			last = share
			fmt.Fprintf(w, "\r%d %% read\x1b[K", share)
			if done >= of {
				fmt.Fprint(w, "\r\x1b[K")
			}
		}
	}
}

func printEvidence(w io.Writer, r *evidence.Report) {
	fmt.Fprint(w, r.Says())
	if m := r.Manifest; m != nil {
		gaps, parts, originals := 0, 0, 0
		for _, c := range m.Clips {
			gaps, parts = gaps+len(c.Gaps), parts+len(c.Parts)
			if c.Proven() {
				originals += len(c.Parts)
			}
		}
		fmt.Fprintf(w, "Export %s of %s, made %s: %d files, %d of footage, %d of them as recorded, %d stills; %d declared gaps.\n", m.ID, m.Site, m.Made.Format("2006-01-02 15:04:05 UTC"), r.Files, parts, originals, len(m.Stills), gaps)
	}
	if r.Fragments > 0 {
		fmt.Fprintf(w, "%d fragments have the digests that were noted when they were recorded.\n", r.Fragments)
	}
	if r.Log != "" {
		fmt.Fprintf(w, "It is entry %d of the audit log %s.\n", r.LogEntry, r.Log)
	}
	if r.Signer != "" {
		fmt.Fprintf(w, "Signed by the key %s.\n", r.Signer)
	}
	switch {
	case r.SignerChecked:
		fmt.Fprintln(w, "That is the key that was given.")
	case r.Signer != "":
		fmt.Fprintln(w, "THE SIGNER WAS NOT CHECKED: whose key this is was not asked. Get the fingerprint from the site by another way and give it: --key FINGERPRINT.")
	}
	if r.Code == evidence.Sound {
		fmt.Fprintln(w, "Sound.")
		return
	}
	fmt.Fprintf(w, "NOT SOUND: %d findings, exit code %d.\n", len(r.Findings), r.Code)
}
