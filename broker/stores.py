"""Where the stores of a broker are, as it is configured, and how they are opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from broker.errors import SetupProblem
from broker.ledger.database import Place
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from broker.ledger.postgresql import DatabaseUrl
from broker.settings import Settings
from broker.settings.sections import Address
from broker.settings.values import text_of
from broker.vault.address import Bucket, parsed
from broker.vault.store import Vault
from broker.vault.vaults import Vaults


def ledger_file(settings: Settings) -> Path:
    return settings.broker.data / "ledger.sqlite"


def ledger_place(settings: Settings) -> Place:
    """Where the ledger is: the configured database; else the embedded file. `SetupProblem` for what is no address."""
    url = settings.broker.database_url
    if url is None:
        return ledger_file(settings)
    return DatabaseUrl.parsed(text_of(url))


def open_vault(settings: Settings) -> Vault:
    """The configured storage; else a folder of the data. `SetupProblem` for what is no address."""
    url = settings.broker.storage_url
    return Vault(settings.broker.data / "vault") if url is None else Vault(vault_place(settings, url))


def open_vaults(settings: Settings, own: Vault) -> Vaults:
    """The broker's `own` vault, and those that agencies have for copies of their footage."""
    theirs = {
        a.id: Vault(vault_place(settings, a.vault_url)) for a in settings.agency if a.vault_url is not None
    }
    return Vaults(own, theirs)


def vault_place(settings: Settings, url: Address) -> Path | Bucket:
    """Where a configured vault is. `SetupProblem` for what is no address."""
    place = parsed(text_of(url))
    return settings.base_dir / place if isinstance(place, Path) else place


def key_folder(settings: Settings) -> Path:
    """Where the agencies' signing keys and the log's are."""
    return settings.broker.data / "keys"


def make_data_folder(data: Path) -> None:
    """Private from the start, whoever needs it first."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SetupProblem(f"the data folder {data} cannot be used: {error.strerror}") from error


@asynccontextmanager
async def open_ledger(settings: Settings) -> AsyncIterator[Ledger]:
    """The ledger, migrated."""
    make_data_folder(settings.broker.data)
    place = ledger_place(settings)
    await asyncio.to_thread(migrate, place)
    ledger = Ledger(place)
    try:
        yield ledger
    finally:
        await asyncio.to_thread(ledger.close)
