"""`entrevue ingest`: keeps the catalog true, or looks at networks once."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

import typer

from adapters.contract.models import format_instant
from broker.app import Broker
from broker.catalog.models import Quarantined
from broker.cli.configured import settings_of
from broker.cli.failures import Failure
from broker.cli.hosting import keep_working, owning_or_attached, with_broker
from broker.cli.options import HostOptions, host_command
from broker.cli.output import print_json, print_table, tell, waiting
from broker.ingest.views import NetworkList, network_view


@dataclass(frozen=True)
class Found:
    """What one look at networks found; the quarantine is of the networks with these ids."""

    networks: NetworkList
    quarantine: tuple[tuple[str, Quarantined], ...]


def add_to(app: typer.Typer) -> None:
    app.command("ingest", help="Keep the catalog true. --once synchronises once and prints a table.")(ingest)


@host_command
def ingest(
    options: HostOptions,
    network: Annotated[str | None, typer.Option(help="Only this network.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Synchronise once and print what was found.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Believe what a network answered that is held; then as --once.")
    ] = False,
) -> None:
    settings = settings_of(options)
    if confirm and network is None:
        raise typer.BadParameter("say which network's answer is right: --network ID", param_hint="--confirm")
    wanted = tuple(n for n in settings.network if network in (None, n.id))
    if not wanted:
        known = ", ".join(n.id for n in settings.network) or "none"
        raise Failure(f"there is no network {network!r} in the configuration; known: {known}")
    if not once and not confirm:

        async def go_on(broker: Broker) -> None:
            tell([f"synchronising {', '.join(n.id for n in wanted)}"])
            await broker.schedule.run({n.id for n in wanted})

        keep_working(settings, go_on)
        return

    async def work(broker: Broker) -> Found:
        if confirm:
            await broker.ingest.confirm(wanted[0].id)
        clock, synchronise = broker.services.clock, broker.schedule.run_now
        views = [network_view(n, await synchronise(n), clock.now()) for n in wanted]
        bad = tuple([(n.id, record) for n in wanted for record in await broker.catalog.quarantine(n.id)])
        return Found(NetworkList(networks=views, links=[]), bad)

    with ExitStack() as stack:
        embedded = settings.broker.redis_url is None
        owned = stack.enter_context(owning_or_attached(settings.broker.data)) if embedded else None
        stack.enter_context(waiting(f"synchronising {', '.join(n.id for n in wanted)}"))
        found = with_broker(settings, work, owned)
    if options.as_json:
        print_json(found.networks.model_dump(mode="json"))
    else:
        _print_found(found)
    failed = [view for view in found.networks.networks if view.error is not None]
    if failed:
        raise Failure(f"{failed[0].id}: {failed[0].error}")


def _print_found(found: Found) -> None:
    print_table(
        ("network", "found", "added", "changed", "vanished", "rejected", "breaker", "next"),
        (
            (n.id, n.found, n.added, n.changed, n.vanished, n.rejected, n.breaker, n.next_attempt_at)
            for n in found.networks.networks
        ),
    )
    if found.quarantine:
        print_table(
            ("network", "rejected because", "records", "since", "such as"),
            (
                (
                    network_id,
                    bad.reason,
                    bad.count,
                    format_instant(bad.first_seen_at),
                    ", ".join(bad.examples),
                )
                for network_id, bad in found.quarantine
            ),
        )
