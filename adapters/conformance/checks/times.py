"""Times are aware, right in the recorder's zone, and the recorder's clock is measured with the right sign."""

from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.checks.footage import spans_are_those_of_the_recorder
from adapters.conformance.gathering import everything, instants_in
from adapters.conformance.verdicts import NotConformant, demand

CLOCK_TOLERANCE_MS: Final = 2500.0
"""Many recorders tell their time in whole seconds."""


async def every_instant_is_aware(bench: Bench) -> None:
    """No time without its distance from UTC."""
    for model in await everything(bench):
        for instant in instants_in(model):
            demand(instant.tzinfo is not None, f"{type(model).__name__} says {instant}, which has no zone")


async def times_told_in_the_recorders_zone_are_right(bench: Bench) -> None:
    """Footage whose times are told in a local zone lies where it was recorded."""
    await spans_are_those_of_the_recorder(bench)


async def both_passes_of_the_repeated_hour_are_told_apart(bench: Bench) -> None:
    """Footage of the hour that autumn repeats lies in the pass in which it was recorded."""
    await spans_are_those_of_the_recorder(bench)


async def the_clocks_offset_has_its_sign(bench: Bench) -> None:
    """The offset is recorder minus UTC: positive where the recorder is ahead."""
    wanted = bench.site.truth.clock_offset_ms
    if wanted is None or abs(wanted) < 30_000:
        raise NotConformant("the harness's clock is off by too little to tell its sign")
    async with bench.adapter() as adapter:
        measured = (await adapter.read_clock()).offset_ms
    if measured is None:
        raise NotConformant("the clock's offset is not measured")
    demand(
        abs(measured - wanted) <= CLOCK_TOLERANCE_MS,
        f"the clock is off by {wanted:.0f} ms, and {measured:.0f} ms are told",
    )
