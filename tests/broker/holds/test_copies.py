"""What a recorder cannot keep is copied, sealed to its owner's key, and opened by who has that key for a clip only."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from pyrage.x25519 import Identity
from redis.asyncio import Redis

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Malformed, Unreachable
from adapters.contract.models import FootageMessage, SegmentData, SegmentEnd, SegmentStart
from broker.agencies.models import Role
from broker.errors import Problem, SetupProblem
from broker.holds.copies import Copies, CopyDamaged, CopySealed, OwnersKeys
from broker.settings.sections import AgencySettings
from broker.vault.store import Vault
from broker.vault.vaults import Vaults
from tests.broker.holds.people import in_ledger, minutes, order, show
from tests.broker.requests.people import decide, scratch_files, submit, vault_files, work_to_the_end
from tests.broker.requests.people import in_ledger as request_in_ledger
from tests.world import SignedIn, TestBroker, open_test_broker, settings

FOOTAGE = bytes(range(256)) * 3000


@pytest.fixture
async def copying(broker: TestBroker) -> TestBroker:
    """The railway's recorder cannot hold."""
    broker.rail.capabilities = broker.rail.capabilities - {Capability.HOLD}
    return broker


@pytest.fixture
async def operator(copying: TestBroker) -> SignedIn:
    return await copying.officer("police", Role.OPERATOR)


async def test_a_copy_is_made_and_removed_with_its_hold(copying: TestBroker, operator: SignedIn) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=minutes(-4.5, -2.5))
    await copying.work()
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["how"], held["interval"]) == ("held", "copied", str(minutes(-5, -2)))
    kept = await in_ledger(copying, hold["id"])
    assert len(kept.copied_keys) == 3
    assert await vault_files(copying, f"holds/{hold['id']}") == kept.copied_keys
    for key in kept.copied_keys:
        assert (await copying.broker.vault.get(key)).startswith(b"age-encryption.org/v1\n")
    assert scratch_files(copying) == []
    await operator.http.delete(f"/v1/holds/{hold['id']}", headers=operator.headers())
    await copying.work()
    assert (await show(operator, hold["id"]))["held"]["state"] == "released"
    assert await vault_files(copying, "holds") == set()


