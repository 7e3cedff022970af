"""How long a list of requests takes while very many are open, filtered and in either order.

    python -m benchmarks.requests [--requests 10000] [--rounds 30]

A ledger in SQLite holds that many open requests of one to three cameras of two owners, by forty investigators, each
with its hold. Counted is what the service does for one page of fifty, its entry in the log included, which is durable
before the page is there. There are no peers: nobody else keeps such a list.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from adapters.contract.models import CameraKind, Interval
from broker.agencies.models import Caller, NewOfficer, Officer, Role
from broker.app import Host, build
from broker.catalog.connection import client_of_url
from broker.catalog.models import Camera
from broker.catalog.store import CatalogStore
from broker.clock import SystemClock
from broker.holds import store as holds
from broker.holds.models import HoldInterval, NewHold
from broker.identifiers import Identifiers, RandomIdentifiers
from broker.requests import store
from broker.requests.deadlines import Deadline, Limit
from broker.requests.models import Filter, LegalBasis, NewItem, Signatory, Submission
from broker.requests.states import ItemState, RequestState
from broker.settings import Settings
from broker.stores import open_ledger

OWNERS: Final = ("metro", "rail")
INVESTIGATORS: Final = 40
CASES: Final = 25
AT_ONCE: Final = 500


def main() -> None:
    """Prints one JSON object a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    chosen = parser.parse_args()
    for row in asyncio.run(measure(chosen.requests, chosen.rounds)):
        print(json.dumps(row, ensure_ascii=False), flush=True)


async def measure(count: int, rounds: int) -> list[dict[str, object]]:
    """A row for each list."""
    with tempfile.TemporaryDirectory(prefix="benchmark-requests-") as name:
        settings = _settings(Path(name))
        host = Host(SystemClock(), RandomIdentifiers(), random.Random(7))  # noqa: S311  # only jitter
        async with open_ledger(settings) as ledger:
            # a list of requests asks nothing of the catalog: nobody listens at this address
            broker = build(settings, host, ledger, CatalogStore(client_of_url("redis://127.0.0.1:9")))
            await broker.services.agreements.seed(settings)
            people = [await _officer(broker, "police", Role.INVESTIGATOR) for _ in range(INVESTIGATORS)]
            custodian = await _officer(broker, "rail", Role.CUSTODIAN)
            fill = _Fill(people, host.identifiers)
            for start in range(0, count, AT_ONCE):
                await ledger.write(lambda c, s=start: fill.write(c, range(s, min(s + AT_ONCE, count))))  # type: ignore[misc]
            rows = []
            for case, caller, wanted in _lists(custodian, people[0]):
                times = [await _timed(broker, caller, wanted) for _ in range(rounds)]
                rows.append(_row(f"{case}, {count} open", times))
            await broker.recorders.aclose()
            await broker.services.identity.client.aclose()
            return rows


def _lists(custodian: Officer, investigator: Officer) -> Iterator[tuple[str, Officer, dict[str, Any]]]:
    yield "newest of an owner's", custodian, {}
    yield "most pressing of an owner's", custodian, {"to_decide": True}
    yield "most pressing, far down", custodian, {"to_decide": True, "after": (_far(), "req_0")}
    yield "an owner's of a state", custodian, {"state": RequestState.PENDING}
    yield "an owner's of a case", custodian, {"case_ref": "PV-7"}
    yield "an investigator's own", investigator, {"mine": True}
    yield "an investigator's own at an owner", investigator, {"mine": True, "owner": "metro"}


def _far() -> datetime:
    return datetime.now(UTC) + timedelta(days=5)


def _settings(folder: Path) -> Settings:
    return Settings(
        base_dir=folder,
        broker={"data": folder / "data"},
        agency=[{"id": agency, "name": agency} for agency in (*OWNERS, "police")],
        network=[{"id": f"{owner}-net", "agency": owner, "adapter": "camera_list"} for owner in OWNERS],
    )


