"""SOAP calls: what is sent, what an answer means, and what is refused in it."""

import re
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.contract.errors import (
    AdapterError,
    GiveUp,
    Malformed,
    NotFound,
    NotSupported,
    Refused,
    TooLarge,
    TryLater,
)
from adapters.transport.credentials import Credentials
from adapters.transport.soap import SoapClient, password_digest, text_of
from tests.adapters.transport.servers import NOW, ScriptedServer, answer, answering, client_of, serving
from tests.requirements import sample_data

ENVELOPE = "<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'><Body>{}</Body></Envelope>"
ACTION = "http://www.onvif.org/ver10/device/wsdl/GetHostname"


def soap(content: str, status: int = 200) -> bytes:
    return answer(
        status, ENVELOPE.format(content).encode(), Content_Type="application/soap+xml; charset=utf-8"
    )


def fault(*codes: str, reason: str = "no") -> str:
    inner = ""
    for code in reversed(codes[1:]):
        inner = f"<Subcode><Value>ter:{code}</Value>{inner}</Subcode>"
    return f"<Fault><Code><Value>s:{codes[0]}</Value>{inner}</Code><Reason><Text>{reason}</Text></Reason></Fault>"


@asynccontextmanager
async def calling(
    server: ScriptedServer, credentials: Credentials | None = None
) -> AsyncIterator[SoapClient]:
    async with client_of(server.url) as http:
        yield SoapClient(http, credentials, lambda: NOW, lambda: b"nonce of 16 byte")


async def answered(given: bytes) -> str | None:
    async with serving(answering(given)) as server, calling(server) as soap_client:
        return text_of(await soap_client.call(server.url + "/device", ACTION, "<GetHostname/>"), "Name")


def test_a_password_digest_is_that_of_onvifs_programmers_guide() -> None:
    nonce = b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    assert password_digest(nonce, "2010-09-16T07:50:45Z", "userpassword") == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


async def test_a_call_signs_by_the_devices_clock_and_never_shows_the_password() -> None:
    async with serving(answering(soap("<R><Name>nvr</Name></R>"))) as server:
        async with calling(server, Credentials("a<b", "s3cret&")) as soap_client:
            soap_client.offset = timedelta(hours=2)
            found = await soap_client.call(server.url + "/device", ACTION, "<GetHostname/>")
            assert text_of(found, "Name") == "nvr"
            await soap_client.call(server.url + "/device", ACTION, "<GetHostname/>", signed=False)
        sent, unsigned = (each.body.decode() for each in server.asked)
        assert "<w:Username>a&lt;b</w:Username>" in sent
        assert "2026-06-15T14:00:00.000Z</u:Created>" in sent
        assert "s3cret" not in sent
        digest = re.search(r'PasswordDigest">([^<]+)<', sent)
        assert digest is not None
        assert digest[1] == password_digest(b"nonce of 16 byte", "2026-06-15T14:00:00.000Z", "s3cret&")
        assert "Security" not in unsigned
        assert ACTION in server.asked[0].headers["content-type"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (soap(fault("Sender", "NotAuthorized")), Refused),
        (soap(fault("Sender", "NotAuthorized"), 400), Refused),
        (answer(401), Refused),
        (soap(fault("Receiver", "ActionNotSupported"), 500), NotSupported),
        (soap(fault("Sender", "InvalidArgVal", "NoProfile"), 400), NotFound),
        (soap(fault("Receiver"), 500), TryLater),
        (soap(fault("Sender", "InvalidArgVal")), GiveUp),
        (soap("<Fault><faultcode>s:NotAuthorized</faultcode></Fault>"), Refused),
        (soap("<R/>", 500), TryLater),
        (answer(500), TryLater),
        (answer(400), Malformed),
        (soap(""), Malformed),
        (answer(200, b"<a/>", Content_Type="text/xml"), Malformed),
        (answer(200, b"<html>", Content_Type="text/html"), Malformed),
        (answer(200, b"<a", Content_Type="text/xml"), Malformed),
    ],
)
async def test_every_answer_maps_to_one_of_the_contracts_errors(
    given: bytes, error: type[AdapterError]
) -> None:
    with pytest.raises(error) as raised:
        await answered(given)
    assert type(raised.value) is error


async def test_entities_are_refused_before_they_unfold() -> None:
    bomb = (
        b'<!DOCTYPE a [<!ENTITY x "aaaaaaaaaa"><!ENTITY y "&x;&x;&x;&x;">]>'
        + ENVELOPE.format("<R><Name>&y;</Name></R>").encode()
    )
    with pytest.raises(Malformed):
        await answered(answer(200, bomb, Content_Type="application/soap+xml"))


async def test_an_answer_has_a_largest_size() -> None:
    with pytest.raises(TooLarge):
        await answered(soap("<R><Name>" + "a" * 5_000_000 + "</Name></R>"))


async def test_a_reason_is_told_in_one_line_and_bounded() -> None:
    with pytest.raises(Refused) as raised:
        await answered(soap(fault("Sender", "NotAuthorized", reason="who\n are you " + "x" * 1000)))
    assert "GetHostname" in raised.value.message
    assert "who are you" in raised.value.message
    assert len(raised.value.message) < 400


async def test_a_fault_of_a_real_device_is_understood() -> None:
    body = (sample_data() / "onvif/milesight-axis/soap_fault.xml").read_bytes()
    with pytest.raises(NotFound, match="Argument Value Invalid"):
        await answered(answer(400, body, Content_Type="application/soap+xml"))
