"""What people do with requests over HTTP, and what the ledger says afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.contract.models import Interval
from broker.requests import store
from broker.requests.models import Request
from broker.requests.states import FINAL_REQUESTS
from tests.world import LAST_MINUTES, SignedIn, TestBroker, submission

OWNER_INTERNAL = {"kind": "owner_internal", "reference": "O-1"}


async def submit(
    officer: SignedIn, *cameras: str, interval: Interval = LAST_MINUTES, judicial: bool = True, **more: Any
) -> dict[str, Any]:
    """Submits and returns the body of the 201."""
    if not judicial:
        more["legal_basis"] = OWNER_INTERNAL
    answer = await officer.post("/v1/requests", submission(cameras, interval, **more))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def decide(
    officer: SignedIn, verb: str, request_id: str, *items: dict[str, Any], **headers: str
) -> Any:
    """The answer to approve, deny or cancel."""
    body: dict[str, Any] = {"reason": "Because"}
    if items:
        body["items"] = list(items)
    return await officer.post(f"/v1/requests/{request_id}/{verb}", body, None, **headers)


async def shown(officer: SignedIn, request_id: str) -> dict[str, Any]:
    answer = await officer.get(f"/v1/requests/{request_id}", None)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def in_ledger(broker: TestBroker, request_id: str) -> Request:
    request = await broker.broker.ledger.read(lambda c: store.find(c, request_id))
    assert request is not None
    return request


async def work_to_the_end(broker: TestBroker, request_id: str) -> Request:
    """Lets time pass and works until the request is finished and sealed, or nothing moves it any more."""
    for _ in range(30):
        await broker.work()
        request = await in_ledger(broker, request_id)
        if request.state in FINAL_REQUESTS and request.sealed_at is not None:
            return request
        broker.clock.advance(seconds=301)
    return await in_ledger(broker, request_id)


async def vault_files(broker: TestBroker, prefix: str) -> set[str]:
    return {entry.key async for entry in broker.broker.vault.entries(prefix)}


def scratch_files(broker: TestBroker) -> list[Path]:
    return list((broker.broker.services.settings.broker.data / "scratch").rglob("*"))


async def agree(broker: TestBroker, custodian: SignedIn, **terms: Any) -> None:
    """The railway's agreement with the police, anew with these terms."""
    agreements = broker.broker.services.agreements
    known = next(a for a in await agreements.list_agreements() if a.id == "rail-police")
    assert (await custodian.post("/v1/agreements/rail-police/end", {})).status_code == 200
    await agreements.propose("rail-police", known.terms.model_copy(update=terms), None)
    assert (await custodian.post("/v1/agreements/rail-police/activate", {})).status_code == 200


def until_files_have_settled(broker: TestBroker) -> dict[str, float]:
    """How far the clock goes so that files that were just written are older than a day."""
    settled = datetime.now(UTC) + timedelta(days=1, minutes=1)
    return {"seconds": max((settled - broker.clock.now()).total_seconds(), 0.0)}
