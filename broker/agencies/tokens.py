"""Who is behind which token, as this process last read it from the ledger.

What is kept may be older than the policy. Each token says at which version it was read, and who uses it has that
version compared where the answer's entry is committed.
"""

from collections import OrderedDict
from typing import Final

from broker.agencies.credentials.models import KnownToken

TOKENS_KEPT: Final = 10_000


class KnownTokens:
    """By a token's hash. The one that nobody used for longest goes first."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, KnownToken] = OrderedDict()

    def get(self, hashed: str) -> KnownToken | None:
        known = self._tokens.get(hashed)
        if known is not None:
            self._tokens.move_to_end(hashed)
        return known

    def drop(self, hashed: str) -> None:
        self._tokens.pop(hashed, None)

    def put(self, hashed: str, known: KnownToken) -> None:
        self._tokens[hashed] = known
        self._tokens.move_to_end(hashed)
        if len(self._tokens) > TOKENS_KEPT:
            self._tokens.popitem(last=False)
