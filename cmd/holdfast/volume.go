package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast/gateway"
	"holdfast/gateway/web"
)

// volume lists and changes volumes: through the gateway while it runs, on the files when it does not.
func volume(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "volume", args, verb{"list", volumeList}, verb{"add", volumeAdd}, verb{"drain", volumeDrain}, verb{"remove", volumeRemove})
}

// volumeTarget is which gateway a volume command is about.
type volumeTarget struct{ target }

func volumeOptions(t terminal, verb, more string) volumeTarget {
	return volumeTarget{targetOptions(t, "volume "+verb, more)}
}

// one reads the options and the one word that follows them.
func (v volumeTarget) one(args []string, what string) (string, error) {
	if err := v.fs.Parse(args); err != nil {
		return "", err
	}
	if v.fs.NArg() != 1 {
		return "", fmt.Errorf("name one %s, behind the options (holdfast %s -h lists them)", what, v.fs.Name())
	}
	return v.fs.Arg(0), nil
}

// with calls f with the volumes of the running gateway, or of the files.
func (v volumeTarget) with(ctx context.Context, t terminal, f func(web.Volumes) error) error {
	l, conf, err := v.reach(ctx)
	switch {
	case err != nil:
		return err
	case l != nil:
		return f(&remoteVolumes{ctx: ctx, l: l})
	}
	return gateway.OfflineVolumes(ctx, conf, slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelError})), f)
}

func volumeList(ctx context.Context, t terminal, args []string) error {
	v := volumeOptions(t, "list", "[--json]")
	if err := parse(v.fs, args); err != nil {
		return err
	}
	return v.with(ctx, t, func(vols web.Volumes) error {
		list := vols.Volumes()
		if r, ok := vols.(*remoteVolumes); ok && r.err != nil {
			return r.err
		}
		if *v.asJSON {
			return printJSON(t.out, list)
		}
		if err := printVolumes(t.out, list); err != nil {
			return err
		}
		if r, ok := vols.(*remoteVolumes); ok {
			return r.printMirrors(t.out)
		}
		return nil
	})
}

// printMirrors says which cameras are to be recorded to two volumes at once and are not, and which footage lacks its second copy.
func (r *remoteVolumes) printMirrors(w io.Writer) error {
	var cameras []web.Camera
	var health web.Health
	if err := errors.Join(r.l.call(r.ctx, "GET", "/api/v1/cameras", nil, &cameras), r.l.call(r.ctx, "GET", "/api/v1/health", nil, &health)); err != nil {
		return err
	}
	for _, c := range cameras {
		if c.Record.Mirror == "not_mirrored" {
			fmt.Fprintf(w, "Camera %s is not mirrored: %s.\n", c.ID, c.Record.MirrorWhy)
		}
	}
	if n := health.Copies; n.Waiting > 0 {
		fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%d segments wait for their second copy. %s", n.Waiting, n.Waits)))
	}
	return nil
}

