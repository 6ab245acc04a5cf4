package rig

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// Poll separates looks at what cannot be waited for otherwise.
	Poll       = 20 * time.Millisecond
	readyLimit = 60 * time.Second
)

// Daemon is `holdfast serve` as a process.
type Daemon struct {
	Volume  string // directory of footage
	Started time.Time

	bench    *Bench
	name     string
	data     string
	config   string
	program  string   // the build of holdfast, by its name in the bench
	under    []string // a command that runs the daemon's
	cmd      *exec.Cmd
	gone     <-chan struct{} // closed when the process has ended
	ended    error           // how it did; set before gone is closed
	endpoint endpoint
	client   *http.Client
}

// endpoint is what the daemon writes for programs of the same user.
type endpoint struct{ URL, Token, CA string }

// Daemon prepares a daemon that records a camera for each address, as cam-1, cam-2 and so on, to the volume (a
// directory of the bench when empty). Extra lines go into its settings.
func (b *Bench) Daemon(name, volume string, cameras []string, extra string) (*Daemon, error) {
	d := &Daemon{bench: b, name: name, program: "holdfast", Volume: volume, data: b.Path(name, "data"), config: b.Path(name, "holdfast.yaml")}
	if volume == "" {
		d.Volume = b.Path(name, "volume")
	}
	if err := os.MkdirAll(b.Path(name), 0o700); err != nil {
		return nil, err
	}
	var y strings.Builder
	fmt.Fprintf(&y, "listen: 127.0.0.1:0\ndata: %q\nvolumes:\n  - path: %q\n    min_free: 1MB\nwebrtc: {udp: \"127.0.0.1:0\", tcp: \"127.0.0.1:0\"}\n%s", d.data, d.Volume, extra)
	if len(cameras) > 0 {
		y.WriteString("cameras:\n")
	}
	for i, u := range cameras {
		fmt.Fprintf(&y, "  - {id: cam-%d, rtsp: %q, transport: tcp}\n", i+1, u)
	}
	return d, os.WriteFile(d.config, []byte(y.String()), 0o600)
}

// Keep sets what the volume keeps free, as min_free takes it, in place of the least that may be set. Before Start.
func (d *Daemon) Keep(free string) error {
	data, err := os.ReadFile(d.config)
	if err != nil {
		return err
	}
	return os.WriteFile(d.config, bytes.Replace(data, []byte("min_free: 1MB"), []byte("min_free: "+free), 1), 0o600)
}

// Run has another build of holdfast run, by its name in the bench. Before Start.
func (d *Daemon) Run(program string) { d.program = program }

