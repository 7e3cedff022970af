"""Divides an entry into what each agency may know of it, when it is written: nothing is worked out at reading.

The agency whose officer acted knows all of it; of what was refused, not whose the thing was: it may be hidden because
it exists, or it may not exist. Every other agency that the entry concerns knows what is its own:

- a camera or a place is of whom `whose` names under `network:`, how its id begins, and of nobody else;
- clips' names and digests, and legal bases that `whose` does not name, go with everyone whom the entry concerns;
- any other id goes to whom `whose` names, else to the entry's one owner, and to nobody where it has several.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from broker.audit.models import NewEntry, Verdict
from broker.audit.texts import PartContent

HOST_PART: Final = "@host"
"""Stands for the agency in the part of what the host itself did; no agency can have this id, and none reads it."""

_CLIP: Final = re.compile(r"\d+\.\d+|[0-9a-f]{64}")
"""A clip's name or digest: an entry that has one is about one owner's item alone."""
_NOBODY: Final[tuple[str, ...]] = ()


def parts_of(entry: NewEntry) -> list[PartContent]:
    """One part for the actor, and one for each other agency that the entry concerns."""
    actor, owners = entry.agency, tuple(dict.fromkeys(entry.owners))
    own = owners
    if actor is not None and entry.decision is Verdict.DENIED:
        own = (actor,) if actor in owners else _NOBODY
    parts = [
        PartContent(
            HOST_PART if actor is None else actor,
            entry.basis,
            entry.objects,
            own,
            entry.query,
            entry.recipient,
            entry.request_id,
        )
    ]
    others = [owner for owner in owners if owner != actor]
    if others:
        parts += _Division(entry, owners).parts(others)
    return parts


class _Division:
    """Says of each id in an entry whose it is; a network is looked up once, however many cameras it has there."""

    def __init__(self, entry: NewEntry, owners: tuple[str, ...]) -> None:
        self._entry = entry
        self._everyone = owners
        self._other = owners if len(owners) == 1 else _NOBODY

    def parts(self, agencies: list[str]) -> list[PartContent]:
        entry = self._entry
        objects = self._divided(entry.objects, agencies)
        bases = self._divided(entry.basis, agencies, is_basis=True)
        about = entry.request_id
        names_things = entry.query is not None and any(isinstance(v, list) for v in entry.query.values())
        told = _NOBODY if about is None else self._holders(about)
        return [
            PartContent(
                agency,
                tuple(bases[agency]),
                tuple(objects[agency]),
                (agency,),
                self._of_query(entry.query, agency) if entry.query and names_things else entry.query,
                entry.recipient,
                about if agency in told else None,
            )
            for agency in agencies
        ]

    def _divided(
        self, names: tuple[str, ...], agencies: list[str], *, is_basis: bool = False
    ) -> dict[str, list[str]]:
        divided: dict[str, list[str]] = {agency: [] for agency in agencies}
        of_network: dict[str, list[Callable[[str], None]]] = {}
        for name in names:
            network, colon, _ = name.partition(":")
            is_of_network = bool(colon) and not is_basis
            adders = of_network.get(network) if is_of_network else None
            if adders is None:
                holders = self._whose(name, network, colon, is_basis)
                adders = [divided[holder].append for holder in holders if holder in divided]
                if is_of_network:
                    of_network[network] = adders
            for add in adders:
                add(name)
        return divided

    def _whose(self, name: str, network: str, colon: str, is_basis: bool) -> tuple[str, ...]:
        if colon:
            return self._entry.whose.get(name, self._everyone) if is_basis else self._of_network(network)
        if not is_basis and name not in self._entry.whose and _CLIP.fullmatch(name):
            return self._everyone
        return self._holders(name)

    def _holders(self, name: str) -> tuple[str, ...]:
        return self._entry.whose.get(name, self._other)

    def _of_network(self, network: str) -> tuple[str, ...]:
        return self._entry.whose.get(f"{network}:", _NOBODY)

    def _of_query(self, query: Mapping[str, Any], agency: str) -> dict[str, Any]:
        """The question, with the agency's own of the cameras that it names."""
        return {
            name: [word for word in value if self._is_shown(word, agency)]
            if isinstance(value, list)
            else value
            for name, value in query.items()
        }

    def _is_shown(self, word: object, agency: str) -> bool:
        if not isinstance(word, str):
            return True
        network, colon, _ = word.partition(":")
        return not colon or agency in self._of_network(network)
