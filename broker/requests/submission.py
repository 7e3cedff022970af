"""Checks a submission against the catalog and the policy, and turns it into items with hold orders.

Nothing is written here. One unknown or hidden camera refuses the whole submission in the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.agencies.models import Action, Approval, Caller, PolicyBook
from broker.agencies.policy import ActionMasks, Basis, action_masks
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera
from broker.errors import Problem
from broker.holds.limits import check_interval, check_located, footage_grants, hold_until
from broker.identifiers import Identifiers
from broker.requests.deadlines import deadline
from broker.requests.models import NewItem, Submission, WantedItem
from broker.requests.states import ItemState
from broker.settings.sections import BasisSettings, BrokerSettings


def check_form(submission: Submission, settings: BrokerSettings, at: datetime) -> BasisSettings:
    """What can be refused without looking at a camera. Returns the legal basis's settings."""
    if submission.purpose not in settings.purposes:
        known = ", ".join(settings.purposes)
        raise Problem("purpose_unknown", f"the purpose is not one of: {known}")
    basis = settings.bases.get(submission.legal_basis.kind)
    if basis is None:
        known = ", ".join(settings.bases)
        raise Problem("basis_unknown", f"the legal basis is not one of: {known}")
    if not submission.items:
        raise Problem("no_camera", "the submission names no camera")
    if len(submission.items) > settings.max_items:
        raise Problem("invalid", f"{len(submission.items)} items, over the limit of {settings.max_items}")
    adopted = [item.hold_id for item in submission.items if item.hold_id is not None]
    if len(set(adopted)) != len(adopted):
        raise Problem("invalid", "a hold is named twice")
    for item in submission.items:
        check_interval(item.interval, at, settings.max_clip_s)
    return basis


@dataclass(frozen=True)
class Checker:
    """Turns wanted items into new ones under one policy book."""

    caller: Caller
    basis: BasisSettings
    identifiers: Identifiers
    at: datetime
    decide_within_h: float

    def items(
        self, submission: Submission, cameras: Sequence[Camera], book: PolicyBook
    ) -> tuple[NewItem, ...]:
        """The items in the order of the submission; `Problem` names what is refused."""
        masks = action_masks(
            self.caller.officer,
            submission.purpose,
            policy_columns(cameras),
            book.agreements,
            self.at,
            book.emergencies,
        )
        index = {camera.id: i for i, camera in enumerate(cameras)}
        check_located(masks, cameras, (item.camera_id for item in submission.items))
        items = []
        for n, wanted in enumerate(submission.items, start=1):
            camera = cameras[index[wanted.camera_id]]
            items.append(self._item(n, wanted, camera, masks, index[wanted.camera_id]))
        return tuple(items)

    def _item(self, n: int, wanted: WantedItem, camera: Camera, masks: ActionMasks, index: int) -> NewItem:
        grants = footage_grants(masks, Action.REQUEST_CLIP, camera, index, wanted.interval)
        grant = min(grants, key=_approvals)
        agreement = grant.agreement
        needed = _approvals(grant)
        until = hold_until(
            self.at,
            self.basis.hold_days,
            agreement.terms.hold_max_days if agreement and not self.basis.judicial else None,
        )
        due = deadline(
            self.at,
            broker_h=self.decide_within_h,
            basis_h=self.basis.decide_within_h,
            agreement_h=agreement.terms.decide_within_h if agreement else None,
            hold_until=until,
        )
        needs_document = agreement is not None and agreement.terms.requires_document
        waits = needed > 0 or needs_document
        return NewItem(
            n=n,
            camera=camera,
            requested=wanted.interval,
            state=ItemState.PENDING if waits else ItemState.APPROVED,
            agreement_id=agreement.id if agreement else None,
            agreement_version=agreement.version if agreement else None,
            approvals_needed=needed,
            audio=agreement is not None and agreement.terms.audio,
            needs_document=needs_document,
            hold_id=wanted.hold_id or self.identifiers.new("hold"),
            has_hold=wanted.hold_id is not None,
            hold_until=until,
            overwrite_at=camera.overwrite_at(wanted.interval),
            deadline=due if waits else None,
        )


def _approvals(grant: Basis) -> int:
    """How many custodians must approve; one for the requester's own agency's cameras."""
    approval = Approval.MANUAL if grant.agreement is None else grant.agreement.terms.approval
    return approval.approvals_needed
