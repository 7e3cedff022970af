"""The demo's recorders that are devices: what each is told to serve, and the processes that run them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from broker.demo.models import DemoNetwork, DemoWorld
from broker.demo.profile_g.models import DeviceOrder, RecordedChannel
from broker.demo.profile_g.process import DeviceAddress, DeviceProcess

USERNAME: Final = "entrevue"


def device_order(folder: Path, network: DemoNetwork, password: str) -> DeviceOrder:
    """A recorder of the network's filmed cameras, below the demo's folder."""
    channels = tuple(
        RecordedChannel(
            token=film.native_id,
            name=film.name,
            folder=(folder / network.recordings / film.native_id).resolve(),
            width=film.width,
            height=film.height,
            fps=1000 / film.frame_period_ms,
        )
        for film in network.films
    )
    return DeviceOrder(channels=channels, username=USERNAME, password=password, retention=network.retention)


@contextmanager
def running_devices(
    folder: Path, world: DemoWorld, draw: Callable[[], str]
) -> Iterator[dict[str, DeviceAddress]]:
    """Where each device network's recorder answers, as long as the context is open. `draw` makes a password, which
    stands in a file of the network's for whoever may read it."""
    with ExitStack() as stack:
        addresses = {}
        for network in world.device_networks:
            password = _kept_password(folder / network.password, draw)
            process = stack.enter_context(DeviceProcess(device_order(folder, network, password)))
            addresses[network.id] = process.address
        yield addresses


def _kept_password(file: Path, draw: Callable[[], str]) -> str:
    """The password of an earlier start, or a new one."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(draw(), encoding="utf-8")
    return file.read_text(encoding="utf-8")
