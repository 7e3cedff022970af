"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="rtsp",
    summary="Plain RTSP cameras, with an optional camera list: pictures, stream metadata, proven status",
    capabilities=frozenset({Capability.PLACES, Capability.SNAPSHOT}),
)
