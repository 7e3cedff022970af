from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract.models import Interval
from broker.demo import pixel_clock
from broker.demo.film import Film, file_path, named_instant, segments
from broker.demo.models import SEGMENT, FilmedCamera, Outage
from tests.broker.demo.clock_readings import frame_instants

START = datetime(2026, 3, 1, 11, 58, tzinfo=UTC)


@st.composite
def cameras(draw: st.DrawFn) -> FilmedCamera:
    outage = None
    if draw(st.booleans()):
        every_s = draw(st.integers(10, 400))
        begins_s = draw(st.integers(0, every_s - 3))
        lasts_s = draw(st.integers(1, every_s - begins_s - 1))
        outage = Outage(every_s=every_s, begins_s=begins_s, lasts_s=lasts_s)
    period = draw(st.sampled_from([40, 80, 100, 200, 1000]))
    return FilmedCamera(native_id="cam", name="Cam", frame_period_ms=period, outage=outage)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = START + timedelta(milliseconds=draw(st.integers(0, 200_000)))
    return Interval(start=start, end=start + timedelta(milliseconds=draw(st.integers(1, 400_000))))


def is_out(camera: FilmedCamera, instant: datetime) -> bool:
    if camera.outage is None:
        return False
    phase = (instant - pixel_clock.EPOCH) % timedelta(seconds=camera.outage.every_s)
    begins = timedelta(seconds=camera.outage.begins_s)
    return begins <= phase < begins + timedelta(seconds=camera.outage.lasts_s)


@given(cameras(), intervals())
def test_segments_hold_every_frame_outside_outages_once(camera: FilmedCamera, interval: Interval) -> None:
    found = segments(camera, interval)
    filmed = [instant for segment in found for instant in frame_instants(camera, segment)]
    assert filmed == [instant for instant in frame_instants(camera, interval) if not is_out(camera, instant)]
    for segment in found:
        assert segment.start == camera.first_frame_at_or_after(segment.start)
        last_frame = segment.end - camera.frame_period
        assert (segment.start - pixel_clock.EPOCH) // SEGMENT == (last_frame - pixel_clock.EPOCH) // SEGMENT


@given(st.datetimes(datetime(1970, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_file_is_named_by_its_instant(instant: datetime) -> None:
    path = file_path(Path("recordings"), FilmedCamera(native_id="cam", name="Cam"), instant)
    assert path.parent == Path("recordings/cam")
    assert named_instant(path) == instant


@pytest.mark.parametrize(
    "name", ["notes.mp4", "2026-03-01_12-00-00-000000.mp4.part", "2026-13-01_12-00-00-0.mp4"]
)
def test_other_files_name_no_instant(name: str) -> None:
    assert named_instant(Path(name)) is None


@pytest.mark.parametrize("width", [256, 512, 640])
def test_a_frame_shows_its_own_instant(width: int) -> None:
    camera = FilmedCamera(native_id="cam", name="Quai 3 côté nord", width=width, height=width * 9 // 16)
    frame = Film(camera).frame(START)
    assert pixel_clock.read(frame[: camera.height]) == START


def test_the_caption_shows_name_and_time() -> None:
    def caption(name: str, instant: datetime) -> bytes:
        frame = Film(FilmedCamera(native_id="cam", name=name)).frame(instant)
        return frame[288 - 16 : 288].tobytes()

    assert caption("Quai 3", START) != caption("Quai 4", START)
    assert caption("Quai 3", START) != caption("Quai 3", START + timedelta(milliseconds=100))


@pytest.mark.parametrize("outage", [(60, 50, 10), (60, 0, 60), (0, 0, 1)])
def test_an_outage_that_never_ends_is_refused(outage: tuple[int, int, int]) -> None:
    with pytest.raises(ValidationError):
        Outage(every_s=outage[0], begins_s=outage[1], lasts_s=outage[2])


def test_a_frame_period_that_does_not_divide_a_minute_is_refused() -> None:
    with pytest.raises(ValidationError, match="must divide a minute"):
        FilmedCamera(native_id="cam", name="Cam", frame_period_ms=70)
