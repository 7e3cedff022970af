"""Credentials of any characters are proven to the recorder, and shown to nobody."""

import asyncio
import base64
import hashlib
import logging
from pathlib import Path
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from adapters.conformance.faults.certificate import self_signed
from adapters.contract.errors import AdapterError, Malformed, Misconfigured, Refused
from adapters.contract.options import parse_options
from adapters.transport.config import HttpOptions
from adapters.transport.credentials import Credentials, SecretOption
from tests.adapters.transport.servers import Asked, Script, answer, answering, client_of, serving

ODD = "p@ss:w/ö\"r\\d %20'#?&;=,"
PASSWORD = {"file": "password"}


@pytest.fixture
def base_dir(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text(ODD + "\n", encoding="utf-8")
    return tmp_path


def wants_basic(asked: Asked) -> bool:
    return asked.headers.get("authorization") == "Basic " + base64.b64encode(f"rené:{ODD}".encode()).decode()


def wants_digest(algorithm: str) -> Any:
    function = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]

    def digest(text: str) -> str:
        return function(text.encode()).hexdigest()

    def check(asked: Asked) -> bool:
        given = asked.headers.get("authorization", "")
        if not given.startswith("Digest "):
            return False
        told = parse_keqv_list(parse_http_list(given.removeprefix("Digest ").encode("latin-1").decode()))
        method, path, _ = asked.line.split(" ")
        secret = digest(f"rené:nvr one:{ODD}")
        middle = f"{told['nonce']}:{told['nc']}:{told['cnonce']}:{told['qop']}"
        return (
            told["username"] == "rené"
            and told["uri"] == path
            and told["response"] == digest(f"{secret}:{middle}:{digest(f'{method}:{path}')}")
        )

    return check


def guarded(check: Any, *challenges: str) -> Script:
    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if check(asked):
            writer.write(answer(200, b"in"))
        else:
            told = "".join(f"WWW-Authenticate: {challenge}\r\n" for challenge in challenges)
            writer.write(f"HTTP/1.1 401 X\r\nContent-Length: 0\r\n{told}\r\n".encode())

    return script


DIGEST = 'Digest realm="nvr one", qop="auth", algorithm={}, nonce="abc"'
BASIC = 'Basic realm="nvr one"'


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_digest_is_answered_whatever_the_characters(base_dir: Path, algorithm: str) -> None:
    script = guarded(wants_digest(algorithm), BASIC, DIGEST.format(algorithm))
    options = {"username": "rené", "password": PASSWORD}
    async with serving(script) as server, client_of(server.url, base_dir, **options) as client:
        for _ in range(2):
            assert (await client.get("/a b", params={"q": "1,2"})).body == b"in"
        assert len(server.asked) == 3, "the challenge is remembered"
        assert "authorization" not in server.asked[0].headers


async def test_basic_is_answered_where_the_owner_allows_it(base_dir: Path) -> None:
    options = {"username": "rené", "password": PASSWORD, "auth": "basic"}
    async with (
        serving(guarded(wants_basic, BASIC)) as server,
        client_of(server.url, base_dir, **options) as client,
    ):
        assert (await client.get("/")).body == b"in"
        assert (await client.post("/", content=b"x")).body == b"in"


@pytest.mark.parametrize(
    ("auth", "challenge", "error"),
    [
        ("auto", BASIC, Misconfigured),
        ("digest", BASIC, Refused),
        ("basic", DIGEST.format("MD5"), Refused),
        ("auto", "Negotiate", Refused),
        ("auto", "Digest nonsense", Malformed),
        ("auto", DIGEST.format("ROT13"), Malformed),
        ("auto", DIGEST.format("MD5"), Refused),
    ],
)
async def test_a_password_is_never_sent_in_a_way_that_the_owner_did_not_allow(
    base_dir: Path, auth: str, challenge: str, error: type[AdapterError]
) -> None:
    options = {"username": "rené", "password": PASSWORD, "auth": auth}
    script = guarded(lambda _asked: False, challenge)
    async with serving(script) as server, client_of(server.url, base_dir, **options) as client:
        with pytest.raises(error):
            await client.get("/")
        assert not any("basic" in asked.headers.get("authorization", "").lower() for asked in server.asked)


