"""`ratp-metro`: the metro's cameras at Châtelet, Gare du Nord and Saint-Denis – Porte de Paris."""

from broker.demo.models import FilmedCamera, Outage
from broker.demo.networks.listing import (
    DOME,
    DOWN,
    FIXED,
    PTZ,
    UNKNOWN,
    outdoors,
    place,
    reach,
    sector,
    underground,
)
from broker.demo.scene import Setting

PLACES = (
    place("chatelet", "Châtelet", 48.8583, 2.3470),
    place("gdn-metro", "Gare du Nord (métro)", 48.8799, 2.3560),
    place("porte-de-paris", "Stade de France / Saint-Denis – Porte de Paris", 48.9299, 2.3561),
)

CAMERAS = (
    underground("cht-quai-4n", "Ligne 4, quai côté nord", FIXED, place="chatelet", level="-2"),
    underground("cht-quai-14s", "Ligne 14, quai côté sud", FIXED, place="chatelet", level="-3", status=DOWN),
    underground(
        "cht-couloir-11", "Couloir vers la ligne 11", FIXED, place="chatelet", level="-1", status=UNKNOWN
    ),
    underground(
        "cht-tapis-01", "Trottoir roulant, milieu", DOME, place="chatelet", level="-2", status=UNKNOWN
    ),
    outdoors(
        "cht-acces-05",
        "Accès 5, haut de l'escalier",
        FIXED,
        (48.85872, 2.34749),
        place="chatelet",
        view=sector(150, 80, 40),
    ),
    underground("gnm-quai-5s", "Ligne 5, quai côté sud", FIXED, place="gdn-metro", level="-2"),
    underground(
        "gnm-salle-01", "Salle d'échange, portillons", DOME, place="gdn-metro", level="-1", status=DOWN
    ),
    outdoors(
        "gnm-acces-02",
        "Accès 2, pied de l'immeuble d'angle",
        FIXED,
        (48.87998, 2.35574),
        place="gdn-metro",
        view=sector(330, 70, 50),
        status=UNKNOWN,
        retention_days=7,
    ),
    underground(
        "pdp-quai-13", "Ligne 13, quai 1 tête", FIXED, place="porte-de-paris", level="-1", status=UNKNOWN
    ),
    outdoors(
        "pdp-acces-01",
        "Accès 1, abribus",
        PTZ,
        (48.92986, 2.35629),
        place="porte-de-paris",
        view=reach(120),
    ),
    outdoors(
        "pdp-gare-routiere",
        "Gare routière, mât central",
        DOME,
        (48.93012, 2.35588),
        place="porte-de-paris",
        view=sector(90, 110, 60),
        status=DOWN,
        retention_days=7,
    ),
)

FILMS = (
    FilmedCamera(native_id="cht-quai-4n", name="Ligne 4, quai côté nord", setting=Setting.PLATFORM, gop_s=8),
    FilmedCamera(native_id="cht-acces-05", name="Accès 5, haut de l'escalier", frame_period_ms=80, gop_s=4),
    FilmedCamera(
        native_id="gnm-quai-5s",
        name="Ligne 5, quai côté sud",
        setting=Setting.PLATFORM,
        gop_s=10,
        b_frames=3,
        outage=Outage(every_s=540, begins_s=75, lasts_s=35),
    ),
    FilmedCamera(native_id="pdp-acces-01", name="Accès 1, abribus"),
)
