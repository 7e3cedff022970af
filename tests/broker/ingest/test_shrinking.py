"""A network that suddenly lists under half of its cameras is held until somebody confirms it; time confirms nothing."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapters.contract.errors import TimedOut
from broker.catalog.models import Confirmed, HeldAnswer
from broker.errors import Problem
from broker.ingest.shrinking import is_believed
from tests.world import TestBroker, camera

NETWORK = "rail-cctv"


@pytest.fixture
async def ten(broker: TestBroker) -> TestBroker:
    """A network of ten cameras."""
    broker.rail.cameras = [camera(f"c{n}") for n in range(10)]
    await broker.believed(NETWORK)
    return broker


async def alive(broker: TestBroker) -> set[str]:
    known = await broker.broker.catalog.network_cameras(NETWORK)
    return {c.id.partition(":")[2] for c in known if c.vanished_at is None}


async def test_half_is_believed_and_less_is_held_with_what_was_known_kept(ten: TestBroker) -> None:
    ten.rail.cameras = ten.rail.cameras[:5]
    assert (await ten.broker.ingest.synchronise(NETWORK)).vanished == 5
    ten.rail.cameras = ten.rail.cameras[:2]
    report = await ten.broker.ingest.synchronise(NETWORK)
    assert await alive(ten) == {"c0", "c1", "c2", "c3", "c4"}
    assert report.held is not None
    assert (report.held.found, report.held.known, report.held.still_listed) == (2, 5, 2)
    assert report.error is not None
    assert "entrevue ingest --network rail-cctv --confirm" in report.error


async def test_the_same_answer_many_times_confirms_nothing(ten: TestBroker) -> None:
    ten.rail.cameras = ten.rail.cameras[:4]
    began = ten.clock.now()
    for n in range(1, 30):
        ten.clock.advance(hours=6)
        report = await ten.broker.ingest.synchronise(NETWORK)
        assert report.held is not None
        assert report.held.rounds == n
        assert len(await alive(ten)) == 10
    assert report.held is not None
    assert report.held.since > began
    assert report.is_stale(ten.clock.now()), "what is not believed proves nothing"
    assert report.breaker.value == "closed", "the recorder answers"


async def test_other_cameras_in_place_of_most_are_held_too(ten: TestBroker) -> None:
    ten.rail.cameras = [camera(f"other{n}") for n in range(12)]
    report = await ten.broker.ingest.synchronise(NETWORK)
    assert report.held is not None
    assert (report.held.found, report.held.still_listed) == (12, 0)
    assert len(await alive(ten)) == 10


async def test_a_held_network_is_asked_about_no_camera(ten: TestBroker) -> None:
    ten.rail.cameras = ten.rail.cameras[:4]
    ten.rail.calls.clear()
    await ten.broker.ingest.synchronise(NETWORK)
    assert "list_spans" not in ten.rail.calls


async def test_a_network_that_lists_its_cameras_again_is_believed_without_anybody(ten: TestBroker) -> None:
    everything = ten.rail.cameras
    ten.rail.cameras = everything[:4]
    await ten.broker.ingest.synchronise(NETWORK)
    ten.rail.cameras = everything
    report = await ten.broker.ingest.synchronise(NETWORK)
    assert (report.held, report.error, report.found) == (None, None, 10)


async def test_a_confirmed_answer_is_believed_once(ten: TestBroker) -> None:
    ten.rail.cameras = ten.rail.cameras[:4]
    await ten.broker.ingest.synchronise(NETWORK)
    assert (await ten.broker.ingest.confirm(NETWORK)).found == 4
    report = await ten.broker.ingest.synchronise(NETWORK)
    assert (report.held, report.vanished) == (None, 6)
    ten.rail.cameras = ten.rail.cameras[:1]
    assert (await ten.broker.ingest.synchronise(NETWORK)).held is not None


async def test_a_confirmation_outlives_a_failure_and_does_not_cover_a_worse_answer(ten: TestBroker) -> None:
    everything = ten.rail.cameras
    ten.rail.cameras = everything[:4]
    await ten.broker.ingest.synchronise(NETWORK)
    await ten.broker.ingest.confirm(NETWORK)
    ten.rail.failing["list_cameras"] = TimedOut("silence")
    assert (await ten.broker.ingest.synchronise(NETWORK)).held is not None, "what waits goes on waiting"
    ten.rail.failing.clear()
    ten.rail.cameras = everything[:1]
    assert (await ten.broker.ingest.synchronise(NETWORK)).held is not None
    ten.rail.cameras = everything[:3]
    assert (await ten.broker.ingest.synchronise(NETWORK)).held is None


async def test_where_nothing_is_held_nothing_can_be_confirmed(ten: TestBroker) -> None:
    with pytest.raises(Problem, match="waits for confirmation"):
        await ten.broker.ingest.confirm(NETWORK)


class Shrinking(RuleBasedStateMachine):
    """The rule alone: what is believed never loses over half of what was believed or confirmed before."""

    def __init__(self) -> None:
        super().__init__()
        self.believed: frozenset[int] = frozenset(range(8))
        self.held: HeldAnswer | None = None
        self.confirmed: Confirmed | None = None

    @rule(answer=st.frozensets(st.integers(0, 9), max_size=10))
    def answer(self, answer: frozenset[int]) -> None:
        still = len(answer & self.believed)
        before, was = self.believed, self.confirmed
        facts: dict[str, Any] = {"found": len(answer), "still_listed": still, "known": len(before)}
        if not is_believed(**facts, confirmed=was):
            self.held = facts  # type: ignore[assignment]  # only these counts matter here
            return
        lost = len(before) - still
        allowed = len(before) / 2 if was is None else len(before) - min(len(before), was.still_listed) / 2
        assert lost <= allowed
        assert was is None or 2 * len(answer) >= was.found
        self.believed, self.held, self.confirmed = answer, None, None

    @rule()
    def confirm(self) -> None:
        if self.held is not None:
            held: Any = self.held
            self.confirmed = Confirmed(found=held["found"], still_listed=held["still_listed"])

    @invariant()
    def nothing_is_lost_for_nothing(self) -> None:
        if self.held is None and self.confirmed is None:
            assert is_believed(
                found=len(self.believed),
                still_listed=len(self.believed),
                known=len(self.believed),
                confirmed=None,
            )


TestRule = Shrinking.TestCase
TestRule.settings = settings(deadline=None)
