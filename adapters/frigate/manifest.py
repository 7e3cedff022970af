"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="frigate",
    summary="A Frigate server: cameras, pictures, recordings, and exports as hold",
    capabilities=frozenset(
        {Capability.PLACES, Capability.SNAPSHOT, Capability.SPANS, Capability.FOOTAGE, Capability.HOLD}
    ),
)
