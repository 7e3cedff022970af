"""The vault keeps a key whole or not at all, below its folder, and says what failed."""

import asyncio
import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import Problem
from broker.vault.address import parsed
from broker.vault.keys import bundle_key, clip_key, snapshot_key
from broker.vault.store import Vault
from tests.servers.seaweedfs import SeaweedFs, seaweedfs

KEY = "clips/req_1/1.1.0123456789abcdef.mp4"

FULL = """
import asyncio, os, resource, sys
from pathlib import Path
from broker.errors import Problem
from broker.vault.address import parsed
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFs]:
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


@pytest.fixture(params=["folder", "bucket"])
def vault(tmp_path: Path, request: pytest.FixtureRequest) -> Vault:
    """Both kinds do the same; a bucket of each test's own."""
    if request.param == "folder":
        return Vault(tmp_path / "vault")
    started = request.getfixturevalue("server")
    return Vault(parsed(started.address(f"test-{uuid.uuid4()}")))


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


async def test_a_vault_that_cannot_be_written_says_so(folder: Vault, tmp_path: Path) -> None:
    (tmp_path / "vault" / "clips").write_bytes(b"a file where a folder should be")
    with pytest.raises(Problem) as broken:
        await folder.put(KEY, b"x")
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
async def test_a_key_that_could_leave_the_folder_is_refused(folder: Vault, key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await folder.put(key, b"x")
    with pytest.raises(ValueError, match="not a key"):
        await folder.get(key)
    with pytest.raises(ValueError, match="not a key"):
        await folder.delete(key)
    if key != "x":  # which is a prefix
        with pytest.raises(ValueError, match="not a key"):
            await folder.keep_only(key, frozenset())
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


async def test_keep_only_removes_the_rest_and_half_written_files(folder: Vault, tmp_path: Path) -> None:
    for key in ("clips/r1/1.1.a.mp4", "clips/r1/1.1.b.mp4", "clips/r2/1.1.a.mp4"):
        await folder.put(key, b"x")
    (tmp_path / "vault/clips/r1/1.2.c.mp4#1").write_bytes(b"half")
    await folder.keep_only("clips/r1", frozenset({"clips/r1/1.1.b.mp4"}))
    await folder.keep_only("clips/never", frozenset())
    left = {f.relative_to(tmp_path / "vault").as_posix() for f in (tmp_path / "vault").rglob("*.mp4*")}
    assert left == {"clips/r1/1.1.b.mp4", "clips/r2/1.1.a.mp4"}


async def test_a_put_is_on_disk_with_every_folder_above_it(
    folder: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))
    )
    await folder.put(KEY, b"x")
    root = tmp_path / "vault"
    assert synced == [str(root / KEY), str(root / "clips/req_1"), str(root / "clips"), str(root)]


def test_the_folder_is_private(tmp_path: Path, folder: Vault) -> None:
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700


async def test_what_lies_below_a_prefix_is_listed_and_removed(vault: Vault) -> None:
    for key in ("holds/h1/1.1.a.age", "holds/h2/1.1.b.age", "clips/r2/1.1.a.mp4"):
        await vault.put(key, b"seven b")
    found = {entry.key: entry async for entry in vault.entries("holds")}
    assert {(key, entry.size, entry.is_half) for key, entry in found.items()} == {
        ("holds/h1/1.1.a.age", 7, False),
        ("holds/h2/1.1.b.age", 7, False),
    }
    assert all(abs(entry.changed_at - datetime.now(UTC)) < timedelta(minutes=5) for entry in found.values())
    await vault.keep_only("holds", frozenset({"holds/h2/1.1.b.age"}))
    assert [entry.key async for entry in vault.entries("holds")] == ["holds/h2/1.1.b.age"]
    await vault.remove(found["holds/h1/1.1.a.age"])
    assert [entry async for entry in vault.entries("never")] == []


async def test_a_half_file_is_listed_as_such_and_can_be_removed(folder: Vault, tmp_path: Path) -> None:
    (tmp_path / "vault/holds/h1").mkdir(parents=True)
    (tmp_path / "vault/holds/h1/1.1.a.age#1").write_bytes(b"half")
    (half,) = [entry async for entry in folder.entries("holds")]
    assert half.is_half
    await folder.remove(half)
    assert [entry async for entry in folder.entries("holds")] == []


async def test_what_is_taken_in_passing_is_found_again(vault: Vault) -> None:
    key = snapshot_key("ratp-metro:Châtelet/1")
    await asyncio.to_thread(vault.put_passing, key, b"picture")
    assert await asyncio.to_thread(vault.find, key) == b"picture"
    assert await asyncio.to_thread(vault.find, snapshot_key("ratp-metro:2")) is None


async def test_a_bucket_refuses_wrong_keys_and_says_whose_fault_it_is(server: SeaweedFs) -> None:
    await Vault(parsed(server.address("guarded"))).put(KEY, b"x")
    thief = Vault(parsed(server.address("guarded", secret="stolen and changed")))
    for call in (thief.get(KEY), thief.put(KEY, b"y"), thief.delete(KEY)):
        with pytest.raises(Problem, match="refuses the keys") as refused:
            await call
        assert refused.value.code == "vault_unavailable"


async def test_a_bucket_that_is_away_says_so_and_what_was_answered_for_survives_a_crash(
    tmp_path: Path,
) -> None:
    with seaweedfs(tmp_path) as server:
        vault = Vault(parsed(server.address("kept")))
        await vault.try_out()
        await vault.put(KEY, b"kept")
        server.kill()
        with pytest.raises(Problem, match="does not answer") as away:
            await vault.get(KEY)
        assert away.value.code == "vault_unavailable"
        server.start()
        assert await vault.get(KEY) == b"kept"
