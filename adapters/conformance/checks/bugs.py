"""A bug looks like a bug: what nobody planned passes unchanged."""

from importlib import import_module
from typing import NoReturn

from adapters.conformance.bench import Bench
from adapters.conformance.provoking import listing_of, raised_by
from adapters.conformance.verdicts import NotConformant, demand


class Planted(Exception):
    """An exception that no adapter can know."""


async def an_unplanned_exception_is_not_renamed(bench: Bench) -> None:
    """A failure of our own code reaches the caller as it is, not as a fault of the recorder."""
    module_name, _, path = bench.planted_at.partition(":")
    owner: object = import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    listing = await listing_of(bench)
    sound = vars(owner)[name]
    planted = Planted("planted by a conformance check")

    def fail(*_arguments: object, **_more: object) -> NoReturn:
        raise planted

    setattr(owner, name, fail)
    try:
        async with bench.adapter() as adapter:
            error = await raised_by(listing, adapter, "list_cameras")
    finally:
        setattr(owner, name, sound)
    if error is None:
        raise NotConformant(f"list_cameras is answered although {bench.planted_at} fails")
    demand(error is planted, f"a bug is told as {type(error).__name__}")
