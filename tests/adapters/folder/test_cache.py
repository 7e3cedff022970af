import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from adapters.folder.cache import FileVersion, ProbeCache
from adapters.folder.probe import Footage, Run, Unreadable

VERSION = FileVersion("/recordings/a.mp4", 10, 20)
EMPTY = Unreadable(reason="is empty", unfinished=True)
FOOTAGE = Footage(
    container="mp4",
    whole_bytes=10,
    torn_bytes=0,
    codec="h264",
    width=64,
    height=48,
    fps=10.0,
    period_us=100_000,
    runs=(Run(first_us=0, last_us=900_000),),
)


def stored_file(folder: Path) -> Path:
    (found,) = folder.glob("*.sqlite3")
    return found


def test_a_verdict_is_found_again_by_another_object(tmp_path: Path) -> None:
    ProbeCache(tmp_path / "new").put(VERSION, FOOTAGE)
    assert ProbeCache(tmp_path / "new").get(VERSION) == FOOTAGE


def test_a_changed_file_is_unknown_and_replaces_its_older_state(tmp_path: Path) -> None:
    cache = ProbeCache(tmp_path)
    newer = FileVersion(VERSION.path, 11, 20)
    cache.put(VERSION, EMPTY)
    assert cache.get(newer) is None
    cache.put(newer, FOOTAGE)
    assert cache.get(newer) == FOOTAGE
    assert cache.get(VERSION) is None


def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    cache = ProbeCache(tmp_path)
    cache.put(VERSION, FOOTAGE)
    stored_file(tmp_path).write_bytes(b"not a database, but long enough to look like one" * 99)
    assert cache.get(VERSION) is None
    cache.put(VERSION, EMPTY)
    assert cache.get(VERSION) == EMPTY


def test_an_entry_that_makes_no_sense_is_unknown(tmp_path: Path) -> None:
    cache = ProbeCache(tmp_path)
    cache.put(VERSION, FOOTAGE)
    with closing(sqlite3.connect(stored_file(tmp_path))) as connection, connection:
        connection.execute("UPDATE probe SET verdict = '{}'")
    assert cache.get(VERSION) is None


def test_without_a_place_to_write_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ProbeCache(tmp_path / "file")
    cache.put(VERSION, FOOTAGE)
    assert cache.get(VERSION) is None


def test_files_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    cache = ProbeCache(tmp_path)
    there = tmp_path / "there.mp4"
    there.touch()
    cache.put(VERSION, EMPTY)
    cache.put(FileVersion(str(there), 0, 0), EMPTY)
    cache.forget_missing()
    assert cache.get(VERSION) is None
    assert cache.get(FileVersion(str(there), 0, 0)) == EMPTY


def test_names_that_are_not_utf8_are_kept(tmp_path: Path) -> None:
    cache = ProbeCache(tmp_path)
    odd = FileVersion("/recordings/\udcff.mp4", 1, 1)
    cache.put(odd, EMPTY)
    assert cache.get(odd) == EMPTY


def test_many_threads_may_use_it_at_once(tmp_path: Path) -> None:
    def work(number: int) -> bool:
        version = FileVersion(f"/recordings/{number}.mp4", number, number)
        cache = ProbeCache(tmp_path)
        cache.put(version, FOOTAGE)
        return cache.get(version) == FOOTAGE

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(64)))
