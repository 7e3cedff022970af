"""Documents: attached by the requester, read by whom they are for, required where agreed, in the bundle."""

import base64
import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from broker.agencies.models import Approval, Role
from broker.errors import Problem
from broker.evidence.bundle.verify import verify_file
from broker.http.limits import MAX_BODY_BYTES
from broker.requests.documents import LONGEST_BYTES, MOST
from tests.broker.requests.people import decide, shown, submit, vault_files
from tests.broker.requests.test_expiring import agree
from tests.world import SignedIn, TestBroker

PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"


@pytest.fixture
async def investigator(broker: TestBroker) -> SignedIn:
    return await broker.officer("police", Role.INVESTIGATOR)


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


async def attach(officer: SignedIn, request_id: str, content: bytes = PDF, **more: Any) -> Any:
    body = {"name": "Requisition.pdf", "content": base64.b64encode(content).decode()} | more
    return await officer.post(f"/v1/requests/{request_id}/documents", body, None)


async def read(officer: SignedIn, href: str) -> Any:
    return await officer.get(href, None)


def pdf(text: str) -> bytes:
    return PDF.replace(b"1 0 obj", text.encode())


async def test_a_document_is_read_by_both_sides_as_it_was_attached(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answer = await attach(investigator, request_id)
    assert answer.status_code == 201, answer.text
    (document,) = answer.json()["documents"]
    digest = hashlib.sha256(PDF).hexdigest()
    assert (document["name"], document["sha256"], document["size"]) == ("Requisition.pdf", digest, len(PDF))
    for officer in (investigator, custodian):
        assert (await shown(officer, request_id))["documents"] == [document]
        got = await read(officer, document["href"])
        assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    auditor = await broker.officer("rail", Role.AUDITOR)
    entries = (await auditor.get(f"/v1/audit/entries?request_id={request_id}&limit=1000")).json()["entries"]
    told = [(e["action"], e["objects"]) for e in entries if "document" in e["action"]]
    assert told == [("attach_document", [request_id, digest])] + [("read_document", [request_id, digest])] * 2


async def test_the_same_file_again_changes_nothing(investigator: SignedIn) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    first = await attach(investigator, request_id)
    again = await attach(investigator, request_id, name="Another name.pdf")
    assert (again.status_code, again.json()["documents"]) == (201, first.json()["documents"])


async def test_what_is_for_one_owner_is_no_business_of_the_others(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    other = await broker.officer("metro", Role.CUSTODIAN)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    await attach(investigator, request_id, pdf("for all"))
    answer = await attach(investigator, request_id, pdf("for rail"), owner="rail")
    names = {each["owner"]: each["href"] for each in answer.json()["documents"]}
    assert set(names) == {None, "rail"}
    assert [each["owner"] for each in (await shown(other, request_id))["documents"]] == [None]
    assert {each["owner"] for each in (await shown(custodian, request_id))["documents"]} == {None, "rail"}
    refused = await read(other, names["rail"])
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    unknown = await read(other, names["rail"].rpartition("/")[0] + "/" + "0" * 64)
    assert refused.json()["title"] == unknown.json()["title"]
    assert (await read(custodian, names["rail"])).status_code == 200
    auditor = await broker.officer("metro", Role.AUDITOR)
    entries = (await auditor.get("/v1/audit/entries?limit=1000")).json()["entries"]
    digest = hashlib.sha256(pdf("for rail")).hexdigest()
    attached = [e for e in entries if e["action"] == "attach_document"]
    assert len(attached) == 1 and digest not in json.dumps(attached)


async def test_it_is_for_an_owner_of_the_requests_cameras(investigator: SignedIn) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answer = await attach(investigator, request_id, owner="metro")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_nobody_else_attaches_and_strangers_find_nothing(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answer = await attach(custodian, request_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")
    href = (await attach(investigator, request_id)).json()["documents"][0]["href"]
    for agency, role in (("police", Role.INVESTIGATOR), ("metro", Role.CUSTODIAN), ("rail", Role.AUDITOR)):
        stranger = await broker.officer(agency, role)
        for refused in (await attach(stranger, request_id), await read(stranger, href)):
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "content",
    [b"", b"no PDF", b"%PDF-1.7\ncut short", b"\n%PDF-1.7\n%%EOF", b"%PDF-1.7\n%%EOF" + b" " * 2000],
)
async def test_what_is_no_whole_pdf_is_refused(investigator: SignedIn, content: bytes) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    answer = await attach(investigator, request_id, content)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert (await shown(investigator, request_id))["documents"] == []


async def test_a_document_may_be_larger_than_other_bodies_and_has_its_own_bound(
    investigator: SignedIn,
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    large = PDF + b"x" * (2 * MAX_BODY_BYTES) + b"\n%%EOF\n"
    assert (await attach(investigator, request_id, large)).status_code == 201
    for too_large in (PDF + b"x" * LONGEST_BYTES + b"%%EOF", b"%PDF-" + b"x" * (16 * 1024 * 1024)):
        answer = await attach(investigator, request_id, too_large)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_request_takes_so_many_and_none_after_its_end(
    broker: TestBroker, investigator: SignedIn
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    for n in range(MOST):
        assert (await attach(investigator, request_id, pdf(f"document {n}"))).status_code == 201
    answer = await attach(investigator, request_id, pdf("one more"))
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")
    ended = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(investigator, "cancel", ended)
    answer = await attach(investigator, ended)
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")


async def test_an_agreement_that_wants_a_document_is_approved_with_one_only(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, requires_document=True)
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    await broker.work()
    items = (await shown(investigator, request_id))["items"]
    assert [item["needs_document"] for item in items] == [True, False]
    assert items[0]["held"]["state"] == "held", "the footage is held meanwhile"
    for owner in (None, "metro"):
        answer = await decide(custodian, "approve", request_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "document_missing")
        await attach(investigator, request_id, owner=owner or "metro")
    await attach(investigator, request_id, owner="rail")
    assert (await decide(custodian, "approve", request_id)).status_code == 200


async def test_it_may_be_denied_without_a_document(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, requires_document=True)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    assert (await decide(custodian, "deny", request_id)).status_code == 200


async def test_what_waits_for_a_document_and_for_nobody_is_approved_by_it(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn
) -> None:
    await agree(broker, custodian, requires_document=True, approval=Approval.AUTOMATIC)
    body = await submit(investigator, "rail-cctv:r1")
    assert (body["items"][0]["state"], body["items"][0]["decide_by_limit"]) == ("pending", "broker")
    await broker.work()
    assert (await shown(investigator, body["id"]))["state"] == "pending"
    answer = await attach(investigator, body["id"])
    assert answer.json()["items"][0]["state"] == "approved"
    await broker.work()
    assert (await shown(investigator, body["id"]))["state"] == "completed"


async def test_the_bundle_carries_the_documents_and_the_logs_word_on_them(
    broker: TestBroker, investigator: SignedIn, custodian: SignedIn, tmp_path: Path
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"]
    contents = [pdf("first"), pdf("second")]
    await attach(investigator, request_id, contents[0], owner="rail")
    broker.clock.advance(seconds=1)
    await attach(investigator, request_id, contents[1])
    await attach(investigator, request_id, contents[0], owner="metro")
    await decide(investigator, "cancel", request_id)
    await broker.work()
    bundle = (await read(investigator, f"/v1/requests/{request_id}/bundle.zip")).content
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert [archive.read(each["path"]) for each in manifest["documents"]] == contents
        assert b"documents/*.pdf" in archive.read("VERIFY.txt")
        assert b"Requisition.pdf" in archive.read("report.html")
    assert [entry["event"] for entry in manifest["log"]].count("attach_document") == 3
    (tmp_path / "b.zip").write_bytes(bundle)
    assert verify_file(tmp_path / "b.zip").ok


async def test_a_vault_that_is_away_leaves_no_document_behind(
    broker: TestBroker, investigator: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]

    async def is_away(*_: object) -> None:
        raise Problem("vault_unavailable", "the vault does not answer")

    monkeypatch.setattr(broker.broker.vault, "put", is_away)
    answer = await attach(investigator, request_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "vault_unavailable")
    monkeypatch.undo()
    assert (await shown(investigator, request_id))["documents"] == []
    assert await vault_files(broker, f"documents/{request_id}") == set()
    assert (await attach(investigator, request_id)).status_code == 201
