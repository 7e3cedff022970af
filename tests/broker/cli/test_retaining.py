"""`entrevue retention` lists what goes and lets nothing go."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.broker.cli.commands import Entrevue
from tests.broker.cli.test_host_commands import CONFIGURATION

TAKEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def host(tmp_path: Path) -> tuple[str, str]:
    """A broker with one old picture."""
    (tmp_path / "entrevue.toml").write_text(CONFIGURATION.replace("[broker]", "[broker]\nsnapshot_days = 10"))
    (tmp_path / "cameras.csv").write_text("id,name,lat,lon\n1,Hall,48.88,2.35\n")
    picture = tmp_path / "data" / "vault" / "snapshots" / "rail-list%3A1.jpg"
    picture.parent.mkdir(parents=True, mode=0o700)
    picture.write_bytes(b"picture")
    os.utime(picture, (TAKEN.timestamp(), TAKEN.timestamp()))
    return ("--config", str(tmp_path / "entrevue.toml"))


def test_what_goes_is_listed_by_the_day_on_which_it_does_and_stays(
    entrevue: Entrevue, host: tuple[str, str], tmp_path: Path
) -> None:
    assert json.loads(entrevue("retention", *host, "--by", "2026-01-10", "--json").out) == {"going": []}
    for _ in range(2):
        (going,) = json.loads(entrevue("retention", *host, "--json").out)["going"]
        assert (going["rule"], going["subject"], going["count"]) == ("snapshot", "rail-list:1", 1)
        assert datetime.fromisoformat(going["at"]) == TAKEN + timedelta(days=10)
    assert "rail-list:1" in entrevue("retention", *host, "--by", "2026-01-11").out


def test_a_wrong_day_is_one_line(entrevue: Entrevue, host: tuple[str, str]) -> None:
    assert "neither a date nor an instant" in entrevue("retention", *host, "--by", "soon").one_line_error()
