from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.folder.pattern import NamedStart
from adapters.folder.wallclock import Ambiguous, readings, second_passes

PARIS = ZoneInfo("Europe/Paris")
TEN_MINUTES = timedelta(minutes=10)
# On 25 October 2026 clocks in Paris show 02:00 to 03:00 twice: from 00:00 UTC and again from 01:00 UTC.
REPEATED = datetime.fromisoformat("2026-10-25T02:20")
FIRST = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
SECOND = FIRST + timedelta(hours=1)


def file(path: str, local: datetime, modified_at: datetime, duration: timedelta = TEN_MINUTES) -> Ambiguous:
    return Ambiguous(path, local, modified_at, duration)


def test_a_name_outside_the_repeated_hour_means_one_instant() -> None:
    assert readings(NamedStart(datetime.fromisoformat("2026-07-01T12:00")), PARIS) == (
        datetime(2026, 7, 1, 10, tzinfo=UTC),
    )
    assert readings(NamedStart(datetime.fromisoformat("2026-01-01T12:00")), PARIS) == (
        datetime(2026, 1, 1, 11, tzinfo=UTC),
    )


def test_a_name_in_the_repeated_hour_means_two_instants() -> None:
    assert readings(NamedStart(REPEATED), PARIS) == (FIRST, SECOND)


def test_a_name_in_the_hour_that_spring_leaves_out_means_one_instant() -> None:
    assert len(readings(NamedStart(datetime.fromisoformat("2026-03-29T02:30")), PARIS)) == 1


def test_a_name_with_its_own_offset_means_one_instant() -> None:
    assert readings(NamedStart(SECOND), PARIS) == (SECOND,)


def test_the_modification_time_tells_the_passes_apart() -> None:
    files = [
        file("first", REPEATED, FIRST + TEN_MINUTES),
        file("second", REPEATED + timedelta(seconds=1), SECOND + TEN_MINUTES),
    ]
    assert second_passes(files, PARIS) == {"second"}


def test_files_of_a_whole_hour_are_told_apart_too() -> None:
    hour = timedelta(hours=1)
    files = [
        file("first", REPEATED, FIRST + hour, hour),
        file("second", REPEATED + timedelta(microseconds=9), SECOND + hour, hour),
    ]
    assert second_passes(files, PARIS) == {"second"}


def test_copied_files_are_told_apart_by_the_order_in_which_they_were_written() -> None:
    copied_at = datetime(2027, 1, 1, tzinfo=UTC)
    local = [2_00, 2_20, 2_40, 2_01, 2_21, 2_41]
    files = [
        file(str(at), REPEATED.replace(minute=at % 100), copied_at + timedelta(seconds=n))
        for n, at in enumerate(local)
    ]
    assert second_passes(files, PARIS) == {"201", "221", "241"}


def test_where_nothing_tells_the_first_pass_is_taken() -> None:
    copied_at = datetime(2027, 1, 1, tzinfo=UTC)
    files = [file("a", REPEATED, copied_at), file("b", REPEATED.replace(minute=1), copied_at)]
    assert second_passes(files, PARIS) == frozenset()


def test_another_years_hour_begins_anew() -> None:
    copied_at = datetime(2028, 1, 1, tzinfo=UTC)
    step = timedelta(seconds=1)
    files = [
        file("2026 first", REPEATED, copied_at),
        file("2026 second", REPEATED.replace(minute=1), copied_at + step),
        file("2027 first", datetime.fromisoformat("2027-10-31T02:30"), copied_at + 2 * step),
    ]
    assert second_passes(files, PARIS) == {"2026 second"}
