"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="onvif",
    summary="A camera or recorder that speaks ONVIF (Profiles S, T, G), with an optional camera list",
    capabilities=frozenset(Capability) - {Capability.HOLD},
)
