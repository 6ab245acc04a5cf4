package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/storage/fmp4/fmp4test"
)

// TestFootageIsWithoutSoundForWhoeverMayNotHear has a stranger's program say which tracks are in what two people get of one camera: one who
// may hear it, and one who may do all the same but hear.
func TestFootageIsWithoutSoundForWhoeverMayNotHear(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.must(s.process, "PUT", "/api/v1/roles/deaf", object{"name": "Deaf", "permissions": []string{"see", "live", "playback", "export"}}, nil)
	hears, deaf := s.asker("administrator"), s.person("deaf", true, grant("deaf", cameraA))
	camera, of := "/api/v1/cameras/"+cameraA, "?"+ranged(s.from, s.to)

	video := s.ask(hears, "GET", camera+"/video.mp4"+of, "", "")
	if got := tracks(t, video.body); !slices.Equal(got, []string{"audio", "video"}) || video.header.Get("X-Sound") != "" {
		t.Errorf("who hears gets %v, X-Sound %q", got, video.header.Get("X-Sound"))
	}
	video = s.ask(deaf, "GET", camera+"/video.mp4"+of, "", "")
	if got := tracks(t, video.body); !slices.Equal(got, []string{"video"}) || video.header.Get("X-Sound") != "withheld" {
		t.Errorf("who does not hear gets %v, X-Sound %q", got, video.header.Get("X-Sound"))
	}
	if a := s.ask(hears, "GET", camera+"/audio.fmp4"+of, "", ""); a.status != http.StatusOK {
		t.Errorf("who hears gets %d of the sound: %s", a.status, a.body)
	}
	if a := s.ask(deaf, "GET", camera+"/audio.fmp4"+of, "", ""); a.status != http.StatusForbidden || !strings.Contains(a.body, "/problems/sound") {
		t.Errorf("who does not hear gets %d of the sound: %s", a.status, a.body)
	}

	loud, silent := s.export(hears), s.export(deaf)
	if a := s.ask(hears, "GET", "/api/v1/exports/"+loud+"/package", "", ""); !slices.Equal(clipTracks(t, a.body), []string{"audio", "video"}) {
		t.Errorf("the export of who hears has %v", clipTracks(t, a.body))
	}
	if a := s.ask(deaf, "GET", "/api/v1/exports/"+silent+"/package", "", ""); !slices.Equal(clipTracks(t, a.body), []string{"video"}) {
		t.Errorf("the export of who does not hear has %v", clipTracks(t, a.body))
	}
	if a := s.ask(deaf, "GET", "/api/v1/exports/"+loud+"/package", "", ""); a.status != http.StatusForbidden || !strings.Contains(a.body, "/problems/sound") {
		t.Errorf("who does not hear gets %d of an export with sound", a.status)
	}
}

// export orders an export of camera A and waits until it is done.
func (s *scene) export(a *asker) (id string) {
	s.t.Helper()
	var x struct{ ID, State, Error string }
	s.must(a, "POST", "/api/v1/exports", object{"reason": "r", "recipient": "x", "clips": []object{{"camera": cameraA, "from": s.from, "to": s.to}}}, &x)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for x.State != "done" {
		select {
		case <-tick.C:
		case <-limit:
			s.t.Fatalf("the export is %s: %s", x.State, x.Error)
		}
		got := s.ask(a, "GET", "/api/v1/exports/"+x.ID, "", "")
		if err := json.Unmarshal([]byte(got.body), &x); err != nil || x.State == "failed" {
			s.t.Fatalf("the export: %s", got.body)
		}
	}
	return x.ID
}

// tracks are the kinds of tracks that ffprobe finds in a file.
func tracks(t *testing.T, data string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(strings.Fields(string(fmp4test.Run(t, nil, "ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", path)))))
}

// clipTracks are those of the first clip of a package.
func clipTracks(t *testing.T, data string) []string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(data)), int64(len(data)))
	if err != nil {
		t.Fatalf("%v: %.200s", err, data)
	}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".mp4") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		clip, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return tracks(t, string(clip))
	}
	t.Fatalf("no clip among %d files", len(z.File))
	return nil
}
