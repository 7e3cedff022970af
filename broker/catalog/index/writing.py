"""Writes a page's features as JSON, compiled: copies what is kept of each camera and adds what the question made of it.

What is kept are texts of bytes, each with its length before it (`sized`). The shape is that of
`broker.catalog.views.CameraFeature`; a test holds the two together.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.catalog.disclosure import FOOTAGE_BITS, PICTURE_BITS, VIEW_BITS
from broker.catalog.geometry import Bytes, Floats
from broker.catalog.index.compiling import compiled
from broker.catalog.index.instants import NEVER_US
from broker.catalog.index.judging import SEES, SEES_NOT, Instants, Text
from broker.catalog.index.kernels import RightsBits
from broker.catalog.index.rows import STATUSES
from broker.catalog.rendering import SIZE

MOST_MEASURED: Final = 512
"""No feature's measures take more bytes than this."""


def _text(text: str) -> Text:
    return np.frombuffer(text.encode(), np.uint8)


_NO_VIEWS: Final = _text(',"streams":null,"views":null,"tags":null')
_NO_SNAPSHOT: Final = _text(',"snapshot":null')
_NO_FOOTAGE: Final = _text(',"footage":null')
_AGE: Final = _text(',"age_s":')
_OVERWRITE: Final = _text(',"overwrite_at":')
_COVERS: Final = _text(',"covers":')
_SECONDS: Final = _text('{"seconds":')
_SHARE: Final = _text(',"share":')
_STATUS_OPENS: Final = _text(',"status":"')
_STATUS_TEXT: Final = _text("".join(STATUSES))
_STATUS_ENDS: Final = np.cumsum([len(status) for status in STATUSES])
_DISTANCE: Final = _text('","distance_m":')
_BEARING: Final = _text(',"bearing_deg":')
_SEES: Final = _text(',"sees":')
_ALONG: Final = _text(',"along_m":')
_TRUE: Final = _text("true")
_FALSE: Final = _text("false")
_NULL: Final = _text("null")

_ZERO: Final = ord("0")
_MINUS: Final = ord("-")
_POINT: Final = ord(".")
_QUOTE: Final = ord('"')
_COMMA: Final = ord(",")
_CLOSES: Final = ord("}")
_DAY_US: Final = 86_400_000_000


@compiled
def copied(out: Text, at: int, source: Text, begin: int, end: int) -> int:
    """Copies a part of the source; where it ends."""
    target, part = out[at : at + end - begin], source[begin:end]
    for place in range(len(part)):
        target[place] = part[place]
    return at + end - begin


@compiled
def added(out: Text, at: int, text: Text) -> int:
    """Copies the text; where it ends."""
    return copied(out, at, text, 0, len(text))


@compiled
def digits(out: Text, at: int, value: int, least: int) -> int:
    """A number of no less than so many digits; where it ends."""
    count, rest = 1, value // 10
    while rest:
        count, rest = count + 1, rest // 10
    count = max(count, least)
    for place in range(count - 1, -1, -1):
        out[at + place] = _ZERO + value % 10
        value //= 10
    return at + count


