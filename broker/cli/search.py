"""`entrevue search`."""

from typing import Annotated, Any, Final

import typer

from broker.cli.answers import CameraCollection, CameraFeature
from broker.cli.client import BrokerClient
from broker.cli.failures import USAGE, Failure
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import note_more, print_json, print_table

SEES: Final = {True: "yes", False: "no", None: "?"}


def add_to(app: typer.Typer) -> None:
    app.command("search", help="Find cameras near a point or place, nearest first.")(search)


@client_command
def search(
    options: ClientOptions,
    radius_m: Annotated[float, typer.Option("--radius-m", help="How far around, in metres.")],
    lat: Annotated[float | None, typer.Option(help="Latitude, WGS 84.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude, WGS 84.")] = None,
    place: Annotated[
        str | None, typer.Option(help="Id of a place, as `entrevue places find` prints it, for lat and lon.")
    ] = None,
    sees: Annotated[
        bool, typer.Option("--sees", help="Leave out cameras that do not see the point.")
    ] = False,
    interval: Annotated[str | None, typer.Option(help="Keep cameras with footage of START/END.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
) -> None:
    query: dict[str, Any] = {**_point(lat, lon, place), "radius_m": radius_m, "limit": limit}
    if sees:
        query["sees"] = "true"
    if interval is not None:
        query["interval"] = interval
    answered = BrokerClient(options).call("GET", "/v1/cameras", CameraCollection, query=query)
    if options.as_json:
        print_json(answered.body)
        return
    print_table(
        ("camera", "name", "owner", "m", "sees", "status", "may"),
        (_row(feature) for feature in answered.read.features),
    )
    note_more(answered.read.links)


def _point(lat: float | None, lon: float | None, place: str | None) -> dict[str, Any]:
    if place is not None and lat is None and lon is None:
        return {"place": place}
    if place is None and lat is not None and lon is not None:
        return {"lat": lat, "lon": lon}
    raise Failure("give either --lat and --lon, or --place", USAGE)


def _row(feature: CameraFeature) -> tuple[object, ...]:
    properties = feature.properties
    distance_m = properties.distance_m
    return (
        feature.id,
        properties.name,
        properties.agency,
        None if distance_m is None else f"{distance_m:.0f}",
        SEES[properties.sees],
        properties.status,
        " ".join(properties.actions),
    )
