package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// certificateCommand shows the certificate that the running gateway presents, or has it renewed.
func certificateCommand(ctx context.Context, t terminal, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") && !isHelp(args[0]) {
		args = append([]string{"show"}, args...)
	}
	return operate(ctx, t, "certificate", args, verb{"show", certificateShow}, verb{"renew", certificateRenew})
}

func certificateShow(ctx context.Context, t terminal, args []string) error {
	return certificateCall(ctx, t, "show", "GET", "/api/v1/certificate", args)
}

func certificateRenew(ctx context.Context, t terminal, args []string) error {
	return certificateCall(ctx, t, "renew", "POST", "/api/v1/certificate/renew", args)
}

// certificateCall asks the running gateway, and prints the certificate that it answers with. One that stands in for
// another, or whose renewal fails, is a finding.
func certificateCall(ctx context.Context, t terminal, name, method, path string, args []string) error {
	x := targetOptions(t, "certificate "+name, "[--json]")
	if err := parse(x.fs, args); err != nil {
		return err
	}
	l, err := x.running(ctx)
	if err != nil {
		return err
	}
	var c web.Certificate
	if err := l.call(ctx, method, path, nil, &c); err != nil {
		return err
	}
	if *x.asJSON {
		err = printJSON(t.out, c)
	} else {
		printCertificate(t.out, c, time.Now())
	}
	if err == nil && (c.Error != "" || c.Source != c.Wanted) {
		return errFindings
	}
	return err
}

var certificateSources = map[string]string{"own": "this gateway's own authority", "files": "the operator's files", "acme": "an ACME authority"}

func printCertificate(w io.Writer, c web.Certificate, now time.Time) {
	from := certificateSources[c.Source]
	if c.From != "" {
		from += ", " + c.From
	}
	if c.Source != c.Wanted {
		from += "; it stands in for " + certificateSources[c.Wanted]
	}
	fmt.Fprintf(w, "certificate  %s\nfrom         %s\nissued by    %s\ngood for     %s\n", c.Subject, from, c.Issuer, strings.Join(c.Names, ", "))
	fmt.Fprintf(w, "good until   %s, %d days\n", c.NotAfter.UTC().Format(time.RFC3339), int(c.NotAfter.Sub(now).Hours()/24))
	if c.Renews != nil {
		fmt.Fprintf(w, "renewed      by itself, from %s\n", c.Renews.UTC().Format(time.RFC3339))
	} else {
		fmt.Fprintln(w, "renewed      by you: replace the files")
	}
	fmt.Fprintf(w, "SHA-256      %s\n", c.Fingerprint)
	if c.Error != "" {
		fmt.Fprintf(w, "FAILING      %s\n", c.Error)
	}
	if c.Next != nil {
		fmt.Fprintf(w, "tried again  %s\n", c.Next.UTC().Format(time.RFC3339))
	}
}
