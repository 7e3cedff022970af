"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="zoneminder",
    summary="A ZoneMinder 1.36 server: monitors, events, and archiving as hold",
    capabilities=frozenset(
        {Capability.PLACES, Capability.SNAPSHOT, Capability.SPANS, Capability.FOOTAGE, Capability.HOLD}
    ),
)
