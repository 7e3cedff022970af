"""Checks a submission against the catalog and the policy, and turns it into items with hold orders.

Nothing is written here. One unknown or hidden camera refuses the whole submission in the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.contract.capabilities import Capability
from broker.agencies.models import Action, Approval, Caller, PolicyBook
from broker.agencies.policy import ActionMasks, Basis, action_masks
from broker.catalog.columns import policy_columns
from broker.catalog.models import Camera
from broker.errors import Problem
from broker.holds.limits import check_interval, hold_until
from broker.identifiers import Identifiers
from broker.requests.models import NewItem, Submission, WantedItem
from broker.requests.states import ItemState
from broker.settings import BasisSettings, BrokerSettings


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
    for item in submission.items:
        check_interval(item.interval, at, settings.max_clip_s)
    return basis


@dataclass(frozen=True)
class Checker:
    """Turns wanted items into new ones under one policy book."""

    caller: Caller
    settings: BrokerSettings
    basis: BasisSettings
    identifiers: Identifiers
    at: datetime

    def items(
        self, submission: Submission, cameras: Sequence[Camera], book: PolicyBook
    ) -> tuple[NewItem, ...]:
        """The items in the order of the submission; `Problem` names what is refused."""
        masks = action_masks(
            self.caller.officer, submission.purpose, policy_columns(cameras), book.agreements, self.at
        )
        index = {camera.id: i for i, camera in enumerate(cameras)}
        located = {name for name, i in index.items() if masks.allows(Action.LOCATE, i)}
        unknown = sorted({item.camera_id for item in submission.items} - located)
        if unknown:
            raise Problem("camera_unknown", f"there is no camera {', '.join(unknown)}", cameras=unknown)
        items = []
        for n, wanted in enumerate(submission.items, start=1):
            camera = cameras[index[wanted.camera_id]]
            items.append(self._item(n, wanted, camera, masks, index[wanted.camera_id]))
        return tuple(items)

    def _item(self, n: int, wanted: WantedItem, camera: Camera, masks: ActionMasks, index: int) -> NewItem:
        if Capability.FOOTAGE not in camera.offers and masks.allows(Action.REQUEST_CLIP, index):
            raise Problem(
                "footage_not_offered",
                f"{camera.id} shares its location only: its network hands out no footage",
                cameras=[camera.id],
            )
        grants = [
            grant
            for grant in masks.grants(Action.REQUEST_CLIP, index)
            if grant.allows_interval(wanted.interval)
        ]
        if not masks.allows(Action.REQUEST_CLIP, index):
            raise Problem(
                "action_denied",
                f"no role and agreement of yours allows requesting {camera.id}",
                cameras=[camera.id],
            )
        if not grants:
            raise Problem(
                "interval_too_long",
                f"{wanted.interval} is longer than the agreement allows for {camera.id}: shorten it",
                cameras=[camera.id],
            )
        grant = min(grants, key=_approvals)
        agreement = grant.agreement
        needed = _approvals(grant)
        return NewItem(
            n=n,
            camera=camera,
            requested=wanted.interval,
            state=ItemState.PENDING if needed else ItemState.APPROVED,
            agreement_id=agreement.id if agreement else None,
            agreement_version=agreement.version if agreement else None,
            approvals_needed=needed,
            audio=agreement is not None and agreement.terms.audio,
            hold_id=self.identifiers.new("hold"),
            hold_until=hold_until(
                self.at,
                self.basis.hold_days,
                agreement.terms.hold_max_days if agreement and not self.basis.judicial else None,
            ),
            overwrite_at=camera.overwrite_at(wanted.interval),
        )


def _approvals(grant: Basis) -> int:
    """How many custodians must approve; one for the requester's own agency's cameras."""
    approval = Approval.MANUAL if grant.agreement is None else grant.agreement.terms.approval
    return approval.approvals_needed
