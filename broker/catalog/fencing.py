"""Writes that happen only while a lease is the writer's: one step in the server, all of them or none.

A runner that was paused, or whose lease could not be renewed in time, may still believe that a network is its own;
its writes are refused where they arrive. https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

Command = Sequence[str | int]
_pack: Final = msgspec.msgpack.Encoder().encode

ARGUMENTS_AT_MOST: Final = 6_000
"""Of one command: Lua passes under 8,000 values at once."""

FENCED: Final = """
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for _, command in ipairs(cmsgpack.unpack(ARGV[2])) do redis.call(unpack(command)) end
return 1
"""
"""Without a token, for whoever has no rival. The commands come as one value: packing each word of thousands for the
wire costs more than all else of a write."""

TAKE_OR_RENEW: Final = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
"""One step in the server: between two calls of ours, the lease could pass to another process."""

RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
"""Never takes: a lease that was lost is another's, also where that one has ended meanwhile."""

DROP_OWN: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


@dataclass(frozen=True)
class Lease:
    """The right to run a network's ingest. `token` is one acquisition's, never used for another."""

    network: str
    token: str


class LeaseLost(Exception):
    """The network is another runner's by now. Nothing was written."""


def packed(commands: Iterable[Command]) -> bytes:
    """The commands as the script takes them; the server's MessagePack knows texts, and no bytes."""
    return _pack(list(commands))
