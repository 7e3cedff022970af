"""Random lives of requests against a small model: people, recorders, time and crashes in any order."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis

from adapters.contract.errors import Malformed, Refused, Unreachable
from adapters.contract.models import Interval
from broker.agencies.models import Role
from broker.holds.models import HoldState
from broker.requests.models import Item, Request
from broker.requests.states import TRANSITIONS, ItemState
from tests.broker.requests.interruptions import Blow, Interruption, work_until_struck
from tests.broker.requests.people import (
    decide,
    in_ledger,
    scratch_files,
    submit,
    vault_files,
    work_to_the_end,
)
from tests.world import NOW, FakeRecorder, SignedIn, TestBroker, fail_with, open_test_broker
from tests.world import settings as world_settings

T = TypeVar("T")

CAMERAS = ("rail-cctv:r1", "rail-cctv:r2", "metro-cctv:m1")
ASKED = Interval(start=NOW - timedelta(minutes=6), end=NOW - timedelta(minutes=5))
LONG_AGO = Interval(start=NOW - timedelta(days=3), end=NOW - timedelta(days=3, minutes=-1))
HALF = Interval(start=ASKED.start, end=ASKED.start + timedelta(seconds=30))
FINAL = {"denied", "completed", "unavailable", "cancelled", "expired"}
RELEASED = {HoldState.RELEASED, HoldState.EXPIRED, HoldState.FAILED}


@dataclass
class ModelItem:
    """What people have said of an item, and what the ledger said last."""

    owner: str
    approvals_needed: int
    has_footage: bool
    approved_by: set[str] = field(default_factory=set)
    granted: Interval = ASKED
    denied: bool = False
    withdrawn: bool = False
    seen: str = "pending"

    @property
    def approved(self) -> bool:
        return len(self.approved_by) >= self.approvals_needed


def reachable(start: str) -> set[str]:
    """States that the published table allows after this one, in any number of steps."""
    found, left = {start}, [start]
    while left:
        for state in TRANSITIONS[ItemState(left.pop())]:
            if state.value not in found:
                found.add(state.value)
                left.append(state.value)
    return found


def expected_state(items: list[str]) -> str:
    """The request's state, in words of INTERFACE.md and not of the code."""
    if set(items) == {"completed"}:
        return "completed"
    for item in ("pending", "processing", "approved"):
        if item in items:
            return item
    if "completed" in items:
        return "partially_completed"
    return next(state for state in ("unavailable", "denied", "expired", "cancelled") if state in items)


