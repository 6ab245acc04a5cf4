package gateway

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheOperatorsListOfLeakedPasswordsIsUsedAndMissed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list := filepath.Join(dir, "leaked.txt")
	r := startIn(t, dir, fmt.Sprintf("access: {breached_passwords: %q}\n", list))
	r.await("the alarm", func() bool { _, ok := r.alarm("access:breached"); return ok })
	if err := os.WriteFile(list, fmt.Appendf(nil, "%X:7\n", sha1.Sum([]byte("wet paint on the stairs"))), 0o600); err != nil {
		t.Fatal(err)
	}
	link, err := os.ReadFile(SetupLinkPath(filepath.Join(r.dir, "data")))
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(string(link)), "#token=")
	setUp := func(password string) (int, string) {
		body, _ := json.Marshal(map[string]string{"token": token, "username": "grace", "password": password})
		req, _ := http.NewRequest(http.MethodPost, r.e.URL+"/api/v1/setup", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", r.e.URL)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		answer, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(answer)
	}
	if status, answer := setUp("wet paint on the stairs"); status/100 != 4 || !strings.Contains(answer, "leaked") {
		t.Errorf("a leaked password: %d %s", status, answer)
	}
	if _, still := r.alarm("access:breached"); still {
		t.Error("the alarm stays after the list was read")
	}
	if status, answer := setUp("the gate squeaks on mondays"); status/100 != 2 {
		t.Errorf("a good password: %d %s", status, answer)
	}
}
