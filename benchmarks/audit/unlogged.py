"""A broker that answers searches without writing that it did, to measure what writing it costs.

It takes the arguments of `entrevue`; there is no such switch in a broker itself.
"""

from typing import Any

from broker.agencies.authority import Authority
from broker.cli.main import run


async def _answer_at_once(self: Authority, version: int, decided: tuple[Any, object]) -> Any:
    return decided[0]


if __name__ == "__main__":
    Authority._log = _answer_at_once  # type: ignore[method-assign]  # what this program is for
    run()
