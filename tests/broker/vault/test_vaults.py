"""Each owner's copies lie where the owner says."""

from pathlib import Path

from broker.vault.store import Vault
from broker.vault.vaults import Vaults


def test_an_owner_without_a_vault_has_its_copies_in_the_brokers(tmp_path: Path) -> None:
    own, ratp = Vault(tmp_path / "own"), Vault(tmp_path / "ratp")
    vaults = Vaults(own, {"ratp": ratp})
    assert vaults.of("ratp") is ratp
    assert vaults.of("sncf") is own
