package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"holdfast/gateway/web"
)

// overviewSlots is how many characters the line of a camera has.
const overviewSlots = 72

// recordingsOverview shows what is recorded of every camera, a line each.
func recordingsOverview(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "recordings overview", "[--from TIME] [--to TIME] [--cameras LIST] [--removed] [--slots N]")
	from := q.fs.String("from", "", "from this `TIME` on, as 2026-03-01T08:00:00Z; a day before --to when left out")
	to := q.fs.String("to", "", "before this `TIME`; now when left out")
	cameras := q.fs.String("cameras", "", "only of the cameras of this `LIST` of ids, separated by commas")
	removed := q.fs.Bool("removed", false, "also of the cameras that are there no longer")
	slots := q.fs.Int("slots", overviewSlots, "`N` pieces that the range is cut into, up to 2000")
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	end, err := timeOr("--to", *to, time.Now())
	if err != nil {
		return err
	}
	begin, err := timeOr("--from", *from, end.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	v := url.Values{"from": {begin.UTC().Format(time.RFC3339Nano)}, "to": {end.UTC().Format(time.RFC3339Nano)}, "slots": {strconv.Itoa(*slots)}}
	if *cameras != "" {
		v.Set("cameras", *cameras)
	}
	if *removed {
		v.Set("removed", "1")
	}
	var o web.Overview
	if err := q.ask(http.MethodGet, "/api/v1/overview?"+v.Encode(), nil, &o); err != nil {
		return err
	}
	return q.print(o, func(w io.Writer) {
		fmt.Fprintf(w, "CAMERA\t%s to %s: # recorded, x partly lost, ! lost, . not wanted, - deleted\tEVENTS\n", o.From.Format(time.RFC3339), o.To.Format(time.RFC3339))
		for _, c := range o.Cameras {
			fmt.Fprintf(w, "%s\t%s\t%d\n", c.ID, drawn(c, o.Slots), counted(c))
		}
	})
}

var drawnAs = map[string]string{"recorded": "#", "partly": "x", "lost": "!", "unwanted": ".", "deleted": "-"}

// drawn is a camera's history as characters.
func drawn(c web.CameraOverview, slots int) string {
	var b strings.Builder
	for _, r := range c.Runs {
		as, ok := drawnAs[r.Class]
		if !ok {
			as = " "
		}
		b.WriteString(strings.Repeat(as, r.N))
	}
	return b.String() + strings.Repeat(" ", max(slots-b.Len(), 0))
}

func counted(c web.CameraOverview) (n int) {
	for _, m := range c.Events {
		n += m.Count
	}
	return n
}

// maxPicture bounds a picture that is written to a file, bytes.
const maxPicture = 32 << 20

// recordingsPicture writes the picture that was recorded at a moment to a file.
func recordingsPicture(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "recordings picture", "--camera ID --at TIME --out FILE [--stream ID] [--run RUN]")
	camera := q.fs.String("camera", "", "the `ID` of the camera (required)")
	at := q.fs.String("at", "", "the picture of this `TIME`, as 2026-03-01T08:00:00Z (required)")
	out := q.fs.String("out", "", "write it to this `FILE`, which must not exist: FILE.jpg a picture, FILE.mp4 the key frame as it was recorded (required)")
	stream := q.fs.String("stream", "", "the `ID` of the stream; the first that is recorded when left out")
	run := runOption(q.fs)
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	if *camera == "" || *at == "" || *out == "" {
		return errors.New("say --camera ID, --at TIME and --out FILE")
	}
	moment, err := timeOr("--at", *at, time.Time{})
	if err != nil {
		return err
	}
	kind := "jpg"
	if strings.HasSuffix(*out, ".mp4") {
		kind = "mp4"
	}
	v := url.Values{"at": {moment.UTC().Format(time.RFC3339Nano)}}
	if *stream != "" {
		v.Set("stream", *stream)
	}
	if *run != "" {
		v.Set("run", *run)
	}
	res, err := q.l.do(ctx, http.MethodGet, "/api/v1/cameras/"+url.PathEscape(*camera)+"/picture."+kind+"?"+v.Encode(), nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if mime := res.Header.Get("Content-Type"); kind == "jpg" && mime != "image/jpeg" {
		return errors.New("no decoder is installed on the gateway: install ffmpeg there, or name a file that ends in .mp4")
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(res.Body, maxPicture))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", *out, err)
	}
	told := struct {
		File  string `json:"file"`
		Taken string `json:"taken"`
		Bytes int64  `json:"bytes"`
	}{*out, res.Header.Get("X-Picture-Time"), n}
	return q.print(told, func(w io.Writer) { fmt.Fprintf(w, "%s  taken %s, %d bytes\n", told.File, told.Taken, told.Bytes) })
}

