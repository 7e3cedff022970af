"""What the registry shows of this adapter before loading it. Imports the contract only."""

from adapters.contract.capabilities import Capability
from adapters.contract.protocol import Manifest

MANIFEST = Manifest(
    name="milestone",
    summary="A Milestone XProtect system: cameras with their views, and evidence locks as hold; no footage",
    capabilities=frozenset({Capability.PLACES, Capability.HOLD}),
)
