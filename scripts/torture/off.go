package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"holdfast/scripts/rig"
)

const (
	offTime = 2 * time.Second // how long a camera is off
	// calm is how long a camera records before it is switched off again.
	calm = 6 * time.Second
)

// offCamera is a camera that can be switched on. on returns when it can be reached.
type offCamera struct {
	name string
	on   func() (off func(), err error)
}

func (t *torture) cameraOff(ctx context.Context) error {
	clip, err := t.bench.Clip("gop2", 20*time.Second, killGOP, 2000)
	if err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	return t.off(ctx, "rtsp://"+address+"/live", offCamera{name: "camera off 2 s, 2 s GOP", on: func() (func(), error) {
		s, err := t.bench.StreetAt(clip, address)
		if err != nil {
			return nil, err
		}
		return s.Kill, nil
	}})
}

func (t *torture) gstreamerOff(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	return t.off(ctx, "rtsp://"+address+"/live", offCamera{name: "GStreamer off 2 s, 4 s GOP", on: func() (func(), error) {
		return t.gstreamer(address)
	}})
}

// gstreamerServer is a camera that we did not write. Its encoder starts with it, as after a power cut: a client inside
// the process keeps it running, and the sink between encoder and server keeps from the encoder that somebody came. So a
// session from outside waits for the next key frame, as with most cameras.
const gstreamerServer = `
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstApp", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstApp, GstRtspServer, GLib
Gst.init(None)
host, port = sys.argv[1].rsplit(":", 1)
caps = "video/x-h264,stream-format=byte-stream,alignment=au"
encoder = Gst.parse_launch("videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast bitrate=1500 key-int-max=100 ! %s ! appsink name=out emit-signals=true sync=false" % caps)
source = None
def encoded(sink):
    buffer = sink.emit("pull-sample").get_buffer().copy()
    buffer.pts = buffer.dts = Gst.CLOCK_TIME_NONE
    source.emit("push-buffer", buffer)
    return Gst.FlowReturn.OK
def configure(factory, media):
    global source
    source = media.get_element().get_by_name("source")
    encoder.set_state(Gst.State.PLAYING)
encoder.get_by_name("out").connect("new-sample", encoded)
server = GstRtspServer.RTSPServer(); server.set_address(host); server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory(); factory.set_shared(True); factory.connect("media-configure", configure)
factory.set_launch("( appsrc name=source is-live=true do-timestamp=true format=time caps=%s ! h264parse ! rtph264pay name=pay0 pt=96 )" % caps)
server.get_mount_points().add_factory("/live", factory); server.attach(None)
inside = Gst.parse_launch("rtspsrc location=rtsp://%s/live protocols=tcp latency=0 ! fakesink sync=false" % sys.argv[1])
inside.set_state(Gst.State.PLAYING)
print("ready", flush=True); GLib.MainLoop().run()
`

func (t *torture) gstreamer(address string) (func(), error) {
	const python = "/usr/bin/python3" // Debian's, which has the bindings
	if exec.Command(python, "-c", `import gi; gi.require_version("GstRtspServer", "1.0")`).Run() != nil {
		return nil, fmt.Errorf("%w: GStreamer's RTSP server is not installed", errCannot)
	}
	cmd := t.bench.Command(python, "-c", gstreamerServer, address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	off := func() {
		cmd.Process.Kill()
		cmd.Wait() // it was killed: its error says so
	}
	t.bench.Atexit(off)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready") {
		return nil, fmt.Errorf("start GStreamer: %q, %w", line, err)
	}
	return off, nil
}

// freeAddress finds an address that a camera can come back to.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// off records a camera and switches it off and on again, some times.
func (t *torture) off(ctx context.Context, url string, c offCamera) error {
	off, err := c.on()
	if err != nil {
		return err
	}
	d, err := t.bench.Daemon(strings.Fields(c.name)[0], "", []string{url}, "")
	if err != nil {
		return err
	}
	began := time.Now()
	if err := d.Start(); err != nil {
		return err
	}
	defer d.Kill()
	if err := d.Ready(ctx); err != nil {
		return err
	}
	for n := 1; n <= t.offs; n++ {
		if err := d.Recording(ctx, backLimit, time.Now()); err != nil {
			return err
		}
		if err := pause(ctx, calm+time.Duration(t.random.Int64N(int64(killGOP)))); err != nil {
			return err
		}
		gone := time.Now()
		off()
		if err := pause(ctx, offTime); err != nil {
			return err
		}
		if off, err = c.on(); err != nil {
			return err
		}
		if err := t.measureOff(ctx, d, c.name, began, gone, time.Now()); err != nil {
			return fmt.Errorf("time %d: %w", n, err)
		}
	}
	off()
	return d.Stop()
}

// measureOff waits for the camera to record again and takes the gap apart.
func (t *torture) measureOff(ctx context.Context, d *rig.Daemon, name string, began, gone, back time.Time) error {
	if err := d.Recording(ctx, backLimit, back); err != nil {
		return err
	}
	list, err := d.Cameras(ctx)
	if err != nil {
		return err
	}
	cam := list[0]
	spans, err := d.Spans(ctx, cam.ID, began, time.Now())
	if err != nil {
		return err
	}
	last, next := around(spans, gone)
	causes := causesBetween(spans, last, next)
	t.promise(len(causes) > 0, "%s: no gap is told", name)
	for _, c := range causes {
		t.promise(c == "camera offline" || c == "network loss", "%s: the cause given is %q", name, c)
	}
	away, lost := back.Sub(gone), next.Sub(last)
	t.measure(name+": whole gap", lost)
	t.measure(name+": beyond the time it was off", lost-away)
	t.measure(name+": back → connected", cam.Since.Sub(back))
	t.measure(name+": connected → key frame", max(0, next.Sub(cam.Since)))
	fmt.Printf("off %.3f s: gap %.3f s (%v); back to connected %.3f s, then to the key frame %.3f s, received and lost %.3f s\n", away.Seconds(),
		lost.Seconds(), causes, cam.Since.Sub(back).Seconds(), max(0, next.Sub(cam.Since)).Seconds(), max(0, gone.Sub(last)).Seconds())
	return nil
}

func causesBetween(spans []rig.Span, from, to time.Time) (causes []string) {
	for _, s := range spans {
		if s.Kind == "gap" && !s.Start.Before(from.Add(-rounding)) && !s.End.After(to.Add(rounding)) {
			causes = append(causes, s.Cause)
		}
	}
	return causes
}
