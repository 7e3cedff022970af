"""The commands of "Verify evidence with public tools" accept a sound bundle and refuse a spoiled one."""

import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from broker.evidence.bundle.logged import files_of
from tests.broker.evidence.bundle.sealed import Sealed, reseal, seal, tiny_mp4
from tests.docs.pages import installed_path, page
from tests.requirements import executable

GUIDE = page("docs/guide/verify-evidence.md")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder: Path = tmp_path_factory.mktemp("sealed")
    return seal(folder, {"rail": [tiny_mp4("a" * 300)], "metro": [tiny_mp4("b" * 300)]})


def follow(sealed: Sealed, folder: Path, spoil: Callable[[Path], None]) -> subprocess.CompletedProcess[str]:
    """Runs every command of the guide in one shell; after unpacking, `spoil` may change what is there."""
    for program, package in (("openssl", "openssl"), ("unzip", "unzip"), ("sha256sum", "coreutils")):
        executable(program, package)
    (folder / "bundle.zip").write_bytes(sealed.path.read_bytes())
    (folder / "trusted.pem").write_bytes(b"".join(sealed.anchors))
    (folder / "log.vkey").write_text(sealed.log.key.verifier.text)
    (folder / "witness.vkey").write_text(sealed.log.witnesses[0].verifier.text)
    fingerprint, unpack, signature, files, proofs, signed, own = GUIDE.blocks("sh")
    begun = subprocess.run(
        ["bash", "-euc", fingerprint + unpack], cwd=folder, capture_output=True, text=True, check=False
    )
    assert begun.returncode == 0, begun.stderr
    assert "sha256 Fingerprint=" in begun.stdout
    spoil(folder / "unpacked")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"cd unpacked\n{signature}{files}{proofs}{signed}cd ..\n{own}"],
        cwd=folder,
        env={"SEALED_AT": str(int(sealed.manifest.sealed_at.timestamp())), "PATH": installed_path()},
        capture_output=True,
        text=True,
        check=False,
    )


def untouched(unpacked: Path) -> None:
    """Spoils nothing."""


def change_manifest(unpacked: Path) -> None:
    manifest = unpacked / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"judicial_inquiry", b"judicial_inquirY"))


def change_clip(unpacked: Path) -> None:
    clip = unpacked / "clips/1.1.mp4"
    clip.write_bytes(clip.read_bytes()[:-1] + b"!")


def test_a_sound_bundle_passes_every_command(sealed: Sealed, tmp_path: Path) -> None:
    done = follow(sealed, tmp_path, untouched)
    assert done.returncode == 0, done.stderr
    assert "Verification successful" in done.stderr
    for entry in sealed.manifest.files:
        assert f"{entry.path}: OK" in done.stdout
    assert done.stdout.count("in the tree of 7 entries of broker.example/log") == len(sealed.manifest.log)
    assert done.stdout.count("Signature Verified Successfully") == 3


def test_the_guide_and_the_bundles_instructions_have_the_same_program(sealed: Sealed) -> None:
    with zipfile.ZipFile(sealed.path) as archive:
        instructions = archive.read("VERIFY.txt").decode()
    assert GUIDE.blocks("sh")[4] in instructions


@pytest.mark.parametrize("name", ["log/4.tlog-proof", "log/4.json", "log/4.part", "log/4.person"])
def test_the_guides_commands_find_what_the_owners_signed_and_the_log_did_not(
    sealed: Sealed, tmp_path: Path, name: str
) -> None:
    content = next(content for path, content in files_of(sealed.log.entries()).items() if path == name)
    path = reseal(
        sealed, tmp_path / "b.zip", {name: content[:-30] + bytes([content[-30] ^ 1]) + content[-29:]}
    )
    done = follow(replace(sealed, path=path), tmp_path, untouched)
    assert done.returncode != 0
    assert f"{name}: OK" in done.stdout, "the manifest and its signature are sound"


@pytest.mark.parametrize("spoil", [change_manifest, change_clip], ids=lambda spoil: spoil.__name__)
def test_a_spoiled_bundle_stops_the_commands(
    sealed: Sealed, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    assert follow(sealed, tmp_path, spoil).returncode != 0


def test_the_certificate_that_is_handed_out_carries_no_key(sealed: Sealed, tmp_path: Path) -> None:
    executable("openssl", "openssl")
    (command,) = [block for block in page("docs/guide/run-a-broker.md").blocks("sh") if "openssl" in block]
    keys = sealed.path.parent / "keys"
    stated = command.replace("data/keys/ratp", f"{keys}/rail")
    done = subprocess.run(["bash", "-euc", stated], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    handed_out = (tmp_path / "ratp.pem").read_bytes()
    assert b"PRIVATE" in (keys / "rail/root.pem").read_bytes()
    assert b"PRIVATE" not in handed_out
    assert handed_out in sealed.anchors
