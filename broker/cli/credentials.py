"""`entrevue officer token`, `account` and `bind`: what officers sign in with, as host commands on the ledger."""

from typing import Annotated

import typer

from broker.agencies.models import NewToken, Scope, TokenFacts
from broker.app import Office
from broker.cli.failures import USAGE, Failure
from broker.cli.hosting import with_office
from broker.cli.options import HostOptions, command_group, host_command
from broker.cli.output import print_json, print_table
from broker.cli.periods import end_of
from broker.identity.views import CodeView, MadeTokenView, TokenList, code_view, made_token_view, token_view

OfficerArgument = Annotated[str, typer.Argument(help="Id of the officer.")]


def add_to(officer: typer.Typer) -> None:
    """Below `entrevue officer`."""
    token = command_group("Tokens, each for what its scopes say.")
    token.command("add", help="Make a token; prints it once.")(add_token)
    token.command("list", help="List an officer's tokens.")(list_tokens)
    token.command("revoke", help="Revoke one token.")(revoke_token)
    officer.add_typer(token, name="token")
    officer.command("account", help="Make a local account or reset its password; prints a code once.")(
        account
    )
    officer.command("bind", help="Let a person of an identity provider sign in as an officer.")(bind)


@host_command
def add_token(
    options: HostOptions,
    officer_id: OfficerArgument,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    scope: Annotated[
        str | None, typer.Option(help="SCOPE[,SCOPE]; else all that the officer's roles allow.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Last day or instant; else as long as the designation.")
    ] = None,
) -> None:
    async def work(office: Office) -> MadeTokenView:
        new = NewToken(name=name, scopes=_scopes(scope), until=end_of(until, "--until"))
        return made_token_view(*await office.identity.tokens.issue(new, officer_id))

    print_json(with_office(options, work).model_dump(mode="json"))


def _scopes(names: str | None) -> frozenset[Scope] | None:
    if names is None:
        return None
    known = {scope.value: scope for scope in Scope}
    asked = [name.strip() for name in names.split(",")]
    for name in asked:
        if name not in known:
            raise Failure(f"there is no scope {name!r}; known: {', '.join(known)}", USAGE)
    return frozenset(known[name] for name in asked)


@host_command
def list_tokens(options: HostOptions, officer_id: OfficerArgument) -> None:
    async def work(office: Office) -> list[TokenFacts]:
        return await office.identity.tokens.list_for_host(officer_id)

    found = [token_view(facts) for facts in with_office(options, work)]
    if options.as_json:
        print_json(TokenList(tokens=found).model_dump(mode="json"))
    else:
        print_table(
            ("token", "name", "scopes", "until", "last used"),
            (
                (t.id, t.name, "all" if t.scopes is None else ",".join(t.scopes), t.expires_at, t.used_at)
                for t in found
            ),
        )


@host_command
def revoke_token(
    options: HostOptions,
    officer_id: OfficerArgument,
    token_id: Annotated[str, typer.Argument(help="Id of the token.")],
) -> None:
    async def work(office: Office) -> None:
        await office.identity.tokens.revoke_for_host(officer_id, token_id)

    with_office(options, work)
    if options.as_json:
        print_json({"revoked": token_id})
    else:
        print_table(("officer", "revoked token"), [(officer_id, token_id)])


@host_command
def account(
    options: HostOptions,
    officer_id: OfficerArgument,
    username: Annotated[str | None, typer.Option(help="User name; else the one that they have.")] = None,
) -> None:
    async def work(office: Office) -> CodeView:
        return code_view(await office.identity.accounts.issue_code(officer_id, username, None))

    print_json(with_office(options, work).model_dump(mode="json"))


@host_command
def bind(
    options: HostOptions,
    officer_id: OfficerArgument,
    provider: Annotated[str, typer.Option(help="Id of the configured identity provider.")],
    subject: Annotated[str, typer.Option(help="Who they are there: the claim `sub`.")],
) -> None:
    async def work(office: Office) -> None:
        await office.identity.provider_sign_ins.bind(officer_id, provider, subject, None)

    with_office(options, work)
    bound = {"officer_id": officer_id, "provider": provider, "subject": subject}
    if options.as_json:
        print_json(bound)
    else:
        print_table(("officer", "provider", "subject"), [tuple(bound.values())])
