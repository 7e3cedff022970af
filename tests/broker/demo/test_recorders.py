"""The demo's devices answer while they are wanted, under a password that outlives them."""

from datetime import UTC, datetime
from pathlib import Path

from adapters.contract.models import CameraRecord
from adapters.contract.protocol import AdapterContext
from adapters.onvif.adapter import create
from broker.demo.recorders import USERNAME, running_devices
from broker.demo.world import demo_world

NOW = datetime(2026, 7, 14, 9, tzinfo=UTC)


async def test_a_device_shows_the_networks_filmed_cameras_to_who_knows_the_password(tmp_path: Path) -> None:
    world = demo_world(NOW)
    (network,) = world.device_networks
    with running_devices(tmp_path, world, lambda: "first") as devices:
        address = devices[network.id]
        options = {
            "url": address.url,
            "rtsp_port": address.rtsp_port,
            "username": USERNAME,
            "password": {"file": str(network.password)},
        }
        adapter = create(options, AdapterContext(network.id, tmp_path, tmp_path, lambda: datetime.now(UTC)))
        try:
            listed = {
                item.native_id async for item in adapter.list_cameras() if isinstance(item, CameraRecord)
            }
        finally:
            await adapter.aclose()
    assert listed == {film.native_id for film in network.films}
    assert (tmp_path / network.password).stat().st_mode & 0o777 == 0o600
    with running_devices(tmp_path, world, lambda: "second"):
        assert (tmp_path / network.password).read_text() == "first"