async def test_no_password_where_none_is_configured() -> None:
    async with serving(guarded(lambda _asked: False, BASIC)) as server, client_of(server.url) as client:
        with pytest.raises(Refused, match="set username and password"):
            await client.get("/")


async def test_no_secret_stands_in_a_repr_a_log_or_an_error(
    base_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    options = {"username": "rené", "password": PASSWORD, "auth": "basic"}
    script = guarded(lambda _asked: False, BASIC)
    async with serving(script) as server, client_of(server.url, base_dir, **options) as client:
        with pytest.raises(Refused) as raised:
            await client.get("/", params={"token": "hunter2"}, headers={"X-Token": "hunter2"})
        shown = f"{client!r} {vars(client)!r} {raised.value!r} {caplog.text} {Credentials('rené', ODD)!r}"
    for secret in (ODD, "hunter2", base64.b64encode(f"rené:{ODD}".encode()).decode()):
        assert secret not in shown


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"url": "ftp://nvr"}, "no address"),
        ({"url": "http://"}, "no address"),
        ({"url": "http://nvr:99999"}, "no address"),
        ({"url": "http://admin:hunter2@nvr"}, "username and password"),
        ({"url": "http://nvr/?token=hunter2"}, "ends with its path"),
        ({"url": "http://nvr", "username": "a"}, "go together"),
        ({"url": "http://nvr", "username": 'a"b', "password": {"env": "P"}}, "cannot carry"),
        ({"url": "http://nvr", "username": "a:b", "password": {"env": "P"}, "auth": "basic"}, "colon"),
        ({"url": "http://nvr", "username": "a", "password": "hunter2"}, "password"),
        ({"url": "http://nvr", "username": "a", "password": {"file": "a", "env": "b"}}, "either"),
        ({"url": "http://nvr", "call_timeout_s": 0}, "call_timeout_s"),
    ],
)
def test_wrong_options_are_refused_without_repeating_them(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason) as raised:
        parse_options(HttpOptions, options)
    assert "hunter2" not in raised.value.message


def test_a_secret_is_read_from_its_file_or_variable(base_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVR_PASSWORD", ODD)
    assert SecretOption(file=Path("password")).read(base_dir) == ODD
    assert SecretOption(env="NVR_PASSWORD").read(base_dir) == ODD
    (base_dir / "latin").write_bytes(b"\xff")
    for missing in (
        SecretOption(file=Path("gone")),
        SecretOption(env="GONE"),
        SecretOption(file=Path("latin")),
    ):
        with pytest.raises(Misconfigured):
            missing.read(base_dir)


async def test_a_certificate_is_trusted_only_by_the_owners_own_file(base_dir: Path) -> None:
    tls, trusted = self_signed(base_dir)
    (base_dir / "other").mkdir()
    _, other = self_signed(base_dir / "other")
    options = {"username": "rené", "password": PASSWORD}
    async with serving(guarded(wants_basic, BASIC), tls) as server:
        url = server.url.replace("http", "https")
        async with client_of(url, base_dir, ca_file=str(trusted), **options) as client:
            assert (await client.get("/")).body == b"in", "over TLS basic is allowed"
        for more in ({}, {"ca_file": str(other)}):
            async with client_of(url, base_dir, **more) as client:
                with pytest.raises(Misconfigured, match="not trusted"):
                    await client.get("/")


async def test_https_where_there_is_none_is_told() -> None:
    async with (
        serving(answering(answer(400))) as server,
        client_of(server.url.replace("http", "https")) as client,
    ):
        with pytest.raises(AdapterError, match=r"no TLS|no connection"):
            await client.get("/")
