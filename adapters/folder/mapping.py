"""From what is on disc to the contract's models. Pure: owns names and the overwrite time; reads nothing."""

from datetime import timedelta

from adapters.contract.models import CameraRecord, SegmentStart, Stream
from adapters.folder.client import Examined
from adapters.folder.probe import Footage
from adapters.folder.spans import FrameRun, RecordedFile, ValidPart

LONGEST_RETENTION_DAYS = 36_500


def recorded_file(examined: Examined, retention_days: float | None) -> RecordedFile:
    """The file on its camera's time line; its overwrite time is its end + retention, None where unknown."""
    starts_at, footage = examined.file.starts_at, examined.footage
    overwrite_at = None
    if retention_days is not None:
        # Lists write "for ever" as huge numbers, which a calendar cannot hold.
        overwrite_at = examined.ends + timedelta(days=min(retention_days, LONGEST_RETENTION_DAYS))
    return RecordedFile(
        name=examined.file.relative,
        starts_at=starts_at,
        period=timedelta(microseconds=footage.period_us),
        runs=tuple(
            FrameRun(
                starts_at + timedelta(microseconds=run.first_us),
                starts_at + timedelta(microseconds=run.last_us),
            )
            for run in footage.runs
        ),
        overwrite_at=overwrite_at,
    )


def segment_start(part: ValidPart, footage: Footage) -> SegmentStart:
    return SegmentStart(
        name=part.file.name, container=footage.container, starts_at=part.file.starts_at, valid=part.valid
    )


def main_stream(footage: Footage) -> Stream:
    return Stream(codec=footage.codec, width=footage.width, height=footage.height, fps=footage.fps)


def with_stream(record: CameraRecord, footage: Footage | None) -> CameraRecord:
    """The record with the recording's stream, where the list does not name any."""
    if footage is None or record.streams:
        return record
    return record.model_copy(update={"streams": (main_stream(footage),)})


def unlisted_camera(name: str) -> CameraRecord:
    """A camera of which only its recordings are known."""
    return CameraRecord(native_id=name, name=name)
