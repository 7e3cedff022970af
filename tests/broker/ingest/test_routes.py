"""`GET /v1/networks` tells those who run networks how they do, and nobody else anything."""

from datetime import timedelta

import pytest

from adapters.contract.errors import Unreachable
from adapters.contract.models import Rejection
from broker.agencies.models import Role
from tests.world import TestBroker


async def test_a_network_says_what_its_last_synchronisation_found(broker: TestBroker) -> None:
    broker.rail.cameras.append(Rejection(where="cameras.csv row 5", reason="no position"))
    broker.clock.advance(seconds=30)
    await broker.synchronise()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    answer = await custodian.get("/v1/networks")
    assert answer.status_code == 200
    assert answer.json() == {
        "links": [],
        "networks": [
            {
                "id": "rail-cctv",
                "agency": "rail",
                "adapter": "rail-cctv",
                "refresh_s": 60.0,
                "synchronised_at": "2026-06-15T12:00:30Z",
                "succeeded_at": "2026-06-15T12:00:30Z",
                "stale": False,
                "found": 3,
                "added": 0,
                "changed": 0,
                "vanished": 0,
                "rejected": 1,
                "reasons": ["cameras.csv row 5: no position"],
                "error": None,
            }
        ],
    }


async def test_a_failing_network_says_why_and_since_when_it_is_stale(broker: TestBroker) -> None:
    broker.rail.failing["list_cameras"] = Unreachable("no route to the recorder")
    broker.clock.advance(seconds=121)
    await broker.broker.ingest.synchronise("rail-cctv")
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    (network,) = (await custodian.get("/v1/networks")).json()["networks"]
    assert network["error"] == "unreachable: no route to the recorder"
    assert network["stale"] is True
    assert network["succeeded_at"] == "2026-06-15T12:00:00Z"
    assert network["synchronised_at"] == "2026-06-15T12:02:01Z"


async def test_a_network_that_was_never_looked_at_has_no_counts(broker: TestBroker) -> None:
    await broker.broker.catalog.forget("rail-cctv")
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    (network,) = (await custodian.get("/v1/networks")).json()["networks"]
    assert network["stale"] is True
    assert network["found"] is network["synchronised_at"] is network["error"] is None


@pytest.mark.parametrize(
    ("agency", "role", "seen"),
    [
        ("rail", Role.CUSTODIAN, ["rail-cctv"]),
        ("police", Role.CUSTODIAN, ["police-list"]),
        ("town", Role.CUSTODIAN, []),
        ("town", Role.ADMINISTRATOR, ["metro-cctv", "police-list", "rail-cctv"]),
        ("rail", Role.OPERATOR, []),
        ("rail", Role.INVESTIGATOR, []),
        ("rail", Role.AUDITOR, []),
        ("rail", Role.DPO, []),
    ],
)
async def test_networks_are_shown_to_administrators_and_their_own_custodians(
    broker: TestBroker, agency: str, role: Role, seen: list[str]
) -> None:
    officer = await broker.officer(agency, role)
    answer = await officer.get("/v1/networks")
    assert [network["id"] for network in answer.json()["networks"]] == seen


async def test_without_a_token_no_network_is_shown(broker: TestBroker) -> None:
    answer = await broker.http.get("/v1/networks")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


async def test_a_designation_that_ended_shows_no_network(broker: TestBroker) -> None:
    officer = await broker.officer("rail", Role.CUSTODIAN, until=broker.clock.now() + timedelta(hours=1))
    assert len((await officer.get("/v1/networks")).json()["networks"]) == 1
    broker.clock.advance(hours=1)
    assert (await officer.get("/v1/networks")).json().get("networks", []) == []
