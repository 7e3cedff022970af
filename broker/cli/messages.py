"""`entrevue message`: what was sent to an agency's webhooks and mailboxes, and what nobody took."""

from typing import Annotated

import typer

from broker.cli.answers import Message, MessageList
from broker.cli.client import BrokerClient
from broker.cli.options import ClientOptions, client_command, command_group
from broker.cli.output import note_more, print_json, print_table
from broker.cli.paths import message_path


def add_to(app: typer.Typer) -> None:
    group = command_group("Messages to one's agency's webhooks and mailboxes.")
    group.command("list", help="List messages, newest first (an administrator).")(list_messages)
    group.command("retry", help="Send a dead message again (an administrator).")(retry)
    app.add_typer(group, name="message")


@client_command
def list_messages(
    options: ClientOptions,
    state: Annotated[str | None, typer.Option(help="pending, delivered or dead")] = None,
) -> None:
    query = {} if state is None else {"state": state}
    answered = BrokerClient(options).call("GET", "/v1/messages", MessageList, query=query)
    if options.as_json:
        print_json(answered.body)
        return
    _table(answered.read.messages)
    note_more(answered.read.links)


@client_command
def retry(
    options: ClientOptions, message_id: Annotated[str, typer.Argument(help="Id of the message.")]
) -> None:
    answered = BrokerClient(options).call("POST", message_path(message_id, "retry"), Message)
    if options.as_json:
        print_json(answered.body)
    else:
        _table((answered.read,))


def _table(messages: tuple[Message, ...]) -> None:
    print_table(
        ("message", "to", "what", "about", "at", "state", "tries", "next", "why"),
        (
            (
                each.id,
                each.subscriber,
                each.kind,
                each.subject,
                each.at,
                each.state,
                each.attempts,
                each.due_at,
                each.error,
            )
            for each in messages
        ),
    )
