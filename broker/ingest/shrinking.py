"""A network that suddenly answers with under half of its cameras is not believed before somebody confirms it.

A recorder that lost its configuration, or a list cut short, would else wipe the catalog. The same answer again and
again confirms nothing. A confirmation is bound to what was seen: an answer that shrinks to under half of it is held
anew. Replacing most cameras by others counts as losing them.
"""

from datetime import datetime

from broker.catalog.models import Confirmed, HeldAnswer


def is_believed(found: int, still_listed: int, known: int, confirmed: Confirmed | None) -> bool:
    """Whether an answer of `found` cameras is taken, `still_listed` of which are among the `known` ones."""
    if confirmed is None:
        return 2 * still_listed >= known
    return 2 * still_listed >= min(known, confirmed.still_listed) and 2 * found >= confirmed.found


def held(earlier: HeldAnswer | None, at: datetime, found: int, still_listed: int, known: int) -> HeldAnswer:
    """The answer as it waits, since the first of its kind."""
    return HeldAnswer(
        since=earlier.since if earlier else at,
        found=found,
        still_listed=still_listed,
        known=known,
        rounds=(earlier.rounds if earlier else 0) + 1,
    )


def told(answer: HeldAnswer, network_id: str) -> str:
    """What the report says."""
    return (
        f"held for confirmation: listed {answer.still_listed} of {answer.known} known cameras "
        f"({answer.found} in all): kept what was known; if that is right, an administrator confirms it by "
        f"`entrevue ingest --network {network_id} --confirm`"
    )
