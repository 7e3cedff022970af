"""Spans against an oracle that knows only single ticks of a time grid."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Interval
from adapters.folder.spans import FrameRun, RecordedFile, assemble, overlaps, valid_parts

EPOCH = datetime(2026, 6, 15, tzinfo=UTC)
TICK = timedelta(milliseconds=100)
PERIOD = 2  # ticks between frames
TOLERANCE = 10  # ticks: max(1 s, 2 periods)


def at(tick: int) -> datetime:
    return EPOCH + tick * TICK


def window(start: int, end: int) -> Interval:
    return Interval(start=at(start), end=at(end))


def recording(name: str, *runs: tuple[int, int], overwrite: int | None = None) -> RecordedFile:
    """A file of runs `(first frame's tick, number of frames)`."""
    return RecordedFile(
        name=name,
        starts_at=at(runs[0][0]),
        period=PERIOD * TICK,
        runs=tuple(FrameRun(at(first), at(first + (count - 1) * PERIOD)) for first, count in runs),
        overwrite_at=None if overwrite is None else at(overwrite),
    )


@st.composite
def recordings(draw: st.DrawFn) -> list[RecordedFile]:
    files = []
    for number in range(draw(st.integers(0, 5))):
        first = draw(st.integers(0, 150))
        runs = []
        for _ in range(draw(st.integers(1, 3))):
            count = draw(st.integers(1, 25))
            runs.append((first, count))
            first += (count - 1) * PERIOD + draw(st.integers(TOLERANCE + 1, 30))
        files.append(recording(f"{number}.mp4", *runs))
    return files


def oracle(files: list[RecordedFile], start: int, end: int) -> set[int]:
    """Ticks inside the window that are footage, found without any notion of spans."""
    runs = [(f, [((r.first - EPOCH) // TICK, (r.last - EPOCH) // TICK) for r in f.runs]) for f in files]
    runs.sort(key=lambda item: (item[1][0][0], item[0].name))
    frames: list[int] = []
    covered: set[int] = set()
    last_tick = 400
    for tick in range(last_tick):
        owner = max((n for n, (_, own) in enumerate(runs) if own[0][0] <= tick), default=None)
        if owner is None:
            continue
        for first, last in runs[owner][1]:
            if first <= tick < last + PERIOD:
                covered.add(tick)
            if first <= tick <= last and (tick - first) % PERIOD == 0:
                frames.append(tick)
    for earlier, later in pairwise(frames):
        if later - earlier <= TOLERANCE:
            covered.update(range(earlier, later))
    return {tick for tick in covered if start <= tick < end}


@given(recordings(), st.integers(0, 200), st.integers(1, 200))
def test_spans_are_exactly_the_ticks_that_the_oracle_finds(
    files: list[RecordedFile], start: int, length: int
) -> None:
    asked = window(start, start + length)
    spans = assemble(valid_parts(files), asked)
    ticks = {
        tick
        for span in spans
        for tick in range((span.interval.start - EPOCH) // TICK, (span.interval.end - EPOCH) // TICK)
    }
    assert ticks == oracle(files, start, start + length)
    for earlier, later in pairwise(spans):
        assert earlier.interval.end < later.interval.start
    assert all(asked.start <= span.interval.start < span.interval.end <= asked.end for span in spans)


@given(recordings())
def test_valid_parts_are_sorted_and_disjoint(files: list[RecordedFile]) -> None:
    parts = valid_parts(files)
    for earlier, later in pairwise(parts):
        assert earlier.valid.end <= later.valid.start


def test_adjoining_files_are_one_span() -> None:
    files = [recording("a", (0, 10)), recording("b", (20, 10))]
    (span,) = assemble(valid_parts(files), window(0, 100))
    assert span.interval == window(0, 40)


def test_exactly_the_tolerance_joins_and_a_tick_more_is_a_gap() -> None:
    joined = [recording("a", (0, 1)), recording("b", (TOLERANCE, 1))]
    apart = [recording("a", (0, 1)), recording("b", (TOLERANCE + 1, 1))]
    assert len(assemble(valid_parts(joined), window(0, 100))) == 1
    assert len(assemble(valid_parts(apart), window(0, 100))) == 2


def test_slow_cameras_have_gaps_only_over_two_periods() -> None:
    slow = RecordedFile("slow", at(0), 60 * TICK, (FrameRun(at(0), at(60)),))
    within = RecordedFile("next", at(180), 60 * TICK, (FrameRun(at(180), at(240)),))
    beyond = RecordedFile("next", at(181), 60 * TICK, (FrameRun(at(181), at(241)),))
    assert len(assemble(valid_parts([slow, within]), window(0, 400))) == 1
    assert len(assemble(valid_parts([slow, beyond]), window(0, 400))) == 2


def test_the_later_start_wins_even_after_its_own_end() -> None:
    long, short = recording("long", (0, 100)), recording("short", (50, 5))
    assert [part.valid for part in valid_parts([short, long])] == [window(0, 50), window(50, 60)]
    (problem,) = overlaps([long, short], resolution=timedelta(0))
    assert problem.where == "long" and "short" in problem.reason


def test_an_overlap_within_a_frame_or_the_names_resolution_is_no_problem() -> None:
    assert overlaps([recording("a", (0, 10)), recording("b", (19, 10))], timedelta(0)) == ()
    seconds = [recording("a", (0, 10)), recording("b", (11, 10))]
    assert overlaps(seconds, timedelta(seconds=1)) == ()
    assert len(overlaps(seconds, timedelta(0))) == 1


def test_a_span_is_overwritten_when_its_first_file_in_the_window_is() -> None:
    files = [recording("a", (0, 10), overwrite=1000), recording("b", (20, 10), overwrite=1020)]
    parts = valid_parts(files)
    assert assemble(parts, window(0, 100))[0].overwrite_at == at(1000)
    assert assemble(parts, window(25, 100))[0].overwrite_at == at(1020)
    assert assemble(valid_parts([recording("a", (0, 10))]), window(0, 9))[0].overwrite_at is None
