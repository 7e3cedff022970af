"""What the command prints is safe for a terminal, whole in a pipe, and JSON stays JSON."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.cli.output import print_json, print_json_line, print_lines, print_table
from broker.cli.texts import printable, printable_json

HOSTILE = "a\x1b[31mred\x07\x9b2J\u202egnp[bold]x[/bold]\\[y] \u00a0é\n"


@given(st.text())
def test_printable_text_is_one_line_without_control_codes(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)


def test_a_space_that_does_not_break_is_a_blank_and_no_mark() -> None:
    assert printable("Quai\u00a03\tnord") == "Quai 3 nord"


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_printed_json_is_the_same_json_without_control_codes(body: object) -> None:
    text = printable_json(json.dumps(body, ensure_ascii=False))
    assert json.loads(text) == body
    assert text.isprintable()


def test_json_keeps_accents_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "Châtelet"})
    assert "Châtelet" in capsys.readouterr().out


def test_a_table_shows_markup_as_text_and_no_control_code(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("camera", "name"), [("n:1", HOSTILE)])
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["camera", "name"]
    assert row.isprintable()
    assert "gnp[bold]x[/bold]\\[y]  é" in row


def test_in_a_pipe_neither_ids_nor_texts_are_broken_over_lines(capsys: pytest.CaptureFixture[str]) -> None:
    name = "long " * 100
    print_table(("camera", "name", "request"), [("network:" + "x" * 300, name, "r" * 64)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].split() == ["network:" + "x" * 300, *["long"] * 100, "r" * 64]


def test_an_unknown_value_is_an_empty_cell(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("camera", "m"), [("n:1", None)])
    assert capsys.readouterr().out.splitlines()[1] == "n:1"


def test_an_instant_is_written_as_the_interface_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 6, 15, 22, 0, 0, 500, tzinfo=timezone(timedelta(hours=2)))
    print_table(("camera", "since"), [("n:1", at)])
    assert capsys.readouterr().out.splitlines()[1].split() == ["n:1", "2026-06-15T20:00:00.000500Z"]


def test_lines_carry_no_control_code(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(["a\x1b[2Jb"])
    assert capsys.readouterr().out == "a\N{REPLACEMENT CHARACTER}[2Jb\n"


def test_a_line_of_json_lines_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json_line({"name": "a\nb"})
    assert capsys.readouterr().out == '{"name": "a\\nb"}\n'
