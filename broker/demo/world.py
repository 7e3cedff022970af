"""The demo's small world: three agencies that watch the same three stations, and what they allow each other.

Stations and streets are real, so that maps make sense; every camera is invented.
"""

from datetime import UTC, datetime, timedelta

from adapters.contract.models import Interval
from broker.demo.models import DemoAgency, DemoAgreement, DemoNetwork, DemoWorld
from broker.demo.networks import police_voirie, ratp_metro, sncf_gares

AGENCIES = (
    DemoAgency(id="sncf", name="SNCF"),
    DemoAgency(id="ratp", name="RATP"),
    DemoAgency(id="police", name="Préfecture de Police"),
)
ACTIONS = ("locate", "view_snapshot", "hold", "request_clip")
PURPOSES = ("public_safety", "judicial_inquiry", "accident")
SNCF_RETENTION = timedelta(days=1)
RATP_RETENTION = timedelta(hours=12)


def demo_world(now: datetime) -> DemoWorld:
    """The world as of an instant: agreements run from that year's start to the end of the next year."""
    year = now.astimezone(UTC).year
    valid = Interval(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 2, 1, 1, tzinfo=UTC))
    networks = (
        DemoNetwork(
            id="sncf-gares",
            agency="sncf",
            adapter="folder",
            cameras=sncf_gares.CAMERAS,
            places=sncf_gares.PLACES,
            films=sncf_gares.FILMS,
            retention=SNCF_RETENTION,
        ),
        DemoNetwork(
            id="ratp-metro",
            agency="ratp",
            adapter="onvif",
            cameras=ratp_metro.CAMERAS,
            places=ratp_metro.PLACES,
            films=ratp_metro.FILMS,
            retention=RATP_RETENTION,
        ),
        DemoNetwork(
            id="police-voirie",
            agency="police",
            adapter="camera_list",
            cameras=police_voirie.CAMERAS,
            places=police_voirie.PLACES,
        ),
    )
    agreements = tuple(
        DemoAgreement(
            id=f"{owner}-{partner}-{year}",
            owner=owner,
            partner=partner,
            networks=tuple(network.id for network in networks if network.agency == owner),
            actions=ACTIONS,
            purposes=PURPOSES,
            valid=valid,
        )
        for owner, partner in (("sncf", "police"), ("ratp", "police"), ("police", "sncf"), ("police", "ratp"))
    )
    return DemoWorld(agencies=AGENCIES, networks=networks, agreements=agreements)