async def test_a_clip_is_cut_from_the_copy_when_the_recorder_has_nothing_left(copying: TestBroker) -> None:
    investigator = await copying.officer("police", Role.INVESTIGATOR)
    custodian = await copying.officer("rail", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
    await copying.work()
    assert await vault_files(copying, "clips") == set()
    copying.rail.footage["r1"] = []
    await decide(custodian, "approve", request_id)
    request = await work_to_the_end(copying, request_id)
    assert request.state == "completed"
    item = request.items[0]
    assert item.requested.subtract([clip.facts.interval for clip in item.clips]) == ()
    await copying.work()
    assert await vault_files(copying, "holds") == set()
    assert scratch_files(copying) == []


async def test_what_grows_is_copied_file_by_file(copying: TestBroker, operator: SignedIn) -> None:
    hold = await order(operator, "rail-cctv:r1", interval=f"{minutes(-3, 0).start.isoformat()}/..")
    await copying.work()
    for _ in range(3):
        copying.rail.footage["r1"].append(copying.clock.now())
        copying.clock.advance(minutes=1)
        await copying.work()
    kept = await in_ledger(copying, hold["id"])
    assert kept.held == (minutes(-3, 3),)
    assert [file.starts_at for part in kept.parts for file in part.files] == sorted(
        {file.starts_at for part in kept.parts for file in part.files}
    )


async def test_a_copy_that_is_interrupted_goes_on_where_it_was(
    copying: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = copying.rail.open_footage, []
    copying.rail.film_s = 15
    copying.rail.footage["r1"] = [minutes(-5 + n / 4, 0).start for n in range(20)]

    async def breaking(native_id: str, interval: Any, hold: str | None = None) -> AsyncGenerator[Any, None]:
        asked.append(interval)
        count = 0
        async for message in real(native_id, interval, hold):
            if isinstance(message, SegmentStart):
                count += 1
            if count == 18 and len(asked) == 1:
                raise Unreachable("the line broke")
            yield message

    monkeypatch.setattr(copying.rail, "open_footage", breaking)
    hold = await order(operator, "rail-cctv:r1", interval=minutes(-5, 0))
    await copying.work()
    assert (await show(operator, hold["id"]))["held"]["state"] == "placing"
    assert len((await in_ledger(copying, hold["id"])).parts) == 1
    copying.clock.advance(seconds=60)
    await copying.work()
    kept = await in_ledger(copying, hold["id"])
    assert (kept.state, kept.held) == ("held", (minutes(-5, 0),))
    assert asked == [minutes(-5, 0), minutes(-1, 0)]


async def test_a_vault_that_is_away_is_waited_for(
    copying: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise Problem("storage_full", "the vault is full")

    hold = await order(operator, "rail-cctv:r1")
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "put_file", full)
        await copying.work()
        held = (await show(operator, hold["id"]))["held"]
        assert (held["state"], held["state_reason"]) == ("placing", "the vault is full")
    copying.clock.advance(minutes=5)
    await copying.work()
    assert (await show(operator, hold["id"]))["held"]["state"] == "held"


async def test_a_recorder_that_hands_out_nothing_leaves_no_hold(
    copying: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> AsyncGenerator[FootageMessage, None]:
        return
        yield

    monkeypatch.setattr(copying.rail, "open_footage", nothing)
    hold = await order(operator, "rail-cctv:r1")
    await copying.work()
    held = (await show(operator, hold["id"]))["held"]
    assert (held["state"], held["state_reason"]) == ("failed", "its recorder handed out none of it to copy")


async def test_from_one_recorder_no_more_is_fetched_at_a_time_than_it_may_be(
    copying: TestBroker, operator: SignedIn
) -> None:
    for _ in range(4):
        await order(operator, "rail-cctv:r1")
    jobs = {job.name: job for job in copying.broker.worker._jobs}
    lease = copying.broker.worker._lease
    while (placing := await jobs["place holds"].claim(lease("placer"))) is not None:
        await jobs["place holds"].carry_out(placing, "placer")
    first, second = [await jobs["copy holds"].claim(lease(f"copier {n}")) for n in range(2)]
    assert first is not None and second is not None
    assert await jobs["copy holds"].claim(lease("third")) is None
    investigator = await copying.officer("police", Role.INVESTIGATOR)
    custodian = await copying.officer("rail", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "approve", request_id)
    placing = await jobs["place holds"].claim(lease("placer"))
    await jobs["place holds"].carry_out(placing, "placer")
    assert await jobs["make clips"].claim(lease("maker")) is None
    await jobs["copy holds"].carry_out(first, "copier 0")
    assert await jobs["make clips"].claim(lease("maker")) is not None
    assert await jobs["copy holds"].claim(lease("third")) is None
    copying.clock.advance(seconds=31)
    assert await jobs["copy holds"].claim(lease("third")) is not None, "a dead worker's export counts no more"


@pytest.mark.parametrize("has_identity", [True, False])
async def test_only_a_worker_with_the_owners_key_cuts_from_a_copy(
    tmp_path: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch, has_identity: bool
) -> None:
    identity = Identity.generate()
    monkeypatch.setenv("RAIL_KEY", f"# created: today\n{identity}\n")
    configured = settings(tmp_path / "data")
    rail = {
        "id": "rail",
        "name": "Railway",
        "hold_key": str(identity.to_public()),
        "vault_url": f"file://{tmp_path}/rail",
    } | ({"hold_identity": {"env": "RAIL_KEY"}} if has_identity else {})
    agencies = (AgencySettings.model_validate(rail), *configured.agency[1:])
    configured = configured.model_copy(update={"agency": agencies})
    async with open_test_broker(tmp_path / "data", redis, configuration=configured) as broker:
        broker.rail.capabilities = broker.rail.capabilities - {Capability.HOLD}
        await broker.synchronise()
        investigator = await broker.officer("police", Role.INVESTIGATOR)
        custodian = await broker.officer("rail", Role.CUSTODIAN)
        request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
        still_there = (await submit(investigator, "rail-cctv:r2"))["id"]
        await broker.work()
        assert await vault_files(broker, "holds") == set()
        (sealed, *_) = sorted((tmp_path / "rail" / "holds").rglob("*.age"))
        assert pyrage.decrypt(sealed.read_bytes(), [identity])
        assert not (tmp_path / "data/keys/rail/holds.age").exists()
        broker.rail.footage["r1"] = []
        await decide(custodian, "approve", request_id)
        await decide(custodian, "approve", still_there)
        await broker.work()
        request = await request_in_ledger(broker, request_id)
        assert (await request_in_ledger(broker, still_there)).state == "completed"
        if has_identity:
            assert request.state == "completed"
        else:
            assert request.items[0].state == "approved"
            assert str(request.items[0].state_reason).startswith("the copy is sealed to the key of rail")


async def test_a_copy_that_was_changed_is_never_delivered(copying: TestBroker) -> None:
    investigator = await copying.officer("police", Role.INVESTIGATOR)
    custodian = await copying.officer("rail", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await copying.work()
    key = min(await vault_files(copying, "holds"))
    content = bytearray(await copying.broker.vault.get(key))
    content[-1] ^= 1
    await copying.broker.vault.put(key, bytes(content))
    copying.rail.footage["r1"] = []
    await decide(custodian, "approve", request_id)
    request = await work_to_the_end(copying, request_id)
    assert (request.state, request.items[0].clips) == ("unavailable", ())
    assert "damaged" in str(request.items[0].state_reason)


# sealing alone


async def messages(*sizes: int, declared: int | None = None) -> AsyncGenerator[FootageMessage, None]:
    for n, size in enumerate(sizes):
        at = minutes(n, n + 1)
        yield SegmentStart(name=f"{n}", container="mp4", starts_at=at.start, valid=at)
        for start in range(0, size, 100_000):
            yield SegmentData(data=FOOTAGE[start : min(size, start + 100_000)])
        yield SegmentEnd(size=size if declared is None else declared)


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    keys = OwnersKeys.of((), tmp_path / "keys")
    return Copies(Vaults(Vault(tmp_path / "vault"), {}), keys, tmp_path / "scratch")


async def sealed_hold(copying: TestBroker, operator: SignedIn) -> Any:
    return await in_ledger(copying, (await order(operator, "rail-cctv:r1"))["id"])


async def test_what_was_sealed_opens_to_the_same_bytes(
    copies: Copies, copying: TestBroker, operator: SignedIn, tmp_path: Path
) -> None:
    hold = await sealed_hold(copying, operator)
    files = [file async for file in copies.seal(messages(700_000, 0, 5), hold, 1)]
    assert [file.size for file in files] == [700_000, 0, 5]
    sources = await copies.open("rail", files, tmp_path / "open")
    assert [source.path.read_bytes() for source in sources] == [FOOTAGE[:700_000], b"", FOOTAGE[:5]]
    assert [hashlib.sha256(FOOTAGE[: file.size]).hexdigest() for file in files] == [f.sha256 for f in files]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert (tmp_path / "keys/rail/holds.age").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("footage", "says"),
    [
        ("_short", "10 of 11 bytes"),
        ("_without_end", "in the middle"),
        ("_nested", "before the one before it"),
        ("_headless", "outside a segment"),
    ],
)
async def test_what_a_recorder_garbles_is_not_kept(
    copies: Copies, copying: TestBroker, operator: SignedIn, tmp_path: Path, footage: str, says: str
) -> None:
    hold = await sealed_hold(copying, operator)
    with pytest.raises(Malformed, match=says):
        _ = [file async for file in copies.seal(GARBLED[footage](), hold, 1)]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "vault/holds").exists()


async def _without_end() -> AsyncGenerator[FootageMessage, None]:
    async for message in messages(10):
        if not isinstance(message, SegmentEnd):
            yield message


async def _nested() -> AsyncGenerator[FootageMessage, None]:
    async for message in messages(10, 10):
        if not isinstance(message, SegmentEnd):
            yield message


async def _headless() -> AsyncGenerator[FootageMessage, None]:
    yield SegmentData(data=b"x")


def _short() -> AsyncGenerator[FootageMessage, None]:
    return messages(10, declared=11)


GARBLED = {each.__name__: each for each in (_short, _without_end, _nested, _headless)}


async def test_a_full_disk_ends_the_sealing_and_says_so(
    copies: Copies, copying: TestBroker, operator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: Any, _target: Any, _recipients: Any) -> None:
        raise OSError(28, "No space left on device")

    hold = await sealed_hold(copying, operator)
    monkeypatch.setattr(pyrage, "encrypt_io", full)
    with pytest.raises(OSError, match="No space"):
        async with asyncio.timeout(10):
            _ = [file async for file in copies.seal(messages(700_000), hold, 1)]


async def test_a_copy_that_is_cut_short_or_anothers_does_not_open(
    copies: Copies, copying: TestBroker, operator: SignedIn, tmp_path: Path
) -> None:
    hold = await sealed_hold(copying, operator)
    first, second = [file async for file in copies.seal(messages(700_000, 600_000), hold, 1)]
    vault = Vault(tmp_path / "vault")
    whole = await vault.get(first.vault_key)
    for n, content in enumerate((whole[:-100_000], whole[:-1], b"", await vault.get(second.vault_key))):
        await vault.put(first.vault_key, content)
        with pytest.raises(CopyDamaged):
            await copies.open("rail", [first], tmp_path / f"open{n}")


def test_keys_are_checked_when_the_broker_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = Identity.generate(), Identity.generate()
    monkeypatch.setenv("OTHER", str(other))
    monkeypatch.setenv("NONE", "AGE-SECRET-KEY-1NOT")
    public = str(mine.to_public())
    wrong = public[:-1] + ("q" if public[-1] != "q" else "p")

    def keys(**more: Any) -> OwnersKeys:
        return OwnersKeys.of((AgencySettings(id="rail", name="Railway", **more),), tmp_path)

    for more, says in (
        ({"hold_key": wrong}, "no public key"),
        ({"hold_key": public, "hold_identity": {"env": "OTHER"}}, "not the secret of hold_key"),
        ({"hold_key": public, "hold_identity": {"env": "NONE"}}, "holds no secret key"),
        ({"hold_key": public, "hold_identity": {"env": "UNSET"}}, "not set"),
    ):
        with pytest.raises(SetupProblem, match=says) as refused:
            keys(**more)
        assert str(other) not in str(refused.value)
    with pytest.raises(ValueError, match="write that too"):
        keys(hold_identity={"env": "OTHER"})
    with pytest.raises(CopySealed):
        keys(hold_key=public).identity("rail")
    assert "SECRET" not in repr(keys(hold_key=public))


def test_a_broken_key_of_the_brokers_own_is_said_and_not_replaced(tmp_path: Path) -> None:
    keys = OwnersKeys.of((), tmp_path)
    made = str(keys.recipient("rail"))
    assert str(keys.recipient("rail")) == made
    (tmp_path / "rail/holds.age").write_text("nothing")
    with pytest.raises(SetupProblem, match="cannot be read"):
        keys.recipient("rail")
