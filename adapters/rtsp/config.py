"""Options of a network of plain RTSP cameras. Owns their shape, and where each camera's stream is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from adapters.contract.errors import Malformed
from adapters.lists.config import ListOptions
from adapters.transport.config import Seconds
from adapters.transport.credentials import Credentials, SecretOption
from adapters.transport.rtsp import RtspLimits
from adapters.transport.rtsp_messages import RtspAddress

NativeId = Annotated[str, Field(min_length=1)]
Username = Annotated[str, Field(min_length=1)]
PLACEHOLDER = "{id}"


def _address(url: str) -> str:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("an address carries no user and password: use the options username and password")
    try:
        RtspAddress.parse(url)
    except Malformed as error:
        raise ValueError("this is no address: write it as rtsp://host:port/path, or rtsps://") from error
    return url


def _template(url: str) -> str:
    if PLACEHOLDER not in url.partition("://")[2].partition("/")[2]:
        raise ValueError("the path of a template holds {id}, where each camera's own id is written")
    return _address(url)


class SignIn(BaseModel):
    """Whom one camera wants, where it is not the network's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: Username
    password: SecretOption


class RtspOptions(ListOptions):
    """`streams` names each camera's address; `template` makes those of listed cameras that it does not name."""

    streams: Mapping[NativeId, Annotated[str, AfterValidator(_address)]] = Field(default_factory=dict)
    template: Annotated[str, AfterValidator(_template)] | None = None
    username: Username | None = None
    password: SecretOption | None = None
    sign_ins: Mapping[NativeId, SignIn] = Field(default_factory=dict)
    ca_file: Path | None = None
    connect_timeout_s: Seconds = 5
    read_timeout_s: Seconds = 15
    key_frame_timeout_s: Seconds = 30
    max_concurrent_calls: Annotated[int, Field(ge=1, le=64)] = 8

    @model_validator(mode="after")
    def _names_cameras(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if not self.streams and (self.template is None or not self.cameras):
            raise ValueError("cameras are named by streams, or by a list of cameras and a template")
        return self

    @property
    def limits(self) -> RtspLimits:
        return RtspLimits(self.connect_timeout_s, self.read_timeout_s, self.read_timeout_s)

    def address(self, native_id: str) -> RtspAddress | None:
        """Where a camera's stream is; None where nothing says so."""
        url = self.streams.get(native_id)
        if url is None and self.template is not None:
            url = self.template.replace(PLACEHOLDER, quote(native_id, safe=""))
        return None if url is None else RtspAddress.parse(url)

    def credentials(self, base_dir: Path) -> tuple[Credentials | None, dict[str, Credentials]]:
        """The network's user, and those of cameras of their own; `Misconfigured` where a secret is not there."""
        own = {
            name: Credentials(each.username, each.password.read(base_dir))
            for name, each in self.sign_ins.items()
        }
        if self.username is None or self.password is None:
            return None, own
        return Credentials(self.username, self.password.read(base_dir)), own
