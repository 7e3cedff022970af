"""Every key that Entrevue uses in Redis, and what it holds.

| key | type | holds |
| --- | --- | --- |
| `{entrevue}:networks` | hash | network id → what its last synchronisation found, as JSON |
| `{entrevue}:network:ID:cameras` | hash | camera id → the camera as JSON |
| `{entrevue}:network:ID:digests` | hash | camera id → digest of what its network said of it |
| `{entrevue}:network:ID:places` | hash | place id → the place as JSON |
| `{entrevue}:network:ID:quarantine` | list | records that could not be used, by reason, as JSON |
| `{entrevue}:network:ID:confirmed` | string | an answer that an administrator takes for true, as JSON |
| `{entrevue}:network:ID:lease` | string | who runs the network's ingest, with expiry |
| `entrevue:calls:ID/ID/ID/1/minute` | string | parts of a minute's calls: sort, whose, and how many parts |
| `{entrevue}:identity` | string | tells this catalog from one begun anew after a loss |
| `{entrevue}:changes` | stream | what changed: `camera` ids, `report` or `places` of a network id, or `gazetteer` |
| `{entrevue}:wake` | list | wakes a worker |
"""

from typing import Final

TAG: Final = "{entrevue}"
"""Of every key of the catalog: in a cluster one node has them all, so that a script writes a network and tells of it in
one step. Calls are counted on any node."""

NETWORKS: Final = f"{TAG}:networks"
IDENTITY: Final = f"{TAG}:identity"
CHANGES: Final = f"{TAG}:changes"
WAKE: Final = f"{TAG}:wake"
CALLS: Final = "entrevue:calls"

CHANGES_KEPT: Final = 200_000
WAKES_KEPT: Final = 64


def network_cameras(network_id: str) -> str:
    return f"{TAG}:network:{network_id}:cameras"


def network_digests(network_id: str) -> str:
    return f"{TAG}:network:{network_id}:digests"


def network_places(network_id: str) -> str:
    return f"{TAG}:network:{network_id}:places"


def network_lease(network_id: str) -> str:
    return f"{TAG}:network:{network_id}:lease"


def network_quarantine(network_id: str) -> str:
    return f"{TAG}:network:{network_id}:quarantine"


def network_confirmed(network_id: str) -> str:
    return f"{TAG}:network:{network_id}:confirmed"