async def _officer(broker: Any, agency: str, role: Role) -> Officer:
    added, _ = await broker.services.officers.add_officer(
        NewOfficer(
            agency=agency,
            name="Benchmark",
            service="Benchmarks",
            personnel_number=f"B-{time.monotonic_ns()}",
            roles=frozenset({role}),
            designated_by="benchmark",
        )
    )
    found: Officer = added
    return found


class _Fill:
    """Writes open requests as submitting does."""

    def __init__(self, people: list[Officer], identifiers: Identifiers) -> None:
        self._people = people
        self._identifiers = identifiers
        self._random = random.Random(11)  # noqa: S311  # only a made-up world
        self._now = datetime.now(UTC)

    def write(self, connection: Connection, numbers: range) -> None:
        for n in numbers:
            self._request(connection, n)

    def _request(self, connection: Connection, n: int) -> None:
        officer = self._people[n % INVESTIGATORS]
        request_id, chance = self._identifiers.new("req"), self._random
        at = self._now - timedelta(minutes=chance.uniform(0, 7 * 24 * 60))
        interval = Interval(start=at - timedelta(minutes=10), end=at - timedelta(minutes=5))
        items = tuple(self._item(m, at, interval) for m in range(1, chance.randint(1, 3) + 1))
        submission = Submission(
            case_ref=f"PV-{chance.randrange(CASES)}",
            purpose="judicial_inquiry",
            legal_basis=LegalBasis(kind="judicial_requisition", reference="R-1"),
            reason="Theft",
            items=(),
        )
        who = Signatory(
            officer_id=officer.id,
            agency=officer.agency,
            service=officer.service,
            personnel_number=officer.personnel_number,
            name=officer.name,
        )
        store.insert_request(connection, request_id, who, submission, items, at)
        holds.order(connection, (self._hold(request_id, officer, item) for item in items), at)

    def _item(self, n: int, at: datetime, interval: Interval) -> NewItem:
        owner = self._random.choice(OWNERS)
        camera = Camera(
            id=f"{owner}-net:{self._random.randrange(10_000)}",
            network=f"{owner}-net",
            agency=owner,
            name="Hall",
            kind=CameraKind.FIXED,
        )
        return NewItem(
            n=n,
            camera=camera,
            requested=interval,
            state=ItemState.PENDING,
            agreement_id=None,
            agreement_version=None,
            approvals_needed=1,
            audio=False,
            needs_document=False,
            has_hold=False,
            hold_id=self._identifiers.new("hold"),
            hold_until=None,
            overwrite_at=at + timedelta(days=self._random.uniform(1, 30)),
            deadline=Deadline(at + timedelta(days=7), Limit.BROKER),
        )

    def _hold(self, request_id: str, officer: Officer, item: NewItem) -> NewHold:
        return NewHold(
            id=item.hold_id,
            camera=item.camera,
            interval=HoldInterval.of(item.requested),
            reason="Theft",
            agency=officer.agency,
            officer_id=officer.id,
            purpose="judicial_inquiry",
            case_ref=None,
            judicial=True,
            until=None,
            request_id=request_id,
            n=item.n,
        )


async def _timed(broker: Any, officer: Officer, wanted: dict[str, Any]) -> float:
    caller = Caller(
        officer=officer,
        token_id="tok_1",  # noqa: S106  # no secret
        designated=True,
        purpose="judicial_inquiry",
        case_ref="PV-1",
    )
    began = time.perf_counter()
    found, _ = await broker.services.requests.list_requests(
        caller, Filter(view_requester=None, view_owner=None, limit=50, **wanted)
    )
    took = time.perf_counter() - began
    if not found:
        raise RuntimeError(f"nothing was found by {wanted}")
    return took


def _row(case: str, times: list[float]) -> dict[str, object]:
    return {
        "case": case,
        "ours": round(statistics.median(times) * 1000, 1),
        "worst": round(max(times) * 1000, 1),
        "unit": "ms",
        "peers": {},
        "ratio": None,
        "absent": [],
    }


if __name__ == "__main__":
    main()
