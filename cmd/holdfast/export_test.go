package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/gateway/evidence"
	"holdfast/gateway/exports"
	"holdfast/gateway/simcam"
)

// Footage of a gateway is taken out by command, checked without it, and gone when it is erased.
func TestFootageIsTakenOutAndCheckedByTheCommandLine(t *testing.T) {
	t.Parallel()
	c, err := simcam.New(simcam.Options{Name: "Door"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	dir, file := site(t, fmt.Sprintf("cameras:\n  - {id: door, name: Door, rtsp: %q, transport: tcp, username: %q, password: %q}\n", c.RTSP("main"), c.Username(), c.Password()))
	background(t, "serve", "--config", file)
	e := endpoint(t, filepath.Join(dir, "data"))
	from, to := recordedRange(t, e.URL, e.Token)

	run := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := invoke(t, args...)
		if code != want {
			t.Fatalf("holdfast %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
		}
		return out + errs
	}
	package1 := filepath.Join(dir, "package")
	order := []string{"export", "create", "--config", file, "--camera", "door", "--from", from, "--to", to, "--recipient", "Police"}
	run(exitFailed, append(order, "--output", package1)...) // without a reason
	var x exports.Export
	if err := json.Unmarshal([]byte(run(exitDone, append(order, "--reason", "Theft", "--note", "One.", "--json", "--output", package1)...)), &x); err != nil || x.State != exports.Done || x.Signer == "" {
		t.Fatalf("%+v, %v", x, err)
	}

	if out := run(evidence.Sound, "verify", package1); !strings.Contains(out, "Sound.") || !strings.Contains(out, "THE SIGNER WAS NOT CHECKED") {
		t.Errorf("verify: %s", out)
	}
	if out := run(evidence.Sound, "verify", "--key", x.Signer, package1); strings.Contains(out, "NOT CHECKED") || !strings.Contains(out, "That is the key that was given.") {
		t.Errorf("verify with the key: %s", out)
	}
	run(evidence.Signature, "verify", "--key", strings.Repeat("ab", 32), package1)
	run(evidence.NotRun, "verify", dir)
	run(evidence.NotRun, "verify")
	run(evidence.NotRun, "verify", "--key", "abc", package1)
	clips, err := filepath.Glob(filepath.Join(package1, "clips", "*.mp4"))
	if err != nil || len(clips) == 0 {
		t.Fatalf("clips: %v, %v", clips, err)
	}
	data, err := os.ReadFile(clips[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(clips[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(evidence.Altered, "verify", package1); !strings.Contains(out, "clips/"+filepath.Base(clips[0])) {
		t.Errorf("verify of an altered clip does not name it: %s", out)
	}
	zipped := filepath.Join(dir, "package.zip")
	run(exitDone, "export", "get", "--config", file, "--output", zipped, x.ID)
	run(evidence.Sound, "verify", "--json", zipped)
	if out := run(exitDone, "export", "list", "--config", file); !strings.Contains(out, x.ID) || !strings.Contains(out, "done") {
		t.Errorf("list: %s", out)
	}
	run(exitFailed, "export", "cancel", "--config", file, x.ID) // it is done

	// Where two people are asked for, one alone takes nothing.
	run(exitDone, "policy", "set", "--config", file, "--two-people", "export on door")
	body := fmt.Sprintf(`{"reason":"r","recipient":"x","clips":[{"camera":"door","from":%q,"to":%q}]}`, from, to)
	for path, body := range map[string]string{"/api/v1/exports": body, "/api/v1/exports/" + x.ID + "/package": ""} {
		method := http.MethodPost
		if body == "" {
			method = http.MethodGet
		}
		if status, text := bearer(t, e.Token, method, e.URL+path, body); status != http.StatusForbidden || !strings.Contains(text, "approval-needed") {
			t.Errorf("%s alone: %d %s", path, status, text)
		}
	}

	if out := run(exitDone, "audit", "show", "--config", file, "--action", "export"); !strings.Contains(out, "export.done") || !strings.Contains(out, "Police: Theft") {
		t.Errorf("the audit log: %s", out)
	}
	run(exitDone, "erase", "--config", file, "--camera", "door", "--from", from, "--to", to, "--reason", "test footage")
	if out := run(exitDone, "export", "list", "--config", file); strings.Contains(out, x.ID) {
		t.Errorf("an export outlives the footage that was erased: %s", out)
	}
}

// recordedRange waits for three seconds of footage of the camera door.
func recordedRange(t *testing.T, url, token string) (from, to string) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		now := time.Now().UTC()
		_, text := bearer(t, token, http.MethodGet, url+"/api/v1/cameras/door/spans?from="+now.Add(-time.Hour).Format(time.RFC3339)+"&to="+now.Format(time.RFC3339Nano), "")
		var spans []struct {
			Start, End time.Time
			Kind       string
		}
		if json.Unmarshal([]byte(text), &spans) == nil {
			for _, s := range spans {
				if s.Kind == "recorded" && s.End.Sub(s.Start) > 3500*time.Millisecond {
					return s.Start.Add(500 * time.Millisecond).Format(time.RFC3339Nano), s.Start.Add(3 * time.Second).Format(time.RFC3339Nano)
				}
			}
		}
		if time.Now().After(limit) {
			t.Fatalf("nothing is recorded: %s", text)
		}
	}
}

func bearer(t *testing.T, token, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	buf := make([]byte, 64<<10)
	for b.Len() < 1<<20 {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return res.StatusCode, b.String()
}
