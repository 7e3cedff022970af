"""Whose vault: the broker's own, and those of the agencies that keep copies of their footage themselves."""

from collections.abc import Mapping

from broker.vault.store import Vault


class Vaults:
    """The broker's vault and each owner's."""

    def __init__(self, own: Vault, theirs: Mapping[str, Vault]) -> None:
        self.own = own
        self._theirs = dict(theirs)

    def of(self, agency: str) -> Vault:
        """Where copies of the agency's footage lie: in its own vault; in the broker's where it has none."""
        return self._theirs.get(agency, self.own)

    def all(self) -> tuple[Vault, ...]:
        """Each once."""
        return (self.own, *self._theirs.values())
