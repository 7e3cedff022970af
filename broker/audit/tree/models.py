"""What is said of the tree and what is proven by it."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class StoredCheckpoint(NamedTuple):
    """A signed note of the tree at a size, as it is stored: without cosignatures."""

    size: int
    at: datetime
    note: str


class Standing(NamedTuple):
    """How far the tree is: how many entries there are, how many the newest checkpoint covers, and since when it does;
    None before the first."""

    entries: int
    size: int
    at: datetime | None


class InclusionProof(BaseModel):
    """That an entry's leaf stands at `index`, its sequence less one, of the tree of `size`. Hashes in hexadecimal."""

    model_config = ConfigDict(frozen=True)

    index: int
    size: int
    leaf_hash: str
    hashes: tuple[str, ...]


class ConsistencyProof(BaseModel):
    """That the tree of `second` entries begins with that of `first`. Hashes in hexadecimal."""

    model_config = ConfigDict(frozen=True)

    first: int
    second: int
    hashes: tuple[str, ...]
