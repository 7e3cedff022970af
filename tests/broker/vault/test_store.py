"""The vault keeps a key whole or not at all, below its folder, and says what failed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import Problem
from broker.vault.store import Vault, bundle_key, clip_key, snapshot_key

KEY = "clips/req_1/1.1.0123456789abcdef.mp4"

FULL = """
import asyncio, os, resource, sys
from pathlib import Path
from broker.errors import Problem
from broker.vault.store import Vault

async def main():
    vault, big = Vault(Path(sys.argv[1])), Path(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    for put in (vault.put("clips/a/1", big.read_bytes()), vault.put_file("clips/a/1", big)):
        try:
            await put
        except Problem as problem:
            print(problem.code)

asyncio.run(main())
sys.stdout.flush()
os._exit(0)  # the limit also hits what libraries write while the interpreter ends
"""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


async def test_what_was_put_comes_back_whole_and_in_ranges(vault: Vault, tmp_path: Path) -> None:
    content = bytes(range(256)) * 20_000
    (tmp_path / "source").write_bytes(content)
    await vault.put_file(KEY, tmp_path / "source")
    assert await vault.size(KEY) == len(content)
    assert await vault.get(KEY) == content
    for start, end in ((0, len(content)), (1, 2), (300, 2_000_000), (5, 5), (7, 3)):
        part = b"".join([chunk async for chunk in vault.stream(KEY, start, end)])
        assert part == content[start:end]
    await vault.get_file(KEY, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


async def test_putting_again_replaces_and_deleting_twice_is_fine(vault: Vault) -> None:
    await vault.put(KEY, b"one")
    await vault.put(KEY, b"two")
    assert await vault.get(KEY) == b"two"
    await vault.delete(KEY)
    await vault.delete(KEY)
    with pytest.raises(Problem) as missing:
        await vault.get(KEY)
    assert missing.value.code == "not_found"


@pytest.mark.parametrize("call", ["size", "get", "get_file", "stream"])
async def test_a_missing_key_is_not_found(vault: Vault, tmp_path: Path, call: str) -> None:
    with pytest.raises(Problem) as missing:
        if call == "stream":
            _ = [chunk async for chunk in vault.stream(KEY, 0, 1)]
        elif call == "get_file":
            await vault.get_file(KEY, tmp_path / "target")
        else:
            await getattr(vault, call)(KEY)
    assert missing.value.code == "not_found"


def test_a_full_vault_says_so_and_holds_nothing_half(tmp_path: Path) -> None:
    """The size limit of a file stands for a full disk: the same call fails in the same place."""
    big = tmp_path / "big"
    big.write_bytes(b"x" * (3 << 20))
    command = [sys.executable, "-c", FULL, str(tmp_path / "vault"), str(big)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["storage_full", "storage_full"]
    assert [file for file in (tmp_path / "vault").rglob("*") if file.is_file()] == []


async def test_a_vault_that_cannot_be_written_says_so(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "vault" / "clips").write_bytes(b"a file where a folder should be")
    with pytest.raises(Problem) as broken:
        await vault.put(KEY, b"x")
    assert broken.value.code == "vault_unavailable"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "/etc/passwd",
        "../x/y",
        "clips/../../x",
        "clips/./x",
        "clips//x",
        "clips/x/",
        "clips/x#1",
        "clips/a b",
    ],
)
async def test_a_key_that_could_leave_the_folder_is_refused(vault: Vault, key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await vault.put(key, b"x")
    with pytest.raises(ValueError, match="not a key"):
        await vault.get(key)
    with pytest.raises(ValueError, match="not a key"):
        await vault.delete(key)
    with pytest.raises(ValueError, match="not a key"):
        await vault.keep_only(key, frozenset())
    assert list((tmp_path / "vault").iterdir()) == []


@given(st.text(max_size=60))
def test_every_cameras_snapshot_stays_below_the_folder(camera_id: str) -> None:
    key = snapshot_key(camera_id)
    folder, _, name = key.partition("/")
    assert folder == "snapshots"
    assert "/" not in name
    assert os.path.normpath(f"/vault/{key}") == f"/vault/{key}"


def test_other_bytes_have_another_key() -> None:
    digests = [hashlib.sha256(content).hexdigest() for content in (b"a", b"b")]
    assert len({clip_key("req_1", 1, 1, digest) for digest in digests}) == 2
    assert len({bundle_key("req_1", digest) for digest in digests}) == 2


async def test_keep_only_removes_the_rest_and_half_written_files(vault: Vault, tmp_path: Path) -> None:
    for key in ("clips/r1/1.1.a.mp4", "clips/r1/1.1.b.mp4", "clips/r2/1.1.a.mp4"):
        await vault.put(key, b"x")
    (tmp_path / "vault/clips/r1/1.2.c.mp4#1").write_bytes(b"half")
    await vault.keep_only("clips/r1", frozenset({"clips/r1/1.1.b.mp4"}))
    await vault.keep_only("clips/never", frozenset())
    left = {f.relative_to(tmp_path / "vault").as_posix() for f in (tmp_path / "vault").rglob("*.mp4*")}
    assert left == {"clips/r1/1.1.b.mp4", "clips/r2/1.1.a.mp4"}


async def test_a_put_is_on_disk_with_every_folder_above_it(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))
    )
    await vault.put(KEY, b"x")
    root = tmp_path / "vault"
    assert synced == [str(root / KEY), str(root / "clips/req_1"), str(root / "clips"), str(root)]


def test_the_folder_is_private(tmp_path: Path, vault: Vault) -> None:
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700
