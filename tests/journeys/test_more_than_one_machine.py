"""Two machines that answer and three that work on shared stores do each thing once, whichever of them is asked."""

import random
import subprocess
import threading
from collections import Counter

import httpx
import yaml

from broker.settings import load_settings
from broker.settings.values import Secret
from tests.journeys.callers import submission
from tests.journeys.deployments import Scattered
from tests.journeys.processes import COMMAND, ROOT, Machine, eventually
from tests.journeys.recorders import add_staff, asked, make_world
from tests.journeys.test_kills import SEED, Journey, check

JOURNEYS = 4
COMPOSE = ROOT / "docs" / "guide" / "compose"


def test_machines_that_share_stores_work_as_one(machine: Machine) -> None:
    world = make_world(machine.folder)
    broker = Scattered(machine, world)
    try:
        staff = add_staff(world)
        broker.start()
        assert len(set(broker.urls.values())) == 2
        journeys, failed = (
            [Journey(broker, staff, number) for number in range(JOURNEYS)],
            list[BaseException](),
        )

        def live(journey: Journey) -> None:
            try:
                journey.run()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=live, args=(journey,)) for journey in journeys]
        for thread in threads:
            thread.start()
        chance = random.Random(SEED)  # noqa: S311 - the same parts in every run
        for part in chance.sample(broker.parts, 3):
            broker.kill_and_restart(part)
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        for journey in journeys:
            check(journey, broker)
        assert broker.rows("SELECT count(*) FROM requests") == [(JOURNEYS,)]
        eventually("no hold is left at a recorder", lambda: not world.holds())

        first, second = [broker.urls[part] for part in ("serve 1", "serve 2")]
        body = submission({"rail-cctv:person": asked(1, 3)}, basis="owner_internal")
        key = {"Idempotency-Key": "once"}
        made = [
            staff.at(url, "police.investigator").post("/v1/requests", body, **key) for url in (first, second)
        ]
        assert [answer.status_code for answer in made] == [201, 201]
        assert made[0].json()["id"] == made[1].json()["id"], (
            "the same key makes one request, wherever it is sent"
        )

        def is_told() -> bool:
            """What one machine took is told by the other."""
            officer = staff.at(second, "police.investigator")
            headers = {"Authorization": f"Bearer {officer.token}", "Entrevue-Purpose": "judicial_inquiry"}
            events = httpx.get(
                f"{second}/v1/events?follow=false", headers={**headers, "Last-Event-ID": "0.0"}
            ).text
            return made[0].json()["id"] in events

        eventually("the other machine tells of it", is_told)
        broker.stop()
    finally:
        broker.close()


def test_the_compose_file_runs_the_same_parts_with_a_configuration_that_loads() -> None:
    services = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "entrevue"}
    counted = {
        service["command"][0]: service.get("deploy", {}).get("replicas", 1) for service in ours.values()
    }
    assert counted == Counter(part.partition(" ")[0] for part in Scattered.parts)
    for service in ours.values():
        command, *arguments = service["command"]
        known = subprocess.run(
            [*COMMAND, command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert all(option in known for option in arguments if option.startswith("--"))
    loaded = load_settings(COMPOSE / "entrevue.toml")
    secrets = {f"/run/secrets/{name}" for name in services["api"]["secrets"]}
    named = (loaded.broker.database_url, loaded.broker.storage_url)
    assert {str(secret.file) for secret in named if isinstance(secret, Secret)} == secrets
    assert loaded.broker.redis_url == "redis://catalog:6379/0"
