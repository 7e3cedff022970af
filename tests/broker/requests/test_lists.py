"""Lists of requests: newest first, each once, and the next page asks the same question."""

import pytest

from broker.agencies.models import Role
from tests.world import LAST_MINUTES, TestBroker, submission


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_with_a_filter_hold_each_request_once(broker: TestBroker, limit: int) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    made = []
    for n in range(5):
        body = submission(["rail-cctv:r1"], LAST_MINUTES, case_ref=f"CASE-{n % 2}")
        made.append((await investigator.post("/v1/requests", body)).json()["id"])
    address: str | None = f"/v1/requests?case_ref=CASE-0&state=pending&limit={limit}"
    seen: list[str] = []
    while address is not None:
        answer = await investigator.get(address)
        assert answer.status_code == 200, answer.text
        seen += [request["id"] for request in answer.json()["requests"]]
        address = next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None)
    assert seen == [made[4], made[2], made[0]]
