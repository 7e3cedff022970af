"""Who is behind which token, as last read: for as long as the policy's version is the same.

Whatever ends a token, a designation or a role moves that version, so what is kept is never older than the policy.
"""

from collections import OrderedDict
from typing import Final

from broker.agencies.models import KnownToken

TOKENS_KEPT: Final = 10_000


class KnownTokens:
    """By a token's hash. The one that nobody used for longest goes first."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, KnownToken] = OrderedDict()

    def get(self, hashed: str, version: int) -> KnownToken | None:
        """The token, None where it is not known at this version of the policy."""
        known = self._tokens.get(hashed)
        if known is None or known.version != version:
            return None
        self._tokens.move_to_end(hashed)
        return known

    def put(self, hashed: str, known: KnownToken) -> None:
        self._tokens[hashed] = known
        self._tokens.move_to_end(hashed)
        if len(self._tokens) > TOKENS_KEPT:
            self._tokens.popitem(last=False)
