"""A listing in pages is read to its end, once, and one that goes wrong is never passed off as whole."""

import asyncio
from collections import Counter

from adapters.conformance.bench import Bench
from adapters.conformance.reading import all_of
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.errors import AdapterError, Malformed
from adapters.contract.models import CameraRecord, Rejection

LISTING_S = 20.0


async def every_page_is_read_once(bench: Bench) -> None:
    """One listing asks for each page of the recorder's exactly once."""
    pages = bench.site.truth.pages
    if pages is None:
        raise NotConformant("the harness does not say by which requests its cameras are listed")
    async with bench.faulty() as network, bench.adapter(network.options) as adapter:
        await all_of(adapter.list_cameras())
        asked = Counter(
            (each.request.method, each.request.target, each.request.body)
            for each in network.asked
            if each.request.target.startswith(pages.path) and each.status < 300
        )
    repeated = [target for (_, target, _), times in asked.items() if times > 1]
    demand(not repeated, f"{repeated[:1]} is read more than once")
    demand(len(asked) == pages.number, f"{len(asked)} pages are read of {pages.number}")


async def a_repeated_page_is_reported(bench: Bench) -> None:
    """A recorder that answers the same page for ever ends in a report, never in a loop or in doubles."""
    await _reported(bench, "a page that repeats itself")


async def a_truncated_listing_is_reported(bench: Bench) -> None:
    """A recorder that lists fewer cameras than it promised ends in a report."""
    await _reported(bench, "a listing that ends too early")


async def _reported(bench: Bench, what: str) -> None:
    async with bench.adapter() as adapter:
        try:
            async with asyncio.timeout(LISTING_S):
                items = await all_of(adapter.list_cameras())
        except Malformed:
            return
        except AdapterError as error:
            raise NotConformant(f"{what} is told as {error.code}, which it is not") from error
        except TimeoutError as error:
            raise NotConformant(f"{what} is read for ever") from error
    ids = [item.native_id for item in items if isinstance(item, CameraRecord)]
    demand(len(ids) == len(set(ids)), f"{what} lists cameras twice")
    demand(any(isinstance(item, Rejection) for item in items), f"{what} is passed off as whole")
