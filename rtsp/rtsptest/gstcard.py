# A camera's card that is not ours: GStreamer's RTSP server playing back by the ONVIF replay extension. The units of a clip come as
# Annex B in a file, their times and lengths in CARD; the port is printed on the first line.
import json, os, sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

o = json.loads(os.environ["CARD"])
Gst.init(None)

codec = "h265" if o["codec"] == "H265" else "h264"
data = open(o["file"], "rb").read()
units, at = [], 0
for u in o["units"]:  # time in nanoseconds since 1900, length, whether decoding can start here
    units.append((u[0], data[at : at + u[1]], u[2]))
    at += u[1]


class Source:
    """Feeds an appsrc from a moment on."""

    def __init__(self, src):
        self.src, self.next, self.moved = src, 0, False
        src.set_property("handle-segment-change", True)
        src.set_property("duration", units[-1][0] + 40000000)
        src.connect("seek-data", self.seek)
        src.connect("need-data", self.need)

    def seek(self, src, to):
        self.next = max([i for i, u in enumerate(units) if u[2] and u[0] <= to] or [0])
        self.moved = True
        return True

    def need(self, src, length):
        if self.next == len(units):
            src.emit("end-of-stream")
            return
        time, text, sync = units[self.next]
        self.next += 1
        b = Gst.Buffer.new_wrapped(text)
        b.pts = b.dts = time
        if not sync:
            b.set_flags(Gst.BufferFlags.DELTA_UNIT)
        if not self.moved:
            src.emit("push-buffer", b)
            return
        self.moved = False  # what is asked for begins at the picture at which decoding can start, and so does the segment
        s = Gst.Segment()
        s.init(Gst.Format.TIME)
        s.start = s.time = s.position = time
        src.emit("push-sample", Gst.Sample.new(b, src.get_property("caps"), s, None))


server = GstRtspServer.RTSPOnvifServer()
server.set_address("127.0.0.1")
server.set_service("0")

factory = GstRtspServer.RTSPOnvifMediaFactory()
factory.set_launch(
    "( appsrc name=card format=time stream-type=seekable caps=video/x-%s,stream-format=byte-stream,alignment=au "
    "! %sparse ! rtp%spay pt=96 mtu=1400 name=p ! rtponviftimestamp name=pay0 ntp-offset=0 set-e-bit=true set-t-bit=true )" % (codec, codec, codec)
)
factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
factory.set_replay_support(True)
kept = []
factory.connect("media-configure", lambda f, m: kept.append(Source(m.get_element().get_by_name_recurse_up("card"))))
server.get_mount_points().add_factory("/replay", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)

# The parent closes our standard input when it ends, however it ends.
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP, lambda *_: os._exit(0))
GLib.MainLoop().run()
