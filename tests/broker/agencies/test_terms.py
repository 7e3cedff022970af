"""The area of an agreement is read from GeoJSON, and a wrong file is named."""

import json
from pathlib import Path

import pytest

from broker.errors import SetupProblem
from tests.broker.agencies.office import open_office
from tests.world import NumberedIdentifiers, StandingClock, settings

SQUARE = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 49], [2, 48]]]}
BESIDE = {"type": "Polygon", "coordinates": [[[2.5, 48], [4, 48], [4, 49], [2.5, 49], [2.5, 48]]]}


@pytest.mark.parametrize(
    "content",
    [
        SQUARE,
        {"type": "Feature", "properties": {}, "geometry": SQUARE},
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": g} for g in (SQUARE, BESIDE)],
        },
    ],
    ids=["geometry", "feature", "overlapping features"],
)
async def test_an_area_is_read_from_geojson(tmp_path: Path, content: object) -> None:
    (tmp_path / "area.geojson").write_text(json.dumps(content))
    assert await _seed_with_area(tmp_path / "fresh", tmp_path / "area.geojson") == "Polygon"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "not GeoJSON"),
        ("[]", "not GeoJSON"),
        ('{"type": "Point", "coordinates": [2, 48]}', "no polygon"),
        ('{"type": "FeatureCollection", "features": []}', "no polygon"),
        ('{"type": "Feature", "geometry": null}', "not GeoJSON"),
    ],
)
async def test_a_wrong_area_is_named_with_its_file(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "area.geojson"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SetupProblem, match=said) as caught:
        await _seed_with_area(tmp_path / "fresh", file)
    assert str(file) in str(caught.value)


async def _seed_with_area(folder: Path, file: Path) -> str:
    """The sort of area that an agreement has after a first start."""
    configured = settings(folder)
    only = configured.agreement[0].model_copy(update={"area": file})
    with open_office(folder / "ledger.sqlite", StandingClock(), NumberedIdentifiers()) as office:
        await office.agreements.seed(configured.model_copy(update={"agreement": (only,)}))
        area = (await office.agreements.list_agreements())[0].terms.area
    assert area is not None
    return str(area["type"])
