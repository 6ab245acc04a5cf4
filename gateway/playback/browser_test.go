package playback

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"holdfast/storage/fmp4"
	"holdfast/storage/fmp4/fmp4test"
)

const page = `<!doctype html><video id=v src=clip.mp4 muted></video><script>
const v = document.getElementById('v'), said = {frames: 0, seeks: []};
const tell = () => fetch('done', {method: 'POST', body: JSON.stringify(said)});
const event = name => new Promise(ok => v.addEventListener(name, ok, {once: true}));
v.onerror = () => { said.error = v.error.message || String(v.error.code); tell(); };
(async () => {
  await event('loadedmetadata');
  Object.assign(said, {duration: v.duration, width: v.videoWidth});
  const count = () => { said.frames++; v.requestVideoFrameCallback(count); };
  v.requestVideoFrameCallback(count);
  await v.play();
  await event('ended');
  said.audio = v.webkitAudioDecodedByteCount;
  for (const at of [5.02, 0.5, 3.98]) {
    v.currentTime = at;
    await event('seeked');
    said.seeks.push(v.currentTime);
  }
  tell();
})();
</script>`

type told struct {
	Error    string
	Duration float64
	Width    int
	Frames   int
	Audio    int
	Seeks    []float64
}

func TestBrowserPlaysAndSeeksAClip(t *testing.T) {
	t.Parallel()
	for name, audio := range map[string]fmp4.Codec{"G.711 as FLAC": fmp4.PCMU, "AAC": fmp4.AAC, "Opus": fmp4.Opus} {
		t.Run(name, func(t *testing.T) {
			f := fmp4test.Make(t, fmp4test.Options{Seconds: 8, GOP: 25, B: 1, Audio: audio})
			a := newArchive(t)
			a.record(f, 1, begin, 2)
			got := a.browse(begin.Add(1300*time.Millisecond), begin.Add(6700*time.Millisecond))
			if got.Error != "" || math.Abs(got.Duration-5.4) > 0.01 || got.Width != 320 || got.Frames < 20 || got.Audio == 0 || len(got.Seeks) != 3 {
				t.Errorf("the browser says %+v", got)
			}
		})
	}
}

// browse lets Chromium play a range to its end and seek in it.
func (a *archive) browse(from, to time.Time) (got told) {
	a.t.Helper()
	chromium := fmp4test.Tool(a.t, "chromium")
	done := make(chan told, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	})
	mux.HandleFunc("GET /clip.mp4", func(w http.ResponseWriter, r *http.Request) {
		c, err := a.play.Clip(r.Context(), "door", "main", from, to, Options{Continue: Continues(r)})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer c.Close()
		c.ServeHTTP(w, r)
	})
	mux.HandleFunc("POST /done", func(_ http.ResponseWriter, r *http.Request) {
		var x told
		if json.NewDecoder(r.Body).Decode(&x) == nil {
			done <- x
		}
	})
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.Start()
	a.t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	a.t.Cleanup(cancel)
	profile, err := os.MkdirTemp("", "playback")
	a.must(err)
	cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--autoplay-policy=no-user-gesture-required", "--user-data-dir="+profile, s.URL)
	// The browser is a group of processes, ended together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	a.must(cmd.Start())
	select {
	case got = <-done:
	case <-ctx.Done():
		a.t.Error("the browser did not finish in 90 s")
	}
	cancel()
	_ = cmd.Wait()
	_ = os.RemoveAll(profile)
	return got
}
