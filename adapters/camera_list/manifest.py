"""What the registry shows of this adapter before it is loaded."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="camera_list",
    summary="Locations only: lists of cameras and places as CSV or GeoJSON files",
    capabilities=frozenset({Capability.PLACES}),
)
