"""However many cameras fit, a page holds the first of them in the order of the whole, ids last."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract.models import CameraStatus, Interval, Span, Stream
from broker.agencies.models import Role
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.models import Camera
from broker.catalog.questions import Answer, Area, Box, PageKey, Question, Radius, Sort
from tests.broker.catalog.catalogs import catalog_camera
from tests.broker.catalog.index.indexes import ask, index_of, officer
from tests.world import NOW

AREAS: list[Area | None] = [None, Radius(48.0, 2.0, 20_000), Box(1.9, 47.9, 2.1, 48.1)]
ORDER = [CameraStatus.UP, CameraStatus.UNKNOWN, CameraStatus.DOWN]
FACTS = st.tuples(st.integers(0, 3), st.sampled_from(ORDER))
"""How far from the middle, in hundredths of a degree, and how it does: few of each, so that many are level."""
CAMERAS = st.dictionaries(st.text("ab1é😀", min_size=1, max_size=4), FACTS, max_size=60)


def pages(index: CatalogIndex, question: Question) -> list[Answer]:
    after: PageKey | None = None
    made = []
    while not made or after is not None:
        made.append(ask(index, replace(question, after=after), officer("rail", Role.AUDITOR, Role.OPERATOR)))
        after = made[-1].next_after
    return made


@settings(deadline=None, max_examples=150)
@given(CAMERAS, st.sampled_from(AREAS), st.sampled_from(Sort), st.integers(1, 12))
def test_pages_are_the_plainly_sorted_whole(
    facts: dict[str, tuple[int, CameraStatus]], area: Area | None, sort: Sort, limit: int
) -> None:
    cameras = {
        camera.id: (
            0 if sort is Sort.DISTANCE else ORDER.index(status),
            0 if area is None else steps,
            camera.id,
        )
        for name, (steps, status) in facts.items()
        for camera in [catalog_camera(name, 48.0 + steps / 100, 2.0, status=status)]
    }
    index = index_of(
        catalog_camera(name, 48.0 + steps / 100, 2.0, status=status)
        for name, (steps, status) in facts.items()
    )
    made = pages(index, Question(area=area, as_of=NOW, limit=limit, sort=sort))
    assert [hit.camera_id for page in made for hit in page.hits] == sorted(cameras, key=cameras.__getitem__)
    assert [len(page.hits) for page in made[:-1]] == [limit] * (len(made) - 1)
    assert facts == {} or made[-1].hits


def test_of_very_many_that_are_level_a_page_holds_the_first_by_id() -> None:
    index = index_of(catalog_camera(f"{n * 7919 % 3000:04}", 48.0, 2.0) for n in range(3000))
    for area in AREAS:
        first, *_, last = pages(index, Question(area=area, as_of=NOW, limit=700))
        assert [hit.camera_id for hit in first.hits] == [f"rail-cctv:{n:04}" for n in range(700)]
        assert [hit.camera_id for hit in last.hits] == [f"rail-cctv:{n:04}" for n in range(2800, 3000)]


def test_by_rank_what_is_no_gap_lacks_nothing() -> None:
    hour = Interval(start=NOW - timedelta(hours=1), end=NOW)

    def lacking(name: str, lon: float, lacks_s: float, fps: float | None = None) -> Camera:
        held = Interval(start=hour.start, end=hour.end - timedelta(seconds=lacks_s))
        streams = (Stream(fps=fps),)
        return catalog_camera(
            name, 48.0, lon, spans=(Span(interval=held, overwrite_at=None),), streams=streams
        )

    cameras = [
        lacking("gap", 2.0001, 1.5),
        lacking("slow", 2.0002, 1.5, fps=0.5),
        lacking("just", 2.0003, 1.0),
        lacking("whole", 2.0004, 0.0),
    ]
    question = Question(Radius(48.0, 2.0, 100.0), NOW, 10, interval=hour, sort=Sort.RANK)
    hits = ask(index_of(cameras), question, officer("rail", Role.INVESTIGATOR)).hits
    assert [hit.camera_id.partition(":")[2] for hit in hits] == ["slow", "just", "whole", "gap"]
