from datetime import UTC, datetime, timedelta, timezone
from string import printable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.folder.pattern import RecordingPattern

DEFAULT = "{camera}/%Y-%m-%d_%H-%M-%S-%f.mp4"
MEDIAMTX = "%path/%Y-%m-%d_%H-%M-%S-%f"


def local(written: str) -> datetime:
    """A wall-clock time without a zone."""
    return datetime.fromisoformat(written)


def moment(pattern: str, path: str) -> datetime | None:
    name = RecordingPattern(pattern).parse(path)
    return None if name is None else name.start.moment


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (DEFAULT, "a/2026-06-15_11-49-00-440000.mp4", local("2026-06-15T11:49:00.440000")),
        (DEFAULT, "a/2026-06-15_11-49-00-440.mp4", local("2026-06-15T11:49:00.440000")),
        ("{camera}-%s.mkv", "a-1781524140.mkv", datetime(2026, 6, 15, 11, 49, tzinfo=UTC)),
        ("{camera}/%s_%f.mkv", "a/1781524140_5.mkv", datetime(2026, 6, 15, 11, 49, 0, 500000, UTC)),
        ("{camera}/%Y%m%dT%H%M%S%z.mp4", "a/20260615T114900Z.mp4", datetime(2026, 6, 15, 11, 49, tzinfo=UTC)),
        (
            "{camera}/%Y%m%dT%H%M%S%z.mp4",
            "a/20260615T114900-0330.mp4",
            datetime(2026, 6, 15, 11, 49, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ),
        ("%Y/%m/%d/{camera}_%H%M.mp4", "2026/06/15/a_1149.mp4", local("2026-06-15T11:49")),
    ],
)
def test_a_name_says_when_its_file_starts(pattern: str, path: str, expected: datetime) -> None:
    found = moment(pattern, path)
    assert found == expected
    assert found is not None and (found.tzinfo is None) == (expected.tzinfo is None)


@pytest.mark.parametrize(
    "path",
    [
        "a/2026-02-30_00-00-00-0.mp4",
        "a/2026-06-15_25-00-00-0.mp4",
        "a/2026-06-15_11-49-00-0.mkv",
        "a/b/2026-06-15_11-49-00-0.mp4",
        "2026-06-15_11-49-00-0.mp4",
        "a/٢026-06-15_11-49-00-0.mp4",
        "a/2026-06-15_11-49-00-0.mp4.part",
    ],
)
def test_a_name_that_does_not_fit_is_nobodys_recording(path: str) -> None:
    assert RecordingPattern(DEFAULT).parse(path) is None


def test_a_day_in_the_folder_must_be_the_day_of_the_file() -> None:
    pattern = "{camera}/%Y-%m-%d/%Y-%m-%d_%H-%M-%S.mp4"
    assert moment(pattern, "a/2026-06-15/2026-06-15_00-00-00.mp4") is not None
    assert moment(pattern, "a/2026-06-15/2026-06-16_00-00-00.mp4") is None


def test_without_an_extension_every_container_fits() -> None:
    assert moment(MEDIAMTX, "a/2026-06-15_11-49-00-000000.mp4") is not None
    assert moment(MEDIAMTX, "a/2026-06-15_11-49-00-000000.MKV") is not None
    assert moment(MEDIAMTX, "a/2026-06-15_11-49-00-000000.ts") is not None
    assert moment(MEDIAMTX, "a/2026-06-15_11-49-00-000000.avi") is not None
    assert moment(MEDIAMTX, "a/2026-06-15_11-49-00-000000.mov") is None


def test_a_mediamtx_path_may_span_folders() -> None:
    name = RecordingPattern(MEDIAMTX).parse("gare/nord/quai-1/2026-06-15_11-49-00-000000.mp4")
    assert name is not None and name.camera == "gare/nord/quai-1"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_id_can_be_written_percent_encoded(camera: str) -> None:
    name = RecordingPattern(DEFAULT).parse(f"{quote(camera, safe='')}/2026-06-15_11-49-00-0.mp4")
    assert name is not None and name.camera == camera


def test_an_id_with_percent_signs_that_encode_nothing_stays_as_it_is() -> None:
    name = RecordingPattern(DEFAULT).parse("50%/2026-06-15_11-49-00-0.mp4")
    assert name is not None and name.camera == "50%"
    broken = RecordingPattern(DEFAULT).parse("%FF/2026-06-15_11-49-00-0.mp4")
    assert broken is not None and broken.camera == "%FF"


@given(st.text(printable, max_size=40))
def test_no_path_makes_the_pattern_raise(path: str) -> None:
    for pattern in (DEFAULT, MEDIAMTX, "{camera}_%s_%z"):
        RecordingPattern(pattern).parse(path)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("%Y-%m-%d_%H-%M-%S.mp4", "{camera}"),
        ("{camera}/{camera}/%s.mp4", "exactly once"),
        ("{camera}/%Y-%m-%d.mp4", "must state the start"),
        ("{camera}/%Y%m%d%H%M%q.mp4", "'%q'"),
        ("{camera}/%s%", "'%'"),
        ("../{camera}/%s.mp4", "'..'"),
        ("/srv/{camera}/%s.mp4", "below recordings"),
        ("", "below recordings"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_with_the_reason(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="pattern") as refusal:
        RecordingPattern(pattern)
    assert complaint in str(refusal.value)


def test_only_folders_that_can_hold_the_cameras_files_are_entered() -> None:
    pattern = RecordingPattern("%Y-%m-%d/{camera}/%H%M%S_%Y%m%d.mp4")
    assert pattern.may_contain("2026-06-15", "a")
    assert not pattern.may_contain("lost+found", "a")
    assert pattern.may_contain("2026-06-15/a", "a")
    assert not pattern.may_contain("2026-06-15/b", "a")
    assert pattern.may_contain("2026-06-15/b", None)
    assert not pattern.may_contain("2026-06-15/a/deeper", "a")


def test_a_path_that_spans_folders_is_followed_along_the_camera_only() -> None:
    pattern = RecordingPattern(MEDIAMTX)
    assert pattern.may_contain("gare", "gare/nord")
    assert pattern.may_contain("gare/nord", "gare/nord")
    assert not pattern.may_contain("gare/est", "gare/nord")
    assert not pattern.may_contain("metro", "gare/nord")


@pytest.mark.parametrize(
    ("pattern", "step"),
    [
        (DEFAULT, timedelta(microseconds=1)),
        ("{camera}/%s", timedelta(seconds=1)),
        ("{camera}/%Y%m%d%H%M", timedelta(minutes=1)),
    ],
)
def test_a_pattern_knows_how_finely_it_tells_time(pattern: str, step: timedelta) -> None:
    assert RecordingPattern(pattern).resolution == step
