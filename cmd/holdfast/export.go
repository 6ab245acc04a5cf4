package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"holdfast/gateway/exports"
)

// exportCommand takes footage out: orders evidence packages, shows how far they are, and fetches them.
func exportCommand(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "export", args, verb{"create", exportCreate}, verb{"list", exportList}, verb{"show", exportShow}, verb{"get", exportGet},
		verb{"cancel", exportCancel}, verb{"remove", exportRemove})
}

// exportPoll is the time between two looks at an export that is being made.
const exportPoll = 250 * time.Millisecond

// orderWords is what the command line of export create orders.
type orderWords struct {
	cameras, stream, run, from, to, form, file *string
	notes, stills                              list
	order                                      exports.Order
}

func exportCreate(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "export create", "--camera IDS [--run RUN] --from TIME --to TIME --reason TEXT --recipient TEXT [--title TEXT] [--note TEXT]… [--still CAMERA@TIME]… [--form redacted --burn-time --mute] | --order FILE.json [--output DIR|FILE.zip]")
	var o orderWords
	o.cameras = q.fs.String("camera", "", "the cameras, `IDS` with commas between")
	o.stream = q.fs.String("stream", "", "the stream of this `ID`; the one that is recorded first when left out")
	o.run = runOption(q.fs)
	o.from, o.to = q.fs.String("from", "", "begin of the footage, a `TIME` as 2026-03-01T08:00:00Z"), q.fs.String("to", "", "end of the footage")
	q.fs.StringVar(&o.order.Reason, "reason", "", "why it is taken out; it stands in the package")
	q.fs.StringVar(&o.order.Recipient, "recipient", "", "who gets it; it stands in the package")
	q.fs.StringVar(&o.order.Title, "title", "", "title of the case")
	o.form = q.fs.String("form", "", "`FORM`: original (as recorded) or redacted")
	q.fs.BoolVar(&o.order.BurnTime, "burn-time", false, "write the time into redacted pictures")
	q.fs.BoolVar(&o.order.Mute, "mute", false, "without sound; originals then have the pictures as recorded, and no digest of the recorder proves them")
	q.fs.Var(&o.notes, "note", "something to be said about it")
	q.fs.Var(&o.stills, "still", "a picture, `CAMERA@TIME`")
	o.file = q.fs.String("order", "", "the whole order as the API takes it, in `FILE`, masks included")
	output := q.fs.String("output", "", "wait for its end, and put it into this new directory, or `FILE`.zip")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	if err := o.read(); err != nil {
		return err
	}
	var x exports.Export
	if err := q.ask("POST", exportPath(""), o.order, &x); err != nil {
		return err
	}
	if *output != "" {
		var err error
		if x, err = q.awaitExport(t, x.ID); err != nil {
			return err
		}
		if err := q.fetch(x, *output); err != nil {
			return err
		}
	}
	return q.print(x, func(w io.Writer) { printExport(w, x) })
}

// read makes the order of the options.
func (o *orderWords) read() error {
	if *o.file != "" {
		text, err := os.ReadFile(*o.file)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &o.order)
	}
	o.order.Form, o.order.Notes = *o.form, o.notes
	if *o.run != "" && len(commaList(*o.cameras)) != 1 {
		return errors.New("--run is a recording of one camera: name that one with --camera")
	}
	if *o.cameras != "" {
		from, err := time.Parse(time.RFC3339Nano, *o.from)
		if err != nil {
			return fmt.Errorf("--from: %q is no time of RFC 3339", *o.from)
		}
		to, err := time.Parse(time.RFC3339Nano, *o.to)
		if err != nil {
			return fmt.Errorf("--to: %q is no time of RFC 3339", *o.to)
		}
		for _, camera := range commaList(*o.cameras) {
			o.order.Clips = append(o.order.Clips, exports.ClipOrder{Camera: camera, Stream: *o.stream, Run: *o.run, From: from, To: to})
		}
	}
	for _, s := range o.stills {
		camera, text, _ := strings.Cut(s, "@")
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fmt.Errorf("--still: %q is no CAMERA@TIME", s)
		}
		still := exports.StillOrder{Camera: camera, Stream: *o.stream, At: at}
		if camera == *o.cameras {
			still.Run = *o.run
		}
		o.order.Stills = append(o.order.Stills, still)
	}
	return nil
}

