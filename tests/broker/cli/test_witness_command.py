"""`entrevue witness` against a broker that answers anything."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.transparency.notes import KeyKind, new_key, open_checkpoint, parse_vkey
from tests.broker.cli.commands import Done, Entrevue
from tests.broker.cli.fake_server import FakeServer, Reply, fake_server
from tests.broker.witness.logs import ScriptedLog

NAME = "rail.test/witness"
PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.fixture
def log() -> ScriptedLog:
    return ScriptedLog(leaves=[b"a", b"b", b"c"])


@pytest.fixture
def look(entrevue: Entrevue, tmp_path: Path, log: ScriptedLog) -> Callable[..., Done]:
    def once(url: str, *more: str) -> Done:
        return entrevue(
            *("witness", "--server", url, "--folder", str(tmp_path / "w"), "--once"),
            *("--name", NAME, "--log-key", log.vkey.text, *more),
        )

    return once


def problem(status: int, code: str, detail: str = "said so") -> Reply:
    return Reply(json.dumps({"code": code, "detail": detail, "status": status}).encode(), status, PROBLEM)


def noted(log: ScriptedLog) -> Reply:
    return Reply(log.shown())


TAKEN = Reply(b'{"taken": 1}')


def state_of(tmp_path: Path) -> dict[str, object]:
    body: dict[str, object] = json.loads((tmp_path / "w" / "state.json").read_text())
    return body


def paths(server: FakeServer) -> list[str]:
    return [f"{method} {path}" for method, path, _ in server.asked]


def test_it_co_signs_and_hands_in(look: Callable[..., Done], log: ScriptedLog, tmp_path: Path) -> None:
    with fake_server(noted(log), noted(log), TAKEN) as server:
        done = look(server.url)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("co-signed: 3 entries, root ")
    assert paths(server) == [
        "GET /v1/audit/checkpoint",
        "GET /v1/audit/checkpoint?to_cosign=true",
        "POST /v1/audit/cosignatures",
    ]
    assert server.asked[0][2]["authorization"] == "Bearer test-token"
    assert server.asked[0][2]["accept-encoding"] == "identity"


def test_growth_is_asked_to_be_proven(look: Callable[..., Done], log: ScriptedLog) -> None:
    with fake_server(noted(log), noted(log), TAKEN) as server:
        look(server.url)
    log.leaves += [b"d", b"e"]
    proof = Reply(json.dumps({"hashes": [each.hex() for each in log.consistency(3, 5)]}).encode())
    with fake_server(noted(log), noted(log), proof, TAKEN) as server:
        done = look(server.url, "--json")
    assert json.loads(done.out) == {
        "size": 5,
        "root": open_checkpoint(log.shown(), log.vkey)[0].root.hex(),
        "is_new": True,
        "handed_in": True,
    }
    assert paths(server)[2] == "GET /v1/audit/consistency?from=3&to=5"


def test_a_fork_is_one_line_a_status_and_evidence(
    look: Callable[..., Done], log: ScriptedLog, tmp_path: Path
) -> None:
    with fake_server(noted(log), noted(log), TAKEN) as server:
        look(server.url)
    honest, log.leaves = log.leaves, [b"x"] * 3
    with fake_server(noted(log)) as server:
        done = look(server.url)
    assert done.status == 1
    assert "two histories" in done.one_line_error()
    (file,) = (tmp_path / "w" / "evidence").iterdir()
    assert str(file) in done.err
    log.leaves = honest
    with fake_server(noted(log)) as server:
        again = look(server.url)
        assert (again.status, again.err, server.asked) == (1, done.err, [])
        assert look(server.url, "--resume").status == 0
    assert file.exists()


def test_without_once_a_fork_ends_it(
    entrevue: Entrevue, look: Callable[..., Done], log: ScriptedLog, tmp_path: Path
) -> None:
    with fake_server(noted(log), noted(log), TAKEN) as server:
        look(server.url)
    log.leaves = [b"x"] * 3
    with fake_server(noted(log)) as server:
        done = entrevue("witness", "--server", server.url, "--folder", str(tmp_path / "w"), "--every", "1")
    assert done.status == 1


BROKEN = {
    "an error inside": Reply(b"{}", 500),
    "too many calls": problem(429, "too_many_calls"),
    "not ready": problem(503, "ledger_unavailable"),
    "no problem": Reply(b"no", 404),
    "elsewhere": Reply(b"", 302, {"Location": "http://127.0.0.1:1/"}),
    "packed": Reply(b"\x1f\x8b", 200, {"Content-Encoding": "gzip"}),
    "too much": Reply(b"x" * 70_000),
    "cut off": Reply(b"x" * 100, breaks_after=10),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_answer_is_unreachable_and_leads_nowhere(
    look: Callable[..., Done], tmp_path: Path, what: str
) -> None:
    with fake_server(BROKEN[what]) as server:
        done = look(server.url)
    assert done.status == 3
    done.one_line_error()
    assert len(server.asked) == 1
    assert state_of(tmp_path)["recent"] == []


@pytest.mark.parametrize(
    "proof",
    [b"", b"[]", b"{}", b'{"hashes": 5}', b'{"hashes": ["xx"]}', b'{"hashes": [5]}', b"[" * 60_000,
     json.dumps({"hashes": ["00" * 32] * 200}).encode()],
)  # fmt: skip
def test_what_is_no_proof_is_no_alarm(
    look: Callable[..., Done], log: ScriptedLog, tmp_path: Path, proof: bytes
) -> None:
    with fake_server(noted(log), noted(log), TAKEN) as server:
        look(server.url)
    log.leaves.append(b"d")
    with fake_server(noted(log), noted(log), Reply(proof)) as server:
        assert look(server.url).status == 3
    assert state_of(tmp_path)["alarm"] is None


def test_nobody_there_is_status_3(look: Callable[..., Done]) -> None:
    done = look("http://127.0.0.1:1")
    assert done.status == 3
    assert "could not be reached" in done.one_line_error()


def test_a_log_that_begins_has_nothing_to_sign(look: Callable[..., Done], tmp_path: Path) -> None:
    with fake_server(problem(404, "not_found")) as server:
        done = look(server.url)
    assert (done.status, done.out) == (0, "the log has no checkpoint yet\n")


@pytest.mark.parametrize(("status", "code"), [(401, "token_invalid"), (403, "role_denied")])
def test_who_may_not_read_the_log_is_told_why(look: Callable[..., Done], status: int, code: str) -> None:
    with fake_server(problem(status, code)) as server:
        done = look(server.url)
    assert done.status == 1
    assert f"the broker refused: {code}: said so" in done.one_line_error()


def test_a_witness_that_the_broker_does_not_know_is_told_and_tries_again(
    look: Callable[..., Done], log: ScriptedLog, tmp_path: Path
) -> None:
    with fake_server(
        noted(log), noted(log), problem(422, "invalid", "no witness that this broker knows signed this")
    ) as server:
        assert look(server.url).status == 1
    with fake_server(noted(log), noted(log), TAKEN) as server:
        done = look(server.url)
    assert (done.status, done.out) == (0, "handed in again: 3 entries\n")


def test_its_key_is_shown_without_a_broker(entrevue: Entrevue, tmp_path: Path, log: ScriptedLog) -> None:
    file = tmp_path / "log.vkey"
    file.write_text(log.vkey.text + "\n")
    beginning = ("witness", "--folder", str(tmp_path / "w"), "--show-key")
    done = entrevue(*beginning, "--name", NAME, "--log-key", str(file))
    key = parse_vkey(done.out.strip())
    assert (key.name, key.kind) == (NAME, KeyKind.COSIGNATURE)
    again = entrevue(*beginning, "--json")
    assert json.loads(again.out) == {"key": key.text, "log": log.vkey.text}


@pytest.mark.parametrize("key", ["", "nonsense", "a+b+c", "missing.vkey", "x\x1b[31m+0+0"])
def test_a_key_that_is_none_is_a_mistake_of_use(entrevue: Entrevue, tmp_path: Path, key: str) -> None:
    done = entrevue(
        "witness", "--folder", str(tmp_path / "w"), "--name", NAME, "--log-key", key, "--show-key"
    )
    assert done.status == 2
    assert "\x1b" not in done.one_line_error()


def test_a_witnesss_key_is_no_logs(entrevue: Entrevue, tmp_path: Path) -> None:
    key = new_key(NAME, KeyKind.COSIGNATURE).verifier.text
    done = entrevue(
        "witness", "--folder", str(tmp_path / "w"), "--name", NAME, "--log-key", key, "--show-key"
    )
    assert done.status == 2


def test_no_token_is_a_mistake_of_use(look: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENTREVUE_TOKEN")
    assert look("http://127.0.0.1:1").status == 2


def test_a_first_call_without_a_name_says_what_is_missing(entrevue: Entrevue, tmp_path: Path) -> None:
    done = entrevue("witness", "--folder", str(tmp_path / "w"), "--once")
    assert done.status == 1
    assert "--name and --log-key" in done.one_line_error()
