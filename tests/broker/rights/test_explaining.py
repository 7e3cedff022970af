"""Explanations: the rule that decides is named, and a hidden camera explains as little as one that is not there."""

from typing import Any

import pytest

from broker.agencies.models import Action, Role
from broker.errors import Problem
from tests.world import SignedIn, TestBroker


async def explained(officer: SignedIn, camera: str, action: str, purpose: str = "public_safety") -> Any:
    answer = await officer.get("/v1/policy/explain", purpose, params={"camera": camera, "action": action})
    return answer.json()


def failing(explanation: Any, basis: str) -> set[str]:
    (found,) = [each for each in explanation["bases"] if each["name"] == basis]
    return {rule for rule, holds in found["rules"].items() if not holds}


async def test_the_rule_that_decides_is_named(broker: TestBroker) -> None:
    await broker.synchronise()
    operator = await broker.officer("police", Role.OPERATOR)
    live = await explained(operator, "rail-cctv:r1", "view_live")
    assert (live["allowed"], live["located"], failing(live, "rail-police")) == (True, True, set())
    assert failing(live, "metro-police") == {"owner"}
    clip = await explained(operator, "rail-cctv:r1", "request_clip")
    assert (clip["allowed"], failing(clip, "rail-police")) == (False, {"role"})


async def test_a_hidden_camera_is_as_unknown_as_one_that_is_not_there(broker: TestBroker) -> None:
    await broker.synchronise()
    operator = await broker.officer("police", Role.OPERATOR)
    for purpose in ("public_safety", "accident"):
        hidden = await explained(operator, "rail-cctv:secret", "locate", purpose)
        nowhere = await explained(operator, "rail-cctv:absent", "locate", purpose)
        assert hidden["code"] == "not_found"
        assert str(hidden).replace("secret", "absent") == str(nowhere)
    assert (await explained(operator, "rail-cctv:r1", "locate", "accident"))["code"] == "not_found"


async def test_agreements_of_others_are_not_told_of(broker: TestBroker) -> None:
    await broker.synchronise()
    operator = await broker.officer("rail", Role.OPERATOR)
    names = {b["name"] for b in (await explained(operator, "rail-cctv:r1", "locate"))["bases"]}
    assert names == {"own", "rail-police"}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DPO, Role.ADMINISTRATOR])
async def test_who_never_sees_a_camera_is_told_nothing_of_one(broker: TestBroker, role: Role) -> None:
    await broker.synchronise()
    answer = await explained(await broker.officer("rail", role), "rail-cctv:r1", "locate")
    assert answer["code"] == "role_denied"


async def test_the_host_is_told_why_of_anybody(broker: TestBroker) -> None:
    await broker.synchronise()
    operator = await broker.officer("police", Role.OPERATOR)
    service = broker.broker.services.explanations
    found = await service.of_officer(operator.id, "rail-cctv:secret", Action.LOCATE, "public_safety")
    assert not found.allowed
    by_name = {
        basis.name: {r.value for r, holds in basis.rules.items() if not holds} for basis in found.bases
    }
    assert by_name["rail-police"] == {"reserved"}
    late = await service.of_officer(
        operator.id, "rail-cctv:r1", Action.LOCATE, "public_safety", broker.clock.now().replace(year=2028)
    )
    assert not late.allowed
    with pytest.raises(Problem, match="there is no officer"):
        await service.of_officer("off_none", "rail-cctv:r1", Action.LOCATE, "public_safety")
    with pytest.raises(Problem, match="the catalog has no camera"):
        await service.of_officer(operator.id, "rail-cctv:none", Action.LOCATE, "public_safety")


async def test_a_host_whose_process_follows_no_catalog_is_told_too(broker: TestBroker) -> None:
    await broker.synchronise()
    operator = await broker.officer("police", Role.OPERATOR)
    broker.broker.follower.index.put_reports({})
    service = broker.broker.services.explanations
    assert (await service.of_officer(operator.id, "rail-cctv:r1", Action.LOCATE, "public_safety")).allowed
    with pytest.raises(Problem) as caught:
        await service.of_officer(operator.id, "rail-cctv:none", Action.LOCATE, "public_safety")
    assert caught.value.code == "not_found"
