package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// maxSceneLine bounds one line of an answer, bytes: 128 objects take some 16 KiB.
const maxSceneLine = 1 << 20

// cameraScene shows what a camera sees beside its pictures: what comes, or what was recorded.
func cameraScene(ctx context.Context, t terminal, args []string) error {
	d := deviceOptions(t, "scene", "[--from TIME --to TIME [--every SECONDS] [--region L,B,R,T] [--stream ID]]")
	from := d.fs.String("from", "", "what was recorded from this `TIME` on; without it, what comes, until interrupted")
	to := d.fs.String("to", "", "and up to this `TIME`")
	every := d.fs.String("every", "", "with `SECONDS` between two scenes at least")
	region := d.fs.String("region", "", "only what touches a part of the picture: left, bottom, right and top from -1 to 1, a `LIST` with commas between")
	stream := d.fs.String("stream", "", "of the stream with this `ID` (default: the first that is recorded)")
	if err := d.begin(ctx, args); err != nil {
		return err
	}
	if *from == "" && *to == "" {
		return d.scenes(ctx, t.out)
	}
	end, err := timeOr("--to", *to, time.Now())
	if err != nil {
		return err
	}
	start, err := timeOr("--from", *from, end.Add(-time.Minute))
	if err != nil {
		return err
	}
	q := url.Values{"from": {start.UTC().Format(time.RFC3339Nano)}, "to": {end.UTC().Format(time.RFC3339Nano)}}
	for name, value := range map[string]string{"every": *every, "region": *region, "stream": *stream} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return d.recordedScenes(ctx, t.out, q)
}

// scenes prints what comes.
func (d *deviceInquiry) scenes(ctx context.Context, out io.Writer) error {
	return d.lines(ctx, "/api/v1/scenes/stream?cameras="+url.QueryEscape(*d.camera), func(line string) error {
		data, is := strings.CutPrefix(line, "data: ")
		if !is {
			return nil
		}
		var s web.Scene
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			return err
		}
		return printScene(out, s, *d.asJSON)
	})
}

// recordedScenes prints what was recorded, asking on where there is more than one answer holds.
func (d *deviceInquiry) recordedScenes(ctx context.Context, out io.Writer, q url.Values) error {
	for more := true; more; {
		more = false
		err := d.lines(ctx, d.of("scenes?"+q.Encode()), func(line string) error {
			var l web.SceneLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				return err
			}
			if l.Next != nil {
				more = true
				q.Set("from", l.Next.Format(time.RFC3339Nano))
				return nil
			}
			return printScene(out, *l.Scene, *d.asJSON)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lines hands the lines of an answer on that may never end.
func (d *deviceInquiry) lines(ctx context.Context, path string, take func(line string) error) error {
	res, err := d.l.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxSceneLine)
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		if err := take(lines.Text()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the gateway's answer broke off: %w", err)
	}
	if strings.HasSuffix(path, "stream") || strings.Contains(path, "/stream?") {
		return errors.New("the gateway ended the stream: it stops, or the right to it has ended")
	}
	return nil
}

func printScene(out io.Writer, s web.Scene, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	var parts []string
	for _, o := range s.Objects {
		parts = append(parts, fmt.Sprintf("%s %s %.0f%% at %.2f,%.2f to %.2f,%.2f", strings.ToLower(o.Class), o.ID, 100*o.Likelihood, o.Box[0], o.Box[1], o.Box[2], o.Box[3]))
	}
	for _, r := range s.Temperatures {
		switch {
		case r.Spot != nil:
			parts = append(parts, fmt.Sprintf("%s %.1f K", r.Item, *r.Spot))
		case r.Min != nil && r.Max != nil:
			parts = append(parts, fmt.Sprintf("%s %.1f to %.1f K", r.Item, *r.Min, *r.Max))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	_, err := fmt.Fprintf(out, "%s  %s\n", s.At.Format(time.RFC3339Nano), strings.Join(parts, "; "))
	return err
}
