"""An adapter that offers everything and keeps the contract passes every check that there is."""

from pathlib import Path

import pytest

from adapters.conformance.running import applying, run_check
from adapters.conformance.table import CHECKS, Check
from tests.conformance.sound.harness import harness_of


def test_no_check_is_left_out_of_it() -> None:
    assert applying(harness_of()) == CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
async def test_a_sound_adapter_passes(check: Check, tmp_path: Path) -> None:
    await run_check(check, harness_of(), tmp_path)


def test_every_check_says_in_words_what_it_claims_and_has_a_name_of_its_own() -> None:
    assert all(check.says.endswith(".") for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len(CHECKS)
