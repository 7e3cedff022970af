"""The register says what was made, handed over and destroyed, for the owner alone, and only what the log proves."""

import csv
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.register.models import Line, month_of
from broker.register.rendering import COLUMNS
from broker.settings import Settings
from tests.broker.requests.people import decide, submit, work_to_the_end
from tests.world import SignedIn, TestBroker, open_test_broker, settings


async def read(officer: SignedIn, month: str = "2026-06", **more: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in {"month": month, **more}.items())
    answer = await officer.get(f"/v1/register?{query}")
    assert answer.status_code == 200, answer.text
    return answer


async def life(broker: TestBroker) -> str:
    """Asked, approved, fetched both ways; a month later its evidence and its hold are gone."""
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    request_id = str((await submit(investigator, "rail-cctv:r1", "metro-cctv:m1"))["id"])
    await broker.work()
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    metro = await broker.officer("metro", Role.CUSTODIAN)
    assert (await decide(metro, "approve", request_id)).status_code == 200
    await work_to_the_end(broker, request_id)
    for path in ("clips/1.1.mp4", "bundle.zip"):
        assert (await investigator.get(f"/v1/requests/{request_id}/{path}", None)).status_code == 200
    assert (await decide(investigator, "cancel", request_id)).status_code in (200, 409)
    broker.clock.advance(days=31)
    await broker.work()
    return request_id


async def test_each_step_of_a_recording_is_a_line_and_its_entry_is_in_the_log(broker: TestBroker) -> None:
    request_id = await life(broker)
    officer = await broker.officer("rail", Role.DPO)
    june, july = [(await read(officer, month)).json()["lines"] for month in ("2026-06", "2026-07")]
    steps = [(line["event"], line["what"]) for line in june]
    assert steps == [("made", "hold"), ("made", "clip"), ("handed_over", "clip"), ("handed_over", "clip")]
    assert ("destroyed", "clip") in [(line["event"], line["what"]) for line in july]
    for line in (*june, *july):
        assert (line["camera_id"], line["network"]) == ("rail-cctv:r1", "rail-cctv")
        assert line["request_id"] == request_id
        assert line["requisition"] == "judicial_requisition: R-1"
    handed = [line for line in june if line["event"] == "handed_over"]
    assert {line["recipient"] for line in handed} == {"Police, Tests"}
    made, destroyed = next(line for line in june if line["what"] == "clip"), july[-1]
    assert made["sha256"] == destroyed["sha256"] != []
    entries = (await broker.broker.services.audit.page(None, None, 0, None, 10_000, None)).entries
    by_number = {entry.sequence: entry for entry in entries}
    assert all(by_number[line["entry"]].request_id == request_id for line in (*june, *july))


async def test_others_recordings_are_not_in_it_and_others_do_not_read_it(broker: TestBroker) -> None:
    await life(broker)
    metro = await broker.officer("metro", Role.DPO)
    assert {line["camera_id"] for line in (await read(metro)).json()["lines"]} == {"metro-cctv:m1"}
    police = await broker.officer("police", Role.DPO)
    assert (await read(police)).json()["lines"] == []
    for role in (Role.OPERATOR, Role.INVESTIGATOR, Role.AUDITOR, Role.ADMINISTRATOR):
        answer = await (await broker.officer("rail", role)).get("/v1/register?month=2026-06")
        assert (answer.status_code, answer.json()["code"]) == (403, "role_denied")


async def test_the_table_and_the_page_say_the_same(tmp_path: Path, redis: Redis) -> None:
    known = settings(tmp_path).model_dump()
    for network in known["network"]:
        if network["id"] == "rail-cctv":
            network |= {"authorisation": "2026-0412 <b>", "authorised_until": "2031-03-31"}
    async with open_test_broker(tmp_path, redis, configuration=Settings.model_validate(known)) as broker:
        await broker.synchronise()
        await life(broker)
        officer = await broker.officer("rail", Role.CUSTODIAN)
        body = (await read(officer)).json()
        assert body["authorisations"] == [
            {"network": "rail-cctv", "number": "2026-0412 <b>", "until": "2031-03-31"}
        ]
        answer = await read(officer, format="csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="register-rail-2026-06.csv"'
        rows = list(csv.DictReader(StringIO(answer.text, newline="")))
        assert tuple(rows[0]) == COLUMNS == tuple(Line.model_fields)
        assert [row["entry"] for row in rows] == [str(line["entry"]) for line in body["lines"]]
        page = (await read(officer, format="html")).text
        assert page.count("<tr><td>2026-06-") == len(body["lines"])
        assert "2026-0412 &lt;b&gt;" in page and "<b>" not in page
        for line in body["lines"]:
            assert all(digest in page for digest in line["sha256"])


async def test_a_cell_is_never_a_formula(broker: TestBroker) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    basis = {"kind": "judicial_requisition", "reference": "R-1"}
    request_id = (await submit(investigator, "rail-cctv:r1", legal_basis=basis, reason="=1+1"))["id"]
    await broker.work()
    assert (await decide(custodian, "approve", request_id)).status_code == 200
    rows = csv.reader(StringIO((await read(custodian, format="csv")).text, newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "0000-01"])
async def test_what_is_no_month_is_refused(broker: TestBroker, month: str) -> None:
    answer = await (await broker.officer("rail", Role.DPO)).get(f"/v1/register?month={month}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@given(st.integers(1, 9998), st.integers(1, 12))
def test_months_follow_one_another(year: int, month: int) -> None:
    start, end = month_of(f"{year:04d}-{month:02d}")
    assert start == datetime(year, month, 1, tzinfo=UTC)
    assert month_of(f"{end.year:04d}-{end.month:02d}")[0] == end
