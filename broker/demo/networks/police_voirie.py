"""`police-voirie`: street cameras around the three stations. Their locations are shared, no footage."""

from broker.demo.networks.listing import DOME, DOWN, FIXED, PTZ, all_round, outdoors, place, reach, sector

PLACES = (
    place("quartier-gdn", "Abords de la gare du Nord", 48.8801, 2.3553),
    place("place-chatelet", "Place du Châtelet", 48.8575, 2.3472),
    place("quartier-sdf", "Abords du Stade de France", 48.9245, 2.3602),
)

CAMERAS = (
    outdoors(
        "voie-1001", "Dunkerque / Compiègne", PTZ, (48.88008, 2.35412), place="quartier-gdn", view=reach(150)
    ),
    outdoors(
        "voie-1002",
        "Maubeuge, sortie taxis",
        FIXED,
        (48.88061, 2.35689),
        place="quartier-gdn",
        view=sector(160, 65, 80),
    ),
    outdoors(
        "voie-1003",
        "Denain, terre-plein",
        DOME,
        (48.87931, 2.35518),
        place="quartier-gdn",
        view=sector(15, 90, 100),
    ),
    outdoors(
        "voie-1004",
        "La Fayette, angle sud",
        PTZ,
        (48.87874, 2.35641),
        place="quartier-gdn",
        view=reach(150),
        status=DOWN,
    ),
    outdoors(
        "voie-2001", "Châtelet, fontaine", PTZ, (48.85752, 2.34722), place="place-chatelet", view=reach(160)
    ),
    outdoors(
        "voie-2002",
        "Rivoli / Sébastopol",
        FIXED,
        (48.85858, 2.34809),
        place="place-chatelet",
        view=sector(300, 60, 90),
    ),
    outdoors(
        "voie-2003",
        "Quai de Gesvres, garde-corps",
        FIXED,
        (48.85697, 2.34788),
        place="place-chatelet",
        view=sector(95, 55, 110),
    ),
    outdoors(
        "voie-2004",
        "Victoria, mât d'angle",
        DOME,
        (48.85781, 2.34836),
        place="place-chatelet",
        view=all_round(70),
    ),
    outdoors(
        "voie-3001", "Stade, porte nord", PTZ, (48.92591, 2.36011), place="quartier-sdf", view=reach(200)
    ),
    outdoors(
        "voie-3002",
        "Stade, rampe ouest",
        FIXED,
        (48.92452, 2.35781),
        place="quartier-sdf",
        view=sector(80, 70, 120),
    ),
    outdoors(
        "voie-3003",
        "Stade, esplanade sud",
        DOME,
        (48.92311, 2.36034),
        place="quartier-sdf",
        view=sector(0, 120, 100),
    ),
    outdoors(
        "voie-3004",
        "Canal, passerelle",
        FIXED,
        (48.92118, 2.35702),
        place="quartier-sdf",
        view=sector(35, 60, 90),
        status=DOWN,
    ),
)
