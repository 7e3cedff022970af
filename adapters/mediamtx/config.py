"""Options of a MediaMTX server. Owns their shape and that both of its addresses are such."""

from pathlib import Path
from typing import Self

from pydantic import ValidationError, model_validator

from adapters.lists.config import ListOptions
from adapters.transport.config import HttpOptions
from adapters.transport.credentials import SecretOption


class MediaMtxOptions(HttpOptions, ListOptions):
    """`url` is the control API, `playback_url` the playback server; both take the same credentials: a user with
    its password, or a `token`."""

    playback_url: str
    token: SecretOption | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        try:
            HttpOptions(url=self.playback_url)
        except ValidationError as error:
            told = error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
            raise ValueError(f"playback_url: {told.removeprefix('Value error, ')}") from None
        if self.token is not None and self.username is not None:
            raise ValueError("token and username exclude each other: the server takes one of them")
        return self

    @property
    def playback(self) -> HttpOptions:
        """The same options for the playback server."""
        return HttpOptions(
            url=self.playback_url,
            **{name: getattr(self, name) for name in HttpOptions.model_fields if name != "url"},
        )

    def headers(self, base_dir: Path) -> dict[str, str]:
        """What every call carries; `Misconfigured` where the token is not there."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token.read(base_dir)}"}