// recordingsVideo writes what was recorded of a range to a file: as one MP4, or as fragments whose times are wall times.
func recordingsVideo(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "recordings video", "--camera ID [--from TIME] [--to TIME] --out FILE [--wall [--keys N]] [--stream ID] [--run RUN]")
	wall := q.fs.Bool("wall", false, "as fragmented MP4 whose times are wall times, gaps as long as they were: pictures alone, of at most ten minutes")
	keys := q.fs.Int("keys", 0, "with --wall: at most `N` key frames, spread evenly over the range, which may be 32 days then; 1 to 600")
	return q.footage(ctx, args, func() (string, url.Values, error) {
		switch {
		case *keys != 0 && !*wall:
			return "", nil, errors.New("--keys goes with --wall")
		case *keys != 0:
			return "/video.fmp4", url.Values{"keys": {strconv.Itoa(*keys)}}, nil
		case *wall:
			return "/video.fmp4", url.Values{}, nil
		}
		return "/video.mp4", url.Values{}, nil
	})
}

// recordingsSound writes the sound of a range to a file, as fragments whose times are wall times.
func recordingsSound(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "recordings sound", "--camera ID [--from TIME] [--to TIME] --out FILE [--stream ID] [--run RUN]")
	return q.footage(ctx, args, func() (string, url.Values, error) { return "/audio.fmp4", url.Values{}, nil })
}

// footage writes footage of a range to a file that must not exist. of gives the part of the API that has it, once the options are read.
func (q *inquiry) footage(ctx context.Context, args []string, of func() (string, url.Values, error)) error {
	camera := q.fs.String("camera", "", "the `ID` of the camera (required)")
	from := q.fs.String("from", "", "from this `TIME` on, as 2026-03-01T08:00:00Z; a minute before --to when left out")
	to := q.fs.String("to", "", "before this `TIME`; now when left out")
	out := q.fs.String("out", "", "write it to this `FILE`, which must not exist (required)")
	stream := q.fs.String("stream", "", "the `ID` of the stream; the first that is recorded when left out")
	run := runOption(q.fs)
	if err := q.begin(ctx, args); err != nil {
		return err
	}
	part, v, err := of()
	if err != nil {
		return err
	}
	if *camera == "" || *out == "" {
		return errors.New("say --camera ID and --out FILE")
	}
	end, err := timeOr("--to", *to, time.Now())
	if err != nil {
		return err
	}
	begin, err := timeOr("--from", *from, end.Add(-time.Minute))
	if err != nil {
		return err
	}
	v.Set("from", begin.UTC().Format(time.RFC3339Nano))
	v.Set("to", end.UTC().Format(time.RFC3339Nano))
	if *stream != "" {
		v.Set("stream", *stream)
	}
	if *run != "" {
		v.Set("run", *run)
	}
	return q.save(ctx, "/api/v1/cameras/"+url.PathEscape(*camera)+part+"?"+v.Encode(), *out)
}

// save writes an answer to a new file. What was cut short is not left behind, since it looks like the whole.
func (q *inquiry) save(ctx context.Context, path, out string) error {
	res, err := q.l.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, res.Body)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", out, err), os.Remove(out))
	}
	told := struct {
		File  string `json:"file"`
		Bytes int64  `json:"bytes"`
	}{out, n}
	return q.print(told, func(w io.Writer) { fmt.Fprintf(w, "%s  %d bytes\n", told.File, told.Bytes) })
}