@compiled
def decimal(out: Text, at: int, value: float, places: int) -> int:
    """A number rounded to so many decimal places, `null` for NaN; where it ends."""
    if np.isnan(value):
        return added(out, at, _NULL)
    unit = 10**places
    scaled = int(np.rint(value * unit))
    if scaled < 0:
        out[at] = _MINUS
        at, scaled = at + 1, -scaled
    at = digits(out, at, scaled // unit, 1)
    out[at] = _POINT
    return digits(out, at + 1, scaled % unit, places)


@compiled
def instant(out: Text, at: int, since_1970_us: int) -> int:
    """ISO 8601 in UTC, in quotes, microseconds only where they are not zero; `null` for `NEVER_US`. Where it ends.

    The day of the civil calendar as in https://howardhinnant.github.io/date_algorithms.html#civil_from_days.
    """
    if since_1970_us == NEVER_US:
        return added(out, at, _NULL)
    day, rest_us = since_1970_us // _DAY_US, since_1970_us % _DAY_US
    shifted = day + 719_468  # days since 1 March of the year 0
    era, of_era = shifted // 146_097, shifted % 146_097
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    seconds = rest_us // 1_000_000
    out[at] = _QUOTE
    at = digits(out, at + 1, year, 4)
    out[at] = _MINUS
    at = digits(out, at + 1, month, 2)
    out[at] = _MINUS
    at = digits(out, at + 1, of_year - (153 * march_month + 2) // 5 + 1, 2)
    out[at] = ord("T")
    at = digits(out, at + 1, seconds // 3600, 2)
    out[at] = ord(":")
    at = digits(out, at + 1, seconds // 60 % 60, 2)
    out[at] = ord(":")
    at = digits(out, at + 1, seconds % 60, 2)
    if rest_us % 1_000_000:
        out[at] = _POINT
        at = digits(out, at + 1, rest_us % 1_000_000, 6)
    out[at], out[at + 1] = ord("Z"), _QUOTE
    return at + 2


@compiled
def size_at(sized_texts: Text, at: int) -> int:
    """The length that is written there."""
    size = 0
    for place in range(SIZE - 1, -1, -1):
        size = size * 256 + int(sized_texts[at + place])
    return size


@compiled
def kept(out: Text, at: int, sized_texts: Text, read: int) -> int:
    """Copies the sized text that begins there; where it ends."""
    return copied(out, at, sized_texts, read + SIZE, read + SIZE + size_at(sized_texts, read))


@compiled
def pictured(out: Text, at: int, displays: Text, read: int, captured_us: int, as_of_us: int) -> int:
    """What is kept of the snapshot, and its age; where it ends."""
    at = added(out, kept(out, at, displays, read), _AGE)
    age_s = np.nan if captured_us == NEVER_US else (as_of_us - captured_us) / 1e6
    return closed(out, decimal(out, at, age_s, 3))


@compiled
def recorded(
    out: Text, at: int, displays: Text, read: int, overwrite_us: int, covered_s: float, asked_s: float
) -> int:
    """What is kept of the footage, when it will be erased, and how much of the asked interval there is; where it
    ends."""
    at = added(out, kept(out, at, displays, read), _OVERWRITE)
    at = added(out, instant(out, at, overwrite_us), _COVERS)
    if np.isnan(covered_s) or np.isnan(asked_s):
        return closed(out, added(out, at, _NULL))
    at = decimal(out, added(out, at, _SECONDS), covered_s, 3)
    at = decimal(out, added(out, at, _SHARE), covered_s / asked_s, 4)
    return closed(out, closed(out, at))


@compiled
def closed(out: Text, at: int) -> int:
    """Closes an object; where it ends."""
    out[at] = _CLOSES
    return at + 1


@compiled
def measured(out: Text, at: int, status: int, distance_m: float, bearing_deg: float, sees: int) -> int:
    """The status, and how the camera lies to what was asked about; where it ends."""
    begin = _STATUS_ENDS[status - 1] if status else 0
    at = copied(out, added(out, at, _STATUS_OPENS), _STATUS_TEXT, begin, _STATUS_ENDS[status])
    at = decimal(out, added(out, at, _DISTANCE), distance_m, 2)
    rounded_deg = 0.0 if bearing_deg >= 359.95 else bearing_deg  # 360.0 is north
    at = added(out, decimal(out, added(out, at, _BEARING), rounded_deg, 1), _SEES)
    if sees == SEES:
        return added(out, at, _TRUE)
    if sees == SEES_NOT:
        return added(out, at, _FALSE)
    return added(out, at, _NULL)


@compiled
def write_features(
    out: Text,
    displays: Text,
    grants: Text,
    rights: RightsBits,
    status: Bytes,
    distances_m: Floats,
    bearings_deg: Floats,
    along_m: Floats,
    sees: Bytes,
    covered_s: Floats,
    overwrite_us: Instants,
    captured_us: Instants,
    as_of_us: int,
    asked_s: float,
) -> int:
    """Features with commas between them; how many bytes. `displays` holds four sized texts a row (what `locate` shows;
    views; the snapshot; the footage, the last two empty where there is none), `grants` one. `along_m` is empty where
    there is no line."""
    at, read, read_grant = 0, 0, 0
    for row in range(len(rights)):
        if row:
            out[at] = _COMMA
            at += 1
        bits = rights[row]
        at = kept(out, at, displays, read)
        read += SIZE + size_at(displays, read)
        at = kept(out, at, displays, read) if bits & VIEW_BITS else added(out, at, _NO_VIEWS)
        read += SIZE + size_at(displays, read)
        if size_at(displays, read) and bits & PICTURE_BITS:
            at = pictured(out, at, displays, read, captured_us[row], as_of_us)
        else:
            at = added(out, at, _NO_SNAPSHOT)
        read += SIZE + size_at(displays, read)
        if size_at(displays, read) and bits & FOOTAGE_BITS:
            at = recorded(out, at, displays, read, overwrite_us[row], covered_s[row], asked_s)
        else:
            at = added(out, at, _NO_FOOTAGE)
        read += SIZE + size_at(displays, read)
        at = measured(out, at, status[row], distances_m[row], bearings_deg[row], sees[row])
        if len(along_m):
            at = decimal(out, added(out, at, _ALONG), along_m[row], 2)
        at = kept(out, at, grants, read_grant)
        read_grant += SIZE + size_at(grants, read_grant)
        at = closed(out, closed(out, at))
    return at


def features_of(
    displays: list[bytes],
    grants: list[bytes],
    rights: RightsBits,
    status: Bytes,
    distances_m: Floats,
    bearings_deg: Floats,
    along_m: Floats | None,
    sees: Bytes,
    covered_s: Floats,
    overwrite_us: NDArray[np.int64],
    captured_us: NDArray[np.int64],
    as_of_us: int,
    asked_s: float,
) -> bytes:
    """The features of a page, in order, with commas between them."""
    shown, granted = b"".join(displays), b"".join(grants)
    out = np.empty(len(shown) + len(granted) + len(rights) * MOST_MEASURED, np.uint8)
    size = write_features(
        out,
        np.frombuffer(shown, np.uint8),
        np.frombuffer(granted, np.uint8),
        rights,
        status,
        distances_m,
        bearings_deg,
        np.empty(0) if along_m is None else along_m,
        sees,
        covered_s,
        overwrite_us,
        captured_us,
        as_of_us,
        asked_s,
    )
    return out[:size].tobytes()
