"""Explanations and dry runs as they leave over HTTP."""

from pydantic import ConfigDict

from broker.http.calls import InstantView, View
from broker.rights import examples
from broker.rights.models import DryRun, Explanation


class BasisView(View):
    """A basis that there may be: it gives the action where every rule holds."""

    name: str
    gives: bool
    rules: dict[str, bool]


class ExplanationView(View):
    """Why, rule by rule. `allowed` takes a basis that gives the action, and one that gives `locate`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPLANATION]})

    officer_id: str
    camera_id: str
    action: str
    purpose: str | None
    at: InstantView
    allowed: bool
    located: bool
    bases: list[BasisView]


class ChangeCountView(View):
    agency: str
    purpose: str
    action: str
    gained: int
    lost: int


class ChangeView(View):
    agency: str
    purpose: str
    gained: list[str]
    lost: list[str]


class ChangedCameraView(View):
    camera_id: str
    changes: list[ChangeView]


class DryRunView(View):
    """What activating the latest proposal would change; `counts` over all cameras, `cameras` a page of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DRY_RUN]})

    agreement_id: str
    version: int
    at: InstantView
    counts: list[ChangeCountView]
    cameras: list[ChangedCameraView]
    links: list[dict[str, str]]


def explanation_view(explanation: Explanation) -> ExplanationView:
    return ExplanationView.model_validate(explanation.model_dump())


def dry_run_view(dry_run: DryRun, links: list[dict[str, str]]) -> DryRunView:
    return DryRunView.model_validate(dry_run.model_dump() | {"links": links})
