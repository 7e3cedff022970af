"""Text and numbers that stores and encoders dislike: a clear problem or a faithful answer, never a 5xx."""

import base64
import json
from typing import Any

import pytest

from broker.agencies.models import Role
from broker.http.paging import fingerprint
from tests.world import LAST_MINUTES, TestBroker, submission

NASTY = ["\x00", "a\x00b", "'; DROP TABLE officers; --", "*?[", "{}", "\u202e", "😀" * 50, "é\r\nX-Header: 1"]


def officer_body(**facts: Any) -> dict[str, Any]:
    known = {"agency": "rail", "name": "Test rail", "service": "Tests", "personnel_number": "T-9"}
    return known | {"roles": ["operator"]} | facts


@pytest.mark.parametrize("text", NASTY)
async def test_any_text_is_kept_as_it_is_or_refused(broker: TestBroker, text: str) -> None:
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    added = await administrator.post("/v1/officers", officer_body(name=text, service=text))
    assert added.status_code == 201
    listed = (await administrator.get("/v1/officers")).json()["officers"]
    assert [o["name"] for o in listed if o["id"] == added.json()["id"]] == [text.strip()]
    assert (await administrator.post("/v1/officers", officer_body(agency=text))).status_code == 403


@pytest.mark.parametrize("text", NASTY)
async def test_any_text_may_stand_in_a_case_a_reason_or_an_id(broker: TestBroker, text: str) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    sent = submission(["rail-cctv:r1"], LAST_MINUTES, case_ref=f"PV {text}", reason=text)
    created = await investigator.post("/v1/requests", sent)
    assert created.status_code == 201, created.text
    assert created.json()["case_ref"] == f"PV {text}".strip()
    unknown = await investigator.post("/v1/requests", submission([f"rail-cctv:{text}"], LAST_MINUTES))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "camera_unknown")
    for parameter in ("q", "agency", "network", "level", "place", "cursor"):
        answer = await investigator.get(
            "/v1/cameras",
            params={parameter: text, "radius_m": 5} | ({} if parameter == "place" else {"lat": 0, "lon": 0}),
        )
        assert answer.status_code in (200, 404, 422), parameter


@pytest.mark.parametrize(
    "until",
    ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59.999999Z", 1e18, -1e18],
)
async def test_an_instant_at_the_end_of_time_is_taken_or_refused(broker: TestBroker, until: object) -> None:
    administrator = await broker.officer("rail", Role.ADMINISTRATOR)
    answer = await administrator.post("/v1/officers", officer_body(until=until))
    assert answer.status_code in (201, 422), answer.text


@pytest.mark.parametrize(
    "position",
    ['"after": 9' + "9" * 30 + ', "until": 1', '"after": 1, "until": 1e400', '"after": true', '"until": 1'],
)
async def test_a_forged_cursor_is_refused(broker: TestBroker, position: str) -> None:
    auditor = await broker.officer("rail", Role.AUDITOR)
    body = f'{{"q": "{fingerprint(["audit", None])}", {position}}}'
    cursor = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
    answer = await auditor.get(f"/v1/audit/entries?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_pages_of_the_log_are_followed_by_their_links_to_the_end(broker: TestBroker) -> None:
    auditor = await broker.officer("rail", Role.AUDITOR)
    for _ in range(4):
        await auditor.get("/v1/audit/entries")
    address, seen, pages = "/v1/audit/entries?limit=1", [], 0
    while address and pages < 50:
        page = (await auditor.get(address)).json()
        seen += [entry["sequence"] for entry in page["entries"]]
        assert len(page["entries"]) <= 1
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
        pages += 1
    assert len(seen) == len(set(seen)) == pages
    assert seen == sorted(seen)
    assert not address


async def test_a_cursor_of_another_question_is_refused(broker: TestBroker) -> None:
    auditor = await broker.officer("rail", Role.AUDITOR)
    await auditor.get("/v1/audit/entries")
    links = (await auditor.get("/v1/audit/entries?limit=1")).json()["links"]
    answer = await auditor.get(f"{links[0]['href']}&request_id=req_1")
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize("case", ["Procédure nº 5", "ASCII only", "Ελλάδα"])
async def test_a_case_in_a_header_is_read_as_its_sender_wrote_it(broker: TestBroker, case: str) -> None:
    officer = await broker.officer("rail", Role.OPERATOR)
    headers: list[tuple[bytes, bytes]] = [
        (b"Authorization", f"Bearer {officer.token}".encode()),
        (b"Entrevue-Purpose", b"accident"),
        (b"Entrevue-Case", case.encode()),
    ]
    assert (await broker.http.get("/v1/me", headers=headers)).json()["case_ref"] == case
    if case.startswith("Proc"):
        headers[-1] = (b"Entrevue-Case", case.encode("latin-1"))
        assert (await broker.http.get("/v1/me", headers=headers)).json()["case_ref"] == case


async def test_a_case_is_as_long_in_a_header_as_in_a_body_whatever_its_letters(broker: TestBroker) -> None:
    officer = await broker.officer("rail", Role.OPERATOR)
    for length, status in ((200, 200), (201, 422)):
        headers = [*officer.headers().items(), (b"Entrevue-Case", ("é" * length).encode())]
        pairs = [(name.encode() if isinstance(name, str) else name, value) for name, value in headers]
        assert (await broker.http.get("/v1/me", headers=pairs)).status_code == status
        body = {"purpose": "test", "case_ref": "é" * length}
        told = await broker.http.put("/v1/me/purpose", headers=officer.headers(), json=body)
        assert told.status_code == status


async def test_the_log_keeps_what_it_was_told_whatever_the_letters(broker: TestBroker) -> None:
    officer, auditor = await broker.officer("rail", Role.OPERATOR), await broker.officer("rail", Role.AUDITOR)
    await broker.http.put(
        "/v1/me/purpose", headers=officer.headers(None), json={"purpose": "test", "case_ref": "a\x00é"}
    )
    entries = (await auditor.get("/v1/audit/entries")).json()["entries"]
    assert json.dumps("a\x00é") in [json.dumps(entry["case_ref"]) for entry in entries]
