"""GStreamer's RTSP server as a camera and as an ONVIF replay recorder, run by the system's Python.

    /usr/bin/python3 gstreamer_server.py '{"mounts": {"cam": {"file": …, "codec": "h264", "starts": []}}}'

Each mount plays one file: for ever as a camera, or, where `starts` names instants, once from each of them as a
recorder's tape, so that the time between is a gap. `user` and `password` ask for digest. Prints its port when ready,
and ends with its standard input.
"""

import bisect
import json
import sys
from dataclasses import dataclass
from datetime import datetime

import gi

for namespace in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(namespace, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - versions are chosen first

NTP_BEFORE_UNIX_S = 2_208_988_800
SECOND = 1_000_000_000
TO_NETWORK = (
    "caps=video/x-{codec},stream-format=byte-stream,alignment=au "
    "! {codec}parse config-interval=-1 ! rtp{codec}pay pt=96"
)


@dataclass
class Picture:
    data: bytes
    shown: int
    decoded: int
    lasts: int
    is_key: bool
    begins_section: bool = False

    def moved(self, by, begins_section=False):
        return Picture(self.data, self.shown + by, self.decoded + by, self.lasts, self.is_key, begins_section)

    def buffer(self):
        made = Gst.Buffer.new_wrapped(self.data)
        made.pts, made.dts, made.duration = self.shown, self.decoded, self.lasts
        if not self.is_key:
            made.set_flags(Gst.BufferFlags.DELTA_UNIT)
        return made


def read_pictures(path, codec):
    reading = Gst.parse_launch(
        f'filesrc location="{path}" ! parsebin ! {codec}parse config-interval=-1 '
        f"! video/x-{codec},stream-format=byte-stream,alignment=au ! appsink name=end sync=false"
    )
    end, pictures = reading.get_by_name("end"), []
    reading.set_state(Gst.State.PLAYING)
    while (sample := end.emit("pull-sample")) is not None:
        buffer = sample.get_buffer()
        has_dts = buffer.dts != Gst.CLOCK_TIME_NONE
        pictures.append(
            Picture(
                buffer.extract_dup(0, buffer.get_size()),
                buffer.pts,
                buffer.dts if has_dts else buffer.pts,
                buffer.duration,
                not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT),
            )
        )
    reading.set_state(Gst.State.NULL)
    first = min(picture.shown for picture in pictures)
    for picture in pictures:
        picture.shown -= first
        picture.decoded = max(0, picture.decoded - first)
    return pictures


class Camera(GstRtspServer.RTSPMediaFactory):
    def __init__(self, pictures, codec):
        super().__init__()
        self._pictures, self._codec = pictures, codec
        self._lap = max(picture.shown + picture.lasts for picture in pictures)
        self.set_shared(False)  # a shared one answers 503 while it is being taken down

    def do_create_element(self, _url):
        source = (
            f"appsrc name=source is-live=true format=time {TO_NETWORK.format(codec=self._codec)} name=pay0"
        )
        element = Gst.parse_launch(source)
        endless = self._endless()
        element.get_by_name("source").connect(
            "need-data", lambda pad, _size: pad.emit("push-buffer", next(endless).buffer())
        )
        return element

    def _endless(self):
        laps = 0
        while True:
            yield from (picture.moved(laps * self._lap) for picture in self._pictures)
            laps += 1


