package onvif_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// shared is where something of the ONVIF kit is, which is not part of the repository, and whether it is there: the official schemas
// with their validator, the recorded answers of real cameras.
func shared(name string) (path string, there bool) {
	root := os.Getenv("HOLDFAST_SHARED")
	if root == "" {
		root = "../../shared"
	}
	path = filepath.Join(root, "onvif", name)
	_, err := os.Stat(path)
	return path, err == nil
}

// requests keeps what a client sends, to be compared with the official schemas.
type requests struct {
	mu   sync.Mutex
	list [][]byte
}

func (r *requests) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.list = append(r.list, body)
		r.mu.Unlock()
		next.ServeHTTP(w, req)
	})
}

// sent is how many of what was sent hold a piece.
func (r *requests) sent(piece string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.list {
		if bytes.Contains(b, []byte(piece)) {
			n++
		}
	}
	return n
}

// validate checks them against the schemas, which are not part of the repository.
func (r *requests) validate(t *testing.T) {
	t.Helper()
	validate, there := shared("validate")
	if !there {
		t.Skipf("the official schemas and their validator are not at %s", validate)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	dir := t.TempDir()
	seen := make(map[string]bool)
	var files []string
	for _, b := range r.list {
		_, body, message := bytes.Cut(b, []byte("Body>"))
		if !message || seen[string(body)] { // a file that is sent is no message
			continue
		}
		seen[string(body)] = true
		file := filepath.Join(dir, fmt.Sprintf("%03d.xml", len(files)))
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if out, err := exec.Command(validate, files...).CombinedOutput(); err != nil {
		for _, f := range files {
			if b, _ := os.ReadFile(f); bytes.Contains(out, []byte(f+":")) {
				t.Logf("%s: %s", f, b[bytes.Index(b, []byte("<s:Body>")):])
			}
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "validity error") {
				t.Error(strings.TrimSpace(line))
			}
		}
		t.Error(err)
	}
	t.Logf("%d different requests of %d are valid", len(files), len(r.list))
}
