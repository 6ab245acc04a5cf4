package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"holdfast/config"
	"holdfast/gateway/auth"
	"holdfast/gateway/live"
	"holdfast/gateway/playback"
	"holdfast/gateway/web"
	"holdfast/gateway/web/ui"
	"holdfast/storage"
)

// storageOptions are those of the recording engine.
func (g *Gateway) storageOptions() storage.Options {
	o := storage.Options{Index: filepath.Join(g.conf.Data, "index.db"), Ages: siteAges(g.conf.Retention), LockMax: time.Duration(g.conf.Retention.LockMax),
		CameraAges: make(map[string]storage.Ages), Verify: verifyOptions(g.conf.Verify), Disks: g.conf.DiskHealth, Now: g.now, Log: g.log}
	if g.conf.Encryption.AtRest {
		o.Keys = g.keys
	}
	o.Volumes = g.volumesToOpen()
	o.Pins = make(map[string][]string)
	for _, c := range g.conf.Cameras {
		if len(c.Record.Volumes) > 0 {
			o.Pins[c.ID] = c.Record.Volumes
		}
		if c.Record.Mirror {
			o.Mirrored = append(o.Mirrored, c.ID)
		}
		o.CameraAges[c.ID] = cameraAges(c.Record)
	}
	return o
}

func siteAges(r config.Retention) storage.Ages {
	return storage.Ages{Max: time.Duration(r.MaxAge), Event: time.Duration(r.EventMaxAge), Min: time.Duration(r.MinAge)}
}

func cameraAges(r config.Record) storage.Ages {
	return storage.Ages{Max: time.Duration(r.MaxAge), Event: time.Duration(r.EventMaxAge), Min: time.Duration(r.MinAge)}
}

// verifyOptions has a rate of 0 stand for not at all.
func verifyOptions(v config.Verify) storage.Verify {
	if v.Rate.Bytes == 0 {
		return storage.Verify{Rate: -1}
	}
	return storage.Verify{Rate: v.Rate.Bytes, Every: time.Duration(v.Every)}
}

// storageVolume tells how much of a volume is to stay free: as many bytes, or a share of it.
func storageVolume(v config.Volume) storage.VolumeOptions {
	return storage.VolumeOptions{Path: v.Path, MinFree: v.MinFree.Bytes, MinFreePart: v.MinFree.Percent / 100}
}

// makeFaces makes the parts that show what is recorded. None of them listens yet.
func (g *Gateway) makeFaces() (err error) {
	if g.auth, err = auth.New(auth.Options{DB: g.state.db, Keys: g.vault, Log: g.log, Now: g.now, Zone: g.conf.Location(), Site: siteName, Host: hostName(), DeviceKey: g.vault.Key("device cookie"), Breached: g.breached()}); err != nil {
		return fmt.Errorf("open accounts: %w", err)
	}
	if err := g.makeDemoUser(); err != nil {
		return err
	}
	if err := g.ownLocks(); err != nil {
		return err
	}
	g.live, err = live.New(live.Options{UDP: g.conf.WebRTC.UDP, TCP: g.conf.WebRTC.TCP, AllowPeer: g.guard.Allowed,
		Refused: g.strangers, FFmpeg: ffmpeg(), Run: g.decoding.Run, Log: g.log,
		Transcode: live.Transcoding{Allow: g.conf.Live.Transcode.Allow, Most: g.conf.Live.Transcode.Most}})
	if err != nil {
		return fmt.Errorf("make live view: %w", err)
	}
	g.watching.Watch(g.watchers)
	if fault := g.live.Fault(); fault != nil {
		g.faceAlarm("face:webrtc", fmt.Sprintf("A port for live pictures cannot be opened: %v.", fault),
			"Pictures go over the other port, or over the slower way that needs none. Recording goes on.",
			"End the program that has the port, or name another under webrtc in the configuration.")
	}
	g.audits = &auditReader{Log: g.audit}
	g.playback = playback.New(g.store, g.log)
	if err := errors.Join(g.keepAdopted(), g.loadCameras()); err != nil {
		return err
	}
	g.openExports()
	g.web, err = web.New(web.Options{
		Listen: []string{g.conf.Listen}, Names: g.conf.Names, TLS: g.conf.TLS, Data: g.conf.Data, Site: siteName, Version: g.version,
		Auth: g.auth, Audit: g.audit, AuditLog: g.audits, Own: ownLog{g.audits}, Cameras: g, Checks: g.checks, Keys: g.keyOperations(), Live: g.live, Archive: g.store, Footage: web.Recorded(g.playback), Exports: g.faceExports(), UI: ui.FS, Egress: g.guard,
		Metrics: g.writeMetrics, Ready: g.isReady, Alarm: g.faceAlarm, Clear: g.clear, Log: g.log, Now: g.now,
	})
	if err != nil {
		return fmt.Errorf("make web faces: %w", err)
	}
	return nil
}

