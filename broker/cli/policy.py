"""`entrevue policy explain`: why an officer may or may not do something with a camera."""

from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

import typer

from broker.agencies.models import Action
from broker.app import Broker
from broker.cli.configured import settings_of
from broker.cli.failures import REFUSED, USAGE, Failure
from broker.cli.hosting import owning_or_attached, with_broker
from broker.cli.options import HostOptions, command_group, host_command
from broker.cli.output import print_json, print_table
from broker.rights.models import Explanation
from broker.rights.views import explanation_view


def add_to(app: typer.Typer) -> None:
    policy = command_group("What officers may do, and why.")
    policy.command("explain", help="Say by which rules an officer may or may not do something.")(explain)
    app.add_typer(policy, name="policy")


@host_command
def explain(
    options: HostOptions,
    officer: Annotated[str, typer.Option(help="Id of the officer.")],
    camera: Annotated[str, typer.Option(help="Id of the camera.")],
    action: Annotated[Action, typer.Option(help="What they would do.")],
    purpose: Annotated[str, typer.Option(help="For which purpose.")] = "public_safety",
    at: Annotated[str | None, typer.Option(help="When, an instant with Z; now where left out.")] = None,
) -> None:
    moment = None if at is None else _instant(at)

    async def work(broker: Broker) -> Explanation:
        return await broker.services.explanations.of_officer(officer, camera, action, purpose, moment)

    settings = settings_of(options)
    with ExitStack() as stack:
        embedded = settings.broker.redis_url is None
        owned = stack.enter_context(owning_or_attached(settings.broker.data)) if embedded else None
        found = with_broker(settings, work, owned)
    if options.as_json:
        print_json(explanation_view(found).model_dump(mode="json"))
    else:
        print_table(
            ("basis", "gives it", "holds", "does not hold"),
            (
                (
                    basis.name,
                    "yes" if basis.gives else "no",
                    " ".join(rule for rule, holds in basis.rules.items() if holds),
                    " ".join(rule for rule, holds in basis.rules.items() if not holds),
                )
                for basis in found.bases
            ),
        )
    if not found.allowed:
        hidden = "" if found.located else " (without locate, nothing is)"
        raise Failure(f"{officer} may not {action.value} {camera}{hidden}", REFUSED)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"--at {text!r} is no instant", USAGE) from error
    if instant.tzinfo is None:
        raise Failure(f"--at {text!r} has no zone: write it with Z", USAGE)
    return instant
