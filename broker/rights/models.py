"""Frozen explanations of rights and of their change."""

from adapters.contract.models import Instant
from broker.agencies.models import Action, Model
from broker.agencies.rules import Rule


class ExplainedBasis(Model):
    """A basis that there may be, and of each rule that it depends on whether it holds; `gives` where all do."""

    name: str
    gives: bool
    rules: dict[Rule, bool]


class Explanation(Model):
    """Why an officer may or may not do something with a camera. `allowed` is the decision itself: it takes a basis
    that gives the action, and one that gives `locate`."""

    officer_id: str
    camera_id: str
    action: Action
    purpose: str | None
    at: Instant
    allowed: bool
    located: bool
    bases: tuple[ExplainedBasis, ...]


class Change(Model):
    """Actions on a camera that officers of an agency gain or lose for a purpose; whoever's role has them."""

    agency: str
    purpose: str
    gained: tuple[Action, ...]
    lost: tuple[Action, ...]


class ChangedCamera(Model):
    camera_id: str
    changes: tuple[Change, ...]


class ChangeCount(Model):
    """How many cameras' right changes for this action."""

    agency: str
    purpose: str
    action: Action
    gained: int
    lost: int


class DryRun(Model):
    """What activating this version would change, at `at`: now, or when it begins. `cameras` is one page."""

    agreement_id: str
    version: int
    at: Instant
    counts: tuple[ChangeCount, ...]
    cameras: tuple[ChangedCamera, ...]
