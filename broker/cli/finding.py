"""`entrevue places find`."""

from typing import Annotated

import typer

from broker.cli.answers import PlaceList
from broker.cli.client import BrokerClient
from broker.cli.options import ClientOptions, client_command, places_group
from broker.cli.output import note_more, print_json, print_table


def add_to(app: typer.Typer) -> None:
    places_group(app).command("find", help="Find places by the words of their names.")(find)


@client_command
def find(
    options: ClientOptions,
    text: Annotated[str, typer.Argument(help="Words, accents and case aside.")],
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
) -> None:
    query = {"q": text, "limit": limit}
    answered = BrokerClient(options).call("GET", "/v1/places", PlaceList, query=query)
    if options.as_json:
        print_json(answered.body)
        return
    print_table(
        ("place", "name", "lat", "lon", "within m"),
        ((p.id, p.name, p.lat, p.lon, p.position_accuracy_m) for p in answered.read.places),
    )
    note_more(answered.read.links)
