"""Frozen facts of gazetteers and of what an import does to one."""

from adapters.contract.models import Instant
from broker.catalog.models import Model


class Gazetteer(Model):
    """A public list of places. `version` is the number of the log's entry on its latest import."""

    id: str
    version: int
    source: str
    imported_at: Instant
    places: int


class ImportReport(Model):
    """What an import found, and what it made of it. `error` is set where nothing was changed."""

    gazetteer: str
    found: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    rejected: int
    reasons: tuple[str, ...] = ()
    error: str | None = None
