"""Options of a Milestone XProtect system. Owns their shape."""

from typing import Annotated

from pydantic import Field

from adapters.lists.config import ListOptions
from adapters.transport.sessions import SignInOptions


class MilestoneOptions(SignInOptions, ListOptions):
    """`url` is the host of the API Gateway; `token_path` is where its identity provider gives tokens to basic users."""

    token_path: Annotated[str, Field(pattern=r"^/\S+$")] = "/API/IDP/connect/token"  # noqa: S105 (an address)
    client_id: Annotated[str, Field(min_length=1)] = "GrantValidatorClient"
