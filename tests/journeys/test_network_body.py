"""`entrevue ingest --once --json` and `GET /v1/networks` say the same of a network."""

import json
from typing import Any

import pytest

from tests.journeys.callers import Officer
from tests.journeys.processes import Machine, eventually
from tests.journeys.recorders import World, add_officers, make_world, serve


@pytest.fixture
def world(machine: Machine) -> World:
    return make_world(machine.folder)


def test_a_network_is_told_alike_by_command_and_by_http(machine: Machine, world: World) -> None:
    _, url = serve(machine, world)
    token = add_officers(world, "police.administrator")["police.administrator"]
    arguments = ("ingest", "--config", str(world.configuration), "--once", "--network", "police-streets")
    told = json.loads(machine.run(*arguments, "--json").stdout)
    assert [network["id"] for network in told["networks"]] == ["police-streets"]
    assert told["networks"][0]["rejected"] > 0

    def listed() -> dict[str, Any] | None:
        body: dict[str, Any] = Officer(url, token).get("/v1/networks").json()
        networks = [network for network in body["networks"] if network["id"] == "police-streets"]
        same = networks[0]["synchronised_at"] == told["networks"][0]["synchronised_at"]
        return body | {"networks": networks} if same else None

    assert eventually("the API tells of the same synchronisation", listed) == told
