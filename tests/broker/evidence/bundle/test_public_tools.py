"""What Entrevue seals is checked by public tools alone, by the commands that VERIFY.txt states."""

import re
import shlex
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.evidence.bundle.models import MANIFEST_PATH
from broker.evidence.bundle.report import render_instructions
from broker.evidence.bundle.texts import Language
from tests.broker.evidence.bundle.sealed import NOW, Sealed, seal, tiny_mp4
from tests.requirements import executable


@pytest.fixture
def unpacked(two_owners: Sealed, tmp_path: Path) -> Path:
    with zipfile.ZipFile(two_owners.path) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "trusted.pem").write_bytes(b"".join(two_owners.anchors))
    return tmp_path


def stated_command(folder: Path, program: str) -> list[str]:
    """The command for that program in VERIFY.txt, its continued lines joined."""
    text = (folder / "VERIFY.txt").read_text().replace("\\\n", " ")
    found = re.search(rf"^ +({program} .*)$", text, re.MULTILINE)
    assert found is not None
    return shlex.split(found[1])


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_openssl_accepts_the_signatures_of_both_owners(unpacked: Path) -> None:
    executable("openssl", "openssl")
    done = run(stated_command(unpacked, "openssl cms"), unpacked)
    assert done.returncode == 0, done.stderr
    assert "Verification successful" in done.stderr


def test_openssl_refuses_a_changed_manifest(unpacked: Path) -> None:
    executable("openssl", "openssl")
    manifest = unpacked / MANIFEST_PATH
    manifest.write_bytes(manifest.read_bytes().replace(b"2026/17", b"2026/18"))
    assert run(stated_command(unpacked, "openssl cms"), unpacked).returncode != 0


def test_openssl_refuses_when_one_owner_is_not_trusted(unpacked: Path, two_owners: Sealed) -> None:
    executable("openssl", "openssl")
    (unpacked / "trusted.pem").write_bytes(two_owners.anchors[0])
    assert run(stated_command(unpacked, "openssl cms"), unpacked).returncode != 0


def test_the_stated_command_still_accepts_after_the_certificates_expired(tmp_path: Path) -> None:
    executable("openssl", "openssl")
    long_ago = NOW - timedelta(days=365 * 5)
    assert long_ago + timedelta(days=365 * 3) < datetime.now(UTC)
    sealed = seal(tmp_path, {"rail": [tiny_mp4("a")]}, at=long_ago)
    with zipfile.ZipFile(sealed.path) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "trusted.pem").write_bytes(sealed.anchors[0])
    stated = stated_command(tmp_path, "openssl cms")
    assert run(stated, tmp_path).returncode == 0
    at = stated.index("-attime")
    assert run([*stated[:at], *stated[at + 2 :]], tmp_path).returncode != 0


def test_sha256sum_prints_what_the_manifest_lists(unpacked: Path, two_owners: Sealed) -> None:
    executable("sha256sum", "coreutils")
    program, *names = stated_command(unpacked, "sha256sum")
    files = sorted(str(file.relative_to(unpacked)) for name in names for file in unpacked.glob(name))
    assert any(name.startswith("log/") for name in files)
    printed = {tuple(reversed(line.split())) for line in run([program, *files], unpacked).stdout.splitlines()}
    assert printed == {(entry.path, entry.sha256) for entry in two_owners.manifest.files}


def test_each_certificate_in_the_bundle_has_the_stated_fingerprint(unpacked: Path) -> None:
    executable("openssl", "openssl")
    text = (unpacked / "VERIFY.txt").read_text()
    done = run(["openssl", "x509", "-in", "trusted.pem", "-noout", "-fingerprint", "-sha256"], unpacked)
    assert done.stdout.strip().split("=")[1].replace(":", "").lower() in text


def test_unzip_finds_nothing_to_complain_about(two_owners: Sealed) -> None:
    unzip = str(executable("unzip", "unzip"))
    assert run([unzip, "-t", str(two_owners.path)], two_owners.path.parent).returncode == 0


def log_script(folder: Path) -> str:
    """The shell commands that VERIFY.txt states for the log: its Python, and openssl over what that writes."""
    text = (folder / "VERIFY.txt").read_text()
    script = re.search(r"^python3 - <<'END'\n.*?^END\n", text, re.MULTILINE | re.DOTALL)
    openssl = re.search(r"^ +(for key in signed-by.*?done)$", text, re.MULTILINE | re.DOTALL)
    assert script is not None and openssl is not None
    return f"{script[0]}{openssl[1]}\n"


def check_log(folder: Path) -> subprocess.CompletedProcess[str]:
    executable("openssl", "openssl")
    return run(["bash", "-euc", log_script(folder)], folder)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_python_and_openssl_prove_the_logs_entries(
    two_owners: Sealed, tmp_path: Path, language: Language
) -> None:
    with zipfile.ZipFile(two_owners.path) as archive:
        archive.extractall(tmp_path)
    manifest = two_owners.manifest
    instructions = render_instructions(manifest.signers, manifest, manifest.sealed_at, language)
    (tmp_path / "VERIFY.txt").write_bytes(instructions)
    done = check_log(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for entry in manifest.log:
        assert (
            f"log/{entry.sequence}.tlog-proof: in the tree of 7 entries of broker.example/log" in done.stdout
        )
    assert done.stdout.count("Signature Verified Successfully") == 3
    assert "wrong" not in done.stdout


def test_a_request_without_entries_has_no_word_of_them_in_its_instructions(two_owners: Sealed) -> None:
    manifest = two_owners.manifest
    for language in ("en", "fr"):
        text = render_instructions(
            manifest.signers, manifest.model_copy(update={"log": ()}), manifest.sealed_at, language
        ).decode()
        assert "log/" not in text and "--log-key" not in text


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("log/3.json", b'"hold_held"', b'"hold_lost"'),
        ("log/3.part", b"req-1", b"req-2"),
        ("log/4.person", b"Officer One", b"Officer Two"),
        ("log/4.tlog-proof", b"index 3", b"index 2"),
    ],
)
def test_python_refuses_an_entry_that_was_changed(unpacked: Path, name: str, old: bytes, new: bytes) -> None:
    file = unpacked / name
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new))
    done = check_log(unpacked)
    assert done.returncode != 0
    assert name.rpartition(".")[0] in done.stderr


def test_openssl_refuses_a_checkpoint_that_the_log_did_not_sign(unpacked: Path) -> None:
    """The same tree under another origin: the proofs lead there, and the signatures do not hold."""
    for file in unpacked.glob("log/*.tlog-proof"):
        content = file.read_bytes()
        file.write_bytes(content.replace(b"broker.example/log\n7", b"broker.other/log\n7"))
    done = check_log(unpacked)
    assert done.stdout.count("wrong: signed-by-") == 3


def test_python_refuses_proofs_of_more_than_one_checkpoint(unpacked: Path) -> None:
    file = unpacked / "log/4.tlog-proof"
    file.write_bytes(file.read_bytes().replace(b"log\n7\n", b"log\n8\n"))
    done = check_log(unpacked)
    assert done.returncode != 0
    assert "more than one checkpoint" in done.stderr
