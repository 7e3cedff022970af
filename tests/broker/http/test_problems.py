"""One error shape on every path and for every failure; a 5xx never carries internals, and the log no secrets."""

import ast
import io
import json
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict

from broker.errors import KINDS, Problem
from broker.http import problem_details
from broker.http.limits import MAX_BODY_BYTES, LimitBody
from broker.logs import configure_logs

BROKER = Path(problem_details.__file__).parents[1]
SECRET = "ent_s3cret-token"


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int
    interval: int = 0


def app() -> FastAPI:
    """Routes that fail in every way there is."""
    made = FastAPI(redirect_slashes=False)
    problem_details.install(made)
    made.add_middleware(LimitBody)

    @made.post("/sent")
    async def sent(body: Sent) -> int:
        return body.number

    @made.get("/problem/{code}")
    async def problem(code: str) -> None:
        raise Problem(code, f"about {code}", retry_after_s=7, cameras=["a"])

    @made.get("/bug")
    async def bug(request: Request) -> None:
        token = request.headers["authorization"]
        raise RuntimeError("internals", len(token))

    return made


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        yield client


def code_of(answer: httpx.Response) -> str:
    """The code of an answer that has the one shape in full."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    kind = KINDS[body["code"]]
    assert body["type"] == f"urn:entrevue:problem:{body['code']}"
    assert (body["status"], answer.status_code, body["title"]) == (kind.status, kind.status, kind.title)
    assert isinstance(body["detail"], str)
    assert body["detail"]
    return str(body["code"])


@pytest.mark.parametrize("code", KINDS)
async def test_each_row_of_the_table_becomes_its_problem(http: httpx.AsyncClient, code: str) -> None:
    answer = await http.get(f"/problem/{code}")
    assert code_of(answer) == code
    assert answer.headers["retry-after"] == "7"
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    assert answer.json()["cameras"] == ["a"]


async def test_an_unknown_address_and_a_wrong_method_are_problems(http: httpx.AsyncClient) -> None:
    for path in ("/", "/nowhere", "/sent/", "//", "/%00", "/é"):
        assert code_of(await http.get(path)) == "not_found"
    wrong = await http.put("/sent")
    assert code_of(wrong) == "method_not_allowed"
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid"),
        (b"{", "invalid"),
        (b"[]", "invalid"),
        (b"{}", "invalid"),
        (b'{"number": "s3cret"}', "invalid"),
        (b'{"number": 1, "interval": "s3cret"}', "interval_invalid"),
        (b'{"number": 1, "colour": 2}', "invalid"),
        (b'{"number": 1, "\\ud800": 2}', "invalid"),
        (b'{"number": 1e999}', "invalid"),
        (b'{"number": ' + b"9" * 5000 + b"}", "bad_request"),
        (b"\xff\xfe", "invalid"),
        (b"[" * 100_000, "bad_request"),
    ],
)
async def test_a_body_without_the_right_form_is_a_problem_that_does_not_repeat_it(
    http: httpx.AsyncClient, body: bytes, code: str
) -> None:
    answer = await http.post("/sent", content=body, headers={"content-type": "application/json"})
    assert code_of(answer) == code
    assert "s3cret" not in answer.text


async def test_a_wrong_member_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.post("/sent", json={"number": 1, "colour": 2})
    assert answer.json()["detail"].startswith("body.colour: ")


async def test_a_body_that_says_it_is_too_large_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/sent", content=b" " * (MAX_BODY_BYTES + 1))
    assert code_of(answer) == "body_too_large"
    for stated in ("9" * 5000, str(MAX_BODY_BYTES + 1)):
        answer = await http.post("/sent", content=b"{}", headers={"content-length": stated})
        assert code_of(answer) == "body_too_large"


async def test_a_body_that_does_not_say_is_refused_once_it_is_too_large(http: httpx.AsyncClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b" " * 65_536

    answer = await http.post("/sent", content=endless(), headers={"content-type": "application/json"})
    assert code_of(answer) == "body_too_large"
    assert taken <= MAX_BODY_BYTES // 65_536 + 2


async def test_a_body_of_exactly_the_limit_is_read(http: httpx.AsyncClient) -> None:
    body = b'{"number": 5' + b" " * (MAX_BODY_BYTES - 13) + b"}"
    assert len(body) == MAX_BODY_BYTES
    answer = await http.post("/sent", content=body, headers={"content-type": "application/json"})
    assert answer.json() == 5


@pytest.mark.parametrize("stated", ["-1", "1e3", "", "many"])
async def test_a_length_that_is_no_number_is_refused(http: httpx.AsyncClient, stated: str) -> None:
    answer = await http.post("/sent", content=b"{}", headers={"content-length": stated})
    assert code_of(answer) == "bad_request"


async def test_a_bug_is_a_problem_without_internals_and_its_log_has_no_secret(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(logging.WARNING)
    try:
        answer = await http.get("/bug", headers={"Authorization": f"Bearer {SECRET}"})
    finally:
        structlog.reset_defaults()
    assert code_of(answer) == "internal"
    assert "internals" not in answer.text
    assert "RuntimeError" not in answer.text
    logged = json.loads(written.getvalue())
    assert (logged["event"], logged["path"]) == ("unplanned failure", "/bug")
    assert "RuntimeError" in written.getvalue()
    assert "s3cret" not in written.getvalue()


async def test_an_outage_is_logged_with_its_cause(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(logging.WARNING)
    try:
        await http.get("/problem/ledger_unavailable")
        await http.get("/problem/not_found")
    finally:
        structlog.reset_defaults()
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["code"] == "ledger_unavailable"


def raised_codes() -> set[str]:
    """Every code that the source can raise: literals given to `Problem`, and the table of statuses."""
    codes = set(problem_details._BY_STATUS.values())
    texts = [file.read_text() for file in BROKER.rglob("*.py")]
    for text in (text for text in texts if "from broker.errors import" in text):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                first = node.args[0]
                parts = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                codes |= {part.value for part in parts if isinstance(part, ast.Constant)}
    return codes


def test_every_code_that_is_raised_stands_in_the_table_and_no_row_is_idle() -> None:
    assigned = {"interval_invalid", "invalid", "bad_request"}
    assert raised_codes() - set(KINDS) == set()
    assert set(KINDS) - raised_codes() - assigned == set()


def test_codes_are_stable_words_and_statuses_are_errors() -> None:
    assert all(code.replace("_", "").isalpha() and code.islower() for code in KINDS)
    assert all(400 <= kind.status < 600 for kind in KINDS.values())
