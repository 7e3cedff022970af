"""Spans are what the recorder holds, and opening footage gives what the spans promise."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.harness import KnownFootage
from adapters.conformance.media import Measured, measure
from adapters.conformance.reading import cameras_of, segments_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.gaps import gap_over_s
from adapters.contract.models import Interval, Stream

EXACT: Final = timedelta(milliseconds=50)
"""Some recorders round to hundredths of a second."""
AROUND: Final = timedelta(minutes=10)


async def _known(bench: Bench) -> tuple[KnownFootage, ...]:
    known = await bench.footage()
    demand(bool(known) or bench.live, "the harness says of no footage what is there")
    return known


async def spans_are_those_of_the_recorder(bench: Bench) -> None:
    """Spans begin and end where the recorder's footage does."""
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            given = [each.interval for each in (await adapter.list_spans(known.native_id, known.asked)).spans]
            as_known = len(given) == len(known.spans) and all(
                _close(mine.start, theirs.start) and _close(mine.end, theirs.end)
                for mine, theirs in zip(given, known.spans, strict=True)
            )
            there, told = " ".join(map(str, known.spans)) or "nothing", " ".join(map(str, given)) or "nothing"
            demand(as_known, f"{known.native_id!r} holds {there}, and {told} is told")


def _close(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= EXACT


async def spans_are_sorted_and_disjoint(bench: Bench) -> None:
    """Each span begins after the one before it has ended."""
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            spans = (await adapter.list_spans(known.native_id, _around(known))).spans
            for before, after in pairwise(spans):
                says = f"{before.interval} comes before {after.interval}"
                demand(before.interval.end <= after.interval.start, says)


async def spans_lie_inside_what_was_asked(bench: Bench) -> None:
    """Asked for a part of a span, that part is told."""
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            for span in known.spans:
                quarter = span.duration / 4
                asked = Interval(start=span.start + quarter, end=span.end - quarter)
                listing = await adapter.list_spans(known.native_id, asked)
                demand(bool(listing.spans), f"nothing is told of {asked}, which lies inside a span")
                for each in listing.spans:
                    inside = asked.start <= each.interval.start and each.interval.end <= asked.end
                    demand(inside, f"asked for {asked}, {each.interval} is told")


async def gaps_are_kept(bench: Bench) -> None:
    """No span covers a time in which nothing was recorded."""
    gaps = 0
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            spans = (await adapter.list_spans(known.native_id, known.asked)).spans
            for gap in known.asked.gaps(known.spans):
                gaps += 1
                for span in spans:
                    common = span.interval.intersect(gap)
                    covered = common is not None and common.duration > 2 * EXACT
                    demand(not covered, f"the gap {gap} is told as footage")
    demand(gaps > 0, "the harness's footage has no gap to keep")


async def nothing_is_opened_where_nothing_is(bench: Bench) -> None:
    """Opening an interval inside a gap gives nothing."""
    gaps = 0
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            for gap in known.asked.gaps(known.spans):
                gaps += 1
                third = gap.duration / 3
                inside = Interval(start=gap.start + third, end=gap.end - third)
                opened = await segments_of(adapter, known.native_id, inside)
                demand(not opened, f"{len(opened)} files are opened for {inside}, where nothing was recorded")
    demand(gaps > 0, "the harness's footage has no gap to ask for")


async def opened_footage_covers_exactly_the_spans(bench: Bench) -> None:
    """What opening an interval promises to be valid is what its spans are, no more and no less."""
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            segments = await segments_of(adapter, known.native_id, known.asked)
            valid = [part for each in segments if (part := each.start.valid.intersect(known.asked))]
            missing = [gap for span in known.spans for gap in span.gaps(valid)]
            demand(not missing, f"{missing[:1]} is a span, and no opened file covers it")
            outside = [left for part in valid for left in part.subtract(known.spans)]
            beyond = [each for each in outside if each.duration > 2 * EXACT]
            demand(not beyond, f"an opened file promises {beyond[:1]}, where nothing was recorded")
            starts = [each.start.starts_at for each in segments]
            demand(starts == sorted(starts), "files are not opened in the order of time")


async def opened_files_hold_what_they_promise(bench: Bench) -> None:
    """Files decode, and their pictures reach from the first to the last moment that is promised."""
    for segment, measured in await _measured(bench):
        start, valid = segment
        tolerance = timedelta(seconds=float(gap_over_s(1 / measured.fps if measured.fps else 0)))
        ends_at = start + measured.duration
        reaches = start <= valid.start + tolerance and ends_at >= valid.end - tolerance
        demand(reaches, f"pictures from {start} to {ends_at} do not fill the promised {valid}")


async def stream_metadata_is_true(bench: Bench) -> None:
    """Codec, size and rate of a camera's streams are those of its footage, where they are told."""
    async with bench.adapter() as adapter:
        streams = {camera.native_id: camera.streams for camera in await cameras_of(adapter)}
        for known in await _known(bench):
            told = streams.get(known.native_id, ())
            for segment in await segments_of(adapter, known.native_id, known.asked):
                is_so = measure(segment.data, segment.start.container)
                if told:
                    demand(
                        _any_is(told, is_so), f"{known.native_id!r} records {is_so}, and {told[0]!r} is told"
                    )


def _any_is(told: Sequence[Stream], is_so: Measured) -> bool:
    return any(
        each.codec in {None, is_so.codec}
        and each.width in {None, is_so.width}
        and each.height in {None, is_so.height}
        and (each.fps is None or is_so.fps is None or abs(each.fps - is_so.fps) <= max(0.5, is_so.fps / 20))
        for each in told
    )


async def _measured(bench: Bench) -> list[tuple[tuple[datetime, Interval], Measured]]:
    found = []
    async with bench.adapter() as adapter:
        for known in await _known(bench):
            for segment in await segments_of(adapter, known.native_id, known.asked):
                wanted = segment.start.valid.intersect(known.asked)
                if wanted is None:
                    raise NotConformant(f"{segment.start.name} has nothing of what was asked")
                measured = measure(segment.data, segment.start.container)
                found.append(((segment.start.starts_at, wanted), measured))
    demand(bool(found) or bench.live, "no file is opened where footage is")
    return found


def _around(known: KnownFootage) -> Interval:
    return Interval(start=known.asked.start - AROUND, end=known.asked.end + AROUND)
