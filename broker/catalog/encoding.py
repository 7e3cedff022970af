"""A camera as the catalog stores it: JSON without what is unknown, and the digest of what its network said of it.

A list of a million cameras is encoded from bare facts: a model for each would cost more than everything else. Both
ways give the same bytes; a test holds them together.
"""

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypedDict, get_args

import msgspec
from pydantic import BaseModel

from adapters.contract.capabilities import Capability
from adapters.contract.models import CameraKind, CameraStatus, Position, Stream, View
from broker.catalog.models import Camera

GONE: Final = "-"
"""Begins the digest of a camera that its network no longer lists: its next listing is a change."""

DIGEST_BYTES: Final = 12
OF_THE_BROKER: Final = frozenset({"status_since", "vanished_at"})
"""What the broker adds to what the network says."""


class CameraFacts(TypedDict, total=False):
    """Fields of `broker.catalog.models.Camera` that a list gives; what is unknown is absent."""

    id: str
    network: str
    agency: str
    name: str
    kind: CameraKind
    position: Position
    place: str
    place_name: str
    place_position: Position
    level: str
    views: tuple[View, ...]
    streams: tuple[Stream, ...]
    status: CameraStatus
    retention_days: float
    tags: tuple[str, ...]
    offers: tuple[Capability, ...]
    clock_offset_ms: float


class WrittenCamera(NamedTuple):
    """A camera for the store."""

    id: str
    digest: str
    body: bytes


class EarlierCamera(msgspec.Struct, gc=False):
    """What the next round needs to know of a stored camera."""

    id: str
    status: str = CameraStatus.UNKNOWN.value
    status_since: datetime | None = None
    vanished_at: datetime | None = None


def _known(value: Any) -> dict[str, Any]:
    """A model's fields that differ from their defaults, for the encoder."""
    if not isinstance(value, BaseModel):
        raise NotImplementedError(f"{type(value).__name__} has no place in a stored camera")
    defaults = _defaults(type(value))
    if defaults is None:
        return {name: fact for name, fact in value.__dict__.items() if fact is not None}
    return {name: fact for name, fact in value.__dict__.items() if fact != defaults.get(name, _REQUIRED)}


_REQUIRED: Final = object()
"""Equals no value of a field."""


@lru_cache(maxsize=64)
def _defaults(model: type[BaseModel]) -> dict[str, Any] | None:
    """What may be left out of each field; None where that is what is None, which is seen faster."""
    fields = model.model_fields
    defaults = {name: field.default for name, field in fields.items() if not field.is_required()}
    stated = any(type(None) in get_args(field.annotation) for field in fields.values() if field.is_required())
    return defaults if stated or any(default is not None for default in defaults.values()) else None


_encode: Final = msgspec.json.Encoder(enc_hook=_known).encode
_earlier: Final = msgspec.json.Decoder(EarlierCamera).decode


def said_of(facts: CameraFacts) -> bytes:
    """What a network says of a camera, in the order in which its facts were put together."""
    return _encode(facts)


def digest_of(said: bytes) -> str:
    """Changes when anything that the network says of the camera changes."""
    return hashlib.blake2b(said, digest_size=DIGEST_BYTES).hexdigest()


def with_since(said: bytes, since: datetime) -> bytes:
    """The stored body of a listed camera: what is said of it, and since when its status is what it is."""
    return said[:-1] + b',"status_since":' + _encode(since) + b"}"


def written(camera: Camera) -> WrittenCamera:
    """The camera as it is stored; vanished where it is marked so."""
    said = _known(camera)
    digest = digest_of(_encode({name: said[name] for name in said if name not in OF_THE_BROKER}))
    return WrittenCamera(camera.id, GONE + digest if camera.vanished_at else digest, _encode(said))


def earlier(body: str | bytes) -> EarlierCamera:
    """A stored camera, as far as the next round needs it."""
    return _earlier(body)
