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
    (network,) = answer.json()["networks"]
    assert "2026-06-15T12:01:27" <= network["next_attempt_at"] <= "2026-06-15T12:01:34"
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
                "failures": 0,
                "failing_since": None,
                "breaker": "closed",
                "next_attempt_at": network["next_attempt_at"],
                "held": None,
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


async def test_a_network_that_fails_says_how_often_since_when_and_when_it_is_tried_again(
    broker: TestBroker,
) -> None:
    broker.rail.failing["list_cameras"] = Unreachable("no route to the recorder")
    for _ in range(5):
        await broker.broker.ingest.synchronise("rail-cctv")
    administrator = await broker.officer("town", Role.ADMINISTRATOR)
    shown = {n["id"]: n for n in (await administrator.get("/v1/networks")).json()["networks"]}
    rail, police = shown["rail-cctv"], shown["police-list"]
    assert (rail["breaker"], rail["failures"], rail["failing_since"]) == ("open", 5, "2026-06-15T12:00:00Z")
    assert "2026-06-15T12:02" <= rail["next_attempt_at"] <= "2026-06-15T12:03"
    assert (police["breaker"], police["failures"], police["failing_since"]) == ("closed", 0, None)
    told = (await broker.http.get("/metrics")).text
    assert 'entrevue_network_breaker_open{network="rail-cctv"} 1.0' in told
    assert 'entrevue_network_breaker_open{network="police-list"} 0.0' in told
    assert 'entrevue_network_failures{network="rail-cctv"} 5.0' in told


async def test_bad_records_are_shown_by_reason_with_their_number_and_since_when(broker: TestBroker) -> None:
    bad = [Rejection(where=f"cameras.csv row {n}", reason="no position") for n in range(12)]
    broker.rail.cameras += [*bad, Rejection(where="cameras.csv row 99", reason="has no id")]
    await broker.synchronise()
    broker.clock.advance(hours=1)
    broker.rail.cameras = [*broker.rail.cameras[:3], *bad[3:], Rejection(where="row 1", reason="a new one")]
    await broker.synchronise()
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    first = (await custodian.get("/v1/networks/rail-cctv/quarantine?limit=1")).json()
    assert first["records"] == [
        {
            "reason": "a new one",
            "count": 1,
            "first_seen_at": "2026-06-15T13:00:00Z",
            "examples": ["row 1"],
        }
    ]
    second = (await custodian.get(first["links"][0]["href"])).json()
    (record,) = second["records"]
    assert (record["reason"], record["count"], record["first_seen_at"]) == (
        "no position",
        9,
        "2026-06-15T12:00:00Z",
    )
    assert len(record["examples"]) == 9
    assert second["links"] == []


@pytest.mark.parametrize(
    ("agency", "role", "status"),
    [
        ("rail", Role.CUSTODIAN, 200),
        ("town", Role.ADMINISTRATOR, 200),
        ("police", Role.CUSTODIAN, 404),
        ("rail", Role.OPERATOR, 404),
    ],
)
async def test_bad_records_are_shown_to_those_who_run_the_network(
    broker: TestBroker, agency: str, role: Role, status: int
) -> None:
    officer = await broker.officer(agency, role)
    assert (await officer.get("/v1/networks/rail-cctv/quarantine")).status_code == status
    assert (await officer.get("/v1/networks/none/quarantine")).status_code == 404


async def test_an_administrator_confirms_what_they_saw_and_the_next_round_believes_it(
    broker: TestBroker,
) -> None:
    broker.rail.cameras = broker.rail.cameras[:1]
    await broker.broker.ingest.synchronise("rail-cctv")
    administrator = await broker.officer("town", Role.ADMINISTRATOR)
    shown = {n["id"]: n for n in (await administrator.get("/v1/networks")).json()["networks"]}
    held = shown["rail-cctv"]["held"]
    assert (held["found"], held["still_listed"], held["known"], held["rounds"]) == (1, 1, 3, 1)
    path = "/v1/networks/rail-cctv/confirm"
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    assert (await custodian.post(path, {"found": 1})).json()["code"] == "role_denied"
    assert (await administrator.post(path, {"found": 3})).json()["code"] == "state_conflict"
    none = "/v1/networks/police-list/confirm"
    assert (await administrator.post(none, {"found": 1})).json()["code"] == "state_conflict"
    assert (await administrator.post("/v1/networks/none/confirm", {"found": 1})).status_code == 404
    assert (await broker.broker.ingest.synchronise("rail-cctv")).held is not None, "refusals confirm nothing"
    assert (await administrator.post(path, {"found": 1})).status_code == 200
    report = await broker.broker.ingest.synchronise("rail-cctv")
    assert (report.held, report.found, report.vanished) == (None, 1, 2)
    auditor = await broker.officer("rail", Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    (entry,) = [entry for entry in entries if entry["action"] == "confirm_network" and entry["query"]]
    assert entry["query"] == {"found": 1, "still_listed": 1, "known": 3}
