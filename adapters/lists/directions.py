"""Directions as people write them. Owns what a text such as `180;350`, `0-360` or `SE` says of the views.

Meanings are those of OpenStreetMap's keys `direction` and `camera:direction`: a range runs clockwise from its
first end to its second and keeps its width; a list is as many views.
"""

import re
from typing import Final, NamedTuple

WINDS: Final = (
    "n",
    "nne",
    "ne",
    "ene",
    "e",
    "ese",
    "se",
    "sse",
    "s",
    "ssw",
    "sw",
    "wsw",
    "w",
    "wnw",
    "nw",
    "nnw",
)
"""The winds of the compass, 22.5 degrees apart."""
_NAMES: Final = {
    "north": "n",
    "northeast": "ne",
    "east": "e",
    "southeast": "se",
    "south": "s",
    "southwest": "sw",
    "west": "w",
    "northwest": "nw",
}
_BETWEEN_VIEWS = re.compile(r"[;|/]|,\s|,(?=-?\d{2,}(?:\D|$))")
"""A comma alone is a decimal one before a single digit: nobody states hundredths of a degree by hand."""
_BEARING = r"-?\d{1,3}(?:[.,]\d+)?|[a-z]+(?:-(?:east|west))?"
_SINGLE = re.compile(rf"({_BEARING})\s*°?")
_RANGE = re.compile(rf"({_BEARING})\s*°?\s*[-–]\s*({_BEARING})\s*°?")
_ALL_ROUND = 359
"""`0-359` and `0-360` mean the same."""


class Sector(NamedTuple):
    """What is known of one view, in degrees. All round has an angle of 360 and no heading."""

    heading_deg: float | None
    fov_deg: float | None


def compass_deg(name: str) -> float | None:
    """The bearing of a wind by its letters or its name, None for another word."""
    word = re.sub(r"[\s-]", "", name.strip().casefold())
    letters = _NAMES.get(word, word)
    return WINDS.index(letters) * 22.5 if letters in WINDS else None


def read_directions(text: str) -> tuple[Sector, ...]:
    """The views that the text states, each once and in its order; parts that state none are passed over."""
    found = (_sector(part.strip().casefold()) for part in _BETWEEN_VIEWS.split(text))
    return tuple(dict.fromkeys(sector for sector in found if sector is not None))


def _sector(text: str) -> Sector | None:
    single = _SINGLE.fullmatch(text)
    if single is not None and (bearing_deg := _bearing(single.group(1))) is not None:
        return Sector(bearing_deg % 360 % 360, None)
    ends = _RANGE.fullmatch(text)
    if ends is None:
        return None
    since_deg, until_deg = _bearing(ends.group(1)), _bearing(ends.group(2))
    if since_deg is None or until_deg is None:
        return None
    if abs(until_deg - since_deg) >= _ALL_ROUND:
        return Sector(None, 360.0)
    width_deg = (until_deg - since_deg) % 360
    return Sector((since_deg + width_deg / 2) % 360 % 360, width_deg or None)


def _bearing(text: str) -> float | None:
    if text[-1].isdigit():
        degrees = float(text.replace(",", "."))
        return degrees if -360 <= degrees <= 360 else None
    return compass_deg(text)
