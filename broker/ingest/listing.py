"""A network's list as the catalog stores it: which records are used, and what they say of a camera."""

from collections.abc import Iterator, Sequence

from adapters.contract.models import CameraRecord, CameraStatus, Rejection
from broker.catalog.encoding import CameraFacts, WrittenCamera, digest_of, said_of
from broker.catalog.models import Place, camera_id
from broker.ingest.recorder import Recorder
from broker.ingest.round import Round


class Listing:
    """One listing of a recorder for a round; what is the same for every camera is worked out once."""

    def __init__(self, recorder: Recorder, found: Round) -> None:
        self._found = found
        self._network_id = recorder.network.id
        self._agency = recorder.network.agency
        self._offers = tuple(sorted(recorder.capabilities))
        self._clock_offset_ms = recorder.clock_offset_ms

    def admitted(self, part: Sequence[CameraRecord | Rejection]) -> Iterator[tuple[str, CameraRecord]]:
        """The records of a part that are used, with their cameras' ids."""
        network_id, admit = self._network_id, self._found.admit
        for record in part:
            if isinstance(record, Rejection):
                self._found.rejected.add(record)
                continue
            identifier = camera_id(network_id, record.native_id)
            if admit(identifier, record.position):
                yield identifier, record

    def written(self, identifier: str, record: CameraRecord) -> WrittenCamera:
        """A camera of which nothing but its listing is known: it costs no model."""
        status = record.status
        if self._found.told:
            told = self._found.told_of(record.native_id)
            status = told.status if told else status
        said = said_of(self.facts(identifier, record, status))
        return WrittenCamera(identifier, digest_of(said), said)

    def facts(
        self, identifier: str, record: CameraRecord, status: CameraStatus = CameraStatus.UNKNOWN
    ) -> CameraFacts:
        """What the list says, in the order of a camera's fields, and what its status is judged to be."""
        facts = CameraFacts(id=identifier, network=self._network_id, agency=self._agency, name=record.name)
        if record.kind is not None:
            facts["kind"] = record.kind
        if record.position is not None:
            facts["position"] = record.position
        if record.place is not None:
            _name_place(facts, record.place, self._found.place_of(identifier, record))
        if record.level is not None:
            facts["level"] = record.level
        if record.views:
            facts["views"] = record.views
        if record.streams:
            facts["streams"] = record.streams
        if status is not CameraStatus.UNKNOWN:
            facts["status"] = status
        if record.retention_days is not None:
            facts["retention_days"] = record.retention_days
        if record.tags:
            facts["tags"] = tuple(sorted(record.tags))
        if self._offers:
            facts["offers"] = self._offers
        if self._clock_offset_ms is not None:
            facts["clock_offset_ms"] = self._clock_offset_ms
        return facts


def _name_place(facts: CameraFacts, name: str, place: Place | None) -> None:
    if place is None:
        facts["place_name"] = name
        return
    facts["place"] = place.id
    facts["place_name"] = place.name
    facts["place_position"] = place.position
