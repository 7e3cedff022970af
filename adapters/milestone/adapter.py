"""The adapter `milestone`. Owns the order of calls, and what this interface does not offer."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from pydantic import ValidationError

from adapters.contract.capabilities import Capability
from adapters.contract.complaints import first_complaint
from adapters.contract.models import CameraRecord, HoldOrder, HoldReceipt, Rejection
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.lists.completing import CompletedAdapter, CompletedCameras
from adapters.milestone import mapping
from adapters.milestone.client import MilestoneClient
from adapters.milestone.config import MilestoneOptions
from adapters.milestone.holds import EvidenceLocks
from adapters.transport.http import GuardedClient


class MilestoneAdapter(CompletedAdapter):
    """One system. Footage, pictures and the state of cameras are not in this interface, and so not declared."""

    kind = "milestone"
    always = frozenset({Capability.HOLD})

    def __init__(self, client: MilestoneClient, lists: CompletedCameras, locks: EvidenceLocks) -> None:
        self._client = client
        super().__init__(lists)
        self._locks = locks

    async def recorded(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        seen: set[str] = set()
        async with aclosing(self._client.cameras()) as items:
            async for item in items:
                try:
                    record, problem = mapping.camera(item)
                except ValidationError as error:
                    yield Rejection(where=_name(item), reason=first_complaint(error))
                    continue
                if record.native_id in seen:
                    yield Rejection(where=_name(item), reason="listed twice: the first counts")
                    continue
                seen.add(record.native_id)
                yield record
                if problem is not None:
                    yield problem

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        """The interval as it is locked: this interface does not say what of it was recorded."""
        await self._client.camera(order.native_id)
        return await self._locks.place(order)

    async def release_hold(self, handle: str) -> None:
        await self._locks.release(handle)

    def list_holds(self) -> AsyncIterator[HoldReceipt]:
        return self._locks.all()

    async def aclose(self) -> None:
        await self._client.aclose()


def _name(item: Any) -> str:
    name = (item.get("displayName") or item.get("id")) if isinstance(item, dict) else None
    return f"camera {name}" if isinstance(name, str) and name else "camera"


def create(options: dict[str, Any], context: AdapterContext) -> MilestoneAdapter:
    """`Misconfigured` names every option that is wrong; the system is first called when listing."""
    parsed = parse_options(MilestoneOptions, options)
    client = MilestoneClient(
        http=GuardedClient(parsed, context),
        credentials=parsed.credentials(context.base_dir),
        token_path=parsed.token_path,
        client_id=parsed.client_id,
        now=context.now,
    )
    locks = EvidenceLocks(client, context.cache_dir / "evidence-locks.json")
    return MilestoneAdapter(client, CompletedCameras(parsed, context.base_dir), locks)
