"""What was approved under one version of an agreement is no longer had under the next one."""

import pytest

from broker.agencies.models import Role
from tests.broker.requests.people import decide, in_ledger, submit, work_to_the_end
from tests.world import SignedIn, TestBroker


@pytest.fixture
async def custodian(broker: TestBroker) -> SignedIn:
    return await broker.officer("rail", Role.CUSTODIAN)


async def renew_agreement(broker: TestBroker, custodian: SignedIn) -> None:
    """The same agreement with the same terms, as a new version in force."""
    agreements = broker.broker.services.agreements
    (known,) = [a for a in await agreements.list_agreements() if a.id == "rail-police"]
    await agreements.propose("rail-police", known.terms, None)
    assert (await custodian.post("/v1/agreements/rail-police/activate", {})).status_code == 200


async def test_what_was_made_under_an_earlier_version_is_no_longer_handed_out(
    broker: TestBroker, custodian: SignedIn
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "approve", request_id)
    assert (await work_to_the_end(broker, request_id)).state.value == "completed"
    names = ("clips/1.1.mp4", "bundle.zip")
    for name in names:
        assert (await investigator.get(f"/v1/requests/{request_id}/{name}", None)).status_code == 200
    await renew_agreement(broker, custodian)
    for name in names:
        answer = await investigator.get(f"/v1/requests/{request_id}/{name}", None)
        assert (answer.status_code, answer.json()["code"]) == (403, "agreement_ended")


async def test_what_was_approved_under_an_earlier_version_is_not_made(
    broker: TestBroker, custodian: SignedIn
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "approve", request_id)
    await renew_agreement(broker, custodian)
    await work_to_the_end(broker, request_id)
    (item,) = (await in_ledger(broker, request_id)).items
    assert (item.state.value, item.clips) == ("cancelled", ())
    assert item.state_reason == "the right to this footage ended before it was delivered"


async def test_a_request_under_the_new_version_is_approved_and_had_by_itself(
    broker: TestBroker, custodian: SignedIn
) -> None:
    await renew_agreement(broker, custodian)
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    request_id = (await submit(investigator, "rail-cctv:r1"))["id"]
    await decide(custodian, "approve", request_id)
    assert (await work_to_the_end(broker, request_id)).state.value == "completed"
    assert (await investigator.get(f"/v1/requests/{request_id}/clips/1.1.mp4", None)).status_code == 200
