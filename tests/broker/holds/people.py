"""What tests of holds do again and again."""

from datetime import datetime, timedelta
from typing import Any

from adapters.contract.models import Interval
from broker.holds import store
from broker.holds.models import Hold
from tests.world import LAST_MINUTES, NOW, SignedIn, TestBroker


async def order(
    officer: SignedIn, *cameras: str, interval: object = LAST_MINUTES, status: int = 201
) -> dict[str, Any]:
    """The first hold of an order, or the problem that it came to."""
    body = {"camera_ids": list(cameras), "interval": str(interval), "reason": "Seen live"}
    answer = await officer.post("/v1/holds", body)
    assert answer.status_code == status, answer.text
    answered: dict[str, Any] = answer.json()
    return dict(answered["holds"][0]) if status == 201 else answered


async def show(officer: SignedIn, hold_id: str) -> dict[str, Any]:
    answer = await officer.get(f"/v1/holds/{hold_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def in_ledger(broker: TestBroker, hold_id: str) -> Hold:
    hold = await broker.broker.ledger.read(lambda c: store.find(c, hold_id))
    assert hold is not None
    return hold


def minutes(start: float, end: float) -> Interval:
    """From so many to so many minutes after the clock's first moment."""
    return Interval(start=after(start), end=after(end))


def after(count: float) -> datetime:
    return NOW + timedelta(minutes=count)
