package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/rtsp/rtsptest"
	"holdfast/storage"
)

// clockCameras is how many cameras record while the clock is changed.
const clockCameras = 8

// setClock is a host clock that somebody sets.
type setClock struct{ offset atomic.Int64 }

func (c *setClock) now() time.Time       { return time.Now().Round(0).Add(time.Duration(c.offset.Load())) }
func (c *setClock) step(d time.Duration) { c.offset.Add(int64(d)) }

// street is cameras that keep the account of what they send.
type street struct {
	units map[[sha256.Size]byte]int // of the clip, which is longer than the test: each picture is sent once at most

	mu   sync.Mutex
	sent [clockCameras][]int // places in the clip, in order
}

// openStreet runs the cameras, and gives the settings that record them.
func openStreet(t *testing.T) (*street, string) {
	clip := rtsptest.MakeClip(t, rtsptest.Make{Seconds: 180, Size: "160x120"})
	s := &street{units: map[[sha256.Size]byte]int{}}
	for i, u := range clip.Units {
		s.units[fingerprint(u)] = i
	}
	if len(s.units) != len(clip.Units) {
		t.Fatalf("of %d pictures only %d differ", len(clip.Units), len(s.units))
	}
	var settings strings.Builder
	settings.WriteString("time_zone: Europe/Berlin\ncameras:\n")
	for n := range clockCameras {
		cam, _ := play(t, rtsptest.Options{Paths: map[string]*rtsptest.Clip{"main": clip}, Sent: func(_ string, unit int, _ time.Time) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sent[n] = append(s.sent[n], unit)
		}})
		fmt.Fprintf(&settings, "  - {id: cam-%d, rtsp: %q}\n", n, cam.URL("main"))
	}
	return s, settings.String()
}

// fingerprint is of a picture's slices alone: parameter sets may come with it or not.
func fingerprint(u rtsptest.Unit) [sha256.Size]byte {
	var slices [][]byte
	for _, n := range u.NALs {
		if kind := n[0] & 0x1f; kind == 1 || kind == 5 { // ITU-T H.264 table 7-1
			slices = append(slices, n)
		}
	}
	return sha256.Sum256(bytes.Join(slices, nil))
}

// between asks for a camera's spans of a range.
func (r *running) between(camera string, from, to time.Time) (list []span) {
	r.t.Helper()
	if err := json.Unmarshal(r.get("/api/v1/cameras/"+camera+"/spans?"+ranged(from, to)), &list); err != nil {
		r.t.Fatal(err)
	}
	return list
}

func ranged(from, to time.Time) string {
	return url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}.Encode()
}

// records waits until every camera has a number of runs of some seconds in a range.
func (r *running) records(runs int, d time.Duration, from, to time.Time) {
	r.t.Helper()
	for n := range clockCameras {
		r.await("footage by the clock as it is set", func() bool {
			have := 0
			for _, s := range r.between(fmt.Sprintf("cam-%d", n), from, to) {
				if s.Kind == "recorded" && s.End.Sub(s.Start) >= d {
					have++
				}
			}
			return have >= runs
		})
	}
}

// accounts wants everything that each camera sent from the first picture to the last that are stored to be stored once.
func (r *running) accounts(s *street, from, to time.Time) {
	r.t.Helper()
	for n := range clockCameras {
		clip, err := rtsptest.LoadClip(bytes.NewReader(r.get(fmt.Sprintf("/api/v1/cameras/cam-%d/video.mp4?%s", n, ranged(from, to)))))
		if err != nil {
			r.t.Fatal(err)
		}
		var stored []int
		for _, u := range clip.Units {
			unit, ok := s.units[fingerprint(u)]
			if !ok {
				r.t.Fatalf("cam-%d never sent a picture that is stored", n)
			}
			stored = append(stored, unit)
		}
		slices.Sort(stored)
		if sent := s.account(n, stored[0], stored[len(stored)-1]); !slices.Equal(sent, stored) {
			r.t.Errorf("cam-%d sent %d pictures from the first to the last that are stored, and %d are stored", n, len(sent), len(stored))
		}
	}
}

