"""A worker may end at any awaited point, and every store may refuse any call: the request still finishes."""

import hashlib

import pytest

from broker.agencies.models import Role
from tests.broker.requests.interruptions import Blow, Interruption, work_until_struck
from tests.broker.requests.people import (
    decide,
    in_ledger,
    scratch_files,
    submit,
    vault_files,
    work_to_the_end,
)
from tests.world import TestBroker

MOST_CALLS = 200


@pytest.mark.parametrize("blow", [Blow.DIES_AFTER, Blow.REFUSED])
async def test_a_request_finishes_with_the_same_bytes_wherever_its_worker_ends(
    broker: TestBroker, blow: Blow
) -> None:
    investigator = await broker.officer("police", Role.INVESTIGATOR)
    custodian = await broker.officer("rail", Role.CUSTODIAN)
    expected: tuple[str, ...] | None = None
    for at in (10_000, *range(1, MOST_CALLS)):
        request_id = (await submit(investigator, "rail-cctv:r1", judicial=False))["id"]
        assert (await decide(custodian, "approve", request_id)).status_code == 200
        interruption = Interruption(at, blow)
        await work_until_struck(broker, interruption)
        if expected is not None and not interruption.struck:
            assert at > 30
            return
        request = await work_to_the_end(broker, request_id)

        where = f"{blow} call {at}: {interruption.calls[-1]}"
        assert request.state == "completed", (where, request.items[0].state_reason)
        clips = request.items[0].clips
        digests = tuple(clip.sha256 for clip in clips)
        expected = expected or digests
        assert digests == expected, where
        for clip in clips:
            stored = await broker.broker.vault.get(clip.vault_key)
            assert hashlib.sha256(stored).hexdigest() == clip.sha256, where
        assert await vault_files(broker, f"clips/{request_id}") == {clip.vault_key for clip in clips}, where
        assert await vault_files(broker, f"bundles/{request_id}") == {request.bundle_key}, where
        assert scratch_files(broker) == [], where
        broker.clock.advance(seconds=301)
        await broker.work()
        held = (await in_ledger(broker, request_id)).items[0].hold
        assert held is not None and held.state == "released", where
        assert broker.rail.holds == {}, where
    pytest.fail(f"work takes more than {MOST_CALLS} calls")
