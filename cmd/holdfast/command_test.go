package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/gateway"
	"holdfast/storage"
)

// output is where a command prints; it may be read while the command runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// invoke runs a command to its end.
func invoke(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var o, e output
	code = run(ctx, terminal{out: &o, err: &e}, args)
	return code, o.String(), e.String()
}

// background runs a command until the returned function is called, which gives its exit code and what it printed.
func background(t *testing.T, args ...string) (end func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var o output
	done := make(chan int, 1)
	go func() { done <- run(ctx, terminal{out: &o, err: &o}, args) }()
	end = sync.OnceValues(func() (int, string) { cancel(); code := <-done; return code, o.String() })
	t.Cleanup(func() {
		if _, said := end(); t.Failed() {
			t.Logf("it said:\n%s", said)
		}
	})
	return end
}

// site is a directory with a configuration file.
func site(t *testing.T, more string) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "holdfast.yaml")
	text := fmt.Sprintf("listen: 127.0.0.1:0\nwebrtc: {udp: \"127.0.0.1:0\", tcp: \"127.0.0.1:0\"}\ndata: %s/data\nvolumes:\n  - path: %s/volume\n%s", dir, dir, more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

// endpoint waits until the gateway of a data directory is ready.
func endpoint(t *testing.T, data string) gateway.Endpoint {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if e, err := gateway.ReadEndpoint(data); err == nil {
			return e
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the gateway does not get ready")
		}
	}
}

func TestDemoRecordsAndIsCheckedWhileItRunsAndAfter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := background(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "--cameras", "1")
	e := endpoint(t, dir)
	get := func(path string) []byte {
		req, _ := http.NewRequest(http.MethodGet, e.URL+path, nil)
		req.Header.Set("Authorization", "Bearer "+e.Token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var b bytes.Buffer
		b.ReadFrom(res.Body)
		return b.Bytes()
	}
	limit := time.After(time.Minute)
	for {
		var cameras []struct {
			ID     string
			Record struct{ State string }
		}
		if err := json.Unmarshal(get("/api/v1/cameras"), &cameras); err != nil {
			t.Fatal(err)
		}
		if len(cameras) == 1 && cameras[0].Record.State == "recording" {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-limit:
			t.Fatalf("nothing is recorded: %+v", cameras)
		}
	}
	for _, args := range [][]string{{"check", "--data", dir, "--json"}, {"check", "--data", dir, "--level", "hash"}, {"check", "--data", dir, "--level", "media", "--decode"}} {
		if code, out, errs := invoke(t, args...); code != exitDone {
			t.Errorf("%v while it runs: exit %d\n%s%s", args, code, out, errs)
		}
	}
	code, printed := end()
	if code != exitDone {
		t.Errorf("demo ended with %d", code)
	}
	if !strings.Contains(printed, "/login#") && !strings.Contains(printed, "Viewer") {
		t.Errorf("demo prints no link:\n%s", printed)
	}
	code, out, errs := invoke(t, "check", "--data", dir, "--level", "hash", "--json")
	var report storage.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitDone || report.Segments == 0 || len(report.Findings) > 0 {
		t.Fatalf("check after it: exit %d, %v\n%s%s\n%s", code, err, out, errs, printed)
	}
	if code, out, errs := invoke(t, "check", "--data", dir, "--rebuild"); code != exitDone || !strings.Contains(out, "The index was made again") {
		t.Errorf("rebuild: exit %d\n%s%s", code, out, errs)
	}
	spoil(t, dir)
	code, out, _ = invoke(t, "check", "--data", dir, "--level", "hash")
	if code != exitFindings || out == "" {
		t.Errorf("check of spoilt footage: exit %d\n%s", code, out)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--repair", "--dry-run"}, exitFindings, "A repair would do this"},
		{[]string{"--repair"}, exitDone, "1 repaired"},
		{[]string{"--rate", "900MB"}, exitDone, "1 known"},
	} {
		args := append([]string{"check", "--data", dir, "--level", "hash"}, c.args...)
		if code, out, errs := invoke(t, args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

// spoil changes a byte in the middle of a segment.
func spoil(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*", "*.mp4"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments below %s (%v)", dir, err)
	}
	f, err := os.OpenFile(files[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	var b [1]byte
	if _, err := f.ReadAt(b[:], info.Size()/2); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], info.Size()/2); err != nil {
		t.Fatal(err)
	}
}

func TestServeEndsInOrder(t *testing.T) {
	dir, file := site(t, "")
	end := background(t, "serve", "--config", file)
	endpoint(t, filepath.Join(dir, "data"))
	if code, _, errs := invoke(t, "serve", "--config", file); code != exitFailed || !strings.Contains(errs, "another") {
		t.Errorf("a second gateway on the same data: exit %d\n%s", code, errs)
	}
	if code, out := end(); code != exitDone {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestWrongConfigurationNamesFileLineAndReason(t *testing.T) {
	_, file := site(t, "camras: []\ncameras:\n  - {id: a/b, name: x, rtsp: \"http://h/\"}\n")
	for _, args := range [][]string{{"serve", "--config", file}, {"config", "--config", file}} {
		code, _, errs := invoke(t, args...)
		if code != exitFailed || !strings.Contains(errs, file+":6") || !strings.Contains(errs, "camras") || !strings.Contains(errs, file+":8") {
			t.Errorf("%v: exit %d\n%s", args, code, errs)
		}
	}
	if code, _, errs := invoke(t, "serve", "--config", file+".not"); code != exitFailed || !strings.Contains(errs, "no such file") {
		t.Errorf("without a file: exit %d\n%s", code, errs)
	}
}

func TestCommandsThatCannotRunSayWhy(t *testing.T) {
	for _, args := range [][]string{
		{}, {"fly"}, {"check"}, {"check", "--data", filepath.Join(t.TempDir(), "mistyped")}, {"check", "--data", t.TempDir(), "--level", "deep"},
		{"demo", "--cameras", "-1"}, {"serve"}, {"version", "extra"},
		{"discover", "--range", "10.0.0.0/8"}, {"discover", "--address", "camera"}, {"discover", "--address", "198.51.100.1"}, {"discover", "--interface", "nosuch0"}, {"discover", "--timeout", "2h"},
	} {
		code, _, errs := invoke(t, args...)
		if code != exitFailed || errs == "" || strings.Contains(errs, "panic") {
			t.Errorf("%v: exit %d\n%s", args, code, errs)
		}
	}
	if code, out, _ := invoke(t, "version"); code != exitDone || !strings.HasPrefix(out, "holdfast") {
		t.Errorf("version: exit %d, %q", code, out)
	}
}
