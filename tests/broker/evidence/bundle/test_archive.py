"""Sealing refuses what does not fit, leaves nothing half done, and writes what a reader expects."""

import io
import zipfile
from pathlib import Path

import pytest

from broker.evidence.bundle.archive import write_bundle
from broker.evidence.bundle.certificates import SigningIdentity, open_identity
from broker.evidence.bundle.errors import CannotSeal
from broker.evidence.bundle.verify import verify_file
from tests.broker.evidence.bundle.logs import log_of
from tests.broker.evidence.bundle.sealed import NOW, SOFTWARE, Sealed, facts_of, item_of, tiny_mp4

CLIP = tiny_mp4("a" * 3_000_000)


@pytest.fixture(scope="module")
def rail(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    return open_identity(tmp_path_factory.mktemp("keys"), "rail", "Rail", NOW)


def test_an_open_file_is_sealed_into_an_open_file(rail: SigningIdentity, tmp_path: Path) -> None:
    output = io.BytesIO()
    facts = facts_of(item_of(1, "rail", [CLIP]))
    clips = {"1.1": io.BytesIO(CLIP)}
    write_bundle(facts, clips=clips, log=[], identities=[rail], output=output, now=NOW, software=SOFTWARE)
    target = tmp_path / "b.zip"
    target.write_bytes(output.getvalue())
    assert verify_file(target, [rail.trust_anchor_pem()]).ok


@pytest.mark.parametrize(
    "content", [CLIP[:-1], CLIP + b"!", CLIP[:-1] + b"!", b""], ids=["shorter", "longer", "changed", "empty"]
)
def test_a_clip_that_changed_since_it_was_cut_is_not_sealed(
    rail: SigningIdentity, tmp_path: Path, content: bytes
) -> None:
    facts = facts_of(item_of(1, "rail", [CLIP]))
    output = tmp_path / "b.zip"
    output.write_bytes(b"the bundle before")
    with pytest.raises(CannotSeal, match=r"clip 1\.1 changed"):
        write_bundle(
            facts,
            clips={"1.1": io.BytesIO(content)},
            log=[],
            identities=[rail],
            output=output,
            now=NOW,
            software=SOFTWARE,
        )
    assert [file.name for file in tmp_path.iterdir()] == ["b.zip"]
    assert output.read_bytes() == b"the bundle before"


def test_every_owner_must_sign_and_nobody_else(rail: SigningIdentity, tmp_path: Path) -> None:
    facts = facts_of(item_of(1, "rail", []), item_of(2, "metro", []))
    output = tmp_path / "b.zip"
    with pytest.raises(CannotSeal, match="no signing identity was given for metro"):
        write_bundle(facts, clips={}, log=[], identities=[rail], output=output, now=NOW, software=SOFTWARE)
    metro = facts_of(item_of(1, "metro", []))
    with pytest.raises(CannotSeal, match="signing identity"):
        write_bundle(metro, clips={}, log=[], identities=[rail], output=output, now=NOW, software=SOFTWARE)
    own = facts_of(item_of(1, "rail", []))
    with pytest.raises(CannotSeal, match="more than one"):
        write_bundle(
            own, clips={}, log=[], identities=[rail, rail], output=output, now=NOW, software=SOFTWARE
        )


def test_clips_given_are_exactly_those_of_the_request(rail: SigningIdentity, tmp_path: Path) -> None:
    facts = facts_of(item_of(1, "rail", [CLIP]))
    for clips, named in (({}, "no clip was given for 1.1"), ({"1.1": tmp_path, "1.2": tmp_path}, "1.2")):
        with pytest.raises(CannotSeal, match=named):
            write_bundle(
                facts,
                clips=clips,
                log=[],
                identities=[rail],
                output=tmp_path / "b.zip",
                now=NOW,
                software=SOFTWARE,
            )


def test_a_missing_clip_file_is_named_as_unwritable(rail: SigningIdentity, tmp_path: Path) -> None:
    facts = facts_of(item_of(1, "rail", [CLIP]))
    with pytest.raises(CannotSeal, match="cannot be written"):
        write_bundle(
            facts,
            clips={"1.1": tmp_path / "gone.mp4"},
            log=[],
            identities=[rail],
            output=tmp_path / "b.zip",
            now=NOW,
            software=SOFTWARE,
        )
    assert list(tmp_path.iterdir()) == []


def test_the_bundle_holds_what_a_reader_expects(two_owners: Sealed) -> None:
    with zipfile.ZipFile(two_owners.path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "VERIFY.txt",
            "certificates/metro.pem",
            "certificates/rail.pem",
            "clips/1.1.mp4",
            "clips/1.2.mp4",
            "clips/2.1.mp4",
            "log/1.json",
            "log/1.part",
            "log/1.person",
            "log/1.tlog-proof",
            "log/3.json",
            "log/3.part",
            "log/3.tlog-proof",
            "log/4.json",
            "log/4.part",
            "log/4.person",
            "log/4.tlog-proof",
            "log/6.json",
            "log/6.part",
            "log/6.tlog-proof",
            "manifest.json",
            "manifest.json.cms",
            "report.html",
        ]
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_entries_given_are_exactly_those_that_the_facts_name(rail: SigningIdentity, tmp_path: Path) -> None:
    log = log_of("req-1")
    facts = facts_of(item_of(1, "rail", []), log=log)
    for entries in ([], log.entries()[:-1], log.entries()[::-1]):
        with pytest.raises(CannotSeal, match="not those that the request's facts name"):
            write_bundle(
                facts,
                clips={},
                log=entries,
                identities=[rail],
                output=tmp_path / "b.zip",
                now=NOW,
                software=SOFTWARE,
            )
    assert list(tmp_path.iterdir()) == []


def test_an_entry_whose_proof_does_not_hold_is_not_sealed(rail: SigningIdentity, tmp_path: Path) -> None:
    log = log_of("req-1")
    first, *others = log.entries()
    with pytest.raises(CannotSeal, match="the log's proofs do not hold: entry 1 is not in the tree"):
        write_bundle(
            facts_of(item_of(1, "rail", []), log=log),
            clips={},
            log=[first._replace(proof=log.proof(2, log.checkpoint())), *others],
            identities=[rail],
            output=tmp_path / "b.zip",
            now=NOW,
            software=SOFTWARE,
        )
    assert list(tmp_path.iterdir()) == []
