"""Emergencies as they leave over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from broker.agencies.emergencies import examples
from broker.agencies.models import Circle, Emergency
from broker.http.calls import InstantView, View


class ReviewView(View):
    owner: str
    officer_id: str
    verdict: Literal["justified", "unjustified"]
    reason: str
    reviewed_at: InstantView


class EmergencyView(View):
    """`running` gives its right; `over` waits for the reviews of `unreviewed`; `closed` has them all."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EMERGENCY]})

    id: str
    officer_id: str
    agency: str
    service: str
    personnel_number: str
    name: str
    purpose: str
    case_ref: str | None
    reason: str
    owners: list[str]
    area: Circle | None
    state: Literal["running", "over", "closed"]
    started_at: InstantView
    ends_at: InstantView
    ended_at: InstantView | None
    ended_by: str | None
    closed_at: InstantView | None
    unreviewed: list[str]
    reviews: list[ReviewView]


class EmergencyList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.EMERGENCIES]})

    emergencies: list[EmergencyView]
    links: list[dict[str, str]]


def emergency_view(emergency: Emergency, at: datetime) -> EmergencyView:
    state: Literal["running", "over", "closed"] = "running" if emergency.runs(at) else "over"
    return EmergencyView(
        **emergency.model_dump(exclude={"person", "owners", "reviews", "area"}),
        **emergency.person.model_dump(),
        owners=list(emergency.owners),
        area=emergency.area,
        state="closed" if emergency.closed_at is not None else state,
        unreviewed=list(emergency.unreviewed),
        reviews=[ReviewView(**review.model_dump()) for review in emergency.reviews],
    )
