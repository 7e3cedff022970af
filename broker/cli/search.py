"""`entrevue search`."""

from typing import Annotated, Any, Final

import typer

from broker.cli.answers import CameraCollection, CameraFeature
from broker.cli.client import BrokerClient
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import note_more, print_json, print_table

SEES: Final = {True: "yes", False: "no", None: "?"}


def add_to(app: typer.Typer) -> None:
    app.command("search", help="Find cameras near a point, nearest first.")(search)


@client_command
def search(
    options: ClientOptions,
    lat: Annotated[float, typer.Option(help="Latitude, WGS 84.")],
    lon: Annotated[float, typer.Option(help="Longitude, WGS 84.")],
    radius_m: Annotated[float, typer.Option("--radius-m", help="How far around, in metres.")],
    sees: Annotated[
        bool, typer.Option("--sees", help="Leave out cameras that do not see the point.")
    ] = False,
    interval: Annotated[str | None, typer.Option(help="Keep cameras with footage of START/END.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
) -> None:
    query: dict[str, Any] = {"lat": lat, "lon": lon, "radius_m": radius_m, "limit": limit}
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
