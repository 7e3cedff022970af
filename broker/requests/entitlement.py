"""Whether the requester may still have an item: the policy, asked again at making and at every fetch."""

from datetime import datetime

from sqlalchemy import Connection

from broker.agencies import policy
from broker.agencies.models import Action, PolicyBook
from broker.agencies.officers import read_officer
from broker.catalog.columns import policy_columns
from broker.requests.models import Item, Request


def still_entitled(
    connection: Connection, request: Request, item: Item, book: PolicyBook, at: datetime
) -> bool:
    """The one policy function over the camera as it was at submission: a mask of length one.

    What counts is the basis that the item was approved under: another agreement, also a new version of the
    same, needs its own approval.
    """
    officer = read_officer(connection, request.requester.officer_id)
    if officer is None:
        return False
    masks = policy.action_masks(officer, request.purpose, policy_columns([item.camera]), book.agreements, at)
    wanted = (item.agreement_id, item.agreement_version)
    return any(_identity(grant) == wanted for grant in masks.grants(Action.REQUEST_CLIP, 0))


def _identity(grant: policy.Basis) -> tuple[str | None, int | None]:
    """Id and version of the agreement; nothing for the requester's own agency."""
    return (None, None) if grant.agreement is None else (grant.agreement.id, grant.agreement.version)
