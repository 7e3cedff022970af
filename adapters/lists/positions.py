"""Numbers and coordinates out of text. Owns what a list may write for a position and when it is believed."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from adapters.contract.models import Position
from adapters.lists.config import Area
from adapters.lists.rows import Unusable

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the WGS 84 ellipsoid, (2a + b) / 3."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DASHES = str.maketrans({"\u2212": "-", "\u00a0": "", "\u202f": ""})


def read_number(text: str, field: str) -> float | None:
    """A finite number with a decimal point or comma; None for an empty text. `Unusable` names `field`."""
    if not text:
        return None
    plain = text if text.isascii() else text.translate(_DASHES)
    if _NUMBER.fullmatch(plain) is None:
        raise Unusable(f"{field} is {text[:40]!r}, not a number")
    number = float(plain.replace(",", "."))
    if not math.isfinite(number):
        raise Unusable(f"{field} is {text[:40]!r}, not a finite number")
    return number


def read_distance(text: str, field: str) -> float | None:
    """Metres, not negative; None for an empty text."""
    metres = read_number(text, field)
    if metres is not None and metres < 0:
        raise Unusable(f"{field} is {metres:g}, below 0")
    return metres


def split_lat_lon(text: str) -> tuple[str, str]:
    """The two numbers of a text such as `48.85, 2.35`, `48,85; 2,35` or `48.85 2.35`."""
    parts = [part for part in re.split(r"\s*;\s*|\s*,\s+|\s+", text.strip()) if part]
    if len(parts) == 1:
        parts = text.split(",")
    if len(parts) != 2:
        raise Unusable(f"lat_lon is {text[:60]!r}, not a latitude and a longitude")
    return parts[0].strip(), parts[1].strip()


def read_coordinates(
    lat_text: str, lon_text: str, area: Area | None, *, outside_allowed: bool = False
) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, or None where the row states none; 0, 0 states none.

    `Unusable` for half a pair, what cannot be on Earth, and what lies outside the network's area; with
    `outside_allowed`, only where swapping would bring it inside.
    """
    lat, lon = read_number(lat_text, "lat"), read_number(lon_text, "lon")
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise Unusable(f"has a {'lon' if lat is None else 'lat'} but no {'lat' if lat is None else 'lon'}")
    # Recorders and spreadsheets write 0, 0 for a position that nobody entered; no camera stands at sea there.
    if lat == 0 and lon == 0:
        return None
    if _believable(lat, lon, area):
        return lat, lon
    swapped = _believable(lon, lat, area)
    if outside_allowed and not swapped and _believable(lat, lon, None):
        return lat, lon
    hint = "; lat and lon look swapped" if swapped else ""
    if not abs(lat) <= 90:
        raise Unusable(f"lat {lat:g} is out of range, -90 to 90{hint}")
    if not abs(lon) <= 180:
        raise Unusable(f"lon {lon:g} is out of range, -180 to 180{hint}")
    raise Unusable(f"lat {lat:g}, lon {lon:g} is outside the network's area{hint}")


def _believable(lat: float, lon: float, area: Area | None) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180 and (area is None or area.contains(lat, lon))


def distance_m(here: Position, there: Position) -> float:
    """Great-circle distance by the haversine formula, on a sphere of the mean radius."""
    return arc_m(here.lat, here.lon, there.lat, there.lon)


def arc_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """The same of bare degrees."""
    lat1, lat2 = math.radians(lat1_deg), math.radians(lat2_deg)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(lon2_deg - lon1_deg) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


class Middle(NamedTuple):
    """Where points lie on the whole, in degrees, and how far the farthest of them is from there."""

    lat: float
    lon: float
    spread_m: float


def middle_of(points: Sequence[Position]) -> Middle:
    """The centre of points that stand for one thing.

    A mean of degrees is a centre for points a few kilometres apart, away from the poles. Where the antimeridian
    lies between them, longitudes are counted eastwards over it.
    """
    lons = [point.lon for point in points]
    if max(lons) - min(lons) > 180:
        lons = [lon % 360 for lon in lons]
    lat = sum(point.lat for point in points) / len(points)
    lon = wrapped(sum(lons) / len(lons))
    return Middle(lat, lon, max(arc_m(lat, lon, point.lat, point.lon) for point in points))


def wrapped(lon_deg: float) -> float:
    """The same meridian in [-180, 180]; what lies there stays as it is, to the last digit."""
    return lon_deg if -180 <= lon_deg <= 180 else (lon_deg + 180) % 360 - 180


def rounded_up(metres: float) -> float:
    """To decimetres, never less: an accuracy is a radius that surely holds what it speaks of."""
    return math.ceil(metres * 10) / 10
