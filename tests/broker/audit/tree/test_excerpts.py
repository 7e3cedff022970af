"""An excerpt of the log is what one agency may read of what was done, each entry proven in one signed checkpoint."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.audit.tree import store
from broker.audit.tree.excerpts import Excerpt, ExcerptNotReady, Excerpts
from broker.audit.tree.sequencer import Sequencer
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.transparency.notes import KeyKind, cosign, new_key, open_checkpoint
from broker.transparency.proofs import is_included, leaf_hash
from tests.world import NOW, StandingClock

KEY = new_key("log.test/log", KeyKind.NOTE)
WITNESSES = tuple(new_key(f"{name}.test/witness", KeyKind.COSIGNATURE) for name in ("a", "b", "c"))
KEYS = tuple(witness.verifier for witness in WITNESSES)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    migrate(tmp_path / "ledger.sqlite")
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def sequencer(ledger: Ledger, clock: StandingClock) -> Sequencer:
    return Sequencer(ledger, clock, KEY)


@pytest.fixture
def excerpts(ledger: Ledger, clock: StandingClock, sequencer: Sequencer) -> Excerpts:
    return Excerpts(ledger, clock, sequencer, KEYS)


def entry(request_id: str | None = "req_1", **more: object) -> NewEntry:
    facts: dict[str, object] = {
        "operation": Operation.ALTERATION,
        "action": "submit",
        "agency": "police",
        "officer_id": "off_1",
        "owners": ("rail",),
        "whose": {} if request_id is None else {request_id: ("rail", "police")},
        "request_id": request_id,
    }
    return NewEntry.model_validate(facts | more)


async def write(ledger: Ledger, *entries: NewEntry) -> None:
    written = [audit.write_out(each, NOW) for each in entries]
    await ledger.write(lambda c: audit.append_together(c, written))


async def sign(ledger: Ledger, clock: StandingClock, *names: str) -> None:
    """These witnesses co-sign the newest checkpoint."""

    def work(connection: Connection) -> None:
        newest = store.newest_checkpoint(connection)
        assert newest is not None
        body = newest.note.split("\n\n")[0] + "\n"
        for witness in WITNESSES:
            if witness.name[0] in names:
                line = cosign(body, witness, clock.now()).line
                store.put_cosignature(connection, newest.size, witness.name, line, clock.now())

    await ledger.write(work)


def checked(excerpt: Excerpt) -> tuple[int, list[str], set[str]]:
    """The size of the tree that all proofs lead to, what was done, and who co-signed."""
    (note,) = {proven.proof.checkpoint for proven in excerpt.entries}
    checkpoint, signed = open_checkpoint(note, excerpt.key)
    for proven in excerpt.entries:
        leaf, proof = leaf_hash(proven.entry.leaf.encode()), proven.proof
        assert proof.index == proven.entry.sequence - 1
        assert is_included(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    names = {line.name[0] for line in signed.signatures if line.name != KEY.name}
    return checkpoint.size, [proven.entry.action for proven in excerpt.entries], names


async def test_it_holds_what_was_done_and_not_who_looked(ledger: Ledger, excerpts: Excerpts) -> None:
    for n, operation in enumerate(Operation):
        await write(ledger, entry(operation=operation, action=f"{n}_{operation.value}"))
    size, actions, _ = checked(await excerpts.about("req_1", "police", NOW))
    assert size == len(Operation)
    assert {action.split("_")[1] for action in actions} == {
        "collection",
        "alteration",
        "combination",
        "erasure",
    }


async def test_it_holds_the_requests_own_entries_as_the_agency_may_read_them(
    ledger: Ledger, excerpts: Excerpts
) -> None:
    await write(
        ledger,
        entry(),
        entry("req_2", action="other"),
        entry(None, action="none"),
        entry(agency="rail", action="rails_own", whose={"req_1": ("rail",)}),
        entry(agency="rail", action="of_both", owners=("rail", "police")),
    )
    excerpt = await excerpts.about("req_1", "police", NOW)
    assert checked(excerpt)[1] == ["submit", "of_both"]
    assert all('"agency":"police"' in proven.entry.parts[0].content for proven in excerpt.entries)


async def test_a_request_without_entries_has_an_empty_one(excerpts: Excerpts) -> None:
    excerpt = await excerpts.about("req_9", "police", NOW)
    assert (excerpt.entries, excerpt.key, excerpt.witnesses) == ((), KEY.verifier, KEYS)


async def test_of_co_signed_checkpoints_the_one_with_most_signatures_is_taken(
    ledger: Ledger, clock: StandingClock, sequencer: Sequencer, excerpts: Excerpts
) -> None:
    await write(ledger, entry())
    signed = [("a",), ("a", "b"), ("b", "c"), ("a",), ()]
    for names in signed:
        await write(ledger, entry(None))
        await sequencer.catch_up()
        await sign(ledger, clock, *names)
    size, _, names = checked(await excerpts.about("req_1", "police", NOW))
    assert (size, names) == (3, {"a", "b"})


async def test_a_checkpoint_from_before_the_entries_does_not_count(
    ledger: Ledger, clock: StandingClock, sequencer: Sequencer, excerpts: Excerpts
) -> None:
    await write(ledger, entry(None))
    await sequencer.catch_up()
    await sign(ledger, clock, "a", "b", "c")
    await write(ledger, entry())
    assert checked(await excerpts.about("req_1", "police", NOW)) == (2, ["submit"], set())
    with pytest.raises(
        ExcerptNotReady, match=r"co-signed by a\.test/witness, b\.test/witness, c\.test/witness"
    ):
        await excerpts.about("req_1", "police", NOW + timedelta(seconds=1))
    await sign(ledger, clock, "a", "c")
    with pytest.raises(ExcerptNotReady, match=r"co-signed by b\.test/witness$"):
        await excerpts.about("req_1", "police", NOW + timedelta(seconds=1))
    await sign(ledger, clock, "b")
    found = checked(await excerpts.about("req_1", "police", NOW + timedelta(seconds=1)))
    assert found == (2, ["submit"], {"a", "b", "c"})


@settings(max_examples=25, deadline=None)
@given(about=st.lists(st.booleans(), min_size=1, max_size=40), later=st.integers(0, 600))
async def test_every_entry_is_proven_however_many_lie_between_and_after(
    tmp_path_factory: pytest.TempPathFactory, about: list[bool], later: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("log")
    migrate(folder / "ledger.sqlite")
    ledger, clock = Ledger(folder / "ledger.sqlite"), StandingClock()
    try:
        excerpts = Excerpts(ledger, clock, Sequencer(ledger, clock, KEY), ())
        await write(ledger, *(entry("req_1" if own else None) for own in about), *[entry(None)] * later)
        excerpt = await excerpts.about("req_1", "police", NOW)
        if any(about):
            assert checked(excerpt)[0] == len(about) + later
        assert [p.entry.sequence for p in excerpt.entries] == [n for n, own in enumerate(about, 1) if own]
    finally:
        ledger.close()
