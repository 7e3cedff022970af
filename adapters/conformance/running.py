"""Runs checks: which apply to an adapter, and what comes of each."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from adapters.conformance.bench import Bench
from adapters.conformance.harness import Harness, Situation
from adapters.conformance.table import CHECKS, Check
from adapters.conformance.verdicts import NotConformant

LONGEST_CHECK_S: Final = 120.0


def left_out(check: Check, harness: Harness) -> str | None:
    """Why the check does not apply to the adapter, None where it does."""
    missing = sorted(check.needs - harness.manifest.capabilities)
    if missing:
        return f"{harness.manifest.name} does not offer {', '.join(missing)}"
    if check.over_network and not harness.over_network:
        return f"{harness.manifest.name} calls no server"
    return harness.excuses.get(check.name)


def applying(harness: Harness) -> tuple[Check, ...]:
    """The checks that the adapter must pass."""
    return tuple(check for check in CHECKS if left_out(check, harness) is None)


def wrong_excuses(harness: Harness) -> list[str]:
    """Excuses that excuse nothing: of checks that there are not, or that do not apply anyway."""
    without = {check.name: left_out(check, replace(harness, excuses={})) for check in CHECKS}
    return [
        f"{name}: {'does not apply anyway' if name in without else 'there is no such check'}"
        for name in harness.excuses
        if without.get(name, "") is not None
    ]


async def run_check(check: Check, harness: Harness, folder: Path) -> None:
    """Passes, or raises `NotConformant`; what else is raised passes unchanged. `folder` is the check's own."""
    if check.situation not in {Situation.NORMAL, *harness.situations}:
        raise NotConformant(
            f"the harness of {harness.manifest.name} does not play {check.situation.value!r}: "
            f"play it, or say in its excuses why {check.name} does not apply"
        )
    place = folder / "site"
    place.mkdir()
    async with harness.open(check.situation, place) as site:
        bench = Bench(
            create=harness.create,
            manifest=harness.manifest,
            site=site,
            folder=folder,
            area=harness.area,
            expected=harness.expected,
            impatient=harness.impatient,
            offline=harness.offline,
            planted_at=harness.planted_at,
        )
        if check.over_network and not site.addresses:
            raise NotConformant("the harness names no address that faulty servers could be put before")
        async with asyncio.timeout(LONGEST_CHECK_S):
            await check.claim(bench)
