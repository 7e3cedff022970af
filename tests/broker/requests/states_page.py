"""Writes docs/reference/states.md from the tables: `python -m tests.broker.requests.states_page`."""

from collections.abc import Iterator
from pathlib import Path

from broker.holds.models import TRANSITIONS as HOLD_TRANSITIONS
from broker.holds.models import HoldState
from broker.requests.states import DERIVED, TRANSITIONS, ItemState

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "states.md"


def _diagram(arrows: dict[str, list[str]], first: str) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {first}"
    for state, following in arrows.items():
        for other in following:
            yield f"    {state} --> {other}"
        if not following:
            yield f"    {state} --> [*]"
    yield "```"


def _items() -> Iterator[str]:
    yield from _diagram(
        {state.value: [following.value for following in row] for state, row in TRANSITIONS.items()},
        ItemState.PENDING.value,
    )
    yield ""
    yield "| from | to | when |"
    yield "| --- | --- | --- |"
    for state, row in TRANSITIONS.items():
        for following, when in row.items():
            yield f"| `{state.value}` | `{following.value}` | {when} |"
    final = ", ".join(f"`{state.value}`" for state, row in TRANSITIONS.items() if not row)
    yield ""
    yield f"Final, and never left: {final}. Under automatic approval an item begins as `approved`."


def _requests() -> Iterator[str]:
    yield "| a request whose items | is |"
    yield "| --- | --- |"
    yield "| are all `completed` | `completed` |"
    for n, (item, request) in enumerate(DERIVED):
        words = "else, if any is" if n else "if any is"
        yield f"| {words} `{item.value}` | `{request.value}` |"


def _holds() -> Iterator[str]:
    order = list(HoldState)
    arrows = {
        state.value: [other.value for other in sorted(row, key=order.index)]
        for state, row in HOLD_TRANSITIONS.items()
    }
    yield from _diagram(arrows, HoldState.ORDERED.value)
    yield ""
    yield "| state | meaning |"
    yield "| --- | --- |"
    for state, meaning in HOLD_MEANINGS.items():
        yield f"| `{state.value}` | {meaning} |"


HOLD_MEANINGS = {
    HoldState.ORDERED: "durable in the ledger, nobody has begun; one that is over by now is never placed",
    HoldState.PLACING: "a worker asks the recorder, or waits for it (then the reason says why)",
    HoldState.HELD: "the recorder keeps all footage that there is of the interval",
    HoldState.PARTIAL: "the recorder keeps a part of it",
    HoldState.FAILED: "nothing is kept, and the reason says why",
    HoldState.RELEASED: "let go: by decision, withdrawal, delivery, or somebody's word",
    HoldState.EXPIRED: "let go: its longest time has passed",
}


def page() -> str:
    lines = [
        "# States",
        "",
        "Written from the tables in `broker/requests/states.py` and `broker/holds/models.py` by",
        "`python -m tests.broker.requests.states_page`; a test compares.",
        "",
        "## Items of a request",
        "",
        *_items(),
        "",
        "## Requests",
        "",
        "A request has no state of its own; the first row that fits tells it.",
        "",
        *_requests(),
        "",
        "## Holds",
        "",
        *_holds(),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
