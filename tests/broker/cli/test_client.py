"""Client commands against servers that are away, foreign, broken or refuse."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.broker.cli.commands import Entrevue
from tests.broker.cli.fake_server import Reply, fake_server

SHOW = ("show", "req_1")
HOSTILE_NAME = "Quai \x1b[31m[bold]3"


def as_json(body: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status, {"Content-Type": "application/json"})


def request_body(state: str = "pending") -> dict[str, Any]:
    item = {
        "n": 1,
        "camera_id": "n:" + "c" * 90,
        "state": state,
        "state_reason": HOSTILE_NAME,
        "requested": "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z",
        "held": None,
        "clips": [],
        "later": "a member of a newer version",
    }
    return {
        "id": "req_1",
        "state": state,
        "case_ref": "PV-1",
        "agency": "police",
        "submitted_at": "2026-06-15T21:00:00Z",
        "items": [item],
    }


def test_a_server_that_is_away_is_status_3(entrevue: Entrevue) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: calls are refused
        done = entrevue(*SHOW, "--server", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (done.status, done.out) == (3, "")
    assert "could not be reached" in done.one_line_error()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>hello</html>"),
        Reply(b"", 204),
        Reply(b"\xff\xfe"),
        as_json([]),
        as_json({"requests": 3}),
        Reply(b"<html>bad gateway</html>", 502),
        as_json({"error": "teapot"}, 418),
        as_json("text", 500),
        Reply(b"", 302, {"Location": "http://127.0.0.1:9/"}),
        Reply(b'{"id": "req_1"}', 200, {}, breaks_after=4),
    ],
    ids=lambda reply: f"{reply.status} {reply.body[:12]!r}",
)
def test_what_is_no_broker_is_status_3_and_one_line(entrevue: Entrevue, reply: Reply) -> None:
    with fake_server(reply) as server:
        done = entrevue(*SHOW, "--server", server.url)
    assert (done.status, done.out) == (3, "")
    done.one_line_error()


def test_a_refusal_is_status_1_with_its_code_and_detail(entrevue: Entrevue) -> None:
    problem = {"code": "not_found", "detail": "there is no\nrequest \x1b[2Jreq_1", "status": 404}
    with fake_server(as_json(problem, 404)) as server:
        done = entrevue(*SHOW, "--server", server.url)
    assert (done.status, done.out) == (1, "")
    assert done.one_line_error() == "not_found: there is no request \N{REPLACEMENT CHARACTER}[2Jreq_1"


def test_json_is_the_apis_own_body(entrevue: Entrevue) -> None:
    with fake_server(as_json(request_body())) as server:
        done = entrevue(*SHOW, "--server", server.url, "--json")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) == request_body()
    assert "\x1b" not in done.out


def test_a_table_is_safe_and_its_ids_are_whole(entrevue: Entrevue) -> None:
    with fake_server(as_json(request_body())) as server:
        done = entrevue(*SHOW, "--server", server.url)
    assert done.out.startswith("req_1  pending  case PV-1\n")
    assert "n:" + "c" * 90 in done.out
    assert "[bold]3" in done.out and "\x1b" not in done.out


def test_token_purpose_and_case_go_with_the_call(entrevue: Entrevue, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("from-file\n")
    with fake_server(as_json(request_body())) as server:
        entrevue(*SHOW, "--server", f"{server.url}/", "--purpose", "accident", "--case", "n° 12 – l’Est")
        entrevue(*SHOW, "--server", server.url, "--token-file", str(token))
    first, second = (headers for _, _, headers in server.asked)
    assert first["authorization"] == "Bearer test-token"
    assert (first["entrevue-purpose"], first["entrevue-case"]) == ("accident", "n° 12 – l’Est")
    assert second["authorization"] == "Bearer from-file"
    assert [path for _, path, _ in server.asked] == ["/v1/requests/req_1"] * 2


def test_the_environment_names_server_purpose_and_case(
    entrevue: Entrevue, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_server(as_json(request_body())) as server:
        monkeypatch.setenv("ENTREVUE_SERVER", server.url)
        monkeypatch.setenv("ENTREVUE_PURPOSE", "accident")
        monkeypatch.setenv("ENTREVUE_CASE", "C-1")
        assert entrevue(*SHOW).status == 0
    assert server.asked[0][2]["entrevue-purpose"] == "accident"
    assert server.asked[0][2]["entrevue-case"] == "C-1"


SUBMIT = (
    *("request", "--camera", "a:b", "--interval", "2026-06-15T20:00:00Z/2026-06-15T20:05:00Z", "--wait"),
    *("--basis", "judicial_requisition:1", "--reason", "r", "--case", "C", "--purpose", "accident"),
)


def test_waiting_ends_with_the_request_and_says_nothing_in_a_pipe(entrevue: Entrevue) -> None:
    replies = [as_json(request_body(), 201), as_json(request_body("completed"))]
    with fake_server(*replies) as server:
        done = entrevue(*SUBMIT, "--server", server.url)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("req_1  completed")


def test_waiting_for_what_is_denied_is_status_1_with_the_request_printed(entrevue: Entrevue) -> None:
    replies = [as_json(request_body(), 201), as_json(request_body("denied"))]
    with fake_server(*replies) as server:
        done = entrevue(*SUBMIT, "--server", server.url)
    assert done.status == 1
    assert done.out.startswith("req_1  denied")
    assert "req_1 is denied" in done.one_line_error()


def test_a_wait_that_fails_names_the_request(entrevue: Entrevue) -> None:
    with fake_server(as_json(request_body(), 201), Reply(b"gone", 502)) as server:
        done = entrevue(*SUBMIT, "--server", server.url)
    assert done.status == 3
    assert "req_1" in done.one_line_error()


def test_a_table_that_is_not_the_whole_answer_says_so(entrevue: Entrevue) -> None:
    more = {"requests": [request_body()], "links": [{"rel": "next", "href": "/v1/requests?cursor=x"}]}
    with fake_server(as_json(more)) as server:
        done = entrevue("requests", "--server", server.url)
    assert done.status == 0
    assert "there are more" in done.one_line_error()


def test_a_bug_is_one_line_and_a_trace_only_on_demand(
    entrevue: Entrevue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("broker.cli.client.BrokerClient.__init__", broken)
    done = entrevue(*SHOW)
    assert (done.status, done.out) == (1, "")
    assert "KeyError: 'lost'" in done.one_line_error() and "ENTREVUE_TRACE" in done.err
    monkeypatch.setenv("ENTREVUE_TRACE", "1")
    with pytest.raises(KeyError):
        entrevue(*SHOW)
