"""Framing changes, units do not."""

from hypothesis import given
from hypothesis import strategies as st

from broker.evidence.cut.start_codes import has_start_codes, with_lengths
from tests.broker.evidence.cut.footage import units_of

units = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda unit: unit.replace(b"\0", b"\3") + b"\x80"),
    min_size=1,
    max_size=6,
)


@given(units, st.lists(st.sampled_from([b"\0\0\1", b"\0\0\0\1"]), min_size=6, max_size=6), st.integers(0, 3))
def test_every_unit_is_there_with_its_length(
    given_units: list[bytes], codes: list[bytes], padding: int
) -> None:
    stream = b"".join(code + unit for code, unit in zip(codes, given_units, strict=False)) + bytes(padding)
    assert units_of(bytes(with_lengths(memoryview(stream))), has_start_codes=False) == given_units


def test_a_byte_stream_is_told_by_its_parameter_sets() -> None:
    assert has_start_codes("h264", b"\0\0\0\1\x67")
    assert has_start_codes("h265", b"\0\0\1\x40")
    assert has_start_codes("h264", None)
    assert not has_start_codes("h264", b"\1\x64\0\x1f")
    assert not has_start_codes("mjpeg", None)
