# A camera that is not ours: GStreamer's RTSP server playing a file to each client from its beginning, once, at its own
# rate. Options come as one JSON object in the environment variable CAMERA; the port is printed on the first line.
import json, os, sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

o = json.loads(os.environ["CAMERA"])
Gst.init(None)

codec = "h265" if o["codec"] == "H265" else "h264"
launch = (
    'filesrc location="%s" ! qtdemux name=d d.video_0 ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 '
    "! %sparse config-interval=-1 ! rtp%spay name=pay0 pt=96 mtu=1400" % (o["file"], codec, codec)
)
if o["codec"] == "JPEG":
    launch = "videotestsrc ! video/x-raw,format=I420,width=640,height=360,framerate=10/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26"
if o.get("sound"):
    launch += " audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8"

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")

factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( %s )" % launch)
if o.get("protocols") == "udp":
    from gi.repository import GstRtsp

    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)

if o.get("username"):
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(2)  # GST_RTSP_AUTH_DIGEST
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(o["username"], o["password"], token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)

server.get_mount_points().add_factory("/stream", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)


def ended(*_):
    os._exit(0)


# The parent closes our standard input when it ends, however it ends.
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP, ended)
GLib.MainLoop().run()
