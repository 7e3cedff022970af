"""A network in use is checked by what can be known of it: sound ones pass, broken ones and bugs are findings."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.bench import Bench, readdressed
from adapters.conformance.harness import Site, Situation
from adapters.conformance.live import check_live, secrets_in
from adapters.conformance.table import CHECKS
from adapters.conformance.verdicts import Outcome, Result
from adapters.contract.errors import Misconfigured
from adapters.contract.models import CameraRecord, Rejection
from adapters.contract.protocol import AdapterFactory
from tests.conformance.broken.failures import making
from tests.conformance.broken.footage import CutPictures
from tests.conformance.broken.records import Swapped
from tests.conformance.sound.adapter import MANIFEST, SoundAdapter, create
from tests.conformance.sound.harness import open_sound

AREA = (2.2, 48.8, 2.45, 48.92)


class Buggy(SoundAdapter):
    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        raise ZeroDivisionError
        yield


async def outcomes(factory: AdapterFactory, folder: Path, **options: Any) -> dict[str, Outcome]:
    (folder / "site").mkdir()
    async with open_sound(Situation.NORMAL, folder / "site") as site:
        known_to_nobody = Site(
            options={**site.options, **options},
            base_dir=site.base_dir,
            secrets=tuple(secrets_in(site.options, site.base_dir)),
            now=site.now,
        )
        assert known_to_nobody.secrets == site.secrets
        bench = Bench(
            create=factory,
            manifest=MANIFEST,
            site=known_to_nobody,
            folder=folder,
            area=AREA,
            live=True,
            clock=lambda: site.now,
        )
        return {each.check: each async for each in check_live(bench)}


def failed(found: dict[str, Outcome]) -> set[str]:
    return {name for name, each in found.items() if each.result is Result.FAILED}


async def test_a_sound_network_passes_every_check_that_only_reads(tmp_path: Path) -> None:
    found = await outcomes(create, tmp_path)
    assert set(found) == {check.name for check in CHECKS if check.live}
    assert {each.result for each in found.values()} == {Result.PASSED}


@pytest.mark.parametrize(
    ("kind", "check"),
    [(Swapped, "cameras_stand_in_the_declared_area"), (CutPictures, "a_snapshot_decodes")],
)
async def test_a_broken_network_fails_what_it_breaks(
    kind: type[SoundAdapter], check: str, tmp_path: Path
) -> None:
    assert failed(await outcomes(making(kind), tmp_path)) == {check}


async def test_a_bug_is_a_finding_and_is_called_one(tmp_path: Path) -> None:
    found = await outcomes(making(Buggy), tmp_path)
    assert "bug" in found["no_camera_is_listed_twice"].says
    assert "ZeroDivisionError" in found["no_camera_is_listed_twice"].says


async def test_a_recorder_that_is_away_fails_in_the_contracts_words(tmp_path: Path) -> None:
    found = await outcomes(create, tmp_path, url="http://127.0.0.1:9")
    assert found["ids_are_the_same_in_two_listings"].says.startswith("unreachable: ")


async def test_options_that_are_wrong_are_the_only_finding(tmp_path: Path) -> None:
    (only,) = (await outcomes(create, tmp_path, url="nowhere")).values()
    assert (only.result, only.says.startswith("misconfigured: url")) == (Result.FAILED, True)


def test_secrets_are_found_by_their_names_however_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("one\n")
    monkeypatch.setenv("B", "two")
    options = {
        "password": {"file": "a"},
        "deeper": {"api_token": {"env": "B"}},
        "places": {"file": "no-secret.csv"},
        "key_frames": 3,
    }
    assert list(secrets_in(options, tmp_path)) == ["one", "two"]
    with pytest.raises(Misconfigured):
        list(secrets_in({"password": {"file": "gone"}}, tmp_path))


def test_addresses_are_replaced_in_every_text_and_nowhere_else() -> None:
    options = {"url": "http://a:1/zm", "more": [{"uri": "http://a:1"}, "http://a:12"], "n": 1}
    assert readdressed(options, ["http://a:1"], ["http://b:2"]) == {
        "url": "http://b:2/zm",
        "more": [{"uri": "http://b:2"}, "http://a:12"],
        "n": 1,
    }
