package gateway

import (
	"context"
	"encoding/json"
	"log/slog"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
	"holdfast/storage/fmp4"
)

// footage is a store with one segment of a megabyte.
func footage(t *testing.T) *storage.Store {
	t.Helper()
	dir := t.TempDir()
	store, err := storage.Open(storage.Options{Index: filepath.Join(dir, "index.db"), Volumes: []storage.VolumeOptions{{Path: filepath.Join(dir, "volume"), MinFree: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w, err := store.Writer("door", "main")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(-time.Minute).UTC()
	track := fmp4.Track{ID: 1, Codec: fmp4.H264, Timescale: 90000, SPS: []byte{0x67, 1}, PPS: []byte{0x68, 1}, Width: 320, Height: 240}
	if err := w.Begin(1, now, []fmp4.Track{track}); err != nil {
		t.Fatal(err)
	}
	picture := append([]byte{0x65}, make([]byte, 1<<20)...)
	for i := range 3 {
		s := storage.Sample{Wall: now.Add(time.Duration(i) * time.Second), Sample: fmp4.Sample{Track: 1, DTS: int64(i) * 90000, Sync: true, Data: [][]byte{picture}}}
		if err := w.Write([]storage.Sample{s}); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(storage.CauseStopped); err != nil {
		t.Fatal(err)
	}
	return store
}

// TestCheckIsAJob starts a check that would take a minute, has another refused, cancels it, and runs one to its end.
func TestCheckIsAJob(t *testing.T) {
	c := newChecks(footage(t), (*exec.Cmd).Run, slog.New(slog.DiscardHandler))
	if _, ok := c.Check(); ok {
		t.Error("a check that nobody started is shown")
	}
	job, err := c.StartCheck(web.CheckRequest{Level: "hash", Rate: 50_000})
	if err != nil || job.State != "running" {
		t.Fatalf("%+v, %v", job, err)
	}
	if _, err := c.StartCheck(web.CheckRequest{}); err == nil {
		t.Error("two checks run at once")
	}
	if job, _ := c.CancelCheck(); job.State != "cancelled" || job.Report == nil {
		t.Errorf("cancelled: %+v", job)
	}
	if _, err := c.StartCheck(web.CheckRequest{Level: "media"}); err != nil {
		t.Fatal(err)
	}
	<-c.ended
	job, _ = c.Check()
	report, _ := job.Report.(storage.Report)
	if job.State != "done" || job.Segments != 1 || job.Bytes < 3<<20 || len(report.Findings) != 0 || report.Segments != 1 {
		t.Errorf("done: %+v", job)
	}
	if _, err := json.Marshal(job); err != nil {
		t.Error(err)
	}
	c.stop()
	if _, err := c.StartCheck(web.CheckRequest{}); err == nil {
		t.Error("a check begins while the gateway stops")
	}
}

// TestCheckRequestsThatMakeNoSense are refused before anything runs.
func TestCheckRequestsThatMakeNoSense(t *testing.T) {
	c := newChecks(footage(t), (*exec.Cmd).Run, slog.New(slog.DiscardHandler))
	now := time.Now()
	for name, req := range map[string]web.CheckRequest{
		"level": {Level: "deep"}, "rate": {Rate: -1}, "to": {From: now, To: now.Add(-time.Hour)}, "volume": {Volume: "nowhere"}, "decode": {Level: "hash", Decode: true},
	} {
		if _, err := c.StartCheck(req); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	if _, ok := c.Check(); ok {
		t.Error("something ran")
	}
}

// TestDecoderNamesWhatItStumblesOver has a real decoder read pictures that are none.
func TestDecoderNamesWhatItStumblesOver(t *testing.T) {
	path := ffmpeg()
	if path == "" {
		t.Skip("no ffmpeg")
	}
	store := footage(t)
	r, err := store.Check(context.Background(), storage.LevelMedia, &storage.CheckOptions{Decode: decoder(path, (*exec.Cmd).Run)})
	if err != nil || len(r.Findings) != 1 || r.Findings[0].Kind != storage.KindDecode {
		t.Errorf("%+v, %v", r, err)
	}
}
