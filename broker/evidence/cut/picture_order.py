"""In which order the frames of an H.264 stream are shown, where the container does not say.

AVI states one time per frame, in the order in which frames are stored. What is shown when follows from the picture
order counts in the slices (ITU-T H.264, 8.2.1): between two IDR pictures, the frame with the n-th smallest count is
shown at the n-th stored time. Types 0 and 2 of counting are understood; type 1 is not, and nobody records with it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from broker.evidence.cut.bits import BitReader, EndOfBits

START_CODE: Final = b"\0\0\1"
SLICE, IDR_SLICE, SEQUENCE_PARAMETERS = 1, 5, 7
HEADER_BYTES: Final = 32
SEQUENCE_BYTES: Final = 512
_WITH_CHROMA: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SAME_ORDER: Final = 2


class CannotOrder(ValueError):
    """The stream does not say in which order its frames are shown."""


class _Sequence(NamedTuple):
    """What a sequence parameter set says of the slices' headers."""

    has_colour_planes: bool
    frame_number_bits: int
    counting: int
    count_bits: int
    frames_only: bool


class PictureOrder:
    """Counts pictures in the order in which they are stored. `extradata` holds the parameter sets."""

    def __init__(self, extradata: bytes | None) -> None:
        self._sequence: _Sequence | None = None
        self._high = self._low = 0
        self._since_idr = 0
        self._learn(extradata or b"")
        if self._sequence is None:
            raise CannotOrder("it has no sequence parameters")

    @property
    def changes_order(self) -> bool:
        """Whether frames may be shown in another order than they are stored in."""
        return self._sequence is not None and self._sequence.counting != _SAME_ORDER

    def count(self, packet: bytes) -> tuple[int, bool]:
        """The count of the packet's picture, and whether it is an IDR picture, at which counting begins anew."""
        self._learn(packet)
        for unit in packet.split(START_CODE)[1:]:
            if unit and unit[0] & 0x1F in {SLICE, IDR_SLICE}:
                try:
                    return self._of_slice(unit)
                except EndOfBits as error:
                    raise CannotOrder("a slice has no header") from error
        raise CannotOrder("a frame has no slice")

    def _learn(self, stream: bytes) -> None:
        for unit in stream.split(START_CODE)[1:]:
            if unit and unit[0] & 0x1F == SEQUENCE_PARAMETERS:
                try:
                    self._sequence = _read_sequence(unit)
                except EndOfBits as error:
                    raise CannotOrder("its sequence parameters end early") from error

    def _of_slice(self, unit: bytes) -> tuple[int, bool]:
        sequence = self._sequence
        is_idr, is_reference = unit[0] & 0x1F == IDR_SLICE, bool(unit[0] & 0x60)
        if sequence is None or sequence.counting == _SAME_ORDER:
            self._since_idr = 0 if is_idr else self._since_idr + 1
            return self._since_idr, is_idr
        bits = BitReader(unit, HEADER_BYTES)
        for _ in ("first macroblock", "slice type", "picture parameter set"):
            bits.unsigned()
        if sequence.has_colour_planes:
            bits.take(2)
        bits.take(sequence.frame_number_bits)
        if not sequence.frames_only and bits.flag():
            bits.take(1)
        if is_idr:
            bits.unsigned()
            self._high = self._low = 0
        low = bits.take(sequence.count_bits)
        high = self._high
        whole = 1 << sequence.count_bits
        if low < self._low and self._low - low >= whole // 2:
            high += whole
        elif low > self._low and low - self._low > whole // 2:
            high -= whole
        if is_reference:
            self._high, self._low = high, low
        return high + low, is_idr


def _read_sequence(unit: bytes) -> _Sequence:
    bits = BitReader(unit, SEQUENCE_BYTES)
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    has_colour_planes = False
    if profile in _WITH_CHROMA:
        chroma = bits.unsigned()
        has_colour_planes = chroma == 3 and bits.flag()
        bits.unsigned()
        bits.unsigned()
        bits.take(1)
        if bits.flag():
            for number in range(12 if chroma == 3 else 8):
                if bits.flag():
                    _skip_scaling_list(bits, 16 if number < 6 else 64)
    frame_number_bits = bits.unsigned() + 4
    counting = bits.unsigned()
    if counting not in {0, _SAME_ORDER}:
        raise CannotOrder("its pictures are counted in a way that is not understood")
    count_bits = bits.unsigned() + 4 if counting == 0 else 0
    bits.unsigned()
    bits.take(1)
    bits.unsigned()
    bits.unsigned()
    return _Sequence(has_colour_planes, frame_number_bits, counting, count_bits, bits.flag())


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


class Stored(NamedTuple):
    """One frame as it is stored: its stored time, its place in the order shown, and whether that begins anew."""

    time: int
    place: int
    is_idr: bool


def shown_times(frames: Iterable[Stored], reorder_frames: int) -> Iterator[int]:
    """For each frame, in the order stored, the time at which it is shown.

    Frames that change places lie at most `reorder_frames` apart, so that no more are held at once.
    """
    behind: deque[Stored] = deque(maxlen=reorder_frames)
    ahead: deque[Stored] = deque()
    for frame in frames:
        ahead.append(frame)
        if len(ahead) > reorder_frames:
            yield _shown_time(behind, ahead)
    while ahead:
        yield _shown_time(behind, ahead)


def _shown_time(behind: deque[Stored], ahead: deque[Stored]) -> int:
    """That of the first frame ahead, which passes behind."""
    frame = ahead.popleft()
    if frame.is_idr:
        behind.clear()
    following: list[Stored] = []
    for each in ahead:
        if each.is_idr:
            break
        following.append(each)
    # It changes places with frames before it that are shown later, and with those after it that are shown earlier.
    moves = sum(each.place < frame.place for each in following) - sum(
        each.place > frame.place for each in behind
    )
    behind.append(frame)
    if moves > 0:
        return following[moves - 1].time
    return behind[moves - 1].time if moves < 0 else frame.time
