"""Every registered adapter is enrolled, and passes every check that applies to it."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.conformance.harness import Situation
from adapters.conformance.running import applying, run_check
from adapters.conformance.table import CHECKS, Check
from adapters.conformance.verdicts import NotConformant
from adapters.registry import MODULES
from tests.conformance.enrolment import ROOT, enrolled, harness_of, lacking, misfits

CASES = [
    pytest.param(kind, check, id=f"{kind}-{check.name}")
    for kind, harness in enrolled().items()
    for check in applying(harness)
]
BY_NAME = {check.name: check for check in CHECKS}


@pytest.mark.parametrize(("kind", "check"), CASES)
async def test_an_adapter_keeps(kind: str, check: Check, tmp_path: Path) -> None:
    await run_check(check, harness_of(kind), tmp_path)


@pytest.mark.parametrize("kind", sorted(MODULES))
def test_a_registered_adapter_has_a_harness_fixtures_and_a_row_in_the_readme(kind: str) -> None:
    assert lacking(kind) == []


@pytest.mark.parametrize("kind", sorted(enrolled()))
def test_a_harness_is_its_adapters_own_and_excuses_nothing_in_vain(kind: str) -> None:
    assert misfits(kind, harness_of(kind)) == []


def test_an_adapter_that_lacks_something_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("| `folder` | recordings |\n", encoding="utf-8")
    assert len(lacking("folder", tmp_path)) == 3
    (tmp_path / "fixtures" / "folder").mkdir(parents=True)
    assert "fixtures/folder" in lacking("folder", tmp_path)
    (tmp_path / "fixtures" / "folder" / "a.csv").touch()
    (tmp_path / "README.md").write_text("| [`folder`](adapters/folder/README.md) | x |\n", encoding="utf-8")
    assert len(lacking("folder", tmp_path)) == 1
    assert lacking("folder", ROOT) == []


def test_a_harness_that_misfits_is_noticed() -> None:
    folder = harness_of("folder")
    for wrong in (
        replace(folder, excuses={"no_such_check": "because of what stands in the documents"}),
        replace(folder, excuses={"silence_is_timed_out": "because of what stands in the documents"}),
        replace(folder, excuses={"a_snapshot_decodes": "later"}),
        replace(folder, expected=ROOT / "fixtures" / "camera_list" / "cameras.csv.expected.jsonl"),
    ):
        assert len(misfits("folder", wrong)) == 1
    assert misfits("camera_list", folder)


async def test_a_situation_that_is_neither_played_nor_excused_fails(tmp_path: Path) -> None:
    check = BY_NAME["one_bad_record_is_skipped_and_counted"]
    assert check.situation is Situation.ONE_BAD_RECORD
    harness = replace(harness_of("folder"), situations=frozenset())
    assert check in applying(harness)
    with pytest.raises(NotConformant, match="excuses"):
        await run_check(check, harness, tmp_path)
    reason = {check.name: "this recorder has no records, only files"}
    assert check not in applying(replace(harness, excuses=reason))