class Tape(GstRtspServer.RTSPOnvifMediaFactory):
    """Times on the tape are nanoseconds since 1900, so that the extension needs no offset."""

    def __init__(self, pictures, codec, starts):
        super().__init__()
        self._codec = codec
        begins = sorted(
            int((datetime.fromisoformat(start).timestamp() + NTP_BEFORE_UNIX_S) * 1000) * 1_000_000
            for start in starts
        )
        self._tape = [
            picture.moved(begin, begins_section=number == 0)
            for begin in begins
            for number, picture in enumerate(pictures)
        ]
        self._shown = [picture.shown for picture in self._tape]
        self.set_replay_support(True)
        self.set_media_gtype(GstRtspServer.RTSPOnvifMedia.__gtype__)

    def _key_for(self, instant):
        """The key picture to begin with: that before the instant, or in a gap the next section's first."""
        at = max(0, bisect.bisect_right(self._shown, instant) - 1)
        picture = self._tape[at]
        if instant >= picture.shown + 2 * picture.lasts and at + 1 < len(self._tape):
            return at + 1
        while at and not self._tape[at].is_key:
            at -= 1
        return at

    def do_create_element(self, _url):
        element = Gst.parse_launch(
            "appsrc name=source stream-type=seekable format=time max-bytes=300000 "
            + TO_NETWORK.format(codec=self._codec)
            + " ! rtponviftimestamp name=pay0 ntp-offset=0 set-e-bit=true set-t-bit=true"
            " drop-out-of-segment=false"
        )
        source = element.get_by_name("source")
        head = source.get_static_pad("src")
        source.set_property("duration", max(picture.shown + picture.lasts for picture in self._tape))
        next_picture = [0]

        def need(_source, _size):
            if next_picture[0] >= len(self._tape):
                source.emit("end-of-stream")
                return
            source.emit("push-buffer", self._tape[next_picture[0]].buffer())
            next_picture[0] += 1

        def seek(_source, instant):
            next_picture[0] = self._key_for(instant)
            return True

        def on_seek(pad, info):
            event = info.get_event()
            if event.type != Gst.EventType.SEEK:
                return Gst.PadProbeReturn.OK
            rate, form, flags, start_type, start, stop_type, stop = event.parse_seek()
            key = self._tape[self._key_for(start)].shown
            if start == key:
                return Gst.PadProbeReturn.OK
            moved = Gst.Event.new_seek(
                rate, form, flags, start_type, key, stop_type, max(stop, key) if stop > 0 else stop
            )
            moved.set_seqnum(event.get_seqnum())
            pad.send_event(moved)
            return Gst.PadProbeReturn.HANDLED

        def on_picture(pad, info):
            at = bisect.bisect_left(self._shown, info.get_buffer().pts)
            if 0 < at < len(self._tape) and self._tape[at].begins_section:
                fields = "GstOnvifTimestamp,ntp-offset=(guint64)0,discont=(boolean)true"
                structure = Gst.Structure.from_string(fields)[0]
                pad.push_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM, structure))
            return Gst.PadProbeReturn.OK

        head.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, on_seek)
        head.add_probe(Gst.PadProbeType.BUFFER, on_picture)
        source.connect("need-data", need)
        source.connect("seek-data", seek)
        source.send_event(
            Gst.Event.new_seek(
                1.0,
                Gst.Format.TIME,
                Gst.SeekFlags.NONE,
                Gst.SeekType.SET,
                self._shown[0],
                Gst.SeekType.NONE,
                -1,
            )
        )
        return element


def main():
    Gst.init(None)
    order = json.loads(sys.argv[1])
    is_recorder = any(mount["starts"] for mount in order["mounts"].values())
    server = GstRtspServer.RTSPOnvifServer() if is_recorder else GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if order.get("user"):
        guard = GstRtspServer.RTSPAuth()
        guard.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", "viewer")
        guard.add_digest(order["user"], order["password"], token)
        server.set_auth(guard)
    for name, mount in order["mounts"].items():
        pictures = read_pictures(mount["file"], mount["codec"])
        if mount["starts"]:
            factory = Tape(pictures, mount["codec"], mount["starts"])
        else:
            factory = Camera(pictures, mount["codec"])
        factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
        if order.get("user"):
            permissions = GstRtspServer.RTSPPermissions.new()
            permissions.add_role("viewer")
            for right in ("access", "construct"):
                permissions.add_permission_for_role("viewer", f"media.factory.{right}", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{name}", factory)
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, lambda *_: loop.quit())
    if server.attach(None) == 0:
        raise SystemExit("the server cannot listen")
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    loop.run()


if __name__ == "__main__":
    main()
