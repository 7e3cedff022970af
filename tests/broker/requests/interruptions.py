"""Cuts a worker's work short at a chosen call to the ledger, the vault or a recorder."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any

import pytest

from broker.errors import Problem
from tests.world import TestBroker


class Blow(StrEnum):
    """How the call ends: the worker dies before it, right after it took effect, or the store refuses it."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    REFUSED = "refused"


class Interruption:
    """Counts calls and strikes at the `at`-th."""

    def __init__(self, at: int, blow: Blow) -> None:
        self.at = at
        self.blow = blow
        self.calls: list[str] = []
        self.worker: asyncio.Task[Any] | None = None

    @property
    def struck(self) -> bool:
        return len(self.calls) >= self.at

    def counted(self, name: str) -> bool:
        """Whether this call is the one."""
        self.calls.append(name)
        return len(self.calls) == self.at

    def call(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*args: Any, **named: Any) -> Any:
            if not self.counted(name):
                return await real(*args, **named)
            if self.blow is Blow.REFUSED:
                raise Problem("ledger_unavailable", "refused on purpose")
            if self.blow is Blow.DIES_AFTER:
                await real(*args, **named)
            return await self._die()

        return wrapped

    def stream(self, name: str, real: Callable[..., AsyncIterator[Any]]) -> Callable[..., Any]:
        async def wrapped(*args: Any, **named: Any) -> AsyncIterator[Any]:
            async for message in real(*args, **named):
                if self.counted(name):
                    if self.blow is Blow.REFUSED:
                        raise Problem("vault_unavailable", "refused on purpose")
                    await self._die()
                yield message

        return wrapped

    async def _die(self) -> None:
        assert self.worker is not None
        self.worker.cancel()
        await asyncio.Event().wait()


@contextmanager
def interrupted(broker: TestBroker, interruption: Interruption) -> Any:
    """The interruption is armed inside the block only."""
    with pytest.MonkeyPatch.context() as patch:
        ledger, vault = broker.broker.ledger, broker.broker.vault
        patch.setattr(ledger, "write", interruption.call("write", ledger.write))
        patch.setattr(ledger, "read", interruption.call("read", ledger.read))
        patch.setattr(vault, "put_file", interruption.call("put", vault.put_file))
        patch.setattr(vault, "get_file", interruption.call("get", vault.get_file))
        patch.setattr(vault, "keep_only", interruption.call("keep_only", vault.keep_only))
        for recorder in (broker.rail, broker.metro):
            for name in ("place_hold", "release_hold", "list_spans", "read_clock"):
                patch.setattr(recorder, name, interruption.call(name, getattr(recorder, name)))
            patch.setattr(
                recorder, "open_footage", interruption.stream("open_footage", recorder.open_footage)
            )
        yield


async def work_until_struck(broker: TestBroker, interruption: Interruption) -> None:
    """Works off what is due until the blow falls or nothing is due any more."""
    with interrupted(broker, interruption):
        interruption.worker = asyncio.create_task(broker.work())
        await asyncio.wait({interruption.worker})
    with suppress(asyncio.CancelledError, Problem):
        interruption.worker.result()
