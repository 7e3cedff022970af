"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="folder",
    summary="A tree of recorded .mp4 and .mkv files, with an optional camera list",
    capabilities=frozenset(Capability) - {Capability.HEALTH},
)
