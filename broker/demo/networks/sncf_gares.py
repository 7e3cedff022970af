"""`sncf-gares`: the railway's cameras at Gare du Nord and at Stade de France – Saint-Denis."""

from broker.demo.models import FilmedCamera, Outage
from broker.demo.networks.listing import (
    DOME,
    DOWN,
    FIXED,
    PTZ,
    UNKNOWN,
    all_round,
    outdoors,
    place,
    reach,
    sector,
    underground,
)
from broker.demo.scene import Setting

PLACES = (
    place("gdn", "Gare du Nord", 48.8809, 2.3553),
    place("sdf-rerd", "Stade de France – Saint-Denis (RER D)", 48.9176, 2.3504),
)

CAMERAS = (
    outdoors(
        "gdn-quai-03", "Quai 3 côté nord", FIXED, (48.88172, 2.35548), place="gdn", view=sector(12, 60, 90)
    ),
    outdoors(
        "gdn-quai-09",
        "Quai 9 tête de voie",
        FIXED,
        (48.88098, 2.35521),
        place="gdn",
        view=sector(8, 75, 60),
        status=UNKNOWN,
        retention_days=15,
    ),
    outdoors(
        "gdn-hall-01", "Grand hall sous l'horloge", DOME, (48.88066, 2.35507), place="gdn", view=all_round(45)
    ),
    outdoors(
        "gdn-parvis-01", "Parvis rue de Dunkerque", PTZ, (48.88021, 2.35498), place="gdn", view=reach(140)
    ),
    outdoors(
        "gdn-taxis-02",
        "File des taxis",
        FIXED,
        (48.88037, 2.35642),
        place="gdn",
        view=sector(205, 50, 70),
        status=DOWN,
        retention_days=15,
    ),
    outdoors(
        "gdn-surete-01",
        "Porte du poste de sûreté",
        FIXED,
        (48.88089, 2.35618),
        place="gdn",
        view=sector(270, 90, 15),
        tags=("reserved",),
    ),
    underground(
        "gdn-quai-41", "Quai 41 côté sud", FIXED, place="gdn", level="-2", status=UNKNOWN, retention_days=15
    ),
    underground("gdn-mezzanine-01", "Mezzanine, portes 1 à 8", DOME, place="gdn", level="-1", status=DOWN),
    outdoors(
        "sdf-quai-01", "Quai 1 milieu", FIXED, (48.91767, 2.35049), place="sdf-rerd", view=sector(24, 55, 80)
    ),
    outdoors(
        "sdf-quai-02",
        "Quai 2 milieu",
        FIXED,
        (48.91762, 2.35031),
        place="sdf-rerd",
        view=sector(204, 55, 80),
        status=UNKNOWN,
        retention_days=15,
    ),
    outdoors(
        "sdf-parvis-01",
        "Parvis est vers le stade",
        PTZ,
        (48.91744, 2.35102),
        place="sdf-rerd",
        view=reach(180),
        status=DOWN,
    ),
    underground("sdf-passage-01", "Passage sous voies", FIXED, place="sdf-rerd", level="-1", status=UNKNOWN),
)

FILMS = (
    FilmedCamera(native_id="gdn-quai-03", name="Quai 3 côté nord", setting=Setting.PLATFORM, gop_s=10),
    FilmedCamera(
        native_id="gdn-hall-01",
        name="Grand hall sous l'horloge",
        setting=Setting.PLATFORM,
        outage=Outage(every_s=420, begins_s=140, lasts_s=20),
    ),
    FilmedCamera(
        native_id="gdn-parvis-01", name="Parvis rue de Dunkerque", frame_period_ms=80, gop_s=4, b_frames=3
    ),
    FilmedCamera(native_id="gdn-surete-01", name="Porte du poste de sûreté", gop_s=8),
    FilmedCamera(
        native_id="sdf-quai-01", name="Quai 1 milieu", setting=Setting.PLATFORM, gop_s=5, b_frames=1
    ),
)
