"""The one policy function: denied unless own or agreed, for every role, action and state."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.agencies.models import Action, AgencyAction, AgreementState, Officer, Role
from broker.agencies.policy import (
    AGENCY_ACTIONS,
    ROLE_ACTIONS,
    action_masks,
    may,
    reasons,
    request_view,
)
from tests.broker.agencies.rights import (
    ACTIONS,
    CAMERAS,
    CAN_EVER,
    DAY,
    MOMENTS,
    NOW,
    PURPOSES,
    Agreed,
    Camera,
    agreed,
    agreement,
    allowed,
    columns,
    emergencies,
    emergency,
    officer,
    officers,
)

RAIL = Camera("rail", "rail-1", "fixed", 1.5, 1.5, frozenset())
RESERVED = Camera("rail", "rail-1", "fixed", 1.5, 1.5, frozenset({"reserved"}))


def actions_on(
    who: Officer, camera: Camera, *agreements: object, purpose: str | None = PURPOSES[0]
) -> set[str]:
    masks = action_masks(who, purpose, columns([camera]), agreements, NOW)  # type: ignore[arg-type]  # agreements
    return {action.value for action in masks.actions_of(0)}


@given(
    data=st.data(),
    who=officers(),
    purpose=st.none() | st.sampled_from([*PURPOSES, "unheard_of"]),
    cameras=st.lists(CAMERAS, max_size=8),
    agreements=st.lists(agreed(), max_size=4),
    at=MOMENTS,
)
def test_the_masks_are_what_a_second_opinion_says_of_each_camera(
    data: st.DataObject,
    who: Officer,
    purpose: str | None,
    cameras: list[Camera],
    agreements: list[Agreed],
    at: datetime,
) -> None:
    book = [given.agreement for given in agreements]
    dangers = data.draw(st.lists(emergencies(who), max_size=2))
    masks = action_masks(who, purpose, columns(cameras), book, at, dangers)
    for i, camera in enumerate(cameras):
        expected = allowed(who, purpose, camera, agreements, at, dangers)
        assert {action.value for action in masks.actions_of(i)} == expected
        for action in Action:
            grants = masks.grants(action, i)
            assert bool(grants) == masks.allows(action, i) == (action.value in expected)
            assert all(basis.agreement is None or basis.agreement in book for basis in grants)
            why = reasons(who, purpose, columns([camera]), book, at, action, dangers)
            root = reasons(who, purpose, columns([camera]), book, at, Action.LOCATE, dangers)
            given = [each.name for each in why if each.given]
            assert (bool(given) and any(each.given for each in root)) == (action.value in expected)
            assert not grants or given == [basis.name for basis in grants]


@given(
    who=officers(),
    cameras=st.lists(CAMERAS, min_size=1, max_size=8),
    agreements=st.lists(agreed(), max_size=4),
    at=MOMENTS,
)
def test_a_camera_decided_alone_is_decided_as_among_others(
    who: Officer, cameras: list[Camera], agreements: list[Agreed], at: datetime
) -> None:
    book = [given.agreement for given in agreements]
    together = action_masks(who, PURPOSES[0], columns(cameras), book, at)
    for i, camera in enumerate(cameras):
        alone = action_masks(who, PURPOSES[0], columns([camera]), book, at)
        assert alone.actions_of(0) == together.actions_of(i)
        assert alone.bases_of(0) == together.bases_of(i)


@pytest.mark.parametrize("state", [None, *AgreementState])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", Role)
def test_anothers_camera_needs_an_active_agreement_that_grants_the_action(
    role: Role, action: str, state: AgreementState | None
) -> None:
    given = () if state is None else (agreement(state=state, actions=("locate", action)),)
    expected = set()
    if state is AgreementState.ACTIVE and role in (Role.OPERATOR, Role.INVESTIGATOR):
        expected = {"locate", action} & CAN_EVER[role.value]
    assert actions_on(officer("police", role), RAIL, *given) == expected


@pytest.mark.parametrize("role", Role)
def test_own_cameras_need_no_agreement_and_give_what_the_role_can_ever_have(role: Role) -> None:
    assert actions_on(officer("rail", role), RAIL) == CAN_EVER[role.value]


@pytest.mark.parametrize("role", Role)
def test_a_reserved_camera_is_its_own_custodians_alone(role: Role) -> None:
    assert actions_on(officer("rail", role), RESERVED) == (
        CAN_EVER["custodian"] if role is Role.CUSTODIAN else set()
    )
    assert actions_on(officer("police", role), RESERVED, agreement()) == set()


@pytest.mark.parametrize("role", Role)
def test_a_designation_that_is_not_current_gives_nothing(role: Role) -> None:
    for who in (officer("rail", role, until=NOW), officer("rail", role, since=NOW + timedelta(seconds=1))):
        assert actions_on(who, RAIL) == set()
        assert actions_on(who, RESERVED) == set()
        assert not any(may(who, action, NOW) for action in AgencyAction)
    undesignated = officer("rail", role).model_copy(update={"designations": ()})
    assert actions_on(undesignated, RAIL) == set()


def test_without_a_purpose_nothing_is_allowed() -> None:
    assert actions_on(officer("rail", *Role), RAIL, agreement(), purpose=None) == set()


@pytest.mark.parametrize("granted", [("view_snapshot",), ("view_live", "hold", "request_clip")])
def test_without_locate_nothing_else_is_allowed(granted: tuple[str, ...]) -> None:
    who = officer("police", Role.OPERATOR, Role.INVESTIGATOR)
    assert actions_on(who, RAIL, agreement(actions=granted)) == set()
    assert actions_on(who, RAIL, agreement(actions=granted), agreement("other", actions=("locate",))) == {
        "locate",
        *granted,
    }


def test_an_agreement_holds_from_its_start_to_just_before_its_end() -> None:
    who, cam = officer("police", Role.OPERATOR), columns([RAIL])
    given = agreement()
    at = [NOW - DAY - timedelta(microseconds=1), NOW - DAY, NOW + DAY - timedelta(microseconds=1), NOW + DAY]
    who = who.model_copy(update={"designations": officer("police", since=NOW - 9 * DAY).designations})
    seen = [action_masks(who, PURPOSES[0], cam, [given], moment).allows(Action.LOCATE, 0) for moment in at]
    assert seen == [False, True, True, False]


def test_what_agreements_add_up_to_keeps_each_basis_apart() -> None:
    first, second = (
        agreement("first", actions=("locate",)),
        agreement("second", actions=("locate", "request_clip")),
    )
    masks = action_masks(
        officer("police", Role.INVESTIGATOR), PURPOSES[0], columns([RAIL]), [first, second], NOW
    )
    assert masks.bases_of(0) == ("first", "second")
    assert [basis.name for basis in masks.grants(Action.REQUEST_CLIP, 0)] == ["second"]


@pytest.mark.parametrize("action", AgencyAction)
@pytest.mark.parametrize("role", Role)
def test_what_a_role_does_in_its_agency_ends_at_its_agency(role: Role, action: AgencyAction) -> None:
    who = officer("rail", role)
    assert may(who, action, NOW) == may(who, action, NOW, "rail") == (role in AGENCY_ACTIONS[action])
    assert not may(who, action, NOW, "metro")


def test_the_table_of_roles_is_the_published_one() -> None:
    assert {role.value: {a.value for a in actions} for role, actions in ROLE_ACTIONS.items()} == CAN_EVER
    only = {action: {role.value for role in roles} for action, roles in AGENCY_ACTIONS.items()}
    assert only[AgencyAction.DECIDE] == only[AgencyAction.MANAGE_AGREEMENTS] == {"custodian"}
    assert only[AgencyAction.READ_LOG] == {"auditor", "dpo"}
    assert only[AgencyAction.ADMINISTER] == {"administrator"}
    assert only[AgencyAction.SUBMIT_REQUEST] == only[AgencyAction.FETCH_OWN] == {"investigator"}
    administers = [action for action, roles in only.items() if "administrator" in roles]
    assert administers == [
        AgencyAction.ADMINISTER,
        AgencyAction.READ_AGREEMENTS,
        AgencyAction.READ_NOTICES,
    ]
    everybody = {role.value for role in Role}
    assert only[AgencyAction.READ_AGREEMENTS] == only[AgencyAction.READ_NOTICES] == everybody


@given(
    who=officers(),
    requester=st.sampled_from(["off_1", "off_2"]),
    owners=st.sets(st.sampled_from(["rail", "police"])),
)
def test_a_request_is_shown_to_its_requester_and_each_owners_custodian_only_their_items(
    who: Officer, requester: str, owners: set[str]
) -> None:
    view = request_view(who, requester, owners, NOW)
    designated = who.is_designated(NOW)
    mine = designated and who.id == requester and Role.INVESTIGATOR in who.roles
    owns = designated and Role.CUSTODIAN in who.roles and who.agency in owners
    for owner in ("rail", "metro", "police"):
        assert view.shows(owner) == (mine or (owns and owner == who.agency))
    assert view.nothing == (not mine and not owns)


@pytest.mark.parametrize("role", Role)
def test_an_emergency_is_an_operators_and_never_asks_for_a_clip(role: Role) -> None:
    who, barred = officer("police", role), agreement(actions=("locate",), purposes=("unheard_of",))
    masks = action_masks(who, PURPOSES[0], columns([RAIL, RESERVED]), [barred], NOW, [emergency(who)])
    operates = {Action.LOCATE, Action.VIEW_SNAPSHOT, Action.VIEW_LIVE, Action.HOLD}
    assert set(masks.actions_of(0)) == (operates if role is Role.OPERATOR else set())
    assert masks.bases_of(0) == (("emergency:emg_1",) if role is Role.OPERATOR else ())
    assert masks.actions_of(1) == ()


def test_an_emergency_reaches_no_owner_without_an_agreement_that_runs() -> None:
    who = officer("police", Role.OPERATOR)
    for others in ([], [agreement(state=AgreementState.ENDED)], [agreement(partners=("metro",))]):
        masks = action_masks(who, PURPOSES[0], columns([RAIL]), others, NOW, [emergency(who)])
        assert masks.actions_of(0) == ()


def test_an_emergency_ends_at_its_minute_and_where_somebody_ends_it() -> None:
    who, given = officer("police", Role.OPERATOR), [agreement(purposes=("unheard_of",))]
    hour, tick = NOW + timedelta(hours=1), timedelta(microseconds=1)
    ended = emergency(who, ended_at=NOW + timedelta(minutes=5))
    for each, at, seen in (
        (emergency(who), NOW - tick, False),
        (emergency(who), NOW, True),
        (emergency(who), hour - tick, True),
        (emergency(who), hour, False),
        (ended, NOW + timedelta(minutes=5) - tick, True),
        (ended, NOW + timedelta(minutes=5), False),
    ):
        masks = action_masks(who, PURPOSES[0], columns([RAIL]), given, at, [each])
        assert masks.allows(Action.LOCATE, 0) == seen
