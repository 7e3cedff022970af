"""What a spreadsheet would carry out is text, and everything else is as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.spreadsheets import FORMULA, cell


@given(st.text())
def test_no_cell_begins_a_formula_and_none_loses_its_text(text: str) -> None:
    assert not cell(text).startswith(FORMULA)
    assert cell(text) in (text, f"'{text}")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"