func volumeAdd(ctx context.Context, t terminal, args []string) error {
	v := volumeOptions(t, "add", "[--adopt] [--min-free GB] [--json] PATH")
	adopt := v.fs.Bool("adopt", false, "take the directory also when it has files, was another site's, or lost its identity")
	free := v.fs.Float64("min-free", 0, "`GB` that are kept free; 5 % of it when left out")
	path, err := v.one(args, "directory")
	if err != nil {
		return err
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	return v.changed(ctx, t, func(vols web.Volumes) (web.Volume, error) {
		return vols.AddVolume(ctx, web.VolumeRequest{Path: path, Adopt: *adopt, MinFree: int64(*free * 1e9)})
	})
}

func volumeDrain(ctx context.Context, t terminal, args []string) error {
	v := volumeOptions(t, "drain", "[--cancel] [--wait] [--json] ID|PATH")
	cancel := v.fs.Bool("cancel", false, "end the emptying; what was moved stays where it is")
	wait := v.fs.Bool("wait", false, "wait until the volume is empty, and show how far it is")
	id, err := v.one(args, "volume")
	if err != nil {
		return err
	}
	id = volumeName(id)
	if *cancel {
		return v.changed(ctx, t, func(vols web.Volumes) (web.Volume, error) { return vols.CancelDrain(ctx, id) })
	}
	return v.with(ctx, t, func(vols web.Volumes) error {
		one, err := vols.DrainVolume(ctx, id)
		_, running := vols.(*remoteVolumes)
		if err == nil && (*wait || !running) {
			one, err = drainWait(ctx, t, vols, one)
		}
		if err != nil {
			return err
		}
		return v.print(t, one)
	})
}

func volumeRemove(ctx context.Context, t terminal, args []string) error {
	v := volumeOptions(t, "remove", "[--forget] ID|PATH")
	forget := v.fs.Bool("forget", false, "also when it has footage, which is then off the timelines")
	id, err := v.one(args, "volume")
	if err != nil {
		return err
	}
	return v.with(ctx, t, func(vols web.Volumes) error { return vols.RemoveVolume(ctx, volumeName(id), *forget) })
}

// volumeName is an id as it is, or a path made absolute.
func volumeName(s string) string {
	if !strings.ContainsRune(s, filepath.Separator) {
		return s
	}
	path, err := filepath.Abs(s)
	if err != nil {
		return s
	}
	return path
}

func (v volumeTarget) changed(ctx context.Context, t terminal, f func(web.Volumes) (web.Volume, error)) error {
	return v.with(ctx, t, func(vols web.Volumes) error {
		one, err := f(vols)
		if err != nil {
			return err
		}
		return v.print(t, one)
	})
}

func (v volumeTarget) print(t terminal, one web.Volume) error {
	if *v.asJSON {
		return printJSON(t.out, one)
	}
	return printVolumes(t.out, []web.Volume{one})
}

// drainPeriod is the time between two looks at how far a drain is.
const drainPeriod = 500 * time.Millisecond

// drainWait shows how far the emptying of a volume is until it is over. Why it waits is said once.
func drainWait(ctx context.Context, t terminal, vols web.Volumes, one web.Volume) (web.Volume, error) {
	said := ""
	tick := time.NewTicker(drainPeriod)
	defer tick.Stop()
	for {
		d := one.Draining
		if d == nil {
			return one, errors.New("the drain was cancelled")
		}
		if isTerminal(t.err) {
			fmt.Fprintf(t.err, "\r%s", bar(d))
		}
		if d.Done || d.Damaged > 0 && int64(d.Damaged) == d.Segments {
			fmt.Fprintln(t.err)
			return one, nil
		}
		if d.Waits != said && d.Waits != "" {
			fmt.Fprintf(t.err, "\n%s\n", d.Waits)
		}
		said = d.Waits
		select {
		case <-ctx.Done():
			return one, ctx.Err()
		case <-tick.C:
		}
		for _, x := range vols.Volumes() {
			if x.Path == one.Path {
				one = x
			}
		}
		if r, ok := vols.(*remoteVolumes); ok && r.err != nil {
			return one, r.err
		}
	}
}

// bar is one line of a drain's progress.
func bar(d *web.Draining) string {
	const width = 30
	done := 1.0
	if all := d.Bytes + d.MovedB; all > 0 {
		done = float64(d.MovedB) / float64(all)
	}
	n := int(done * width)
	line := fmt.Sprintf("[%s%s] %3.0f %%  %d segments, %.1f GB left", strings.Repeat("#", n), strings.Repeat(" ", width-n), 100*done, d.Segments, float64(d.Bytes)/1e9)
	if d.Left > 0 {
		line += fmt.Sprintf(", about %v", (time.Duration(d.Left) * time.Second).Round(time.Second))
	}
	return fmt.Sprintf("%-90s", line)
}

func printVolumes(w io.Writer, list []web.Volume) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PATH\tSTATE\tFREE GB\tOF\tFOOTAGE GB\tSEGMENTS\tSTREAMS\tWRITES\tSYNC MEDIAN/P95 ms\tID")
	for _, v := range list {
		state := v.State
		if v.Draining != nil {
			state += ", draining"
		}
		fmt.Fprintf(table, "%s\t%s\t%.1f\t%.1f\t%.1f\t%d\t%d\t%s\t%.1f/%.1f\t%s\n", v.Path, state, float64(v.Free)/1e9, float64(v.Total)/1e9,
			float64(v.Used)/1e9, v.Segments, v.Streams, perSecond(v.Rate), v.MedianMS, v.P95MS, v.ID)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, v := range list {
		if v.Cause != "" {
			fmt.Fprintf(w, "%s: %s. %s\n", v.Path, v.Cause, v.Do)
		}
		if d := v.Draining; d != nil && d.Waits != "" {
			fmt.Fprintf(w, "%s: %s\n", v.Path, d.Waits)
		}
	}
	return nil
}

// perSecond writes a rate in bytes per second so that one camera's, too, can be read.
func perSecond(rate float64) string {
	if rate < 1e6 {
		return fmt.Sprintf("%.0f kB/s", rate/1e3)
	}
	return fmt.Sprintf("%.1f MB/s", rate/1e6)
}

// remoteVolumes are those of the running gateway.
type remoteVolumes struct {
	ctx context.Context // of the command
	l   *local
	err error // of the last Volumes
}

func (r *remoteVolumes) Volumes() (list []web.Volume) {
	r.err = r.l.call(r.ctx, "GET", "/api/v1/volumes", nil, &list)
	return list
}

func (r *remoteVolumes) AddVolume(ctx context.Context, req web.VolumeRequest) (v web.Volume, err error) {
	b, err := json.Marshal(req)
	if err != nil {
		return v, err
	}
	err = r.l.call(ctx, "POST", "/api/v1/volumes", bytes.NewReader(b), &v)
	return v, err
}

func (r *remoteVolumes) DrainVolume(ctx context.Context, id string) (v web.Volume, err error) {
	err = r.l.call(ctx, "POST", "/api/v1/volumes/"+url.PathEscape(id)+"/drain", nil, &v)
	return v, err
}

func (r *remoteVolumes) CancelDrain(ctx context.Context, id string) (v web.Volume, err error) {
	err = r.l.call(ctx, "DELETE", "/api/v1/volumes/"+url.PathEscape(id)+"/drain", nil, &v)
	return v, err
}

func (r *remoteVolumes) RemoveVolume(ctx context.Context, id string, forget bool) error {
	query := ""
	if forget {
		query = "?forget=1"
	}
	return r.l.call(ctx, "DELETE", "/api/v1/volumes/"+url.PathEscape(id)+query, nil, nil)
}
