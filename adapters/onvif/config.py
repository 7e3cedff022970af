"""Options of a device that speaks ONVIF. Owns their shape, and which addresses of a device may be used."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from adapters.contract.errors import Malformed
from adapters.lists.config import ListOptions
from adapters.transport.config import HttpOptions, Seconds
from adapters.transport.rtsp import RtspLimits
from adapters.transport.rtsp_messages import RtspAddress

DEFAULT_SERVICE = "/onvif/device_service"
Port = Annotated[int, Field(ge=1, le=65535)]
Offer = Literal["snapshot", "footage", "health"]


class OnvifOptions(HttpOptions, ListOptions):
    """`url` is the device service; without a path the usual one is meant.

    `offers` is what the device is asked for beside its cameras. Streams, pictures and services may lie on the
    device's RTSP port, on the port of `url`, and on `other_ports`, never on another host; `behind_nat` says that
    the device names itself by an address that is not reached from here: then only paths of what it names are used.
    """

    offers: frozenset[Offer] = frozenset({"snapshot", "footage", "health"})
    rtsp_port: Port = 554
    other_ports: tuple[Port, ...] = ()
    behind_nat: bool = False
    retention_days: Annotated[float, Field(gt=0, le=36_500, allow_inf_nan=False)] | None = None
    silence_timeout_s: Seconds = 20

    @property
    def device_service(self) -> str:
        return self.url if urlsplit(self.url).path else f"{self.url}{DEFAULT_SERVICE}"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def rtsp_limits(self) -> RtspLimits:
        return RtspLimits(self.connect_timeout_s, self.read_timeout_s, self.silence_timeout_s)

    def own_stream(self, uri: str) -> RtspAddress:
        """The address of a stream as it may be used; `Malformed` where it leads to another device."""
        named = RtspAddress.parse(uri)
        if self.behind_nat:
            return RtspAddress(named.scheme, self.host, self.rtsp_port, named.resource)
        if named.host.lower() != self.host.lower():
            raise Malformed(f"the device names a stream at {named.shown}, another host, which is refused")
        if named.port not in {self.rtsp_port, *self.other_ports}:
            raise Malformed(
                f"the device names a stream at {named.shown}; if that port is its own, add it to other_ports"
            )
        return named

    def own_page(self, uri: str) -> str:
        """The address of a service or picture as it may be called; `Malformed` where it leads elsewhere.

        One on the port of `url` is left to the HTTP client to judge.
        """
        try:
            named, own = urlsplit(uri.strip()), urlsplit(self.url)
            port = named.port
        except ValueError:
            raise Malformed("the device names a service by what is no address") from None
        if self.behind_nat:
            return named._replace(scheme=own.scheme, netloc=own.netloc).geturl()
        if named.hostname == own.hostname and port in self.other_ports:
            return named._replace(netloc=named.netloc.rpartition("@")[2]).geturl()
        return uri.strip()

    def is_elsewhere(self, address: str) -> bool:
        """Whether the address lies on one of `other_ports` rather than on that of `url`."""
        named, own = urlsplit(address), urlsplit(self.url)
        return named.hostname == own.hostname and named.port != own.port and named.port in self.other_ports
