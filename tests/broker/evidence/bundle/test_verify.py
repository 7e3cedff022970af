"""Whole bundles and single clips: what is right is proven, what is damaged is found where it is."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broker.evidence.bundle.container import open_archive, write_entries
from broker.evidence.bundle.errors import SubjectUnreadable, TrustUnreadable
from broker.evidence.bundle.models import MANIFEST_PATH, SIGNATURE_PATH
from broker.evidence.bundle.verification import Check, Result, Verification
from broker.evidence.bundle.verify import verify_file
from tests.broker.evidence.bundle.sealed import Sealed, box, failures, seal, tiny_mp4


def repack(source: Path, target: Path, change: dict[str, bytes | None]) -> Path:
    """The bundle again in its own layout, with files replaced, added, or (None) left out."""
    with zipfile.ZipFile(source) as archive:
        files: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    files |= change
    with target.open("wb") as output:
        write_entries(
            output, [(name, len(data), [data]) for name, data in sorted(files.items()) if data is not None]
        )
    return target


def read(source: Path, name: str) -> bytes:
    with zipfile.ZipFile(source) as archive:
        return archive.read(name)


def of(verification: Verification, check: Check) -> list[Result]:
    return [finding.result for finding in verification.findings if finding.check is check]


def test_an_untouched_bundle_of_two_owners_is_proven_by_both(two_owners: Sealed) -> None:
    found = verify_file(two_owners.path, two_owners.anchors)
    assert found.ok
    assert of(found, Check.SIGNATURE) == [Result.PROVEN, Result.PROVEN]
    assert of(found, Check.TRUST) == [Result.PROVEN, Result.PROVEN]
    assert of(found, Check.CLIP) == [Result.PROVEN] * 3
    assert {finding.by for finding in found.findings if finding.check is Check.SIGNATURE} == {"Rail", "Métro"}


def test_what_is_not_proven_is_said(tmp_path: Path) -> None:
    sealed = seal(tmp_path, {"rail": [tiny_mp4("a")]}, clock_offset_ms=None)
    found = verify_file(sealed.path, sealed.anchors)
    assert found.ok
    for check in (Check.CLOCK, Check.TIME_STAMP, Check.SOURCE):
        assert of(found, check) == [Result.NOT_PROVEN]


def test_without_trust_nobody_vouches_and_the_bundle_is_still_whole(two_owners: Sealed) -> None:
    found = verify_file(two_owners.path)
    assert found.ok
    assert of(found, Check.TRUST) == [Result.NOT_PROVEN, Result.NOT_PROVEN]


def test_trust_in_one_owner_proves_that_one_alone(two_owners: Sealed) -> None:
    found = verify_file(two_owners.path, two_owners.anchors[:1])
    assert found.ok
    assert sorted(of(found, Check.TRUST)) == [Result.NOT_PROVEN, Result.PROVEN]


def test_trust_in_somebody_else_fails(two_owners: Sealed, tmp_path: Path) -> None:
    other = seal(tmp_path, {"rail": [tiny_mp4("a")]})
    found = verify_file(two_owners.path, other.anchors)
    assert not found.ok
    assert failures(found.findings) == [("trust", SIGNATURE_PATH)]


def test_a_trusted_leaf_is_enough(two_owners: Sealed) -> None:
    leaf_and_root = two_owners.identities[0].certificates_pem()
    leaf = leaf_and_root.split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
    assert Result.PROVEN in of(verify_file(two_owners.path, [leaf]), Check.TRUST)


def test_a_trust_file_that_is_no_certificate_is_refused(two_owners: Sealed) -> None:
    with pytest.raises(TrustUnreadable, match="trusted certificate 1"):
        verify_file(two_owners.path, [b"no certificate"])


def test_a_denied_request_without_clips_is_sealed_and_proven(tmp_path: Path) -> None:
    sealed = seal(tmp_path, {"rail": []})
    found = verify_file(sealed.path, sealed.anchors)
    assert found.ok, found
    assert of(found, Check.CLIP) == []


def test_a_missing_file_raises_by_name(tmp_path: Path) -> None:
    with pytest.raises(SubjectUnreadable, match=r"gone\.zip"):
        verify_file(tmp_path / "gone.zip")
    with pytest.raises(SubjectUnreadable):
        verify_file(tmp_path)


# One change per class of what can be done to a bundle, and where it must be found.
CHANGES: dict[str, tuple[dict[str, bytes | None], tuple[str, str]]] = {
    "clip exchanged": ({"clips/1.1.mp4": tiny_mp4("x")}, ("files", "clips/1.1.mp4")),
    "clip removed": ({"clips/1.2.mp4": None}, ("files", "clips/1.2.mp4")),
    "clip added": ({"clips/9.1.mp4": tiny_mp4("x")}, ("files", "clips/9.1.mp4")),
    "report changed": ({"report.html": b"<p>nothing happened</p>"}, ("files", "report.html")),
    "certificate changed": ({"certificates/rail.pem": b""}, ("files", "certificates/rail.pem")),
    "manifest removed": ({MANIFEST_PATH: None}, ("manifest", MANIFEST_PATH)),
    "manifest no JSON": ({MANIFEST_PATH: b"{"}, ("manifest", MANIFEST_PATH)),
    "manifest of a later format": (
        {MANIFEST_PATH: b'{"format": "entrevue-bundle/3"}'},
        ("manifest", MANIFEST_PATH),
    ),
    "signature removed": ({SIGNATURE_PATH: None}, ("signature", SIGNATURE_PATH)),
    "signature emptied": ({SIGNATURE_PATH: b""}, ("signature", SIGNATURE_PATH)),
    "path out of the bundle": ({"../escape.txt": b"x"}, ("archive", "../escape.txt")),
    "absolute path": ({"/etc/passwd": b"x"}, ("archive", "/etc/passwd")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_found_where_it_is(two_owners: Sealed, tmp_path: Path, name: str) -> None:
    change, place = CHANGES[name]
    found = verify_file(repack(two_owners.path, tmp_path / "b.zip", change), two_owners.anchors)
    assert not found.ok
    assert place in failures(found.findings)


def test_a_bundle_packed_again_in_its_own_layout_is_the_same_file(two_owners: Sealed, tmp_path: Path) -> None:
    assert repack(two_owners.path, tmp_path / "b.zip", {}).read_bytes() == two_owners.path.read_bytes()


def test_a_manifest_altered_and_still_valid_is_found_by_its_signature(
    two_owners: Sealed, tmp_path: Path
) -> None:
    altered = read(two_owners.path, MANIFEST_PATH).replace(b"2026/17", b"2026/18")
    found = verify_file(
        repack(two_owners.path, tmp_path / "b.zip", {MANIFEST_PATH: altered}), two_owners.anchors
    )
    assert failures(found.findings) == [("signature", SIGNATURE_PATH)] * 2


@pytest.mark.parametrize("swapped", [[MANIFEST_PATH], [SIGNATURE_PATH], [MANIFEST_PATH, SIGNATURE_PATH]])
def test_parts_swapped_between_two_bundles_of_the_same_owners_are_found(
    two_owners: Sealed, tmp_path: Path, swapped: list[str]
) -> None:
    contents = {"rail": [tiny_mp4("p"), tiny_mp4("q")], "metro": [tiny_mp4("r")]}
    keys = two_owners.path.parent / "keys"
    other = seal(tmp_path, contents, name="other.zip", keys=keys, request_id="req-2")
    change: dict[str, bytes | None] = {name: read(other.path, name) for name in swapped}
    found = verify_file(repack(two_owners.path, tmp_path / "b.zip", change), two_owners.anchors)
    assert not found.ok


def test_a_duplicate_entry_is_found(two_owners: Sealed, tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    with zipfile.ZipFile(two_owners.path) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    files.append(("report.html", b"another"))
    with target.open("wb") as output:
        write_entries(output, [(name, len(data), [data]) for name, data in files])
    assert ("archive", "report.html") in failures(verify_file(target).findings)


def test_a_bomb_is_refused_without_being_expanded(tmp_path: Path) -> None:
    target = tmp_path / "bomb.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST_PATH, bytes(50_000_000))
    found = verify_file(target)
    assert failures(found.findings) == [("archive", "archive")]
    assert "compressed" in found.findings[0].sentence


@pytest.mark.parametrize("added_at", ["front", "back", "middle"])
def test_bytes_hidden_between_the_files_are_found(two_owners: Sealed, tmp_path: Path, added_at: str) -> None:
    whole = two_owners.path.read_bytes()
    at = {"front": 0, "back": len(whole), "middle": whole.index(b"PK\x01\x02")}[added_at]
    target = tmp_path / "b.zip"
    target.write_bytes(whole[:at] + b"hidden" + whole[at:])
    assert ("archive", "archive") in [
        (check, "archive") for check, _ in failures(verify_file(target).findings)
    ]


def test_a_signed_clip_that_is_no_mp4_file_fails(tmp_path: Path) -> None:
    sealed = seal(tmp_path, {"rail": [b"no video at all, and yet signed"]})
    assert failures(verify_file(sealed.path).findings) == [("clip", "clips/1.1.mp4")]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_bundle_with_any_byte_changed_never_verifies(two_owners: Sealed, data: st.DataObject) -> None:
    content = bytearray(two_owners.path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1), "at")
    content[at] ^= data.draw(st.integers(1, 255), "mask")
    target = two_owners.path.with_name("flipped.zip")
    target.write_bytes(content)
    found = verify_file(target, two_owners.anchors)
    assert not found.ok
    assert all(finding.where for finding in found.findings if finding.result is Result.FAILED)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_bundle_cut_short_anywhere_never_verifies(two_owners: Sealed, data: st.DataObject) -> None:
    content = two_owners.path.read_bytes()
    target = two_owners.path.with_name("cut.zip")
    target.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert not verify_file(target, two_owners.anchors).ok


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([".zip", ".mp4", ".bin"]))
@example(b"PK\x05\x06" + bytes(18), ".zip")
def test_any_bytes_are_judged_and_never_raise(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    target = tmp_path_factory.mktemp("any") / f"subject{suffix}"
    target.write_bytes(content)
    assert not verify_file(target).ok


def unpack(sealed: Sealed, folder: Path) -> Path:
    with zipfile.ZipFile(sealed.path) as archive:
        archive.extractall(folder)
    return folder


def test_a_clip_is_proven_beside_its_manifest_and_beside_its_bundle(
    two_owners: Sealed, tmp_path: Path
) -> None:
    unpacked = unpack(two_owners, tmp_path / "unpacked")
    beside = tmp_path / "beside"
    beside.mkdir()
    shutil.copy(two_owners.path, beside / "delivered.ZIP")
    shutil.copy(unpacked / "clips/2.1.mp4", beside / "renamed.mp4")
    for clip in (unpacked / "clips/1.2.mp4", beside / "renamed.mp4"):
        found = verify_file(clip, two_owners.anchors)
        assert found.ok, found
        assert of(found, Check.TRUST) == [Result.PROVEN, Result.PROVEN]


def test_a_clip_alone_proves_nothing(two_owners: Sealed, tmp_path: Path) -> None:
    clip = tmp_path / "deep" / "er" / "1.1.mp4"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(read(two_owners.path, "clips/1.1.mp4"))
    found = verify_file(clip)
    assert not found.ok
    assert "alone proves nothing" in found.findings[0].sentence


def test_a_changed_clip_beside_its_manifest_is_named(two_owners: Sealed, tmp_path: Path) -> None:
    clip = unpack(two_owners, tmp_path) / "clips/1.1.mp4"
    clip.write_bytes(clip.read_bytes()[:-1] + b"!")
    assert failures(verify_file(clip).findings) == [("files", "1.1.mp4")]


@pytest.mark.parametrize("change", ["manifest", "signature removed"])
def test_a_clip_beside_a_changed_manifest_fails(two_owners: Sealed, tmp_path: Path, change: str) -> None:
    unpacked = unpack(two_owners, tmp_path)
    if change == "manifest":
        manifest = unpacked / MANIFEST_PATH
        manifest.write_bytes(manifest.read_bytes().replace(b"2026/17", b"2026/18"))
    else:
        (unpacked / SIGNATURE_PATH).unlink()
    found = verify_file(unpacked / "clips/1.1.mp4", two_owners.anchors)
    assert not found.ok
    assert ("signature", SIGNATURE_PATH) in failures(found.findings)


def test_names_from_the_file_cannot_steer_a_terminal(tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    with target.open("wb") as output:
        write_entries(output, [("\x1b[2Jclips", 1, [b"x"])])
    found = verify_file(target)
    assert not any("\x1b" in finding.sentence + (finding.where or "") for finding in found.findings)


def test_the_verdict_is_plain_json(two_owners: Sealed) -> None:
    body = json.loads(verify_file(two_owners.path).model_dump_json())
    assert body["ok"] is True
    assert {"check", "result", "sentence", "by", "where"} == set(body["findings"][0])


def test_a_fragmented_box_structure_with_wide_sizes_is_accepted(tmp_path: Path) -> None:
    wide = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + b"abcd"
    open_ended = (0).to_bytes(4, "big") + b"free" + b"rest"
    clip = box(b"ftyp", b"isom") + box(b"moov", b"") + box(b"moof", b"") + wide + open_ended
    assert verify_file(seal(tmp_path, {"rail": [clip]}).path).ok


def test_the_archive_is_read_back_by_its_own_layout(two_owners: Sealed) -> None:
    opened = open_archive(io.BytesIO(two_owners.path.read_bytes()))
    assert opened.faults == ()
    assert [entry.path for entry in opened.entries] == sorted(entry.path for entry in opened.entries)