// Start starts the process; Ready waits for it.
func (d *Daemon) Start() error {
	log, err := d.bench.logFile(filepath.Join(d.name, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	if err := os.Remove(filepath.Join(d.data, "endpoint.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	line := append(slices.Clone(d.under), d.bench.Path(d.program), "serve", "--config", d.config)
	d.cmd = d.bench.Command(line[0], line[1:]...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.Started = time.Now()
	if err := d.cmd.Start(); err != nil {
		return fmt.Errorf("start holdfast: %w", err)
	}
	gone := make(chan struct{})
	d.gone = gone
	go func() {
		d.ended = d.cmd.Wait()
		close(gone)
	}()
	d.bench.Atexit(d.Kill)
	return nil
}

// Ready waits until the daemon has said how to reach it.
func (d *Daemon) Ready(ctx context.Context) error {
	return Await(ctx, readyLimit, "endpoint.json", func() (bool, error) {
		data, err := os.ReadFile(filepath.Join(d.data, "endpoint.json"))
		if errors.Is(err, os.ErrNotExist) {
			return false, d.alive()
		}
		if err != nil {
			return false, err
		}
		d.endpoint = endpoint{}
		if err := json.Unmarshal(data, &d.endpoint); err != nil {
			return false, err
		}
		return true, d.trust()
	})
}

// trust prepares a client for the daemon's address.
func (d *Daemon) trust() error {
	t := &http.Transport{}
	if d.endpoint.CA != "" {
		pem, err := os.ReadFile(d.endpoint.CA)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	d.client = &http.Client{Transport: t}
	return nil
}

// alive tells with an error that the process has ended.
func (d *Daemon) alive() error {
	select {
	case <-d.gone:
		return fmt.Errorf("holdfast ended (%v); its log is %s", d.ended, d.Log())
	default:
		return nil
	}
}

// Await looks until done says true. An error of done is told when it never does.
func Await(ctx context.Context, limit time.Duration, what string, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(Poll)
	defer tick.Stop()
	var last error
	for {
		ok, err := done()
		if ok && err == nil {
			return nil
		}
		if err != nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s, %s: %w", what, limit, errors.Join(ctx.Err(), last))
		}
	}
}

// PID is the process's id.
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// Log is the file with everything that the daemon has said.
func (d *Daemon) Log() string { return d.bench.Path(d.name, "log") }

// Kill ends the process as kill -9 does, and waits until it is gone.
func (d *Daemon) Kill() {
	d.cmd.Process.Kill()
	<-d.gone
}

// Stop asks the process to end and waits until it has.
func (d *Daemon) Stop() error {
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-d.gone
	return d.ended
}

// Open asks the API for path. The caller closes the body.
func (d *Daemon) Open(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.endpoint.URL+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+d.endpoint.Token)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	res, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, res.Status, text)
	}
	return res, nil
}

// get reads a JSON answer.
func (d *Daemon) get(ctx context.Context, path string, v any) error {
	res, err := d.Open(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(v)
}

// Camera is what the API says of a camera, as far as the rig looks.
type Camera struct {
	ID, State, Cause string
	Since            time.Time
	Record           struct {
		State, Cause string
		LastSynced   time.Time `json:"last_synced"` // of the newest frame that is safe; zero before the first
	}
	Streams []struct {
		ID, State, Codec string
		FPS              float64
		RingBytes        int64 `json:"ring_bytes"`
	}
}

// Cameras asks how the cameras do.
func (d *Daemon) Cameras(ctx context.Context) (list []Camera, err error) {
	return list, d.get(ctx, "/api/v1/cameras", &list)
}

// Span is a stretch of time that was recorded, or was not and why.
type Span struct {
	Start, End  time.Time
	Kind, Cause string
}

func (s Span) String() string {
	const clock = "15:04:05.000"
	return fmt.Sprintf("%s-%s %s%s", s.Start.Format(clock), s.End.Format(clock), s.Kind, s.Cause)
}

// Spans asks what was recorded of a camera.
func (d *Daemon) Spans(ctx context.Context, camera string, from, to time.Time) (list []Span, err error) {
	q := url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}
	return list, d.get(ctx, "/api/v1/cameras/"+camera+"/spans?"+q.Encode(), &list)
}

// Health is what the API says of the volumes.
type Health struct {
	State, Summary string
	Alarms         []struct{ ID, Severity, What string }
	Volumes        []struct{ ID, Path, State, Cause string }
}

// Health asks how the gateway does.
func (d *Daemon) Health(ctx context.Context) (h Health, err error) {
	return h, d.get(ctx, "/api/v1/health", &h)
}

// Check runs holdfast check; it is clean when the error is nil.
func (d *Daemon) Check(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, d.bench.Path("holdfast"), "check", "--config", d.config).CombinedOutput()
	if err != nil {
		return fmt.Errorf("holdfast check: %w\n%s", err, out)
	}
	return nil
}

// Recording waits until every camera is online and has footage on the disk that is younger than since.
func (d *Daemon) Recording(ctx context.Context, limit time.Duration, since time.Time) error {
	return Await(ctx, limit, "every camera to record", func() (bool, error) {
		list, err := d.Cameras(ctx)
		if err != nil {
			return false, errors.Join(err, d.alive())
		}
		for _, c := range list {
			if c.State != "online" || c.Record.State != "recording" {
				return false, fmt.Errorf("%s is %s (%s), recording is %s (%s)", c.ID, c.State, c.Cause, c.Record.State, c.Record.Cause)
			}
			if err := d.has(ctx, c.ID, since); err != nil {
				return false, err
			}
		}
		return len(list) > 0, nil
	})
}

// has tells with an error that nothing of the camera is recorded from since on.
func (d *Daemon) has(ctx context.Context, camera string, since time.Time) error {
	spans, err := d.Spans(ctx, camera, since, time.Now())
	if err != nil {
		return err
	}
	for _, s := range spans {
		// The last picture before a kill is shown for a moment longer than the recorder lived.
		if s.Kind == "recorded" && s.End.Sub(since) > 200*time.Millisecond {
			return nil
		}
	}
	return fmt.Errorf("%s has nothing recorded since %s", camera, since)
}

// Endpoint is how another program reaches the daemon: its address, a bearer token, and the certificate to trust, if any.
func (d *Daemon) Endpoint() (address, token, ca string) {
	return d.endpoint.URL, d.endpoint.Token, d.endpoint.CA
}
