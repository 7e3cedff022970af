"""Brings a ledger to the shape of `tables.py` when the broker starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from broker.ledger.engine import sqlite_engine

FOLDER = Path(__file__).parent / "migrations"


def configuration(engine: Engine) -> Config:
    """Alembic's configuration with the engine handed over, so that no URL is written anywhere."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["engine"] = engine
    return config


def migrate(file: Path) -> None:
    """Runs every migration that is missing; does nothing on an up-to-date ledger."""
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = sqlite_engine(file, read_only=False)
    try:
        command.upgrade(configuration(engine), "head")
    finally:
        engine.dispose()
