import errno
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.errors import AskOwner, Malformed
from adapters.contract.models import HoldOrder, Interval
from adapters.folder import durable, holds
from adapters.folder.holds import FileToKeep, HoldFolder
from adapters.folder.threads import Stop, Stopped

START = datetime(2026, 6, 15, tzinfo=UTC)
MINUTE = Interval(start=START, end=START + timedelta(minutes=1))
TRAVERSALS = ["..", "../other", "/etc", "a/b", "", ".", "a\0b", "a\n", "x" * 65, "clé"]


def order(key: str = "hold-1") -> HoldOrder:
    return HoldOrder(key=key, native_id="a", interval=MINUTE)


def original(folder: Path, name: str = "a/1.mp4", content: bytes = b"footage") -> FileToKeep:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return FileToKeep(path=path, relative=name, starts_at=START, size=len(content))


def kept(relatives: frozenset[str]) -> tuple[Interval, ...]:
    return (MINUTE,) if relatives else ()


def test_a_hold_outlives_its_originals(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    file = original(tmp_path / "recordings")
    receipt = folder.place(order(), [file], kept, Stop())
    shutil.rmtree(tmp_path / "recordings")
    hold = folder.find(receipt.handle)
    assert hold is not None
    assert receipt.held == (MINUTE,)
    assert folder.path_of(hold, hold.files[0]).read_bytes() == b"footage"
    assert list(folder.all()) == [receipt]


def test_a_copy_is_not_changed_by_a_recorder_that_writes_into_its_file(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    file = original(tmp_path / "recordings")
    folder.place(order(), [file], kept, Stop())
    with file.path.open("r+b") as recorder:
        recorder.write(b"overwritten")
    assert (folder.files_of("hold-1") / file.relative).read_bytes() == b"footage"


def test_only_the_whole_part_is_copied_and_keeps_its_modification_time(tmp_path: Path) -> None:
    file = original(tmp_path / "recordings", content=b"whole+torn")
    os.utime(file.path, ns=(1, 1_600_000_000_123_456_789))
    whole = FileToKeep(file.path, file.relative, file.starts_at, size=5)
    folder = HoldFolder(tmp_path / "holds")
    folder.place(order(), [whole], kept, Stop())
    copy = folder.files_of("hold-1") / file.relative
    assert copy.read_bytes() == b"whole"
    assert copy.stat().st_mtime_ns == 1_600_000_000_123_456_789


def test_the_same_key_again_gives_the_same_receipt(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    first = folder.place(order(), [original(tmp_path / "recordings")], kept, Stop())
    assert folder.place(order(), [], kept, Stop()) == first


def test_nothing_to_keep_is_a_receipt_too(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    receipt = folder.place(order(), [], kept, Stop())
    assert (receipt.handle, receipt.held) == ("hold-1", ())
    assert list(folder.all()) == [receipt]


def test_a_file_that_vanishes_while_it_is_copied_is_left_out(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    there, gone = original(tmp_path / "r", "a/1.mp4"), original(tmp_path / "r", "a/2.mp4")
    gone.path.unlink()
    folder.place(order(), [there, gone], kept, Stop())
    hold = folder.find("hold-1")
    assert hold is not None and [file.relative for file in hold.files] == ["a/1.mp4"]


def test_a_hold_stopped_at_any_step_does_not_count_and_is_completed_by_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [original(tmp_path / "r", f"a/{n}.mp4", bytes([n]) * 100) for n in range(3)]
    uninterrupted, steps = HoldFolder(tmp_path / "whole"), CountedSteps(monkeypatch)
    uninterrupted.place(order(), files, kept, Stop())
    assert steps.taken > 10
    for last in range(steps.taken):
        root = tmp_path / f"stopped-{last}"
        with monkeypatch.context() as patch, pytest.raises(Killed):
            CountedSteps(patch, die_at=last)
            HoldFolder(root).place(order(), files, kept, Stop())
        survived = HoldFolder(root).find("hold-1")
        if survived is not None:
            assert len(survived.files) == 3
        receipt = HoldFolder(root).place(order(), files, kept, Stop())
        assert receipt.held == (MINUTE,)
        assert sorted(path.name for path in (root / "hold-1").rglob("*") if path.is_file()) == [
            "0.mp4",
            "1.mp4",
            "2.mp4",
            "receipt.json",
        ]


class Killed(BaseException):
    """Stands for the process's death: nothing in the code catches it."""


class CountedSteps:
    """Counts what changes the disc durably, and ends the process, as it were, at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, die_at: int | None = None) -> None:
        self.taken = 0
        self._die_at = die_at
        patch.setattr(os, "fsync", self._wrap(os.fsync))
        patch.setattr(os, "copy_file_range", self._wrap(os.copy_file_range))
        patch.setattr(Path, "replace", self._wrap(Path.replace))

    def _wrap(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            if self.taken == self._die_at:
                raise Killed
            self.taken += 1
            return step(*args)

        return counted


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disc_asks_the_owner_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    files = [original(tmp_path / "r", f"a/{n}.mp4") for n in range(2)]

    def full(_origin: int, _copy: int, wanted: int, at: int, *, by_kernel: bool) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(durable, "_copy_chunk", full)
    with pytest.raises(AskOwner, match="no space for 14 bytes"):
        HoldFolder(tmp_path / "holds").place(order(), files, kept, Stop())
    assert list((tmp_path / "holds").iterdir()) == []


def test_what_cannot_fit_is_refused_before_anything_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = original(tmp_path / "r")
    usage = shutil.disk_usage(tmp_path)._replace(free=file.size - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    monkeypatch.setattr(holds, "copy_file", lambda *_arguments: pytest.fail("copied"))
    with pytest.raises(AskOwner, match="no space"):
        HoldFolder(tmp_path / "holds").place(order(), [file], kept, Stop())


def test_file_systems_without_kernel_copies_are_served_by_plain_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: int) -> int:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "copy_file_range", refused)
    folder = HoldFolder(tmp_path / "holds")
    file = original(tmp_path / "r")
    folder.place(order(), [file], kept, Stop())
    assert (folder.files_of("hold-1") / file.relative).read_bytes() == b"footage"


def test_a_stopped_copy_leaves_no_half_file(tmp_path: Path) -> None:
    file = original(tmp_path / "r")
    stop = Stop()
    stop.ask()
    with pytest.raises(Stopped):
        HoldFolder(tmp_path / "holds").place(order(), [file], kept, stop)
    assert [path for path in (tmp_path / "holds").rglob("*") if path.is_file()] == []


def test_releasing_removes_a_hold_and_may_be_repeated(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    folder.place(order(), [original(tmp_path / "r")], kept, Stop())
    folder.release("hold-1", Stop())
    folder.release("hold-1", Stop())
    assert folder.find("hold-1") is None
    assert list((tmp_path / "holds").iterdir()) == []


@pytest.mark.parametrize("handle", TRAVERSALS)
def test_a_handle_never_leads_out_of_the_holds_folder(tmp_path: Path, handle: str) -> None:
    folder = HoldFolder(tmp_path / "holds" / "inner")
    folder.place(order(), [original(tmp_path / "r")], kept, Stop())
    before = sorted(tmp_path.rglob("*"))
    assert folder.find(handle) is None
    folder.release(handle, Stop())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_receipt_is_named_after_the_others_and_placed_again(tmp_path: Path) -> None:
    folder = HoldFolder(tmp_path / "holds")
    file = original(tmp_path / "r")
    folder.place(order("broken"), [file], kept, Stop())
    good = folder.place(order("good"), [file], kept, Stop())
    (tmp_path / "holds" / "broken" / "receipt.json").write_text("{")
    listed = folder.all()
    assert next(listed) == good
    with pytest.raises(Malformed, match="broken"):
        next(listed)
    assert folder.place(order("broken"), [file], kept, Stop()).held == (MINUTE,)
    assert len(list(folder.all())) == 2


def test_one_order_placed_at_once_from_many_sides_is_one_hold(tmp_path: Path) -> None:
    files = [original(tmp_path / "r", f"a/{n}.mp4", bytes(100_000)) for n in range(5)]

    def place(_number: int) -> object:
        return HoldFolder(tmp_path / "holds").place(order(), files, kept, Stop())

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(place, range(8)))
    assert all(receipt == receipts[0] for receipt in receipts)


def test_placing_and_releasing_at_once_ends_with_all_or_nothing(tmp_path: Path) -> None:
    files = [original(tmp_path / "r", f"a/{n}.mp4") for n in range(3)]

    def work(number: int) -> None:
        folder = HoldFolder(tmp_path / "holds")
        if number % 2:
            folder.release("hold-1", Stop())
        else:
            folder.place(order(), files, kept, Stop())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    hold = HoldFolder(tmp_path / "holds").find("hold-1")
    if hold is not None:
        assert all(HoldFolder(tmp_path / "holds").path_of(hold, file).exists() for file in hold.files)
