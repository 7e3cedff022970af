"""`kill -9` at random points of full journeys: everything acknowledged finishes, nothing is lost or left over.

One broker lives through all points. At each, officers carry a request over two owners from submission to the
fetched bundle, as clients that repeat a call until it is answered; meanwhile one part of the broker, or one of its
stores, is killed after a random time and started again. With all on one machine those are `serve` (API, ingest and a
worker), another worker and Valkey; apart they are API, ingest, two workers, PostgreSQL, a Valkey without a disc.
"""

import hashlib
import random
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import pytest

from tests.journeys.callers import FINAL, Officer, submission
from tests.journeys.deployments import Apart, Deployment, Together
from tests.journeys.processes import Machine, eventually
from tests.journeys.recorders import Staff, World, add_staff, asked, make_world, serve

POINTS = 10
"""On each of the two deployments."""
SOAK_POINTS = 300
SEED = 20260615
JOURNEY_S = 1.6
"""About how long a journey takes that nobody disturbs: kills fall anywhere in it."""


@dataclass
class Journey:
    """One request's way, by clients that repeat what was not answered."""

    broker: Deployment
    staff: Staff
    number: int
    acknowledged: list[str] = field(default_factory=list)
    bundle: bytes = b""
    shown: dict[str, Any] = field(default_factory=dict)

    def _officer(self, name: str, purpose: str | None = "judicial_inquiry") -> Officer:
        return self.staff.at(self.broker.url, name, purpose)

    def _answer(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        """Repeats the call until a broker answers it."""

        def answered() -> httpx.Response | None:
            try:
                answer = call()
            except httpx.TransportError:
                return None
            return answer if answer.status_code < 500 else None

        return eventually("an answer", answered)

    def submit(self) -> None:
        first_s = 2.0 + self.number % 20
        body = submission(
            {
                "rail-cctv:person": asked(first_s, first_s + 4),
                "metro-cctv:car": asked(first_s, first_s + 4.5),
            },
            basis="owner_internal",
        )
        key = {"Idempotency-Key": f"journey-{self.number}"}

        def made() -> str | None:
            answer = self._answer(
                lambda: self._officer("police.investigator").post("/v1/requests", body, **key)
            )
            # the catalog of a broker that has just started is empty until its first synchronisation
            if answer.status_code == 422 and answer.json()["code"] == "camera_unknown":
                return None
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        self.acknowledged.append(eventually("the request is taken", made))

    def decide(self) -> None:
        path, body = f"/v1/requests/{self.acknowledged[0]}/approve", {"reason": "Checked"}

        def approve(owner: str) -> httpx.Response:
            return self._answer(lambda: self._officer(f"{owner}.custodian", None).post(path, body))

        for owner in ("rail", "metro"):
            answer = approve(owner)
            # an approval whose answer was lost is not pending any more when it is repeated
            assert answer.status_code in (200, 409), answer.text

    def finish(self) -> None:
        path = f"/v1/requests/{self.acknowledged[0]}"

        def final() -> dict[str, Any] | None:
            body: dict[str, Any] = self._answer(lambda: self._officer("police.investigator").get(path)).json()
            return body if body["state"] in FINAL else None

        self.shown = eventually("the request is finished", final)
        fetched = self._answer(lambda: self._officer("police.investigator").get(f"{path}/bundle.zip"))
        assert fetched.status_code == 200, fetched.text
        self.bundle = fetched.content

    def run(self) -> None:
        self.submit()
        self.decide()
        self.finish()


def carry_through(broker: Deployment, staff: Staff, number: int, chance: random.Random) -> Journey:
    """A journey in a thread of its own while something is killed at a random point of it."""
    journey, failed = Journey(broker, staff, number), list[BaseException]()

    def run() -> None:
        try:
            journey.run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    after_s, what = chance.uniform(0, JOURNEY_S), chance.choice(broker.victims)
    killed_at = time.monotonic() + after_s
    thread.start()
    while time.monotonic() < killed_at:
        thread.join(max(0.0, killed_at - time.monotonic()))
    broker.kill_and_restart(what)
    thread.join()
    if failed:
        raise AssertionError(f"point {number}: {what} killed after {after_s:.3f} s") from failed[0]
    return journey


def check(journey: Journey, broker: Deployment) -> None:
    """Delivered once, the same bytes in ledger, vault and bundle."""
    (request_id,) = journey.acknowledged
    assert journey.shown["state"] == "completed", journey.shown
    told = {clip["name"]: clip["sha256"] for item in journey.shown["items"] for clip in item["clips"]}
    assert set(told) == {"1.1", "2.1"}
    rows = broker.rows("SELECT n, part, vault_key, sha256 FROM clips WHERE request_id = :id", id=request_id)
    assert broker.rows("SELECT case_ref FROM requests WHERE id = :id", id=request_id) == [("PV-2026-118",)]
    assert {f"{n}.{part}": sha256 for n, part, _, sha256 in rows} == told
    with zipfile.ZipFile(BytesIO(journey.bundle)) as bundle:
        for n, part, key, sha256 in rows:
            assert hashlib.sha256(broker.kept(key)).hexdigest() == sha256
            assert hashlib.sha256(bundle.read(f"clips/{n}.{part}.mp4")).hexdigest() == sha256
    for action in ("submit_request", "decide_approved", "make_clips", "seal_request", "fetch_bundle"):
        logged = broker.rows(
            "SELECT count(DISTINCT e.sequence) FROM audit_entries e JOIN audit_parts p ON p.sequence = e.sequence "
            "WHERE p.request_id = :id AND e.action = :action",
            id=request_id,
            action=action,
        )
        assert logged[0][0] >= 1, action


def live_through(machine: Machine, deployment: type[Deployment], points: int) -> None:
    world = make_world(machine.folder)
    broker = deployment(machine, world)
    try:
        _live_through(broker, world, points)
    finally:
        broker.close()


def _live_through(broker: Deployment, world: World, points: int) -> None:
    staff = add_staff(world)
    broker.start()
    chance = random.Random(SEED)  # noqa: S311 - the same points in every run
    calm = Journey(broker, staff, 0)
    calm.run()
    check(calm, broker)
    journeys = [calm, *(carry_through(broker, staff, n, chance) for n in range(1, points + 1))]
    for journey in journeys:
        check(journey, broker)
    eventually("no hold is left at a recorder", lambda: not world.holds())
    assert broker.rows("SELECT count(*) FROM requests") == [(points + 1,)], (
        "a repeated submission made a second"
    )
    unfinished = "SELECT id, state FROM holds WHERE state NOT IN ('released', 'expired', 'failed')"
    eventually("no hold is open in the ledger", lambda: not broker.rows(unfinished))
    last = broker.rows("SELECT count(*), max(sequence) FROM audit_entries")[0]
    assert last[0] == last[1], "the log has a gap"
    broker.stop()
    broker.machine.wait_until_empty()
    serving, _ = serve(broker.machine, world)  # a start removes what killed processes left
    scratch = world.data / "scratch"
    assert not scratch.exists() or not list(scratch.iterdir())
    assert serving.stop() == 0
    verified = broker.machine.run("audit", "verify", "--config", str(world.configuration), timeout_s=600)
    assert verified.returncode == 0, verified.stdout + verified.stderr


DEPLOYMENTS = pytest.mark.parametrize("deployment", [Together, Apart], ids=["together", "apart"])


@DEPLOYMENTS
def test_kills_at_random_points_lose_nothing_and_leave_nothing(
    machine: Machine, deployment: type[Deployment]
) -> None:
    live_through(machine, deployment, POINTS)


@DEPLOYMENTS
@pytest.mark.soak
def test_kills_at_300_random_points_lose_nothing_and_leave_nothing(
    machine: Machine, deployment: type[Deployment]
) -> None:
    live_through(machine, deployment, SOAK_POINTS)
