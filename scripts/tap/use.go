package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// usage is what was done with the program.
type usage struct {
	Rounds   int      `json:"rounds"`   // through all pages
	Pages    int      `json:"pages"`    // opened
	Requests int      `json:"requests"` // of the browser
	Frames   int      `json:"frames"`   // of live pictures that were seen to move
	Stumbles int      `json:"stumbles"` // pages that were not there in time
	Faults   []string `json:"faults"`   // requests to other origins, violations of the policy, errors of scripts

	refused  []refusal // by the program, on its way out
	searched int       // times cameras were looked for from the command line
	viewer   string    // why there was none
}

// refusal is what the program says that it refused.
type refusal struct {
	Network, Address, Why string
	Count                 uint64
}

const (
	readyTime = time.Minute
	endTime   = 30 * time.Second
)

// use runs the program and has it used for a while.
func use(ctx context.Context, n *network, bin string, length time.Duration, cameras int) (*usage, error) {
	dir, err := os.MkdirTemp("", "holdfast-tap-data-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	d := exec.Command(bin, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", fmt.Sprint(cameras))
	d.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	d.Stderr = os.Stderr
	out, err := d.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.Start(); err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	defer end(d)
	link, err := linkOf(ctx, out)
	if err != nil {
		return nil, err
	}
	g, err := reach(dir)
	if err != nil {
		return nil, err
	}
	if err := g.addNamed(ctx); err != nil {
		return nil, err
	}
	u, err := browse(ctx, link, length, func() { exec.CommandContext(ctx, bin, "discover", "--json").Run() })
	if err != nil {
		return nil, err
	}
	u.refused, err = g.refusals(ctx)
	return u, err
}

func end(d *exec.Cmd) {
	d.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(endTime, func() { d.Process.Kill() })
	d.Wait()
	late.Stop()
}

// linkOf waits for the demo to print its one-time link, and reads on.
func linkOf(ctx context.Context, out io.Reader) (string, error) {
	found := make(chan string, 1)
	viewer := regexp.MustCompile(`Viewer\s+(\S+)`)
	go func() {
		s := bufio.NewScanner(out)
		for s.Scan() {
			if m := viewer.FindStringSubmatch(s.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	select {
	case link := <-found:
		return link, nil
	case <-time.After(readyTime):
		return "", fmt.Errorf("the demo is not ready after %v", readyTime)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// gate is the running gateway's API.
type gate struct {
	URL, Token string
	client     *http.Client
}

func reach(dir string) (*gate, error) {
	b, err := os.ReadFile(filepath.Join(dir, "endpoint.json"))
	if err != nil {
		return nil, fmt.Errorf("find the gateway: %w", err)
	}
	g := &gate{client: &http.Client{Timeout: readyTime, Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}}
	return g, json.Unmarshal(b, g)
}

func (g *gate) call(ctx context.Context, method, path string, body, answer any) error {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, g.URL+path, &sent)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := g.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// addNamed adds a camera that only a name server outside could find: it is retried for ever, so the resolver has reason to
// ask again and again.
func (g *gate) addNamed(ctx context.Context) error {
	err := g.call(ctx, http.MethodPost, "/api/v1/cameras", map[string]any{"address": "rtsp://camera.holdfast-tap.example/main", "name": "Named",
		"username": "operator", "password": "not sent"}, nil)
	if err != nil {
		return fmt.Errorf("add a camera by a host name: %w", err)
	}
	return nil
}

func (g *gate) refusals(ctx context.Context) ([]refusal, error) {
	var a struct{ Refusals []refusal }
	if err := g.call(ctx, http.MethodGet, "/api/v1/egress", nil, &a); err != nil {
		return nil, fmt.Errorf("ask what was refused: %w", err)
	}
	return a.Refusals, nil
}

// searchPeriod is how often cameras are looked for from the command line.
const searchPeriod = time.Minute

// browse has Chromium go through the viewer, and looks for cameras meanwhile.
func browse(ctx context.Context, link string, length time.Duration, search func()) (*usage, error) {
	ctx, cancel := context.WithTimeout(ctx, length+5*readyTime)
	defer cancel()
	done := make(chan struct{})
	u := &usage{}
	var err error
	go func() {
		defer close(done)
		err = u.view(ctx, link, length)
	}()
	end := time.After(length)
	for ended := false; ; {
		search()
		u.searched++
		select {
		case <-done:
			if err != nil || u.viewer == "" || ended {
				return u, err
			}
			done = nil // without a browser the rest goes on
		case <-end:
			ended = true
			if done == nil {
				return u, nil
			}
			<-done
			return u, err
		case <-time.After(min(searchPeriod, length/4)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// view runs scripts/e2e/use.js.
func (u *usage) view(ctx context.Context, link string, length time.Duration) error {
	_, missing := os.Stat("scripts/e2e/node_modules/playwright-core")
	if _, err := exec.LookPath("node"); errors.Join(err, missing) != nil {
		u.viewer = "no browser: node or the modules of scripts/e2e are missing"
		return nil
	}
	cmd := exec.CommandContext(ctx, "node", "use.js", link, fmt.Sprint(int(length.Seconds())))
	cmd.Dir = "scripts/e2e"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("use the viewer: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return json.Unmarshal(out, u)
}
