"""What the registry shows of this adapter before it is loaded."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="camera_list",
    summary="Lists of cameras and places: CSV, GeoJSON, OpenStreetMap, JamCams, OpenTrafficCamMap; their pictures",
    capabilities=frozenset({Capability.PLACES, Capability.SNAPSHOT}),
)