func exportPath(id string) string {
	if id == "" {
		return "/api/v1/exports"
	}
	return "/api/v1/exports/" + pathWord(id)
}

// awaitExport waits for the end of an export, and shows people how far it is. Interrupting it leaves the export going on.
func (q *inquiry) awaitExport(t terminal, id string) (x exports.Export, err error) {
	shows := isTerminal(t.err)
	for {
		if err := q.ask("GET", exportPath(id), nil, &x); err != nil {
			return x, err
		}
		if shows {
			fmt.Fprintf(t.err, "\r%s\x1b[K", progressOf(x))
		}
		if x.State != exports.Waiting && x.State != exports.Running {
			break
		}
		select {
		case <-q.ctx.Done():
			return x, fmt.Errorf("the export %s goes on: %w", id, q.ctx.Err())
		case <-time.After(exportPoll):
		}
	}
	if shows {
		fmt.Fprint(t.err, "\r\x1b[K")
	}
	if x.State != exports.Done {
		return x, fmt.Errorf("the export %s %s: %s", id, x.State, x.Error)
	}
	return x, nil
}

func progressOf(x exports.Export) string {
	if x.State != exports.Running {
		return x.State
	}
	text := fmt.Sprintf("%3.0f %%  %s", 100*x.Progress, x.Step)
	if x.Left >= 1 {
		text += fmt.Sprintf(", about %s left", (time.Duration(x.Left) * time.Second).String())
	}
	return text
}

// fetch downloads a finished export to a zip file or a new directory.
func (q *inquiry) fetch(x exports.Export, output string) error {
	give := func(w io.Writer) error { return download(q.ctx, q.l, exportPath(x.ID)+"/package", w) }
	if strings.HasSuffix(output, ".zip") {
		return writeNew(output, give)
	}
	if _, err := os.Lstat(output); err == nil {
		return fmt.Errorf("%s is there already", output)
	}
	f, err := os.CreateTemp(dirOf(output), ".holdfast-export-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := give(f); err != nil {
		return err
	}
	return unzip(f, output)
}

func exportGet(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "export get", "--output DIR|FILE.zip ID")
	output := q.fs.String("output", "", "the new directory, or `FILE`.zip")
	if err := q.begin(ctx, args, "the id of one export"); err != nil {
		return err
	}
	if *output == "" {
		return errors.New("--output is missing")
	}
	x, err := q.awaitExport(t, q.fs.Arg(0))
	if err != nil {
		return err
	}
	if err := q.fetch(x, *output); err != nil {
		return err
	}
	return q.print(x, func(w io.Writer) { printExport(w, x) })
}

func exportShow(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "export show", "ID")
	if err := q.begin(ctx, args, "the id of one export"); err != nil {
		return err
	}
	var x exports.Export
	if err := q.ask("GET", exportPath(q.fs.Arg(0)), nil, &x); err != nil {
		return err
	}
	return q.print(x, func(w io.Writer) { printExport(w, x) })
}

func exportList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "export list", exportPath(""), "ID\tORDERED\tBY\tFOR\tCLIPS\tSIZE\tSTATE\tREMOVED ON", func(x exports.Export) string {
		expires := ""
		if !x.Expires.IsZero() {
			expires = x.Expires.Format(time.RFC3339)
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%.1f MB\t%s\t%s", x.ID, x.Created.Format(time.RFC3339), x.By, x.Order.Recipient, len(x.Order.Clips), float64(x.Bytes)/1e6, progressOf(x), expires)
	})
}

func exportCancel(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "export cancel", "export", "POST", func(id string) string { return exportPath(id) + "/cancel" })
}

func exportRemove(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "export remove", "export", "DELETE", exportPath)
}

func printExport(w io.Writer, x exports.Export) {
	fmt.Fprintf(w, "Export %s: %s.\n", x.ID, progressOf(x))
	if x.Error != "" {
		fmt.Fprintln(w, x.Error)
	}
	if x.State == exports.Done {
		fmt.Fprintf(w, "%d files of footage, %d gaps, %.1f MB. It is kept until %s.\nSigned by the key %s.\n", x.Parts, x.Gaps, float64(x.Bytes)/1e6, x.Expires.Format(time.RFC3339), x.Signer)
	}
}
