"""The harness of `rtsp`: two simulated cameras that stream what they filmed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.conformance.harness import Harness, Site, Situation, Truth
from adapters.contract.models import Interval
from adapters.rtsp.adapter import create
from adapters.rtsp.manifest import MANIFEST
from broker.demo.footage import make_files, plan_recordings
from broker.demo.models import FilmedCamera
from broker.demo.profile_g.device import SimulatedRecorder
from broker.demo.profile_g.models import DeviceOrder, RecordedChannel

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rtsp"
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FILMED = Interval(start=NOW - timedelta(seconds=3), end=NOW)
LAST_KEY_FRAME = FILMED.start + timedelta(seconds=2)
PASSWORD = "a-l0ng-secret"
CAMERAS = tuple(
    FilmedCamera(native_id=name, name=name, width=256, height=144, gop_s=1) for name in ("quai-1", "quai-2")
)


@asynccontextmanager
async def open_cameras(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    recordings = folder / "recordings"
    await asyncio.to_thread(make_files, plan_recordings(recordings, CAMERAS, FILMED))
    channels = tuple(
        RecordedChannel(
            token=each.native_id,
            name=each.name,
            folder=recordings / each.native_id,
            width=each.width,
            height=each.height,
            fps=10,
        )
        for each in CAMERAS
    )
    device = SimulatedRecorder(
        DeviceOrder(channels=channels, username="viewer", password=PASSWORD), lambda: NOW
    )
    bad_row = "quai-3,Quai 3,north,2.3\n" if situation is Situation.ONE_BAD_RECORD else ""
    rows = "id,name,lat,lon\nquai-1,Quai 1,48.8809,2.3553\n" + bad_row
    (folder / "cameras.csv").write_text(rows, encoding="utf-8")
    (folder / "password").write_text(PASSWORD)
    await device.start()
    address = f"rtsp://127.0.0.1:{device.rtsp_port}"
    try:
        yield Site(
            options={
                "cameras": "cameras.csv",
                "template": f"{address}/live/{{id}}",
                "streams": {"quai-2": f"{address}/live/quai-2"},
                "username": "viewer",
                "password": {"file": "password"},
            },
            base_dir=folder,
            addresses=(address,),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset({"quai-1", "quai-2"}),
                snapshot_times=dict.fromkeys(("quai-1", "quai-2"), LAST_KEY_FRAME),
            ),
        )
    finally:
        await device.stop()


NO_PAGES = "a camera has no listing: its stream is one, and the list is a file"

HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_cameras,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    over_network=True,
    situations=frozenset({Situation.ONE_BAD_RECORD}),
    excuses={
        "every_page_is_read_once": NO_PAGES,
        "a_repeated_page_is_reported": NO_PAGES,
        "a_truncated_listing_is_reported": NO_PAGES,
    },
    impatient={"connect_timeout_s": 1, "read_timeout_s": 0.4, "key_frame_timeout_s": 1.0},
    planted_at="adapters.transport.rtsp:RtspClient.describe",
)
