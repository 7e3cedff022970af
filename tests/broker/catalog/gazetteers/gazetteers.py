"""Gazetteers for tests, written as a host's command writes them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from adapters.registry import read_places
from broker.catalog.gazetteers.models import ImportReport
from broker.catalog.gazetteers.service import Gazetteers
from broker.clock import Clock
from broker.ledger.engine import Ledger
from tests.requirements import sample_data
from tests.world import StandingClock, TestBroker

NETWORKS = ("rail-cctv", "metro-cctv", "police-list")
STATIONS = ("chatelet;Châtelet;48.8586;2.3470;250", "gdn;Gare du Nord;48.8809;2.3573;300")
GARES: Mapping[str, Any] = {
    "file": "emplacement-des-gares-idf.csv",
    "columns": {"id": "id_ref_zdc", "name": "nom_zdc", "lat_lon": "geo_point_2d"},
    "accuracy_m": 50,
}


def desk(ledger: Ledger, clock: Clock | None = None) -> Gazetteers:
    return Gazetteers(ledger, clock or StandingClock(), NETWORKS, read_places)


def write_list(folder: Path, lines: Iterable[str]) -> dict[str, Any]:
    """A file of these rows, and the options that read it."""
    (folder / "stations.csv").write_text("\n".join(("id;name;lat;lon;position_accuracy_m", *lines)))
    return {"file": "stations.csv"}


async def import_rows(
    broker: TestBroker, folder: Path, *lines: str, gazetteer: str = "gares"
) -> ImportReport:
    """Imports into the broker's ledger and tells its process, as the command does."""
    report = await desk(broker.broker.ledger).replace(gazetteer, write_list(folder, lines), folder)
    await broker.broker.catalog.announce_gazetteer()
    return report


async def import_gares(broker: TestBroker) -> ImportReport:
    """Every station of a region, as its public list has them."""
    folder = sample_data() / "places" / "idf-gares"
    report = await desk(broker.broker.ledger).replace("idf-gares", GARES, folder)
    await broker.broker.catalog.announce_gazetteer()
    return report