// ffmpeg finds the decoder for JPEG snapshots; "" when it is not installed, and snapshots are MP4 then.
func ffmpeg() string {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return ""
	}
	return path
}

func (g *Gateway) isReady() bool {
	select {
	case <-g.ready:
		return true
	default:
		return false
	}
}

// faceAlarm raises the alarm of a face that cannot be bound.
func (g *Gateway) faceAlarm(id, what, means, do string) {
	g.raise(Alarm{ID: id, Severity: "warning", What: what, Means: means, Do: do})
}

// localFace makes the socket in the data directory, and gives what serves the API on it for the command line. The socket is
// there before endpoint.json is: who waits for that may use it.
func (g *Gateway) localFace() func(context.Context) error {
	l, err := web.ListenLocal(filepath.Join(g.conf.Data, "holdfast.sock"))
	if err != nil {
		g.faceAlarm("face:local", fmt.Sprintf("The local socket cannot be opened: %v.", err),
			"The command line reaches the gateway only after it has stopped. Recording goes on.", "Look at the rights of the data directory.")
		return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	}
	return func(ctx context.Context) error { return g.web.ServeLocal(ctx, l) }
}

// siteName is what the site is called.
const siteName = "Holdfast"

// breached opens the operator's list of leaked passwords; nil without one. A list that cannot be read is an alarm: what is built in goes on.
func (g *Gateway) breached() *auth.Breached {
	path := g.conf.Access.BreachedPasswords
	if path == "" {
		return nil
	}
	return auth.OpenBreached(path, func(err error) {
		g.when(err != nil, Alarm{ID: "access:breached", Severity: "warning", What: fmt.Sprintf("The list of leaked passwords cannot be used: %v.", err),
			Means: "New passwords are judged without it, by what is built in. Footage is not touched.", Do: "Mend the file that access.breached_passwords names, or take the setting away. It is tried again at the next new password."})
	})
}

// hostName is what this machine calls itself, "" when that is not known.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// demoUser is who a login link of the demo signs in.
const demoUser = "demo"

// makeDemoUser makes the demo's administrator, whose password nobody knows: one-time links are the only way in.
func (g *Gateway) makeDemoUser() error {
	if !g.demo || !g.auth.NeedsSetup() {
		return nil
	}
	token, err := g.auth.SetupToken()
	if err != nil {
		return err
	}
	s, err := g.auth.Setup(context.Background(), auth.Attempt{From: netip.IPv6Loopback(), Agent: "demo"}, token, demoUser, rand.Text()+rand.Text())
	if err != nil {
		return fmt.Errorf("make the demo's user: %w", err)
	}
	return g.auth.EndPerson(s.Person) // the session that set-up began is nobody's
}

// LoginLink makes a link that signs the demo's user in, once, or whoever is first by name.
func (g *Gateway) LoginLink(ctx context.Context) (string, error) {
	url, err := g.web.URL(ctx)
	if err != nil {
		return "", fmt.Errorf("make login link: no web face is bound: %w", err)
	}
	people := g.auth.People()
	if len(people) == 0 {
		return "", errors.New("make login link: there is nobody yet")
	}
	name := people[0].Name
	if g.demo {
		name = demoUser
	}
	token, err := g.auth.OnceToken(name)
	if err != nil {
		return "", fmt.Errorf("make login link: %w", err)
	}
	return url + "/login#once=" + token, nil
}

