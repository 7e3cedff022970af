"""Candidates are never too few, whatever moved before, while and after a tree was built."""

import asyncio

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.catalog.index.spatial import REBUILD_AFTER, SpatialIndex

NOWHERE = np.full(3, np.nan)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(0, 30), st.integers(0, 12)),
        st.tuples(st.just("move"), st.integers(0, 30), st.integers(0, 12)),
        st.tuples(st.just("go"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("rebuild"), st.integers(0, 30), st.integers(0, 12)),
    ),
    max_size=40,
)


def at(place: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(place), 0.0, 0.0])


async def rebuild_while_moving(index: SpatialIndex, model: dict[int, int], slot: int, place: int) -> None:
    """A tree of how things are, and one slot that moves while it is built."""
    slots = np.array(sorted(model), dtype=np.int64)
    points = np.array([at(model[s]) for s in slots.tolist()]).reshape(-1, 3)
    building = asyncio.create_task(index.rebuild(lambda: (slots, points)))
    await asyncio.sleep(0)
    index.move(slot, at(place))
    model[slot] = place
    await building


@settings(deadline=None)
@given(STEPS, st.integers(0, 12), st.floats(0, 5))
def test_near_is_what_is_near_now(steps: list[tuple[str, int, int]], place: int, radius: float) -> None:
    index, model = SpatialIndex(), dict[int, int]()
    for step, slot, to in steps:
        if step == "move":
            index.move(slot, at(to))
            model[slot] = to
        elif step == "go":
            index.move(slot, NOWHERE)
            model.pop(slot, None)
        else:
            asyncio.run(rebuild_while_moving(index, model, slot, to))
    wanted = sorted(slot for slot, stands in model.items() if abs(stands - place) <= radius)
    assert sorted(index.near(at(place), radius).tolist()) == wanted
    which, slots = index.near_each(np.array([at(place), at(place + 1)]), np.array([radius, 1.0]))
    assert sorted(slots[which == 0].tolist()) == wanted
    assert sorted(slots[which == 1].tolist()) == sorted(
        slot for slot, stands in model.items() if abs(stands - place - 1) <= 1.0
    )


def test_a_new_tree_is_wanted_once_much_moved() -> None:
    index = SpatialIndex()
    for slot in range(REBUILD_AFTER):
        index.move(slot, at(slot))
    assert not index.wants_rebuild()
    index.move(REBUILD_AFTER, at(1))
    assert index.wants_rebuild()
    asyncio.run(index.rebuild(lambda: (np.arange(5), np.array([at(n) for n in range(5)]))))
    assert not index.wants_rebuild()
    assert len(index) == 5
