"""Stores that are away for a while: what starts waits for them, what runs goes on afterwards, and nothing is lost."""

from collections.abc import Iterator

import pytest

from tests.journeys.deployments import Apart
from tests.journeys.processes import Machine, eventually
from tests.journeys.recorders import add_staff, make_world
from tests.journeys.test_kills import Journey, check


@pytest.fixture
def apart(machine: Machine) -> Iterator[Apart]:
    deployment = Apart(machine, make_world(machine.folder))
    yield deployment
    deployment.close()


def test_what_starts_before_its_ledger_waits_for_it(apart: Apart) -> None:
    apart.stop_ledger()
    waiting = apart.machine.start("worker", "--config", str(apart.world.configuration))
    eventually("it says that it waits", lambda: "a store is waited for" in waiting.errors.read_text())
    assert waiting.process.poll() is None
    apart.start_ledger()
    assert waiting.first_line() == "carrying out due work"
    assert waiting.stop() == 0


def test_a_ledger_that_is_away_and_an_emptied_catalog_in_mid_work_cost_time_only(apart: Apart) -> None:
    staff = add_staff(apart.world)
    apart.start()
    journey = Journey(apart, staff, 1)
    journey.submit()
    apart.stop_ledger()
    answer = staff.at(apart.url, "police.operator").get("/v1/cameras", lat=48.8809, lon=2.3553, radius_m=300)
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger_unavailable")
    apart.start_ledger()
    apart.empty_catalog()
    journey.decide()
    journey.finish()
    check(journey, apart)

    def found() -> bool:
        asked = staff.at(apart.url, "police.operator").get(
            "/v1/cameras", lat=48.8809, lon=2.3553, radius_m=300
        )
        return asked.status_code == 200 and len(asked.json()["features"]) >= 5

    eventually("the catalog is full again after a refresh", found)
    apart.stop()
