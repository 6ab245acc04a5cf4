package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"holdfast/gateway"
	"holdfast/gateway/audit"
)

// list is an option that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// auditVerify verifies the files of a log: those of a gateway, running or not, or an export anywhere. It trusts no gateway.
func auditVerify(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "audit verify", "| DIR [--witness DIR]… [--key KEY] [--json]")
	var witness list
	x.fs.Var(&witness, "witness", "hold it against the copies of checkpoints in this `DIR` too; those of the configuration when left out")
	key := x.fs.String("key", "", "the public `KEY` as it was noted elsewhere; the log's own when left out")
	dir, err := parseOne(x.fs, args)
	if err != nil {
		return err
	}
	if dir == "" {
		data, err := dataDir(*x.file, *x.data)
		if err != nil {
			return err
		}
		dir = gateway.AuditPath(data)
		if conf, err := checkedConfig(*x.file, *x.data); err == nil && len(witness) == 0 {
			witness = conf.Audit.Witness
		}
	}
	r, err := audit.Verify(ctx, dir, audit.VerifyOptions{Key: *key, Witness: witness, Progress: auditProgress(t.err)})
	if err != nil {
		return err
	}
	if *x.asJSON {
		err = printJSON(t.out, r)
	} else {
		printAuditReport(t.out, r)
	}
	if err == nil && !r.Sound() {
		err = errFindings
	}
	return err
}

// parseOne reads options around at most one word.
func parseOne(fs interface {
	Parse([]string) error
	Args() []string
}, args []string) (word string, err error) {
	if err := fs.Parse(args); err != nil {
		return "", err
	}
	rest := fs.Args()
	if len(rest) == 0 {
		return "", nil
	}
	if err := fs.Parse(rest[1:]); err != nil {
		return "", err
	}
	if len(fs.Args()) > 0 {
		return "", fmt.Errorf("%q is one word too many", fs.Args()[0])
	}
	return rest[0], nil
}

func auditProgress(w io.Writer) func(done, of int64) {
	if !isTerminal(w) {
		return nil
	}
	return func(done, of int64) {
		fmt.Fprintf(w, "\r%d of %d entries\x1b[K", done, of)
		if done >= of {
			fmt.Fprintln(w)
		}
	}
}

func printAuditReport(w io.Writer, r *audit.Report) {
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s: %s\n", f.Flaw, f.Says)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %d more findings\n", r.More)
	}
	if r.Pruned > 0 {
		fmt.Fprintf(w, "Entries 0 to %d were deleted by age; their hashes are here.\n", r.Pruned-1)
	}
	fmt.Fprintf(w, "%s: %d entries, %d signed for, %d checkpoints and %d of witnesses compared: %d findings\nverified with %s\n",
		r.Origin, r.Entries, r.Signed, r.Checkpoints, r.Witnessed, len(r.Findings)+r.More, r.Key)
}

// auditExport writes the log to a tar file or a new directory.
func auditExport(ctx context.Context, t terminal, args []string) error {
	x := targetOptions(t, "audit export", "--output FILE.tar|DIR")
	output := x.fs.String("output", "", "the `FILE`.tar, or the directory, to make")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	if *output == "" {
		return errors.New("--output is missing")
	}
	l, conf, err := x.reach(ctx)
	if err != nil {
		return err
	}
	if l != nil {
		return exportTo(*output, func(w io.Writer) error { return download(ctx, l, "/api/v1/audit/export", w) })
	}
	r, done, err := gateway.AuditFiles(conf, slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer done()
	return exportTo(*output, func(w io.Writer) error { return r.Export(ctx, w) })
}

// download copies an answer of the running gateway.
func download(ctx context.Context, l *local, path string, w io.Writer) error {
	res, err := l.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(w, res.Body)
	return err
}

// exportTo writes what gives a tar to a file, or unpacks it into a directory. Neither may be there.
func exportTo(output string, give func(io.Writer) error) error {
	if strings.HasSuffix(output, ".tar") {
		f, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(give(f), f.Sync(), f.Close())
	}
	if err := os.Mkdir(output, 0o700); err != nil {
		return err
	}
	r, w := io.Pipe()
	given := make(chan struct{})
	go func() { defer close(given); w.CloseWithError(give(w)) }()
	err := unpack(r, output)
	r.CloseWithError(err)
	<-given
	return err
}

// unpack writes the files of a tar, without its first directory.
func unpack(from io.Reader, dir string) error {
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, from)
			return err
		}
		if err != nil {
			return err
		}
		name := filepath.FromSlash(strings.TrimPrefix(h.Name, "audit/"))
		if !filepath.IsLocal(name) || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("the export has a file that it should not: %q", h.Name)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeFrom(path, r); err != nil {
			return err
		}
	}
}

func writeFrom(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
