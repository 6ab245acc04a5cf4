# A camera's loudspeaker that is not ours: GStreamer's RTSP server with an ONVIF back channel, which writes what it hears to a file.
# Options come as one JSON object in SPEAKER; the port is printed on the first line.
import json, os, sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

o = json.loads(os.environ["SPEAKER"])
Gst.init(None)

law, payload = ("pcmu", 0) if o["codec"] == "PCMU" else ("pcma", 8)
server = GstRtspServer.RTSPOnvifServer()
server.set_address("127.0.0.1")
server.set_service("0")

# Who sets up the back channel alone leaves the picture unlinked. GStreamer's server may let go of it before the sound has begun; the source
# of the picture then ends with "not-linked" and takes the loudspeaker with it: the tee lets it go on for nobody.
factory = GstRtspServer.RTSPOnvifMediaFactory()
factory.set_launch("( videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=5/1 ! x264enc tune=zerolatency key-int-max=5 ! tee allow-not-linked=true ! rtph264pay name=pay0 pt=96 )")
if not o.get("deaf"):
    factory.set_backchannel_launch(
        '( capsfilter caps="application/x-rtp, media=audio, payload=%d, clock-rate=8000, encoding-name=%s" name=depay_backchannel '
        "! rtp%sdepay ! filesink buffer-mode=unbuffered async=false sync=false location=%s )" % (payload, law.upper(), law, o["file"])
    )
factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
server.get_mount_points().add_factory("/stream", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)

# The parent closes our standard input when it ends, however it ends.
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP, lambda *_: os._exit(0))
GLib.MainLoop().run()