class Life(RuleBasedStateMachine):
    """One broker, two owners with two custodians each, two investigators."""

    socket: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.folder = Path(tempfile.mkdtemp())
        self.stack = AsyncExitStack()
        self.model: dict[str, dict[int, ModelItem]] = {}
        self.judicial: dict[str, bool] = {}
        self.metro_ended = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(
        rail=st.sampled_from(["automatic", "manual"]),
        metro=st.sampled_from(["manual", "two_person"]),
        grace_days=st.sampled_from([0, 1]),
    )
    def open(self, rail: str, metro: str, grace_days: int) -> None:
        self.needed = {"rail": 0 if rail == "automatic" else 1, "metro": 2 if metro == "two_person" else 1}
        self.run(self._open({"rail": rail, "metro": metro}, grace_days))

    async def _open(self, approval: dict[str, str], grace_days: int) -> None:
        configured = world_settings(self.folder)
        agreements = tuple(
            agreement.model_copy(update={"approval": approval[agreement.owner], "grace_days": grace_days})
            for agreement in configured.agreement
        )
        configured = configured.model_copy(update={"agreement": agreements})
        redis = Redis(unix_socket_path=str(self.socket), decode_responses=True, protocol=2)
        self.stack.push_async_callback(redis.aclose)
        await redis.flushall()
        opened = open_test_broker(self.folder, redis, configuration=configured)
        self.broker: TestBroker = await self.stack.enter_async_context(opened)
        await self.broker.synchronise()
        self.investigator = await self.broker.officer("police", Role.INVESTIGATOR)
        self.custodians: dict[str, list[SignedIn]] = {
            owner: [await self.broker.officer(owner, Role.CUSTODIAN) for _ in range(2)]
            for owner in ("rail", "metro")
        }

    @property
    def recorders(self) -> dict[str, FakeRecorder]:
        return {"rail": self.broker.rail, "metro": self.broker.metro}

    # what people do

    @precondition(lambda self: len(self.model) < 4)
    @rule(
        cameras=st.lists(st.sampled_from(CAMERAS), min_size=1, max_size=3, unique=True),
        has_footage=st.booleans() | st.just(True),
        judicial=st.booleans(),
    )
    def submits(self, cameras: list[str], has_footage: bool, judicial: bool) -> None:
        if self.metro_ended:
            cameras = [camera for camera in cameras if camera.startswith("rail")] or [CAMERAS[0]]
        interval = ASKED if has_footage else LONG_AGO
        body = self.run(submit(self.investigator, *cameras, interval=interval, judicial=judicial))
        self.judicial[body["id"]] = judicial
        self.model[body["id"]] = {
            n: ModelItem(
                owner=(owner := camera.partition("-")[0]),
                approvals_needed=self.needed[owner],
                has_footage=has_footage,
                granted=interval,
            )
            for n, camera in enumerate(cameras, start=1)
        }

    @precondition(lambda self: self.model)
    @rule(
        data=st.data(),
        owner=st.sampled_from(["rail", "metro"]),
        who=st.integers(0, 1),
        approves=st.booleans() | st.just(True),
        shortened=st.booleans(),
    )
    def custodian_decides(
        self, data: st.DataObject, owner: str, who: int, approves: bool, shortened: bool
    ) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.model)))
        items = self.model[request_id]
        n = data.draw(st.sampled_from(sorted(items)))
        item, custodian = items[n], self.custodians[owner][who]
        part = HALF if shortened and approves and item.has_footage else None
        named: dict[str, Any] = {"n": n} if part is None else {"n": n, "interval": str(part)}
        verb = "approve" if approves else "deny"
        answer = self.run(decide(custodian, verb, request_id, named))
        if item.owner != owner:
            assert answer.status_code == 404
        elif self.now(request_id).items[n - 1].decisions != () and answer.status_code == 200:
            assert item.seen == "pending"
            if approves:
                assert custodian.id not in item.approved_by
                item.approved_by.add(custodian.id)
                item.granted = part or item.granted
            else:
                item.denied = True
        else:
            assert answer.status_code == 409
            assert item.seen != "pending" or custodian.id in item.approved_by

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def requester_withdraws(self, data: st.DataObject) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.model)))
        items = self.model[request_id]
        named = data.draw(st.lists(st.sampled_from(sorted(items)), unique=True))
        before = {n: item.seen for n, item in items.items() if not named or n in named}
        answer = self.run(decide(self.investigator, "cancel", request_id, *({"n": n} for n in named)))
        still_open = {n for n, state in before.items() if state not in FINAL}
        assert answer.status_code == (200 if still_open else 409)
        for n in still_open:
            items[n].withdrawn = True

    @precondition(lambda self: not self.metro_ended)
    @rule()
    def metro_ends_its_agreement(self) -> None:
        self.metro_ended = True
        path = "/v1/agreements/metro-police/end"
        answer = self.run(self.custodians["metro"][0].post(path, {}))
        assert answer.status_code == 200, answer.text

    # what machines do

    @rule()
    def worker_works(self) -> None:
        self.run(self.broker.work())

    @rule(at=st.integers(1, 60), blow=st.sampled_from(Blow))
    def worker_is_cut_short(self, at: int, blow: Blow) -> None:
        self.run(work_until_struck(self.broker, Interruption(at, blow)))

    @rule(
        owner=st.sampled_from(["rail", "metro"]),
        error=st.sampled_from([None, Unreachable("away"), Refused("locked out"), Malformed("garbled")]),
        method=st.sampled_from(["all", "place_hold", "list_spans", "open_footage", "release_hold"]),
    )
    def recorder_changes(self, owner: str, error: Any, method: str) -> None:
        recorder = self.recorders[owner]
        recorder.failing.clear()
        if error is not None:
            recorder.failing |= fail_with(error) if method == "all" else {method: error}

    @rule(owner=st.sampled_from(["rail", "metro"]))
    def recorder_forgets_its_holds(self, owner: str) -> None:
        self.recorders[owner].holds.clear()

    @rule(seconds=st.sampled_from([5, 31, 301, 3_600, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.broker.clock.advance(seconds=seconds)

    # what is always true

    def now(self, request_id: str) -> Request:
        return self.run(in_ledger(self.broker, request_id))

    @invariant()
    def everything_follows_the_table(self) -> None:
        for request_id, items in self.model.items():
            request = self.now(request_id)
            assert request.state == expected_state([item.state.value for item in request.items])
            assert (request.finished_at is not None) == all(i.state.value in FINAL for i in request.items)
            for item in request.items:
                assert item.state.value in reachable(items[item.n].seen)
                items[item.n].seen = item.state.value
                self.check(item, items[item.n])

    def check(self, item: Item, model: ModelItem) -> None:
        """What was asked, approved, available and delivered lie inside one another, and people are obeyed."""
        assert (item.state is ItemState.DENIED) == model.denied
        assert not model.withdrawn or item.state is ItemState.CANCELLED
        if item.state is ItemState.CANCELLED and not model.withdrawn:
            assert model.owner == "metro" and self.metro_ended
        if item.state in (ItemState.PROCESSING, ItemState.COMPLETED):
            assert model.approved
        if item.approved is not None:
            assert model.approved
            assert item.approved == model.granted
            assert item.approved.intersect(item.requested) == item.approved
        assert (item.state is ItemState.COMPLETED) == bool(item.clips) == bool(item.delivered)
        assert item.delivered == tuple(clip.facts.interval for clip in item.clips)
        for delivered in item.delivered:
            assert item.approved is not None and delivered.intersect(item.approved) == delivered
        for available in item.available:
            assert available.intersect(item.requested) == available
        if not model.has_footage:
            assert not item.delivered and item.available == ()

    def teardown(self) -> None:
        try:
            if hasattr(self, "broker"):
                self.run(self._settle())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _settle(self) -> None:
        """With recorders back and days gone by, everything has ended or waits for a decision."""
        for recorder in self.recorders.values():
            recorder.failing.clear()
        for request_id in self.model:
            await work_to_the_end(self.broker, request_id)
        self.broker.clock.advance(days=1, seconds=1)
        await self.broker.work()
        self.broker.clock.advance(seconds=301)
        await self.broker.work()
        kept: dict[str, set[str]] = {"rail": set(), "metro": set()}
        for request_id, items in self.model.items():
            request = await in_ledger(self.broker, request_id)
            for item in request.items:
                assert item.state is ItemState.PENDING or item.state.value in FINAL
                assert item.state is not ItemState.PENDING or not items[item.n].approved
                assert item.hold is not None
                withdrawn = items[item.n].withdrawn
                if item.state is not ItemState.PENDING and (withdrawn or not self.judicial[request_id]):
                    assert item.hold.state in RELEASED
                if item.hold.state not in RELEASED:
                    kept[items[item.n].owner].update(str(part.handle) for part in item.hold.parts)
            assert (request.sealed_at is not None) == (request.finished_at is not None)
            named = {clip.vault_key for item in request.items for clip in item.clips}
            assert await vault_files(self.broker, f"clips/{request_id}") == named
            bundles = {request.bundle_key} if request.bundle_key else set()
            assert await vault_files(self.broker, f"bundles/{request_id}") == bundles
        for owner, recorder in self.recorders.items():
            assert set(recorder.holds) <= kept[owner], "a hold was left behind"
        assert scratch_files(self.broker) == []


def test_every_life_of_a_request_follows_the_tables_and_leaves_nothing_behind(valkey_socket: Path) -> None:
    Life.socket = valkey_socket
    lives = settings(
        max_examples=40,
        stateful_step_count=16,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=lives)
