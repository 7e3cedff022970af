"""Health is told as it changes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, cast

from adapters.conformance.bench import Bench
from adapters.conformance.verdicts import NotConformant
from adapters.contract.models import HealthEvent

WATCHED_S: Final = 15.0


async def health_is_told_as_it_changes(bench: Bench) -> None:
    """What happens at the recorder while somebody watches is told of the right camera."""
    wanted = bench.site.truth.health
    if wanted is None:
        raise NotConformant("the harness does not say what happens")
    seen: list[HealthEvent] = []
    async with bench.adapter() as adapter:
        events = cast("AsyncGenerator[HealthEvent, None]", adapter.watch_health())
        try:
            async with asyncio.timeout(WATCHED_S), aclosing(events):
                async for event in events:
                    seen.append(event)
                    if (event.native_id, event.status) == wanted:
                        return
        except TimeoutError:
            pass
    raise NotConformant(
        f"{wanted[0]!r} became {wanted[1]}, and {[str(each.status) for each in seen]} was told"
    )
