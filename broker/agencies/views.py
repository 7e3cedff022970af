"""Officers, agreements and the caller as they leave over HTTP."""

from typing import Any

from pydantic import ConfigDict

from broker.agencies import examples
from broker.agencies.models import Agreement, Caller, Officer
from broker.http.calls import InstantView, View


class OfficerView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.OFFICER]})

    id: str
    agency: str
    name: str
    service: str
    personnel_number: str
    roles: list[str]
    designated_until: InstantView | None


class IssuedView(View):
    """`token` is shown this once: null where the same call with its key designated the officer before. Revoke
    the tokens and designate anew where it was lost."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ISSUED]})

    id: str
    token: str | None


class OfficerList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.OFFICERS]})

    officers: list[OfficerView]
    links: list[dict[str, str]]


class MeView(View):
    """Who calls, and the purpose that calls without one of their own are made for."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ME]})

    id: str
    agency: str
    name: str
    service: str
    personnel_number: str
    roles: list[str]
    designated: bool
    purpose: str | None
    case_ref: str | None


class AgreementView(View):
    """One version of an agreement with its terms."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.AGREEMENT]})

    id: str
    version: int
    state: str
    proposed_at: InstantView
    activated_at: InstantView | None
    ended_at: InstantView | None
    terms: dict[str, Any]


class AgreementList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.AGREEMENTS]})

    agreements: list[AgreementView]
    links: list[dict[str, str]]


def officer_view(officer: Officer) -> OfficerView:
    last = officer.designations[-1] if officer.designations else None
    return OfficerView(
        id=officer.id,
        agency=officer.agency,
        name=officer.name,
        service=officer.service,
        personnel_number=officer.personnel_number,
        roles=sorted(role.value for role in officer.roles),
        designated_until=last.valid_until if last else None,
    )


def me_view(caller: Caller) -> MeView:
    officer = caller.officer
    return MeView(
        id=officer.id,
        agency=officer.agency,
        name=officer.name,
        service=officer.service,
        personnel_number=officer.personnel_number,
        roles=sorted(role.value for role in officer.roles),
        designated=caller.designated,
        purpose=caller.purpose,
        case_ref=caller.case_ref,
    )


def agreement_view(agreement: Agreement) -> AgreementView:
    terms = agreement.terms.model_dump(mode="json")
    return AgreementView(
        id=agreement.id,
        version=agreement.version,
        state=agreement.state.value,
        proposed_at=agreement.proposed_at,
        activated_at=agreement.activated_at,
        ended_at=agreement.ended_at,
        terms=terms | {"valid": str(agreement.terms.valid)},
    )
