"""A hold keeps footage at the recorder, once, until it is released."""

from itertools import pairwise

from adapters.conformance.bench import Bench
from adapters.conformance.harness import KnownFootage
from adapters.conformance.reading import all_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.models import HoldOrder


def _order(bench: Bench) -> tuple[KnownFootage, HoldOrder]:
    if not bench.site.truth.footage:
        raise NotConformant("the harness says of no footage what is there")
    known = bench.site.truth.footage[0]
    return known, HoldOrder(key="conformance-1", native_id=known.native_id, interval=known.asked)


async def a_hold_keeps_what_there_is(bench: Bench) -> None:
    """The receipt names at least the spans inside the order, sorted and disjoint."""
    known, order = _order(bench)
    async with bench.adapter() as adapter:
        held = (await adapter.place_hold(order)).held
    lost = [gap for span in known.spans for gap in span.gaps(held)]
    demand(not lost, f"{lost[:1]} lies on the recorder and is not held")
    for before, after in pairwise(held):
        demand(before.end <= after.start, f"{before} comes before {after}")


async def the_same_order_is_the_same_hold(bench: Bench) -> None:
    """Placed again by its key, also after a restart, it returns the same receipt and keeps nothing twice."""
    _, order = _order(bench)
    async with bench.adapter() as adapter:
        first = await adapter.place_hold(order)
    async with bench.adapter() as adapter:
        second = await adapter.place_hold(order)
        listed = [each.handle for each in await all_of(adapter.list_holds())]
    demand(first == second, "the same order gives another receipt")
    demand(listed.count(first.handle) == 1, f"the hold is listed {listed.count(first.handle)} times")
    demand(len(listed) == 1, f"{len(listed)} holds stand for one order")


async def a_released_hold_is_gone(bench: Bench) -> None:
    """Releasing takes it from the list, and releasing it again succeeds."""
    _, order = _order(bench)
    async with bench.adapter() as adapter:
        handle = (await adapter.place_hold(order)).handle
        await adapter.release_hold(handle)
        listed = [each.handle for each in await all_of(adapter.list_holds())]
        demand(handle not in listed, "a released hold is still listed")
        await adapter.release_hold(handle)
