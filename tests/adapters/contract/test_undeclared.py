"""An adapter that overrides nothing refuses every optional call of the contract, by name."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotSupported
from adapters.contract.models import HoldOrder, Interval
from adapters.contract.protocol import Adapter
from adapters.contract.undeclared import Undeclared

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = Interval(start=NOON, end=NOON + timedelta(hours=1))
CALLS = {
    "list_places": (Capability.PLACES, ()),
    "take_snapshot": (Capability.SNAPSHOT, ("c",)),
    "list_spans": (Capability.SPANS, ("c", HOUR)),
    "open_footage": (Capability.FOOTAGE, ("c", HOUR)),
    "place_hold": (Capability.HOLD, (HoldOrder(key="k", native_id="c", interval=HOUR),)),
    "release_hold": (Capability.HOLD, ("k",)),
    "list_holds": (Capability.HOLD, ()),
    "read_clock": (Capability.CLOCK, ()),
    "watch_health": (Capability.HEALTH, ()),
}


class Blind(Undeclared):
    kind = "blind"


@pytest.mark.parametrize("name", CALLS)
async def test_every_optional_call_is_refused_and_the_refusal_names_the_adapter(name: str) -> None:
    capability, arguments = CALLS[name]
    with pytest.raises(NotSupported, match=rf"blind.*{capability.value}"):
        called = getattr(Blind(), name)(*arguments)
        await (called if inspect.iscoroutine(called) else anext(called))


def test_no_call_of_the_contract_is_left_out() -> None:
    methods = {name for name, value in vars(Adapter).items() if inspect.isfunction(value) and name[0] != "_"}
    assert methods - {"list_cameras", "aclose"} == set(CALLS)
    assert {capability for capability, _ in CALLS.values()} == set(Capability)


async def test_it_declares_nothing_and_closes() -> None:
    assert Blind().capabilities == frozenset()
    await Blind().aclose()
