"""What a person types reaches a real broker and its log as it was written."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.broker.cli.commands import Entrevue
from tests.broker.http.served import Served, serve

CASE = "Affaire n° 12 – gare de l’Est"


@pytest.fixture(scope="module")
def served(valkey_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served"), valkey_socket) as running:
        yield running


@pytest.mark.parametrize("case", [CASE, "Réf 12", "Ελλάδα 日本", "plain"])
def test_a_case_is_logged_as_it_was_typed(
    entrevue: Entrevue, served: Served, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setenv("ENTREVUE_TOKEN", served.token)
    why = ("--purpose", "accident", "--case", case)
    done = entrevue(
        "search", "--server", served.url, *why, "--lat", "48.88", "--lon", "2.35", "--radius-m", "9"
    )
    assert (done.status, done.err) == (0, "")
    headers = {"Authorization": f"Bearer {served.token}", "Entrevue-Purpose": "accident"}
    entries = httpx.get(f"{served.url}/v1/audit/entries?limit=1000", headers=headers).json()["entries"]
    assert case in [entry["case_ref"] for entry in entries if entry["action"] == "search"]


def test_a_request_keeps_the_case_it_was_made_for(
    entrevue: Entrevue, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREVUE_TOKEN", served.token)
    why = ("--purpose", "judicial_inquiry", "--case", CASE)
    asked = ("--camera", "rail-cctv:r1", "--interval", "2026-06-15T11:55:00Z/2026-06-15T11:56:00Z")
    grounds = ("--basis", f"judicial_requisition:{CASE}", "--reason", f"Vol – {CASE}")
    done = entrevue("request", "--server", served.url, *why, *asked, *grounds)
    assert (done.status, done.err) == (0, "")
    assert f"case {CASE}" in done.out
