"""The border's models: nothing unknown is guessed, intervals are sets of instants, and all of it survives the wire."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from adapters.contract.gaps import gap_over_s
from adapters.contract.models import (
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HoldOrder,
    HoldReceipt,
    Interval,
    Model,
    PlaceRecord,
    Position,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
    Snapshot,
    Span,
    Stream,
    View,
    format_instant,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = st.integers(0, 60)
HOUR = Interval(start=EPOCH, end=EPOCH + timedelta(hours=1))
MESSAGES: TypeAdapter[FootageMessage] = TypeAdapter(FootageMessage)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = draw(SECONDS)
    end = draw(st.integers(start + 1, 61))
    return Interval(start=EPOCH + timedelta(seconds=start), end=EPOCH + timedelta(seconds=end))


def seconds_of(*parts: Interval) -> set[int]:
    """The whole seconds that the intervals cover: what half-open intervals mean."""
    return {
        second
        for part in parts
        for second in range(
            int((part.start - EPOCH).total_seconds()), int((part.end - EPOCH).total_seconds())
        )
    }


@given(intervals(), intervals())
def test_the_intersection_is_what_both_cover(one: Interval, other: Interval) -> None:
    common = one.intersect(other)
    assert seconds_of(*([] if common is None else [common])) == seconds_of(one) & seconds_of(other)


@given(intervals(), st.lists(intervals(), max_size=5))
def test_subtraction_leaves_what_no_other_covers_in_order(one: Interval, others: list[Interval]) -> None:
    left = one.subtract(others)
    assert seconds_of(*left) == seconds_of(one) - seconds_of(*others)
    assert all(a.end < b.start for a, b in pairwise(left))


@given(intervals(), st.integers(-5000, 5000))
def test_a_shift_and_its_reverse_cancel(one: Interval, by_ms: int) -> None:
    by = timedelta(milliseconds=by_ms)
    assert one.shift(by).shift(-by) == one
    assert one.shift(by).duration == one.duration


@pytest.mark.parametrize("seconds", [0, -1])
def test_an_interval_is_never_empty_or_reversed(seconds: int) -> None:
    with pytest.raises(ValidationError, match="must end after it starts"):
        Interval(start=EPOCH, end=EPOCH + timedelta(seconds=seconds))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        ClockReading(offset_ms=None, measured_at=datetime(2026, 1, 1))  # noqa: DTZ001 - what must be refused


def test_an_instant_of_any_zone_is_kept_and_written_in_utc() -> None:
    paris = datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    reading = ClockReading(offset_ms=None, measured_at=paris)
    assert reading.measured_at.tzinfo is UTC
    assert '"2026-01-01T12:00:00Z"' in reading.model_dump_json()
    assert format_instant(paris) == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    "facts",
    [
        {"lat": 90.1, "lon": 0.0},
        {"lat": 0.0, "lon": -180.1},
        {"lat": float("nan"), "lon": 0.0},
        {"lat": float("inf"), "lon": 0.0},
        {"lat": 0.0, "lon": 0.0, "accuracy_m": -1.0},
        {"lat": 0.0, "lon": 0.0, "altitude_m": 3.0},
    ],
)
def test_an_impossible_position_is_refused(facts: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Position.model_validate(facts)


@pytest.mark.parametrize(
    "facts", [{"heading_deg": 360.0}, {"fov_deg": 0.0}, {"fov_deg": 361.0}, {"range_m": 0.0}]
)
def test_an_impossible_view_is_refused(facts: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        View.model_validate(facts)


def test_what_a_network_does_not_say_is_none() -> None:
    record = CameraRecord(native_id="1", name="One")
    told = record.model_dump(exclude={"native_id", "name", "status", "views", "streams", "tags"})
    assert set(told.values()) == {None}
    assert View().model_dump() == {"heading_deg": None, "fov_deg": None, "range_m": None}


def test_pictures_and_recordings_stay_out_of_what_is_printed() -> None:
    secret = b"pixels"
    picture = Snapshot(native_id="1", captured_at=None, media_type="image/jpeg", data=secret)
    assert "pixels" not in repr(picture)
    assert "pixels" not in repr(SegmentData(data=secret))


def test_models_are_frozen_and_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError):
        HOUR.start = EPOCH
    with pytest.raises(ValidationError):
        PlaceRecord.model_validate(
            {"native_id": "1", "name": "One", "position": {"lat": 1, "lon": 2}, "x": 1}
        )


@pytest.mark.parametrize("key", ["", "a/b", "..", "a" * 65, "é"])
def test_the_key_of_a_hold_can_name_a_file_anywhere(key: str) -> None:
    with pytest.raises(ValidationError):
        HoldOrder(key=key, native_id="1", interval=HOUR)


WIRE: tuple[Model, ...] = (
    HOUR,
    CameraRecord(
        native_id="é/1",
        name="Gare",
        position=Position(lat=48.88, lon=2.35, accuracy_m=2.0),
        views=(View(heading_deg=0.0, fov_deg=360.0),),
        streams=(Stream(codec="h264", width=64, height=48, fps=10.0),),
        tags=("reserved",),
    ),
    PlaceRecord(native_id="1", name="Gare", position=Position(lat=48.88, lon=2.35)),
    Rejection(where="cameras.csv row 2", reason="no id"),
    FootageListing(
        spans=(Span(interval=HOUR, overwrite_at=EPOCH),), problems=(Rejection(where="a", reason="b"),)
    ),
    ClockReading(offset_ms=-12.5, measured_at=EPOCH),
    HoldOrder(key="hold_1", native_id="1", interval=HOUR),
    HoldReceipt(handle="hold_1", held=(HOUR,), until=None),
)


@pytest.mark.parametrize("model", WIRE, ids=lambda model: type(model).__name__)
def test_a_model_survives_the_wire(model: Model) -> None:
    assert type(model).model_validate_json(model.model_dump_json()) == model


@pytest.mark.parametrize(
    "message",
    [
        SegmentStart(name="1.mp4", container="mp4", starts_at=EPOCH, valid=HOUR),
        SegmentData(data=b"bytes"),
        SegmentEnd(size=5),
    ],
    ids=lambda message: message.kind,
)
def test_a_message_of_footage_is_told_apart_on_the_wire(message: FootageMessage) -> None:
    assert MESSAGES.validate_json(MESSAGES.dump_json(message)) == message


QUARTERS = st.integers(0, 200).map(lambda n: n / 4)


@given(st.lists(st.tuples(QUARTERS, QUARTERS), max_size=8), st.sampled_from([0.0, 0.04, 2.0]))
def test_gaps_are_what_footage_leaves_where_that_is_longer_than_the_rule(
    parts: list[tuple[float, float]], period_s: float
) -> None:
    begin = datetime(2026, 6, 15, tzinfo=UTC)

    def span(start_s: float, end_s: float) -> Interval:
        return Interval(start=begin + timedelta(seconds=start_s), end=begin + timedelta(seconds=end_s))

    footage = [span(min(part), max(part)) for part in parts if part[0] != part[1]]
    asked = span(5, 45)
    gaps = asked.gaps(footage, float(gap_over_s(period_s)))
    assert all(gap.duration.total_seconds() > max(1.0, 2 * period_s) for gap in gaps)
    assert all(asked.start <= gap.start and gap.end <= asked.end for gap in gaps)
    assert all(one.end < other.start for one, other in pairwise(gaps))
    assert all(gap.intersect(part) is None for gap in gaps for part in footage)
    short = [left for left in asked.subtract(footage) if left not in gaps]
    assert all(left.duration.total_seconds() <= max(1.0, 2 * period_s) for left in short)
