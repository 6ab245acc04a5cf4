package exports

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/gateway/audit"
	"holdfast/gateway/evidence"
	"holdfast/gateway/playback"
	"holdfast/storage"
	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 10, 25, 0, 59, 50, 250_000_000, time.UTC)

// rig is a recorder with footage of one camera: 12 s, a gap of 3 s, 8 s.
type rig struct {
	t      testing.TB
	o      Options
	e      *Exports
	end    func() // of the jobs
	writer *storage.Writer
}

var seed = [32]byte{1, 2, 3}

func newRig(t testing.TB) *rig {
	t.Helper()
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	volume := filepath.Join(dir, "volume")
	now := func() time.Time { return begin.Add(time.Hour) }
	r := &rig{t: t}
	r.must(os.MkdirAll(volume, 0o700))
	store, err := storage.Open(storage.Options{Index: filepath.Join(dir, "index.db"), Log: log, Now: now, Volumes: []storage.VolumeOptions{{Path: volume, Adopt: true}}})
	r.must(err)
	r.writer, err = store.Writer("door", "main")
	r.must(err)
	diary, err := audit.Open(audit.Options{Dir: filepath.Join(dir, "audit"), Seed: [32]byte{9}})
	r.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	logging := make(chan struct{})
	go func() { defer close(logging); diary.Run(ctx) }()
	ffmpeg := fmp4test.Tool(t, "ffmpeg")
	xor := func(plain, _ []byte) []byte {
		out := bytes.Clone(plain)
		for i := range out {
			out[i] ^= 0x5a
		}
		return out
	}
	offset := -1.5
	r.o = Options{Dir: filepath.Join(dir, "exports"), Keep: time.Hour, Store: store, Playback: playback.New(store, log), Audit: diary, Signer: evidence.NewSigner(seed),
		Seal: xor, Open: func(sealed, bound []byte) ([]byte, error) { return xor(sealed, bound), nil },
		Lock: func(_ string, x Range, until time.Time) (string, error) {
			l, err := store.Lock(storage.Lock{Camera: x.Camera, From: x.From, To: x.To, Until: until})
			return l.ID, err
		},
		Unlock: func(id string) error { _, err := store.Unlock(id); return err },
		Camera: func(id string) evidence.Camera {
			return evidence.Camera{ID: id, Name: "Front <door>", Manufacturer: "Acme", Model: "C1", Serial: "77", ClockOffset: &offset}
		},
		Stream: func(string) string { return "main" }, FFmpeg: ffmpeg, Run: (*exec.Cmd).Run, Site: "Shop", Program: "Holdfast test", Log: log, Now: now}
	r.open()
	t.Cleanup(func() {
		r.end()
		r.o.Playback.Close()
		cancel()
		<-logging
		if err := errors.Join(r.writer.Close(storage.CauseStopped), store.Close(), diary.Close()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// open begins the jobs; end ends them.
func (r *rig) open() {
	r.t.Helper()
	var err error
	r.e, err = Open(r.o)
	r.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	e := r.e
	go func() { defer close(done); e.Run(ctx) }()
	r.end = func() { cancel(); <-done }
}

// footage records what the rig has.
func (r *rig) footage() *rig {
	r.t.Helper()
	f := fmp4test.Make(r.t, fmp4test.Options{Seconds: 12, GOP: 25, B: 2, Audio: fmp4.PCMU})
	r.record(f, 1, begin, 12)
	r.must(r.writer.Gap(storage.CauseOffline, begin.Add(12*time.Second)))
	r.record(f, 2, begin.Add(15*time.Second), 8)
	return r
}

// record writes the first seconds of footage, in segments of four key frames. Fragments have 18 pictures, so that key frames lie in them
// anywhere, as they do in a recording.
func (r *rig) record(f *fmp4test.Footage, run uint32, at time.Time, seconds float64) {
	r.t.Helper()
	keys, frames, pending := 0, 0, []storage.Sample(nil)
	flush := func() {
		if len(pending) > 0 {
			r.must(r.writer.Write(pending))
			r.must(r.writer.Flush(context.Background()))
		}
		pending = nil
	}
	for _, s := range f.Samples {
		tr, video := f.Tracks[s.Track-1], f.Tracks[0]
		d := float64(s.DTS+int64(s.CTO))/float64(tr.Timescale) - float64(video.Origin)/float64(video.Timescale)
		if float64(s.DTS)/float64(tr.Timescale) >= seconds {
			continue
		}
		if s.Track == 1 {
			if frames++; frames%18 == 0 {
				flush()
			}
		}
		if s.Track == 1 && s.Sync {
			if keys%4 == 0 {
				flush()
				r.must(r.writer.Begin(run, at, f.Tracks))
			}
			keys++
		}
		pending = append(pending, storage.Sample{Sample: s, Wall: at.Add(time.Duration(math.Round(d * 1e9)))})
	}
	flush()
}

// order orders an export and waits for its end.
func (r *rig) order(req Order) Export {
	r.t.Helper()
	if req.Reason == "" {
		req.Reason, req.Recipient = "Theft of 25 October", "Police <north>"
	}
	j, err := r.e.Create(By{Person: "p-1", Name: "Ann"}, req)
	r.must(err)
	return r.wait(j.ID)
}

func (r *rig) wait(id string) Export {
	r.t.Helper()
	for limit := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		j, err := r.e.Get(id)
		r.must(err)
		if j.State != Waiting && j.State != Running {
			return j
		}
		if time.Now().After(limit) {
			r.t.Fatalf("%+v does not end", j)
		}
	}
}

// unpack puts the package of a finished export into a directory.
func (r *rig) unpack(j Export) string {
	r.t.Helper()
	if j.State != Done {
		r.t.Fatalf("export is %s: %s", j.State, j.Error)
	}
	b, err := r.e.Bundle(j.ID)
	r.must(err)
	defer b.Close()
	data, err := io.ReadAll(b)
	r.must(err)
	if int64(len(data)) != b.Size() {
		r.t.Fatalf("%d bytes of %d", len(data), b.Size())
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	r.must(err)
	dir := r.t.TempDir()
	r.must(os.CopyFS(dir, z))
	path := filepath.Join(dir, j.Name[:len(j.Name)-4])
	r.must(os.WriteFile(filepath.Join(dir, "whole.zip"), data, 0o600))
	return path
}

func (r *rig) verify(path string, o evidence.Options) *evidence.Report {
	r.t.Helper()
	report, err := evidence.Verify(context.Background(), path, o)
	r.must(err)
	return report
}
