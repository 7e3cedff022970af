"""Which cameras changed after a number: each once, none left out, and unknown rather than wrong."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from broker.catalog.index import changed
from broker.catalog.index.changed import ChangedCameras

STARTED = datetime(2026, 6, 15, tzinfo=UTC)
STEPS = st.lists(st.none() | st.lists(st.sampled_from("abcde"), max_size=4), max_size=12)


@given(STEPS, st.integers(1, 6))
def test_it_is_what_was_noted_after_the_number_or_unknown(steps: list[list[str] | None], kept: int) -> None:
    whole, everything = ChangedCameras(STARTED), list[str | None]()
    before, places = changed.KEPT, [(whole.last, 0)]
    changed.KEPT = kept
    try:
        some = ChangedCameras(STARTED)
        some._recent = type(some._recent)(maxlen=kept)
        for step in steps:
            if step is None:
                some.note_all()
                everything.append(None)
            else:
                some.note(step)
                everything += step
            places.append((some.last, len(everything)))
        for number, length in places:
            after, found = everything[length:], some.since(number)
            if found is None:
                assert None in after or len(after) > kept
            else:
                assert None not in after
                assert sorted(found) == sorted({name for name in after if name is not None})
    finally:
        changed.KEPT = before


def test_numbers_of_another_process_are_unknown() -> None:
    cameras = ChangedCameras(STARTED)
    cameras.note(["a"])
    assert cameras.since(cameras.last) == []
    assert cameras.since(cameras.last - 1) == ["a"]
    assert cameras.since(cameras.last + 1) is None
    assert cameras.since(0) is None
