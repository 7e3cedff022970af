"""Sealing refuses what does not fit, leaves nothing half done, and writes what a reader expects."""

import io
import zipfile
from pathlib import Path

import pytest

from broker.evidence.bundle.archive import write_bundle
from broker.evidence.bundle.certificates import SigningIdentity, open_identity
from broker.evidence.bundle.errors import CannotSeal
from broker.evidence.bundle.verify import verify_file
from tests.broker.evidence.bundle.sealed import NOW, SOFTWARE, Sealed, facts_of, item_of, tiny_mp4

CLIP = tiny_mp4("a" * 3_000_000)


@pytest.fixture(scope="module")
def rail(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    return open_identity(tmp_path_factory.mktemp("keys"), "rail", "Rail", NOW)


def test_an_open_file_is_sealed_into_an_open_file(rail: SigningIdentity, tmp_path: Path) -> None:
    output = io.BytesIO()
    facts = facts_of(item_of(1, "rail", [CLIP]))
    clips = {"1.1": io.BytesIO(CLIP)}
    write_bundle(facts, clips=clips, identities=[rail], output=output, now=NOW, software=SOFTWARE)
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
        write_bundle(facts, clips={}, identities=[rail], output=output, now=NOW, software=SOFTWARE)
    metro = facts_of(item_of(1, "metro", []))
    with pytest.raises(CannotSeal, match="signing identity"):
        write_bundle(metro, clips={}, identities=[rail], output=output, now=NOW, software=SOFTWARE)
    own = facts_of(item_of(1, "rail", []))
    with pytest.raises(CannotSeal, match="more than one"):
        write_bundle(own, clips={}, identities=[rail, rail], output=output, now=NOW, software=SOFTWARE)


def test_clips_given_are_exactly_those_of_the_request(rail: SigningIdentity, tmp_path: Path) -> None:
    facts = facts_of(item_of(1, "rail", [CLIP]))
    for clips, named in (({}, "no clip was given for 1.1"), ({"1.1": tmp_path, "1.2": tmp_path}, "1.2")):
        with pytest.raises(CannotSeal, match=named):
            write_bundle(
                facts,
                clips=clips,
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
            "manifest.json",
            "manifest.json.cms",
            "report.html",
        ]
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