// account gives what a camera sent from one picture to another.
func (s *street) account(camera, first, last int) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent[camera]
	from, to := slices.Index(sent, first), slices.Index(sent, last)
	if from < 0 || to < from {
		return nil
	}
	return slices.Clone(sent[from : to+1])
}

// clean checks the store that the gateway leaves behind.
func (r *running) clean() {
	r.t.Helper()
	r.end()
	s, err := storage.Open(storage.Options{Index: filepath.Join(r.dir, "data", "index.db"), Volumes: []storage.VolumeOptions{{Path: filepath.Join(r.dir, "volume")}}})
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	report, err := s.Check(r.t.Context(), storage.LevelHash, nil)
	if err != nil || report.Left() > 0 {
		r.t.Errorf("check: %v, %+v", err, report)
	}
}

func TestClockThatIsSetLosesNothingAndTellsTheStep(t *testing.T) {
	t.Parallel()
	clock := &setClock{}
	cams, settings := openStreet(t)
	from := clock.now().Add(-2 * time.Hour)
	to := from.Add(4 * time.Hour)
	r := startWith(t, t.TempDir(), settings, Options{Now: clock.now})
	r.records(1, 2*time.Second, from, to)
	steps := []time.Duration{time.Hour, -time.Hour, -time.Hour, time.Hour, -3 * time.Second}
	for i, d := range steps {
		clock.step(d)
		r.records(i+2, 2*time.Second, from, to)
	}
	r.accounts(cams, from, to)
	for n := range clockCameras {
		r.throughSteps(fmt.Sprintf("cam-%d", n), from, to, 1+len(steps))
	}
	r.clean()
}

// throughSteps wants every run to be told, whenever its clock said it was, and of the times between that the clock was set.
func (r *running) throughSteps(camera string, from, to time.Time, runs int) {
	r.t.Helper()
	recorded := 0
	list := r.between(camera, from, to)
	for _, s := range list {
		switch {
		case s.Kind == "recorded":
			recorded++
		case s.Cause != string(storage.CauseClock) && s.Cause != string(storage.CauseStarting):
			r.t.Errorf("%s: %s to %s is a gap with the cause %q", camera, s.Start, s.End, s.Cause)
		}
	}
	if recorded != runs {
		r.t.Errorf("%s: %d runs were recorded, and the spans tell %+v", camera, runs, list)
	}
}

func TestDaylightSavingNeitherHidesNorOverlapsFootage(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			at, _ := time.Parse(time.RFC3339, change)
			_, before := at.Add(-time.Second).In(berlin).Zone()
			if _, after := at.In(berlin).Zone(); before == after {
				t.Fatal("no clock in Berlin is changed then")
			}
			clock := &setClock{}
			cams, settings := openStreet(t)
			clock.step(time.Until(at.Add(-20 * time.Second))) // a busy machine takes some to begin
			r := startWith(t, t.TempDir(), settings, Options{Now: clock.now})
			from, to := at.Add(-time.Hour), at.Add(time.Hour)
			r.records(1, 2*time.Second, at, to)
			r.accounts(cams, from, to)
			for n := range clockCameras {
				r.throughChange(fmt.Sprintf("cam-%d", n), at)
			}
			r.clean()
		})
	}
}

// throughChange wants one stretch of footage from before to after the moment, in UTC, whose files are called so.
func (r *running) throughChange(camera string, at time.Time) {
	r.t.Helper()
	recorded := 0
	for _, s := range r.between(camera, at.Add(-time.Hour), at.Add(time.Hour)) {
		if s.Kind != "recorded" {
			continue
		}
		if recorded++; recorded > 1 || !s.Start.Before(at) || !s.End.After(at) || s.Start.Location() != time.UTC {
			r.t.Errorf("%s: %s to %s is recorded", camera, s.Start, s.End)
		}
	}
	files, err := filepath.Glob(filepath.Join(r.dir, "volume", camera, "main", "*", "*.mp4"))
	if err != nil || len(files) == 0 {
		r.t.Errorf("%s: no files, %v", camera, err)
	}
	for _, f := range files {
		if filepath.Base(filepath.Dir(f)) != at.Format(time.DateOnly) || !strings.HasPrefix(filepath.Base(f), at.Add(-time.Hour).Format("20060102T15")) {
			r.t.Errorf("%s lies in %s", camera, f)
		}
	}
}
