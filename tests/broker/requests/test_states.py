"""The tables of states: total, closed, published, and the only way that rows move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.agencies.models import Role
from broker.holds.models import TRANSITIONS as HOLD_TRANSITIONS
from broker.holds.models import HoldState
from broker.requests import store
from broker.requests.states import (
    DERIVED,
    FINAL_ITEMS,
    FINAL_REQUESTS,
    TRANSITIONS,
    ItemState,
    RequestState,
    derive,
)
from tests.broker.requests.people import in_ledger, submit
from tests.broker.requests.states_page import HOLD_MEANINGS, PAGE, page
from tests.world import NOW, TestBroker

ITEM_SETS = st.lists(st.sampled_from(ItemState), min_size=1, max_size=8)


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(ItemState)
    assert set(HOLD_TRANSITIONS) == set(HoldState) == set(HOLD_MEANINGS)
    assert {item for item, _ in DERIVED} == set(ItemState)
    assert {request for _, request in DERIVED} | {RequestState.COMPLETED} == set(RequestState)


def test_a_final_state_can_be_reached_from_every_state() -> None:
    for start in ItemState:
        reached, left = {start}, [start]
        while left:
            for following in TRANSITIONS[left.pop()]:
                if following not in reached:
                    reached.add(following)
                    left.append(following)
        assert reached & FINAL_ITEMS


@given(ITEM_SETS)
def test_every_set_of_items_has_a_request_state_whatever_their_order(items: list[ItemState]) -> None:
    assert derive(items) is derive(reversed(items)) is derive(items * 2)


@given(ITEM_SETS)
def test_a_request_is_final_exactly_when_all_of_its_items_are(items: list[ItemState]) -> None:
    assert (derive(items) in FINAL_REQUESTS) == all(item in FINAL_ITEMS for item in items)


@given(ITEM_SETS)
def test_completed_means_all_and_partially_completed_means_some(items: list[ItemState]) -> None:
    state = derive(items)
    assert (state is RequestState.COMPLETED) == (set(items) == {ItemState.COMPLETED})
    some = ItemState.COMPLETED in items and set(items) != {ItemState.COMPLETED}
    assert (state is RequestState.PARTIALLY_COMPLETED) == (some and set(items) <= FINAL_ITEMS)


async def test_an_item_moves_by_the_table_only(broker: TestBroker) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    item = (await in_ledger(broker, request_id)).items[0]
    for state in ItemState:
        at_state = item.model_copy(update={"state": state})
        for following in set(ItemState) - set(TRANSITIONS[state]):
            with pytest.raises(ValueError, match="does not go"):
                await broker.broker.ledger.write(
                    lambda c, i=at_state, f=following: store.move_item(c, i, f, NOW)  # type: ignore[misc]
                )
    assert (await in_ledger(broker, request_id)).items[0] == item


def test_the_published_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.broker.requests.states_page"
