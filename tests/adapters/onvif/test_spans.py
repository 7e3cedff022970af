"""What a recorder tells becomes spans that claim no more than it told."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.models import Interval, Rejection
from adapters.onvif.models import Piece, RecordingState, TrackChange
from adapters.onvif.spans import arranged, listing, pieces_of

BEGIN = datetime(2026, 6, 15, tzinfo=UTC)


def at(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def between(start: float, end: float) -> Interval:
    return Interval(start=at(start), end=at(end))


def state(earliest: float | None = 0, latest: float | None = 100) -> RecordingState:
    return RecordingState(
        token="r",
        source_id=None,
        source_name=None,
        earliest=None if earliest is None else at(earliest),
        latest=None if latest is None else at(latest),
        video_tracks=("video",),
        is_running=True,
    )


def change(minute: float, present: bool, *, start: bool = False, track: str | None = "video") -> TrackChange:
    return TrackChange("r", track, at(minute), present, start)


def test_a_history_leaves_its_gaps_out() -> None:
    changes = [change(10, True, start=True), change(20, False), change(30, True)]
    assert pieces_of(state(), changes, between(10, 50), at(100)) == ([between(10, 20), between(30, 50)], [])


def test_changes_out_of_order_and_told_twice_are_as_in_order() -> None:
    changes = [change(30, True), change(20, False), change(20, False), change(10, True, start=True)]
    assert pieces_of(state(), changes, between(10, 50), at(100))[0] == [between(10, 20), between(30, 50)]


def test_a_first_end_without_a_start_state_means_that_there_was_footage_before() -> None:
    assert pieces_of(state(), [change(20, False)], between(10, 50), at(100))[0] == [between(10, 20)]


def test_a_window_that_begins_in_a_gap_begins_with_the_footage_after_it() -> None:
    changes = [change(10, False, start=True), change(30, True)]
    assert pieces_of(state(), changes, between(10, 50), at(100))[0] == [between(30, 50)]


def test_sound_and_other_recordings_say_nothing_of_the_picture() -> None:
    changes = [
        change(10, True, start=True),
        change(20, False, track="audio"),
        TrackChange("other", "video", at(20), False, False),
    ]
    assert pieces_of(state(), changes, between(10, 50), at(100))[0] == [between(10, 50)]


def test_a_device_without_history_claims_its_extent_and_says_so() -> None:
    pieces, problems = pieces_of(state(5, 40), None, between(0, 100), at(200))
    assert pieces == [between(5, 40)]
    assert [problem.where for problem in problems] == ["recording r"]


def test_an_unknown_start_is_never_claimed() -> None:
    pieces, problems = pieces_of(state(None, 40), None, between(0, 100), at(200))
    assert pieces == []
    assert problems == [
        Rejection(where="recording r", reason="the device does not say since when it records")
    ]
    known = [change(10, True, start=True)]
    assert pieces_of(state(None, 40), known, between(10, 100), at(200)) == ([between(10, 40)], [])


def test_a_recording_that_goes_on_ends_now() -> None:
    changes = [change(0, True, start=True)]
    assert pieces_of(state(0, None), changes, between(0, 100), at(42))[0] == [between(0, 42)]


def test_a_recording_outside_the_window_holds_nothing_of_it() -> None:
    assert pieces_of(state(0, 10), None, between(20, 30), at(100)) == ([], [])


def test_a_recording_that_starts_later_counts_from_its_start_on_and_the_other_goes_on_after() -> None:
    found = arranged([Piece("old", between(0, 60)), Piece("new", between(20, 40))])
    assert found == (
        Piece("old", between(0, 20)),
        Piece("new", between(20, 40)),
        Piece("old", between(40, 60)),
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.integers(1, 30)), max_size=8))
def test_arranged_pieces_are_sorted_disjoint_and_cover_the_same_time(
    given_pieces: list[tuple[str, int, int]],
) -> None:
    pieces = [Piece(token, between(start, start + lasts)) for token, start, lasts in given_pieces]
    found = arranged(pieces)
    assert all(a.interval.end <= b.interval.start for a, b in pairwise(found))
    covered = {
        minute
        for piece in found
        for minute in range(100)
        if piece.interval.intersect(between(minute, minute + 1))
    }
    expected = {minute for _, start, lasts in given_pieces for minute in range(start, start + lasts)}
    assert covered == expected


def test_pieces_closer_than_a_gap_are_one_span_and_are_overwritten_from_their_start_on() -> None:
    second = timedelta(seconds=1)
    first, joined, apart = (
        Piece("r", Interval(start=at(0), end=at(1))),
        Piece("s", Interval(start=at(1) + second, end=at(2))),
        Piece("s", Interval(start=at(2) + 2 * second, end=at(3))),
    )
    spans = listing([first, joined, apart], [], timedelta(days=1)).spans
    assert [span.interval for span in spans] == [between(0, 2), apart.interval]
    assert [span.overwrite_at for span in spans] == [
        at(0) + timedelta(days=1),
        apart.interval.start + timedelta(days=1),
    ]
    assert listing([first], [], None).spans[0].overwrite_at is None
