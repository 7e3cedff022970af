"""`serve` as a process: when it says its address, who else may join, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import time
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.journeys.processes import COMMAND, Machine, eventually
from tests.journeys.recorders import World, add_officers, make_world, serve


@pytest.fixture
def world(machine: Machine) -> World:
    return make_world(machine.folder)


def test_the_address_is_printed_when_it_answers(machine: Machine, world: World) -> None:
    running, url = serve(machine, world)
    assert httpx.get(f"{url}/health/live").status_code == 200
    assert running.output.read_text() == f"{url}\n"


def test_the_address_is_json_where_it_is_asked_for(machine: Machine, world: World) -> None:
    running, told = serve(machine, world, "--json")
    assert httpx.get(f"{json.loads(told)['url']}/health/live").status_code == 200
    assert running.output.read_text() == f"{told}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_promptly(machine: Machine, world: World, number: int) -> None:
    running, _ = serve(machine, world, "--processes", "2")
    eventually(
        "both API processes run", lambda: len([c for c in machine.alive().values() if " api " in c]) == 1
    )
    begun = time.monotonic()
    assert running.stop(number) == 0
    assert time.monotonic() - begun < 10
    machine.wait_until_empty(5)
    assert running.errors.read_text() == ""
    assert not (world.data / "broker.socket").exists()


def test_an_open_connection_does_not_keep_it_from_stopping(machine: Machine, world: World) -> None:
    running, url = serve(machine, world)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as idle:
        idle.sendall(b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        begun = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - begun < 10
    machine.wait_until_empty(5)


def test_a_broker_that_is_killed_takes_its_children_along(machine: Machine, world: World) -> None:
    running, _ = serve(machine, world, "--processes", "3")
    eventually("its children run", lambda: len(machine.alive()) >= 4)
    running.kill()
    machine.wait_until_empty(10)


def test_a_second_serve_on_the_folder_is_refused_on_one_line(machine: Machine, world: World) -> None:
    running, url = serve(machine, world)
    second = machine.run("serve", "--config", str(world.configuration), "--port", "0")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.count("\n") == 1
    assert str(running.process.pid) in second.stderr and "already" in second.stderr
    assert httpx.get(f"{url}/health/ready").status_code == 200


def test_a_port_that_is_taken_is_refused_on_one_line(machine: Machine, world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = machine.run("serve", "--config", str(world.configuration), "--port", port)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert port in done.stderr
    machine.wait_until_empty(1)


def test_host_commands_join_the_running_broker(machine: Machine, world: World) -> None:
    _, url = serve(machine, world)
    token = add_officers(world, "police.investigator")["police.investigator"]
    me = httpx.get(f"{url}/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["roles"] == ["investigator"]
    reports = json.loads(
        machine.run("ingest", "--config", str(world.configuration), "--once", "--json").stdout
    )["networks"]
    assert [report["error"] for report in reports] == [None] * 4
    headers = {"Authorization": f"Bearer {token}", "Entrevue-Purpose": "judicial_inquiry"}
    assert httpx.get(f"{url}/v1/cameras/rail-cctv:person", headers=headers).status_code == 200


def test_a_worker_joins_and_stops_when_told(machine: Machine, world: World) -> None:
    serve(machine, world)
    worker = machine.start("worker", "--config", str(world.configuration))
    assert worker.first_line() == "carrying out due work"
    assert worker.stop() == 0
    assert worker.errors.read_text() == ""


def test_every_process_of_serve_answers_and_one_that_dies_is_replaced(machine: Machine, world: World) -> None:
    running, url = serve(machine, world, "--processes", "2")

    def other() -> int | None:
        return next((number for number, command in machine.alive().items() if " api " in command), None)

    first = eventually("an API process beside the first", other)
    os.kill(first, signal.SIGKILL)
    eventually("another one in its place", lambda: other() not in (None, first))
    for _ in range(20):
        assert httpx.get(f"{url}/health/live").status_code == 200
    assert running.stop() == 0
    machine.wait_until_empty(5)


def test_who_reads_only_the_first_line_breaks_nothing(machine: Machine, world: World) -> None:
    script = (
        f"{' '.join(COMMAND)} agency list --config {world.configuration} | head -n 1; echo ${{PIPESTATUS[0]}}"
    )
    done = machine.shell(script)
    assert done.stdout.splitlines()[0].split() == ["id", "name"]
    assert (done.stdout.splitlines()[1], done.stderr) == ("0", "")


def test_a_reader_that_has_gone_is_no_error(machine: Machine, world: World) -> None:
    machine.run("agency", "list", "--config", str(world.configuration))
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "audit", "export", "--json", "--config", str(world.configuration)],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        check=False,
        timeout=30,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_on_a_client_command_is_silent(machine: Machine, world: World) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        running = machine.start("show", "req_1", "--server", url, ENTREVUE_TOKEN="t")
        called, _ = silent.accept()
        with called:
            assert running.stop(signal.SIGINT) == 130
    assert (running.output.read_text(), running.errors.read_text()) == ("", "")


def test_a_killed_writer_of_the_log_is_replaced_and_nothing_shown_is_missing(
    machine: Machine, world: World
) -> None:
    _, url = serve(machine, world)
    token = add_officers(world, "police.investigator")["police.investigator"]
    headers = {"Authorization": f"Bearer {token}", "Entrevue-Purpose": "judicial_inquiry"}
    query = {"lat": 48.88, "lon": 2.355, "radius_m": 500}

    def writer(but: int | None = None) -> int | None:
        spawned = (n for n, command in machine.alive().items() if "multiprocessing.spawn" in command)
        return next((number for number in spawned if number != but), None)

    def search() -> bool:
        answer = httpx.get(f"{url}/v1/cameras", params=query, headers=headers)
        assert answer.status_code == 200 or answer.json()["code"] == "ledger_unavailable"
        return answer.status_code == 200

    eventually("the catalog is read", search)
    number = None
    for _ in range(3):
        number = eventually("another writer", partial(writer, number))
        os.kill(number, signal.SIGKILL)
        eventually("an answer", search)
    exported = machine.run("audit", "export", "--config", str(world.configuration), "--json")
    shown = [line for line in exported.stdout.splitlines() if json.loads(line)["action"] == "search"]
    assert len(shown) >= 4
    assert machine.run("audit", "verify", "--config", str(world.configuration)).returncode == 0
