package live

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"holdfast/rtsp"
)

// page watches by WHEP or MSE and reports what it sees.
const page = `<!doctype html><video autoplay muted playsinline></video><script>
const video = document.querySelector("video");
const asked = performance.now();
const seen = [];
const say = (what) => fetch("/report", {method: "POST", body: JSON.stringify(what)});
const look = (now, meta) => {
  seen.push({at: performance.now() - asked, media: meta.mediaTime, width: meta.width,
    lag: meta.receiveTime ? meta.presentationTime - meta.receiveTime : 0});
  if (seen.length == 1 || seen.length == 30) say({seen});
  video.requestVideoFrameCallback(look);
};
video.requestVideoFrameCallback(look);
async function whep() {
  const pc = new RTCPeerConnection();
  pc.addTransceiver("video", {direction: "recvonly"});
  pc.ontrack = (e) => { video.srcObject = e.streams[0] || new MediaStream([e.track]); };
  await pc.setLocalDescription();
  const answer = await fetch("/whep", {method: "POST", body: pc.localDescription.sdp});
  if (!answer.ok) throw new Error(await answer.text());
  await pc.setRemoteDescription({type: "answer", sdp: await answer.text()});
}
async function mse() {
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((open) => source.onsourceopen = open);
  const answer = await fetch("/live.mp4");
  const buffer = source.addSourceBuffer(answer.headers.get("Content-Type"));
  const reader = answer.body.getReader();
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    buffer.appendBuffer(value);
    await new Promise((end) => buffer.onupdateend = end);
  }
}
(location.search == "?mse" ? mse() : whep()).catch((e) => say({error: String(e)}));
</script>`

// sight is what the page reports.
type sight struct {
	Error string
	Seen  []struct {
		At, Media float64
		Width     int
		Lag       float64 // WebRTC: from the last packet's arrival to the screen, ms
	}
}

// surf opens the page in Chromium and gives its reports.
func surf(t *testing.T, s *Server, c *camera, query string) <-chan sight {
	t.Helper()
	reports := make(chan sight, 8)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) })
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		var what sight
		_ = json.NewDecoder(r.Body).Decode(&what)
		reports <- what
	})
	mux.HandleFunc("POST /whep", func(w http.ResponseWriter, r *http.Request) {
		offer, _ := io.ReadAll(r.Body)
		_, answer, err := s.Offer(r.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, offer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotAcceptable)
			return
		}
		_, _ = w.Write(answer)
	})
	mux.HandleFunc("GET /live.mp4", func(w http.ResponseWriter, r *http.Request) { _ = s.ServeMP4(w, r, asked(c, r)) })
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	profile, err := os.MkdirTemp("", "holdfast-chromium-*")
	must(t, err)
	cmd := exec.Command(need(t, "chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--autoplay-policy=no-user-gesture-required",
		"--user-data-dir="+profile, h.URL+"/"+query)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = os.RemoveAll(profile) // what a dying child still writes may stay
	})
	return reports
}

// live writes access units at 25 a second until ctx ends, over and over.
func (c *camera) live(ctx context.Context, us []unit) {
	ticker := time.NewTicker(40 * time.Millisecond)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		u := us[i%len(us)]
		f := &rtsp.Frame{Payload: u.nals, Key: u.key, DTS: rtsp.Ticks(i) * 3600, PTS: rtsp.Ticks(i) * 3600}
		c.put(f)
	}
}

func TestChromiumShowsMovingPictures(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]struct{ query, tcp string }{
		"whep":     {"", ""},
		"whep tcp": {"", "only"},
		"mse":      {"?mse", ""},
	} {
		t.Run(name, func(t *testing.T) {
			us := encode(t, rtsp.H264, "100", "keyint=100:bframes=0")
			options := Options{UDP: ":0"}
			if o.tcp != "" {
				options = Options{TCP: ":0"}
			}
			options.AllowPeer = local
			s := serve(t, options)
			c := newCamera(describe(rtsp.H264, us[0]))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); c.live(ctx, us) }()
			defer func() { cancel(); c.Close(); <-done }()
			eventually(t, "a stored group of pictures", func() bool { return c.Info().Items > 75 })
			reports := surf(t, s, c, o.query)
			for {
				select {
				case r := <-reports:
					if r.Error != "" {
						t.Fatal(r.Error)
					}
					if len(r.Seen) < 30 {
						t.Logf("first picture after %.0f ms", r.Seen[0].At)
						continue
					}
					first, last := r.Seen[0], r.Seen[29]
					if first.Width != 320 || last.Media <= first.Media {
						t.Fatalf("seen %+v", r.Seen)
					}
					t.Logf("thirty pictures in %.0f ms; the last was shown %.0f ms after it came", last.At-first.At, last.Lag)
					return
				case <-time.After(deadline):
					t.Fatalf("no pictures; sessions: %+v", s.Sessions())
				}
			}
		})
	}
}
