"""How substitutes are shown."""

from datetime import datetime

from pydantic import ConfigDict

from broker.agencies.substitutes import examples
from broker.agencies.substitutes.models import Substitution
from broker.hours import Hours
from broker.http.calls import InstantView, View


class SubstitutionView(View):
    """Who stands in for whom. `in_force`: at this moment, by its time, its hours and its principal's designation."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBSTITUTION]})

    id: str
    principal_id: str
    substitute_id: str
    valid_from: InstantView
    valid_until: InstantView
    hours: Hours | None
    reason: str
    in_force: bool
    ended_by: str | None


class SubstitutionList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBSTITUTIONS]})

    substitutes: list[SubstitutionView]


def substitution_view(substitution: Substitution, at: datetime) -> SubstitutionView:
    said = substitution.model_dump(exclude={"agency", "principal_designated", "hours"})
    return SubstitutionView(**said, hours=substitution.hours, in_force=substitution.covers(at))
