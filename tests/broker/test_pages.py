"""A list read page by page shows every row that was there all along once, in order, whatever comes and goes."""

from hypothesis import given
from hypothesis import strategies as st

from broker.pages import Cut, Page

NAMES = st.text("abc\0é", max_size=4)


def by_name(name: str) -> str:
    return name


def read_all(rows: list[str], limit: int) -> list[Cut[str]]:
    cuts = [Page(limit).cut(rows, by_name)]
    while cuts[-1].last is not None:
        assert len(cuts) <= len(rows), "the pages do not end"
        cuts.append(Page(limit, cuts[-1].last).cut(rows, by_name))
    return cuts


@given(st.lists(NAMES, unique=True), st.integers(1, 6))
def test_pages_are_full_but_the_last_and_hold_each_row_once_in_order(rows: list[str], limit: int) -> None:
    cuts = read_all(rows, limit)
    assert [row for cut in cuts for row in cut.rows] == sorted(rows)
    assert all(len(cut.rows) == limit for cut in cuts[:-1])
    assert len(cuts[-1].rows) <= limit
    assert cuts[-1].rows or not rows


@given(st.lists(NAMES, unique=True), st.lists(st.sets(NAMES), min_size=1), st.integers(1, 4))
def test_what_is_there_all_along_comes_once_whatever_comes_and_goes_between_pages(
    lasting: list[str], passing: list[set[str]], limit: int
) -> None:
    seen: list[str] = []
    page = Page(limit)
    for here in [*passing, *[set[str]() for _ in range(len(lasting) + 1)]]:
        cut = page.cut({*lasting, *here}, by_name)
        seen += cut.rows
        if cut.last is None:
            break
        page = Page(limit, cut.last)
    else:
        raise AssertionError("the pages do not end")
    assert seen == sorted(set(seen))
    assert set(lasting) <= set(seen)
