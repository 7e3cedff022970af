"""Recorder, vault and ledger are brought to agree again, whichever of them lost or kept what."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Unreachable
from adapters.contract.models import HoldReceipt
from broker.agencies.models import Role
from broker.vault.store import Entry, Vault
from tests.broker.holds.people import in_ledger, minutes, order, show
from tests.broker.requests.people import submit, until_files_have_settled, vault_files
from tests.world import LAST_MINUTES, SignedIn, TestBroker

STRANGER = HoldReceipt(handle="left-behind", held=(LAST_MINUTES,), until=None)


@pytest.fixture
async def operator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.OPERATOR)


async def compare(broker: TestBroker, **later: float) -> None:
    broker.clock.advance(**later)
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "make rounds"]
    await job._rounds["compare holds"].run()


async def logged(broker: TestBroker, action: str) -> int:
    query = text("SELECT count(*) FROM audit_entries WHERE action = :action")
    return int(await broker.broker.ledger.read(lambda c: c.execute(query, {"action": action}).scalar_one()))


async def test_a_hold_that_nobody_ordered_is_let_go_at_the_second_look(
    broker: TestBroker, operator: SignedIn
) -> None:
    ordered = await order(operator, "rail-cctv:r1")
    await broker.work()
    broker.rail.holds[STRANGER.handle] = STRANGER
    await compare(broker)
    await compare(broker, minutes=29)
    assert STRANGER.handle in broker.rail.holds, "an order may be under way"
    await compare(broker, minutes=1)
    assert STRANGER.handle not in broker.rail.holds
    assert list(broker.rail.holds) == [ordered["id"]]
    assert await logged(broker, "release_unnamed_hold") == 1
    await compare(broker, hours=2)
    assert await logged(broker, "release_unnamed_hold") == 1


async def test_what_an_order_under_way_placed_is_not_let_go(broker: TestBroker, operator: SignedIn) -> None:
    await order(operator, "rail-cctv:r1")
    (job,) = [job for job in broker.broker.worker._jobs if job.name == "place holds"]
    assert await job.claim(broker.broker.worker._lease("killed")) is not None
    broker.rail.holds[STRANGER.handle] = STRANGER  # what the killed worker placed and did not write down
    for _ in range(3):
        await compare(broker, minutes=31)
    assert STRANGER.handle in broker.rail.holds
    await broker.work()
    await compare(broker)
    assert STRANGER.handle not in broker.rail.holds


async def test_one_that_is_gone_by_itself_is_forgotten(broker: TestBroker) -> None:
    broker.rail.holds[STRANGER.handle] = STRANGER
    await compare(broker)
    broker.rail.holds.clear()
    await compare(broker, minutes=31)
    broker.rail.holds[STRANGER.handle] = STRANGER
    await compare(broker)
    assert STRANGER.handle in broker.rail.holds, "it is seen for the first time again"


async def test_what_the_recorder_lost_is_placed_again(broker: TestBroker, operator: SignedIn) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=minutes(-5, -2))
    await broker.work()
    broker.rail.holds.clear()
    await compare(broker, minutes=5)
    shown = (await show(operator, hold["id"]))["held"]
    assert (shown["state"], shown["interval"]) == ("partial", None)
    await broker.work()
    shown = (await show(operator, hold["id"]))["held"]
    assert shown["interval"] == str(minutes(-5, -2))
    (part,) = (await in_ledger(broker, hold["id"])).parts
    assert list(broker.rail.holds) == [part.handle]
    assert await logged(broker, "hold_lost") == 1
    await operator.http.delete(f"/v1/holds/{hold['id']}", headers=operator.headers())
    await broker.work()
    assert broker.rail.holds == {}


async def test_what_is_lost_and_overwritten_is_said_to_its_custodians_and_its_author(
    broker: TestBroker, operator: SignedIn
) -> None:
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    broker.rail.holds.clear()
    broker.rail.footage["r1"] = []
    for _ in range(2):
        await compare(broker, hours=1)
        await broker.work()
    shown = (await show(operator, hold["id"]))["held"]
    assert (shown["state"], shown["interval"]) == ("partial", None)
    for officer in (custodian, operator):
        notices = (await officer.get("/v1/notices")).json()["notices"]
        assert [each["kind"] for each in notices].count("hold_lost") == 1
    assert not (await in_ledger(broker, hold["id"])).is_growing


async def test_a_recorder_that_does_not_answer_keeps_no_other_from_being_compared(
    broker: TestBroker, operator: SignedIn
) -> None:
    broker.rail.failing["list_holds"] = Unreachable("no route")
    broker.metro.holds[STRANGER.handle] = STRANGER
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    await compare(broker)
    await compare(broker, minutes=30)
    assert broker.metro.holds == {}
    assert (await show(operator, hold["id"]))["held"]["state"] == "held"
    assert list(broker.rail.holds) == [hold["id"]]


async def test_copies_that_no_hold_names_go_and_named_ones_stay(broker: TestBroker) -> None:
    broker.rail.capabilities = broker.rail.capabilities - {Capability.HOLD}
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    await submit(investigator, "rail-cctv:r1", interval=minutes(-5, -3))
    await broker.work()
    named = await vault_files(broker, "holds")
    assert named
    beside = next(iter(named)).rpartition("/")[0]
    for key in ("holds/hold_unknown/1.1.0123456789abcdef.age", f"{beside}/9.9.0123456789abcdef.age"):
        await broker.broker.vault.put(key, b"left")
    await compare(broker)
    assert len(await vault_files(broker, "holds")) == len(named) + 2
    await compare(broker, **until_files_have_settled(broker))
    assert await vault_files(broker, "holds") == named


async def test_a_copy_that_the_vault_lost_is_said(broker: TestBroker, operator: SignedIn) -> None:
    broker.rail.capabilities = broker.rail.capabilities - {Capability.HOLD}
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    for key in await vault_files(broker, "holds"):
        await broker.broker.vault.delete(key)
    await compare(broker)
    shown = (await show(operator, hold["id"]))["held"]
    assert (shown["state"], shown["interval"]) == ("partial", None)
    assert await logged(broker, "hold_lost") == 1


async def test_a_hold_of_another_network_of_the_same_recorder_is_nobodys_stranger(
    broker: TestBroker, operator: SignedIn
) -> None:
    hold = await order(operator, "rail-cctv:r1")
    await broker.work()
    broker.metro.holds = broker.rail.holds  # both networks list all that the recorder keeps
    for _ in range(3):
        await compare(broker, minutes=31)
    assert list(broker.rail.holds) == [hold["id"]]
    assert (await show(operator, hold["id"]))["held"]["state"] == "held"


async def test_what_is_copied_while_the_vault_is_listed_is_not_said_to_be_lost(
    broker: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.rail.capabilities = broker.rail.capabilities - {Capability.HOLD}
    hold = await order(operator, "rail-cctv:r1")

    async def listed_before(_vault: Vault, _prefix: str) -> AsyncIterator[Entry]:
        await broker.work()
        for entry in ():
            yield entry

    with monkeypatch.context() as patched:
        patched.setattr(Vault, "entries", listed_before)
        await compare(broker)
    assert (await show(operator, hold["id"]))["held"]["state"] == "held"
    assert await logged(broker, "hold_lost") == 0
