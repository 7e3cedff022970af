"""Serves one H.264 byte stream, read from standard input as it comes, as an RTSP camera on loopback.

Run by the system's Python, which has GStreamer: `/usr/bin/python3 rtsp_live.py PORT MOUNT < STREAM`. Frames carry the
time at which they arrived here. Prints `ready` once it listens; ends with its input or by SIGTERM.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 (versions are chosen before)


def main() -> None:
    port, mount = sys.argv[1:3]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( fdsrc fd=0 do-timestamp=true ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
    )
    factory.set_shared(True)
    factory.set_suspend_mode(GstRtspServer.RTSPSuspendMode.NONE)
    server.get_mount_points().add_factory(f"/{mount}", factory)
    if not server.attach(None):
        sys.exit(f"port {port} of loopback is taken")
    print("ready", flush=True)  # noqa: T201 (its caller waits for this line)
    GLib.MainLoop().run()


main()