// writeMetrics writes the counters of /metrics, in the Prometheus text format.
func (g *Gateway) writeMetrics(w io.Writer) {
	metrics.WriteProcessMetrics(w)
	g.lag.write(w)
	g.writeAuditMetrics(w)
	for _, c := range g.list() {
		c.writeMetrics(w)
		c.writeLost(w)
		c.reports.writeMetrics(w)
		c.scene.writeMetrics(w)
		if m := g.store.Mirroring(c.spec().ID); m.Wanted {
			fmt.Fprintf(w, "holdfast_camera_mirrored{camera=%q} %d\n", c.spec().ID, boolean(m.Mirrored()))
		}
	}
	copies := g.store.Recopying()
	fmt.Fprintf(w, "holdfast_second_copies_waiting %d\n", copies.Waiting)
	fmt.Fprintf(w, "holdfast_second_copies_made_total %d\n", copies.Copied)
	fmt.Fprintf(w, "holdfast_second_copies_made_bytes_total %d\n", copies.Bytes)
	fmt.Fprintf(w, "holdfast_second_copies_damaged %d\n", copies.Damaged)
	for _, v := range g.store.Volumes() {
		name := fmt.Sprintf("{volume=%q}", v.ID)
		fmt.Fprintf(w, "holdfast_volume_free_bytes%s %d\n", name, v.Free)
		fmt.Fprintf(w, "holdfast_volume_size_bytes%s %d\n", name, v.Total)
		fmt.Fprintf(w, "holdfast_volume_usable%s %d\n", name, boolean(v.Usable()))
		fmt.Fprintf(w, "holdfast_volume_written_bytes_total%s %d\n", name, v.Writes)
		fmt.Fprintf(w, "holdfast_volume_sync_seconds%s %g\n", name, v.Sync.Seconds())
		fmt.Fprintf(w, "holdfast_volume_sync_median_seconds%s %g\n", name, v.Latency.Median.Seconds())
		fmt.Fprintf(w, "holdfast_volume_sync_p95_seconds%s %g\n", name, v.Latency.P95.Seconds())
		fmt.Fprintf(w, "holdfast_volume_interval_seconds%s %g\n", name, v.Interval.Seconds())
		fmt.Fprintf(w, "holdfast_volume_verify_bytes%s %d\n", name, v.Verified.Bytes)
		fmt.Fprintf(w, "holdfast_volume_verify_damaged%s %d\n", name, v.Verified.Damaged)
		if !v.Verified.Last.IsZero() {
			fmt.Fprintf(w, "holdfast_volume_verified_timestamp_seconds%s %d\n", name, v.Verified.Last.Unix())
		}
		fmt.Fprintf(w, "holdfast_volume_used_bytes%s %d\n", name, v.Used)
		writeDrainMetrics(w, name, v.Draining)
		fmt.Fprintf(w, "holdfast_volume_write_bytes_per_second%s %g\n", name, v.Rate)
		fmt.Fprintf(w, "holdfast_volume_streams%s %d\n", name, v.Streams)
	}
}

func (c *Camera) writeMetrics(w io.Writer) {
	for _, f := range c.feeds {
		name := fmt.Sprintf("{camera=%q,stream=%q}", c.spec().ID, f.id)
		fmt.Fprintf(w, "holdfast_stream_online%s %d\n", name, boolean(f.State().State == Online))
		info := f.stream.Info()
		fmt.Fprintf(w, "holdfast_stream_ring_bytes%s %d\n", name, info.Bytes)
		fmt.Fprintf(w, "holdfast_stream_lost_packets_total%s %d\n", name, info.Lost)
		fmt.Fprintf(w, "holdfast_stream_readers%s %d\n", name, info.Readers)
		if st, ok := f.stats(); ok {
			for _, t := range st.Tracks {
				track := fmt.Sprintf("{camera=%q,stream=%q,codec=%q}", c.spec().ID, f.id, t.Codec)
				fmt.Fprintf(w, "holdfast_session_packets%s %d\n", track, t.Packets)
				fmt.Fprintf(w, "holdfast_session_bytes%s %d\n", track, t.Bytes)
			}
			fmt.Fprintf(w, "holdfast_session_foreign_packets%s %d\n", name, st.Foreign)
			if st.CameraOffsetKnown {
				fmt.Fprintf(w, "holdfast_camera_clock_offset_seconds%s %g\n", name, st.CameraOffset.Seconds())
			}
		}
	}
}

// lostWindow is how far back lost footage is counted.
const lostWindow = 24 * time.Hour

// writeLost writes how much of the last day was to be recorded and is not. What nobody wanted, and what was deleted on
// purpose, is not lost.
func (c *Camera) writeLost(w io.Writer) {
	now := c.now()
	for _, id := range c.recorded {
		spans, err := c.store.Spans(c.spec().ID, id, now.Add(-lostWindow), now)
		if err != nil {
			c.log.Error("count lost footage", "stream", id, "error", err)
			continue
		}
		var lost time.Duration
		for _, s := range spans {
			if s.Lost() {
				lost += s.End.Sub(s.Start)
			}
		}
		fmt.Fprintf(w, "holdfast_stream_lost_seconds_last_day{camera=%q,stream=%q} %g\n", c.spec().ID, id, lost.Seconds())
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// writeDrainMetrics tells how far the emptying of a volume is, of one that is being emptied.
func writeDrainMetrics(w io.Writer, name string, d *storage.Draining) {
	if d == nil {
		return
	}
	fmt.Fprintf(w, "holdfast_volume_drain_left_bytes%s %d\n", name, d.Bytes)
	fmt.Fprintf(w, "holdfast_volume_drain_moved_bytes%s %d\n", name, d.MovedB)
	fmt.Fprintf(w, "holdfast_volume_drain_damaged_segments%s %d\n", name, d.Damaged)
	fmt.Fprintf(w, "holdfast_volume_drain_waits%s %d\n", name, boolean(d.Waits != ""))
}
