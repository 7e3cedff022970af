"""What a witness signs, what it refuses, and what it keeps of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.transparency.notes import Checkpoint, KeyKind, cosignatures, new_key, open_checkpoint, sign_note
from broker.transparency.proofs import is_consistent
from broker.witness.models import RECENT, Declined, Evidence, Refused, Round, Unanswered, Wrong
from broker.witness.service import Witness
from broker.witness.store import STATE, WitnessFolder, opened, read_state
from tests.broker.transparency.trees import root
from tests.broker.witness.logs import ORIGIN, ScriptedLog
from tests.world import StandingClock

NAME = "rail.test/witness"


@pytest.fixture
def log() -> ScriptedLog:
    return ScriptedLog(leaves=[b"a", b"b", b"c"])


@pytest.fixture
def folder(tmp_path: Path, log: ScriptedLog) -> Iterator[WitnessFolder]:
    with opened(tmp_path / "witness", NAME, log.vkey) as its_own:
        yield its_own


@pytest.fixture
def witness(folder: WitnessFolder, log: ScriptedLog) -> Witness:
    return Witness(folder, log, StandingClock())


def evidence_of(folder: WitnessFolder, refused: Refused) -> Evidence:
    assert refused.evidence is not None
    return folder.read_evidence(refused.evidence)


def test_the_first_checkpoint_is_co_signed_and_kept(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    assert witness.round() == Round(3, root(log.leaves).hex(), True, True)
    assert log.signed_by(folder.key.verifier) == [Checkpoint(ORIGIN, 3, root(log.leaves))]
    assert folder.state.last == folder.state.first == log.handed[0]


def test_growth_is_proven_and_co_signed(witness: Witness, folder: WitnessFolder, log: ScriptedLog) -> None:
    for _ in range(20):
        witness.round()
        log.leaves += [b"x", b"y"]
    assert [each.size for each in log.signed_by(folder.key.verifier)] == list(range(3, 43, 2))


def test_an_unchanged_log_is_not_signed_again(witness: Witness, log: ScriptedLog) -> None:
    witness.round()
    assert witness.round() == Round(3, root(log.leaves).hex(), False, False)
    assert len(log.handed) == 1


def test_a_line_that_the_broker_does_not_show_is_handed_in_again(witness: Witness, log: ScriptedLog) -> None:
    witness.round()
    (line,) = log.handed
    log.handed.clear()
    assert witness.round() == Round(3, root(log.leaves).hex(), False, True)
    assert log.handed == [line]


def test_a_log_without_a_checkpoint_is_waited_for(witness: Witness, log: ScriptedLog) -> None:
    log.says = lambda: None
    assert witness.round() == Round(None, None, False, False)
    assert log.handed == []


def test_an_empty_tree_is_the_beginning_of_every_tree(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    log.leaves.clear()
    witness.round()
    log.leaves.append(b"a")
    witness.round()
    assert [each.size for each in log.signed_by(folder.key.verifier)] == [0, 1]


def test_a_second_history_of_one_size_is_refused_with_both_notes(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    witness.round()
    log.leaves[1] = b"changed"
    with pytest.raises(Refused) as refused:
        witness.round()
    found = evidence_of(folder, refused.value)
    assert found.wrong is Wrong.FORKED
    assert found.kept is not None and found.given is not None
    (one, _), (other, _) = open_checkpoint(found.kept, log.vkey), open_checkpoint(found.given, log.vkey)
    assert one.size == other.size and one.root != other.root
    assert len(log.handed) == 1


def test_a_log_that_went_back_is_refused(witness: Witness, folder: WitnessFolder, log: ScriptedLog) -> None:
    witness.round()
    log.leaves.pop()
    with pytest.raises(Refused, match="had 3 entries when it was co-signed here, and shows 2") as refused:
        witness.round()
    assert evidence_of(folder, refused.value).wrong is Wrong.ROLLED_BACK


def test_a_changed_history_behind_a_larger_tree_is_refused_with_its_proof(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    witness.round()
    log.leaves = [b"a", b"changed", b"c", b"d", b"e"]
    with pytest.raises(Refused) as refused:
        witness.round()
    found = evidence_of(folder, refused.value)
    assert (found.wrong, len(found.proof or ())) == (Wrong.NOT_CONTINUED, 4)
    assert found.kept is not None and found.given is not None
    (one, _), (other, _) = open_checkpoint(found.kept, log.vkey), open_checkpoint(found.given, log.vkey)
    proof = [bytes.fromhex(each) for each in found.proof or ()]
    assert not is_consistent(one.size, other.size, one.root, other.root, proof)
    assert len(log.handed) == 1


@pytest.mark.parametrize(
    "proof", [(), (b"",), (b"x" * 32,), (b"x" * 32,) * 70], ids=["none", "empty", "wrong", "long"]
)
def test_no_proof_but_the_right_one_will_do(witness: Witness, log: ScriptedLog, proof: Any) -> None:
    witness.round()
    log.leaves += [b"d", b"e"]
    log.proves = lambda _first, _second: proof
    with pytest.raises(Refused) as refused:
        witness.round()
    assert refused.value.wrong is Wrong.NOT_CONTINUED
    assert len(log.handed) == 1


def test_after_a_refusal_nothing_is_signed_until_somebody_has_looked(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    witness.round()
    honest = list(log.leaves)
    log.leaves = [b"other"] * 3
    with pytest.raises(Refused) as first:
        witness.round()
    log.leaves = [*honest, b"d"]
    with pytest.raises(Refused) as second:
        witness.round()
    assert (second.value.sentence, second.value.evidence) == (first.value.sentence, first.value.evidence)
    folder.write(folder.state.model_copy(update={"alarm": None}))
    assert witness.round().is_new
    assert first.value.evidence is not None and folder.path_of(first.value.evidence).exists()


def test_somebody_who_looked_does_not_make_a_fork_right(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    witness.round()
    log.leaves[0] = b"changed"
    names = set()
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            witness.round()
        names.add(refused.value.evidence)
        folder.write(folder.state.model_copy(update={"alarm": None}))
    assert len(names) == 3, "no evidence takes another's place"
    assert len(log.handed) == 1


def _other_key(log: ScriptedLog) -> bytes:
    return sign_note(log.note().body, [new_key(ORIGIN, KeyKind.NOTE)]).text.encode()


def _other_origin(log: ScriptedLog) -> bytes:
    return sign_note(Checkpoint("other/log", 3, root(log.leaves)).body, [log.key]).text.encode()


def _changed(log: ScriptedLog) -> bytes:
    return log.note().text.replace("\n3\n", "\n4\n", 1).encode()


NOT_THE_LOGS = {
    "another key": _other_key,
    "another origin": _other_origin,
    "a changed size": _changed,
    "no signature": lambda log: log.note().body.encode(),
    "nothing": lambda _log: b"",
    "a page": lambda _log: b"<html>please sign in</html>",
    "no text": lambda _log: b"\xff\xfe\x00",
    "too much": lambda _log: b"x" * 70_000,
    "no note": lambda log: sign_note("hello\n", [log.key]).text.encode(),
}


@pytest.mark.parametrize("what", NOT_THE_LOGS)
def test_what_is_not_the_logs_is_not_signed_and_is_no_alarm(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog, what: str
) -> None:
    witness.round()
    log.says = lambda: NOT_THE_LOGS[what](log)
    with pytest.raises(Refused) as refused:
        witness.round()
    assert (refused.value.wrong, refused.value.evidence) == (Wrong.NOT_SIGNED, None)
    log.says = None
    log.leaves.append(b"d")
    assert witness.round().is_new


def test_a_log_that_claims_to_have_nothing_any_more_is_refused(witness: Witness, log: ScriptedLog) -> None:
    witness.round()
    log.says = lambda: None
    with pytest.raises(Refused, match="no checkpoint: one of 3 entries was co-signed") as refused:
        witness.round()
    assert (refused.value.wrong, refused.value.evidence) == (Wrong.NO_CHECKPOINT, None)


@pytest.mark.parametrize("error", [Unanswered("away"), Declined("unknown witness")])
def test_what_could_not_be_handed_in_is_the_same_line_later(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog, error: Exception
) -> None:
    def refuse(_note: str) -> None:
        raise error

    log.takes = refuse
    with pytest.raises(type(error)):
        witness.round()
    assert folder.state.last is not None, "written down before it leaves"
    log.takes = None
    assert witness.round() == Round(3, root(log.leaves).hex(), False, True)
    assert log.handed == [folder.state.last]


def test_what_others_have_begun_to_sign_is_signed_first(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    witness.round()
    log.leaves.append(b"d")
    theirs = log.shown()
    log.leaves += [b"e", b"f"]
    log.wants = lambda: theirs
    assert witness.round() == Round(4, root(log.leaves[:4]).hex(), True, True)
    assert witness.round() == Round(4, root(log.leaves[:4]).hex(), False, False), "the others are waited for"
    log.wants = None
    witness.round()
    assert [each.size for each in log.signed_by(folder.key.verifier)] == [3, 4, 6]


def test_a_checkpoint_from_before_what_is_signed_is_no_alarm_where_the_newest_is_right(
    witness: Witness, log: ScriptedLog
) -> None:
    old = log.shown()
    log.leaves.append(b"d")
    witness.round()
    log.leaves.append(b"e")
    log.wants = lambda: old
    assert witness.round().size == 5


@pytest.mark.parametrize(
    "other", [[b"a", b"b", b"c", b"x"], [b"x", b"b", b"c", b"d"], [b"x", b"b", b"c"], [b"x"] * 9]
)
def test_what_others_sign_must_lie_between_the_last_and_the_newest(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog, other: list[bytes]
) -> None:
    witness.round()
    honest, log.leaves = [*log.leaves, b"d", b"e"], other
    theirs = log.shown()
    log.leaves = honest
    log.wants = lambda: theirs
    with pytest.raises(Refused) as refused:
        witness.round()
    found = evidence_of(folder, refused.value)
    assert found.wrong in (Wrong.FORKED, Wrong.NOT_CONTINUED)
    assert theirs.decode() in (found.given, found.kept)
    assert len(log.handed) == 1


def test_what_is_no_checkpoint_is_not_met_on(witness: Witness, log: ScriptedLog) -> None:
    witness.round()
    log.leaves.append(b"d")
    log.wants = lambda: b"<html>"
    with pytest.raises(Refused) as refused:
        witness.round()
    assert refused.value.evidence is None
    log.wants = lambda: None
    assert witness.round().size == 4


def test_lines_of_others_are_not_kept_for_them(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    other = new_key("other.test/log", KeyKind.NOTE)
    log.says = sign_note(log.note().body, [log.key, other]).text.encode
    witness.round()
    _, note = open_checkpoint(log.handed[0], log.vkey)
    assert [line.name for line in note.signatures] == [ORIGIN, NAME]


def test_so_many_notes_are_kept_and_the_first(
    witness: Witness, folder: WitnessFolder, log: ScriptedLog
) -> None:
    for n in range(RECENT + 5):
        witness.round()
        log.leaves.append(str(n).encode())
    state = read_state(folder.path_of("x").parents[1] / STATE)
    assert len(state.recent) == RECENT
    sizes = [open_checkpoint(text, log.vkey)[0].size for text in (state.first or "", *state.recent)]
    assert sizes == [3, *range(8, RECENT + 8)]
    assert all(
        cosignatures(open_checkpoint(text, log.vkey)[1], [folder.key.verifier]) for text in state.recent
    )
