"""Starts GStreamer's RTSP server for tests, or says what to install."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.requirements import system_python_with

PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0 python3-gi python3-gst-1.0 gstreamer1.0-plugins-base "
    "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav"
)
SCRIPT = Path(__file__).with_name("gstreamer_server.py")
PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def mount(file: Path, codec: str, *starts: str) -> dict[str, object]:
    """A camera that loops the file, or, with instants, a tape that holds it once from each."""
    return {"file": str(file), "codec": codec, "starts": list(starts)}


@contextmanager
def rtsp_server(
    mounts: Mapping[str, dict[str, object]], user: str | None = None, password: str | None = None
) -> Iterator[int]:
    """The port of a running server."""
    python = system_python_with(PROBE, PACKAGES)
    order = json.dumps({"mounts": dict(mounts), "user": user, "password": password})
    with subprocess.Popen(
        [python, str(SCRIPT), order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            port = child.stdout.readline().strip()
            if not port:
                pytest.fail("GStreamer's RTSP server did not start")
            yield int(port)
        finally:
            child.kill()
