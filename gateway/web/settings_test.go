package web

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// wrongFile has the cameras of the tests say that their configuration file is not valid.
const wrongFile = "wrong"

func (c *cameras) Reload(context.Context) (Reload, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.config == wrongFile {
		return Reload{}, Misconfigured("holdfast.yaml:3: listen: is no address")
	}
	return Reload{Added: []string{"yard"}, Says: "Cameras added: yard; 1 untouched.", Untouched: 1}, nil
}

func (c *cameras) RecordSettings(id string) (RecordSettings, error) {
	if _, ok := c.Camera(id); !ok {
		return RecordSettings{}, ErrNotFound
	}
	return RecordSettings{Mode: "continuous", Streams: []string{"main"}}, nil
}

func (c *cameras) SetRecordSettings(_ context.Context, id string, s RecordSettings) (RecordSettings, error) {
	if _, ok := c.Camera(id); !ok {
		return RecordSettings{}, ErrNotFound
	}
	if s.MaxAge == "soon" {
		return s, Rejected("max_age", "It is no age.")
	}
	if s.Mode == "off" {
		return s, InFile()
	}
	return s, nil
}

func TestSettingsAreReadChangedAndReadAgain(t *testing.T) {
	s := newSite(t)
	p := s.setUp()
	const record, reload = "/api/v1/cameras/door/record", "/api/v1/config/reload"
	if res := s.do("GET", record, "", p.reads()); res.StatusCode != 200 {
		t.Errorf("read: %d %s", res.StatusCode, res.text)
	}
	schedule := `{"mode":"schedule","schedule":{"otherwise":"off","rules":[{"days":["mon-fri"],"from":"08:00","to":"18:00","mode":"continuous"}]},"max_age":"30d","volumes":["/srv/a"]}`
	var got RecordSettings
	res := s.do("PUT", record, schedule, p.changes())
	if err := json.Unmarshal([]byte(res.text), &got); err != nil || res.StatusCode != 200 || got.Schedule == nil || got.Schedule.Rules[0].Days[0] != "mon-fri" || got.MaxAge != "30d" || got.Volumes[0] != "/srv/a" {
		t.Errorf("changed to %d %s, %v", res.StatusCode, res.text, err)
	}
	for _, x := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", record, `{"max_age":"soon"}`, 422, "/problems/rule"},
		{"PUT", record, `{"mode":"off"}`, 409, "/problems/declared-in-file"},
		{"PUT", record, `{"moed":"off"}`, 400, "/problems/"},
		{"PUT", "/api/v1/cameras/none/record", `{}`, 404, "/problems/not-found"},
		{"GET", "/api/v1/cameras/none/record", ``, 404, "/problems/not-found"},
		{"POST", reload, ``, 200, `"removed":[]`},
	} {
		if res := s.do(x.method, x.path, x.body, p.changes()); res.StatusCode != x.status || !strings.Contains(res.text, x.says) {
			t.Errorf("%s %s %s: %d %s", x.method, x.path, x.body, res.StatusCode, res.text)
		}
	}
	s.cameras.mu.Lock()
	s.cameras.config = wrongFile
	s.cameras.mu.Unlock()
	if res := s.do("POST", reload, "", p.changes()); res.StatusCode != 422 || !strings.Contains(res.text, "/problems/configuration") || !strings.Contains(res.text, "holdfast.yaml:3") {
		t.Errorf("a file that is not valid: %d %s", res.StatusCode, res.text)
	}
}
