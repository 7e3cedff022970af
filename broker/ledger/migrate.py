"""Brings a ledger to the shape of `tables.py` when the broker starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from broker.errors import SetupProblem, StoreAway
from broker.ledger.database import Place, engine_of
from broker.ledger.outages import is_outage
from broker.ledger.postgresql import DatabaseUrl, refuse_unsuitable

FOLDER = Path(__file__).parent / "migrations"


def configuration(engine: Engine) -> Config:
    """Alembic's configuration with the engine handed over, so that no URL is written anywhere."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["engine"] = engine
    return config


def migrate(place: Place) -> None:
    """Runs every migration that is missing; does nothing on an up-to-date ledger.

    `SetupProblem` for a place that holds no ledger, that cannot be written, or that a later version has migrated.
    """
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
    engine = engine_of(place, read_only=False)
    try:
        if isinstance(place, DatabaseUrl):
            with engine.connect() as connection:
                refuse_unsuitable(connection, place)
        command.upgrade(configuration(engine), "head")
    except (DBAPIError, CommandError) as error:
        told = error.orig if isinstance(error, DBAPIError) else error
        is_away = isinstance(place, DatabaseUrl) and is_outage(error)
        kind = StoreAway if is_away else SetupProblem
        raise kind(f"the ledger {place} cannot be opened: {told}") from error
    finally:
        engine.dispose()
