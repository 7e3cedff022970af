"""`entrevue request`, `requests`, `show`, `approve`, `deny`, `cancel`, `attach`, `outcome`: the life of a request."""

import base64
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from broker.cli.answers import Request, RequestItem, RequestList
from broker.cli.client import Answered, BrokerClient
from broker.cli.failures import USAGE, Failure
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import note_more, print_json, print_lines, print_table, waiting
from broker.cli.paths import request_path

WAIT_POLL_S: Final = 0.5
OPEN_STATES: Final = frozenset({"pending", "approved", "processing"})
DELIVERED_STATES: Final = frozenset({"completed", "partially_completed"})

RequestId = Annotated[str, typer.Argument(help="Id of the request.")]
ReasonOption = Annotated[str, typer.Option(help="Why, for the log and the other side.")]
ItemOption = Annotated[list[int] | None, typer.Option("--item", help="Only these items; repeatable.")]


def add_to(app: typer.Typer) -> None:
    app.command("request", help="Ask for footage; it is held at once, until the owner decides.")(request)
    app.command("requests", help="List requests, newest first.")(list_requests)
    app.command("show", help="Show a request.")(show)
    app.command("approve", help="Approve items of a request.")(approve)
    app.command("deny", help="Deny items of a request.")(deny)
    app.command("cancel", help="Withdraw items of your request.")(cancel)
    app.command("attach", help="Attach a document (PDF) to your request.")(attach)
    app.command("outcome", help="Close your finished request: say what came of the footage.")(outcome)


@client_command
def request(
    options: ClientOptions,
    basis: Annotated[str, typer.Option(help="Legal basis, KIND:REFERENCE.")],
    reason: ReasonOption,
    camera: Annotated[list[str] | None, typer.Option(help="Id of a camera; repeatable.")] = None,
    interval: Annotated[str | None, typer.Option(help="START/END, instants with Z.")] = None,
    hold: Annotated[
        list[str] | None, typer.Option(help="Id of an urgent hold that becomes the request's; repeatable.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when it is finished; status 1 where nothing is delivered.")
    ] = False,
) -> None:
    kind, colon, reference = basis.partition(":")
    if not colon or not kind or not reference:
        raise Failure("--basis is KIND:REFERENCE, as in judicial_requisition:PV-2026-118", USAGE)
    if not (camera or hold) or bool(camera) != (interval is not None):
        raise Failure("give --camera with --interval, or --hold", USAGE)
    if not options.case_ref or not options.purpose:
        raise Failure("a request needs --case and --purpose", USAGE)
    client = BrokerClient(options)
    body = {
        "case_ref": options.case_ref,
        "purpose": options.purpose,
        "legal_basis": {"kind": kind, "reference": reference},
        "reason": reason,
        "items": [
            *({"camera_id": name, "interval": interval} for name in camera or ()),
            *({"hold_id": name} for name in hold or ()),
        ],
    }
    answered = client.call("POST", "/v1/requests", Request, body=body)
    if wait:
        answered = wait_until_finished(client, answered.read.id)
    _print(options, answered)
    if wait and answered.read.state not in DELIVERED_STATES:
        raise Failure(f"request {answered.read.id} is {answered.read.state}: nothing is delivered")


def wait_until_finished(client: BrokerClient, request_id: str) -> Answered[Request]:
    """Asks until the request is in a final state."""
    path = request_path(request_id)
    with waiting(f"waiting for request {request_id}"):
        try:
            while (answered := client.call("GET", path, Request, tells=False)).read.state in OPEN_STATES:
                time.sleep(WAIT_POLL_S)
        except Failure as failure:
            raise Failure(
                f"{failure.message} (waiting for request {request_id})", failure.status
            ) from failure
    return answered


@client_command
def list_requests(
    options: ClientOptions,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those I submitted.")] = False,
    to_decide: Annotated[
        bool, typer.Option("--to-decide", help="Only those that wait for my agency.")
    ] = False,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
) -> None:
    if mine and to_decide:
        raise Failure("give one of --mine and --to-decide", USAGE)
    query: dict[str, Any] = {"mine": str(mine).lower(), "to_decide": str(to_decide).lower(), "limit": limit}
    if state is not None:
        query["state"] = state
    answered = BrokerClient(options).call("GET", "/v1/requests", RequestList, query=query)
    if options.as_json:
        print_json(answered.body)
        return
    print_table(
        ("request", "state", "case", "from", "submitted", "decide by", "items"),
        (
            (r.id, r.state, r.case_ref, r.agency, r.submitted_at, _decide_by(r), len(r.items))
            for r in answered.read.requests
        ),
    )
    note_more(answered.read.links)


@client_command
def show(options: ClientOptions, request_id: RequestId) -> None:
    _print(options, BrokerClient(options).call("GET", request_path(request_id), Request))


@client_command
def approve(
    options: ClientOptions, request_id: RequestId, reason: ReasonOption, item: ItemOption = None
) -> None:
    _decide(options, request_id, "approve", reason, item)


@client_command
def deny(
    options: ClientOptions, request_id: RequestId, reason: ReasonOption, item: ItemOption = None
) -> None:
    _decide(options, request_id, "deny", reason, item)


@client_command
def cancel(
    options: ClientOptions, request_id: RequestId, reason: ReasonOption = "withdrawn", item: ItemOption = None
) -> None:
    _decide(options, request_id, "cancel", reason, item)


@client_command
def attach(
    options: ClientOptions,
    request_id: RequestId,
    file: Annotated[Path, typer.Argument(help="The PDF file, such as the requisition.")],
    owner: Annotated[
        str | None, typer.Option(help="Agency whose custodians alone read it; without it all owners'.")
    ] = None,
) -> None:
    try:
        content = base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}", USAGE) from error
    body = {"name": file.name, "owner": owner, "content": content}
    path = request_path(request_id, "documents")
    _print(options, BrokerClient(options).call("POST", path, Request, body=body))


@client_command
def outcome(
    options: ClientOptions,
    request_id: RequestId,
    outcome: Annotated[str, typer.Argument(help="identified, excluded, useful, unusable or not_viewed.")],
    reason: Annotated[str | None, typer.Option(help="In words, for your own agency.")] = None,
) -> None:
    body = {"outcome": outcome, "reason": reason}
    _print(
        options, BrokerClient(options).call("POST", request_path(request_id, "outcome"), Request, body=body)
    )


def _decide(options: ClientOptions, request_id: str, verb: str, reason: str, items: list[int] | None) -> None:
    body: dict[str, Any] = {"reason": reason}
    if items:
        body["items"] = [{"n": n} for n in items]
    _print(options, BrokerClient(options).call("POST", request_path(request_id, verb), Request, body=body))


def _print(options: ClientOptions, answered: Answered[Request]) -> None:
    if options.as_json:
        print_json(answered.body)
        return
    found = answered.read
    closed = "" if found.outcome is None else f"  {found.outcome.outcome}"
    print_lines([f"{found.id}  {found.state}  case {found.case_ref}{closed}"])
    print_table(
        ("item", "camera", "state", "asked", "hold", "clips", "why"),
        (_row(item) for item in found.items),
    )


def _decide_by(found: Request) -> str | None:
    """The earliest deadline among the items."""
    return min((item.decide_by for item in found.items if item.decide_by is not None), default=None)


def _row(item: RequestItem) -> tuple[object, ...]:
    held = item.held
    return (
        item.n,
        item.camera_id,
        item.state,
        item.requested,
        None if held is None else held.state,
        len(item.clips) or None,
        item.state_reason or (None if held is None else held.state_reason),
    )
