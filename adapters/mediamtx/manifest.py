"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="mediamtx",
    summary="A MediaMTX server: its paths, and recordings through its playback server",
    capabilities=frozenset({Capability.PLACES, Capability.SPANS, Capability.FOOTAGE}),
)
