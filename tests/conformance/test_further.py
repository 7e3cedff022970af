"""Adapters that read several formats pass every check in each of them."""

from pathlib import Path

import pytest

from adapters.conformance.bench import Bench
from adapters.conformance.faults.models import RETRY_AFTER_S, Fault
from adapters.conformance.harness import Situation
from adapters.conformance.provoking import expect, provoked
from adapters.conformance.running import applying, run_check, wrong_excuses
from adapters.conformance.table import Check
from adapters.contract.capabilities import Capability
from adapters.contract.errors import (
    AdapterError,
    Malformed,
    Misconfigured,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TryLater,
    Unreachable,
)
from adapters.folder.layouts import LAYOUTS
from adapters.lists.dialects.reading import READERS
from tests.conformance import camera_list, folder

HARNESSES = camera_list.FURTHER | folder.FURTHER
CASES = [
    pytest.param(name, check, id=f"{name}-{check.name}")
    for name, harness in HARNESSES.items()
    for check in applying(harness)
]


@pytest.mark.parametrize(("name", "check"), CASES)
async def test_an_adapter_keeps_in_every_format(name: str, check: Check, tmp_path: Path) -> None:
    await run_check(check, HARNESSES[name], tmp_path)


def test_every_dialect_and_every_layout_is_enrolled() -> None:
    in_dialects = {name.removeprefix("camera_list-") for name in camera_list.FURTHER} | {"tfl"}
    assert set(READERS) <= in_dialects
    assert set(LAYOUTS) <= {name.split("-")[1] for name in folder.FURTHER}
    assert not [wrong for harness in HARNESSES.values() for wrong in wrong_excuses(harness)]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.OUTAGE, Unreachable),
        (Fault.BREAK_OFF, TryLater),
        (Fault.SILENCE, TimedOut),
        (Fault.STALL, TimedOut),
        (Fault.DRIP, TimedOut),
        (Fault.UNAUTHORIZED, Refused),
        (Fault.FORBIDDEN, Refused),
        (Fault.THROTTLED, Throttled),
        (Fault.FAILING, TryLater),
        (Fault.UNAVAILABLE, TryLater),
        (Fault.MALFORMED, Malformed),
        (Fault.OVERSIZED, TooLarge),
        (Fault.REDIRECT_ELSEWHERE, Misconfigured),
    ],
)
async def test_what_goes_wrong_at_a_pictures_server_is_told_in_the_contracts_words(
    fault: Fault, kind: type[AdapterError], tmp_path: Path
) -> None:
    harness = camera_list.HARNESS
    place = tmp_path / "site"
    place.mkdir()
    async with harness.open(Situation.NORMAL, place) as site:
        bench = Bench(harness.create, harness.manifest, site, tmp_path, harness.area)
        raised = await provoked(bench, fault, Capability.SNAPSHOT, impatient=fault is not Fault.OVERSIZED)
        expect(raised, kind)
        (only,) = raised
        if isinstance(only.error, Throttled):
            assert only.error.retry_after_s == RETRY_AFTER_S
