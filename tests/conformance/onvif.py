"""The harness of `onvif`: a simulated Profile G recorder with small recordings made on the spot."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from adapters.conformance.harness import Harness, KnownFootage, Pages, Site, Situation, Truth
from adapters.contract.models import CameraStatus, Interval
from adapters.onvif.adapter import create
from adapters.onvif.manifest import MANIFEST
from broker.demo.film import file_path
from broker.demo.footage import PlannedFile, make_file
from broker.demo.models import FilmedCamera
from broker.demo.profile_g.device import SERVICE_PATH, SimulatedRecorder
from broker.demo.profile_g.models import DeviceOrder, RecordedChannel

FIXTURES = Path(__file__).parents[2] / "fixtures" / "onvif"
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
"""Half past two in Paris, for the first time; an hour later it is half past two again."""
FILE = timedelta(seconds=2.5)
LAST_KEY_FRAME = timedelta(seconds=2)
CLOCK_OFFSET = timedelta(seconds=95)
CAMERAS = ("quai-1", "quai-2")
PASSWORD = "a-l0ng-secret"
LISTING_CALLS = 5
"""Clock, services, profiles, recordings, places; the sixth, jobs, this recorder does not know."""

UNUSABLE_PROFILE = (
    '<Profiles fixed="true"><Configurations><VideoSource token="x"/></Configurations></Profiles>'
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


class AlteredRecorder(SimulatedRecorder):
    """Answers as the simulated recorder does, altered by a function of the call and its answer."""

    def __init__(
        self, order: DeviceOrder, now: Callable[[], datetime], alter: Callable[[str, str], str]
    ) -> None:
        super().__init__(order, now)
        self._alter = alter

    async def _answer(self, name: str, asked: Element, target: str) -> str:
        return self._alter(name, await super()._answer(name, asked, target))


def as_it_is(_name: str, answer: str) -> str:
    return answer


def with_a_bad_profile(name: str, answer: str) -> str:
    return (
        answer.replace("<Profiles ", UNUSABLE_PROFILE + "<Profiles ", 1) if name == "GetProfiles" else answer
    )


def in_paris(_name: str, answer: str) -> str:
    zone = ZoneInfo("Europe/Paris")
    return TIME.sub(lambda told: datetime.fromisoformat(told[0]).astimezone(zone).isoformat(), answer)


ALTERED = {
    Situation.ONE_BAD_RECORD: with_a_bad_profile,
    Situation.LOCAL_ZONE: in_paris,
    Situation.REPEATED_HOUR: in_paris,
}


def film(recordings: Path, films: tuple[Interval, ...]) -> tuple[RecordedChannel, ...]:
    channels = []
    for name in CAMERAS:
        camera = FilmedCamera(native_id=name, name=f"Quai {name[-1]}", width=256, height=144, gop_s=1)
        for each in films:
            make_file(
                PlannedFile(path=file_path(recordings, camera, each.start), camera=camera, interval=each)
            )
        channels.append(
            RecordedChannel(
                token=name,
                name=camera.name,
                folder=recordings / name,
                width=256,
                height=144,
                fps=10,
                lat=48.8809,
                lon=2.3553,
                heading_deg=12,
            )
        )
    return tuple(channels)


@asynccontextmanager
async def open_recorder(situation: Situation, folder: Path) -> AsyncIterator[Site]:
    offset = CLOCK_OFFSET if situation is Situation.CLOCK_AHEAD else timedelta()
    if situation is Situation.REPEATED_HOUR:
        starts = [AUTUMN, AUTUMN + timedelta(hours=1, seconds=10)]
    else:
        starts = [NOW - timedelta(hours=1), NOW - timedelta(hours=1) + timedelta(seconds=10)]
    films = tuple(Interval(start=start, end=start + FILE) for start in starts)
    order = DeviceOrder(
        channels=await asyncio.to_thread(film, folder / "recordings", films),
        username="viewer",
        password=PASSWORD,
        clock_offset=offset,
        page_size=2,
    )
    device = AlteredRecorder(order, lambda: NOW, ALTERED.get(situation, as_it_is))
    (folder / "password").write_text(PASSWORD)
    await device.start()
    losing = asyncio.create_task(_lose_a_signal(device))
    address = device.url.removesuffix(SERVICE_PATH)
    seen = tuple(each.shift(offset) for each in films)
    asked = Interval(start=seen[0].start, end=seen[-1].end + timedelta(seconds=5))
    try:
        yield Site(
            options={
                "url": address,
                "rtsp_port": device.rtsp_port,
                "username": "viewer",
                "password": {"file": "password"},
            },
            base_dir=folder,
            addresses=(address,),
            secrets=(PASSWORD,),
            now=NOW,
            truth=Truth(
                native_ids=frozenset(CAMERAS),
                footage=tuple(KnownFootage(camera, asked, seen) for camera in CAMERAS),
                snapshot_times=dict.fromkeys(CAMERAS, seen[-1].start + LAST_KEY_FRAME),
                clock_offset_ms=offset / timedelta(milliseconds=1),
                health=("quai-2", CameraStatus.DOWN),
                pages=Pages(SERVICE_PATH, LISTING_CALLS),
            ),
        )
    finally:
        losing.cancel()
        await device.stop()


async def _lose_a_signal(device: SimulatedRecorder) -> None:
    await device.is_listened_to.wait()
    device.notify("tns1:VideoSource/SignalLoss", "quai-2", True)


IN_ONE_ANSWER = (
    "ONVIF lists profiles and recordings in one answer; pages of searches are held by tests of their own"
)

HARNESS = Harness(
    create=create,
    manifest=MANIFEST,
    open=open_recorder,
    expected=FIXTURES / "cameras.expected.jsonl",
    area=(2.2, 48.8, 2.45, 48.92),
    over_network=True,
    situations=frozenset(
        {
            Situation.ONE_BAD_RECORD,
            Situation.LOCAL_ZONE,
            Situation.REPEATED_HOUR,
            Situation.CLOCK_AHEAD,
            Situation.HEALTH_CHANGES,
        }
    ),
    excuses={
        "a_repeated_page_is_reported": IN_ONE_ANSWER,
        "a_truncated_listing_is_reported": IN_ONE_ANSWER,
    },
)
