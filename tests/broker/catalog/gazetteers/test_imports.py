"""An import takes the place of what was there as a whole, or changes nothing, and is logged as what it did."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from adapters.contract.models import PlaceRecord, Position
from broker.audit import store as audit
from broker.audit.models import Entry, Operation
from broker.catalog.gazetteers import store
from broker.catalog.gazetteers.service import Gazetteers
from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.placelist import PlaceRow
from broker.errors import Problem, SetupProblem
from broker.ledger.engine import Ledger
from broker.ledger.migrate import migrate
from tests.broker.catalog.gazetteers.gazetteers import GARES, NETWORKS, STATIONS, desk, write_list
from tests.requirements import sample_data
from tests.world import StandingClock


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    migrate(tmp_path / "ledger.sqlite")
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


async def held(ledger: Ledger, gazetteer: str = "gares") -> dict[str, tuple[Any, ...]]:
    rows = await ledger.read(lambda c: list(store.rows(c, gazetteer)))
    return {row.id: tuple(row[1:]) for row in rows}


async def logged(ledger: Ledger) -> list[Entry]:
    return await ledger.read(lambda c: audit.entries(c, agency=None, after=0, limit=1000))


async def test_an_import_writes_the_difference_counts_it_and_logs_it(ledger: Ledger, tmp_path: Path) -> None:
    first = await desk(ledger).replace("gares", write_list(tmp_path, STATIONS), tmp_path)
    assert (first.found, first.added, first.changed, first.removed, first.rejected) == (2, 2, 0, 0, 0)
    changed = (STATIONS[0].replace("250", "260"), "new;Stade de France;48.92;2.36;", "bad;Nowhere;;;")
    second = await desk(ledger).replace("gares", write_list(tmp_path, changed), tmp_path)
    assert (second.found, second.added, second.changed, second.removed, second.rejected) == (2, 1, 1, 1, 1)
    assert second.reasons == ("stations.csv row 4: a place needs coordinates",)
    assert await held(ledger) == {
        "gares:chatelet": ("Châtelet", 48.8586, 2.3470, None, 260.0),
        "gares:new": ("Stade de France", 48.92, 2.36, None, None),
    }
    entries = await logged(ledger)
    assert [(e.operation, e.action, e.officer_id, e.objects) for e in entries] == [
        (Operation.COLLECTION, "import_gazetteer", audit.HOST, ("gares",))
    ] * 2
    counts = {"found": 2, "added": 1, "changed": 1, "removed": 1, "rejected": 1, "source": "stations.csv"}
    assert entries[1].query == counts
    (listed,) = await desk(ledger).list_gazetteers()
    assert (listed.id, listed.places, listed.source, listed.version) == ("gares", 2, "stations.csv", 2)


async def test_the_same_file_again_changes_no_place(ledger: Ledger) -> None:
    folder = sample_data() / "places" / "idf-gares"
    first = await desk(ledger).replace("idf-gares", GARES, folder)
    assert (first.found, first.added) == (992, 992)
    again = await desk(ledger).replace("idf-gares", GARES, folder)
    assert (again.found, again.added, again.changed, again.removed) == (992, 0, 0, 0)
    assert len(await held(ledger, "idf-gares")) == 992


@pytest.mark.parametrize(
    ("lines", "says"),
    [(("bad;Nowhere;;;", ";No id;1;2;"), "lists no usable place"), ((), "lists no usable place")],
)
async def test_a_file_without_a_usable_place_changes_nothing(
    ledger: Ledger, tmp_path: Path, lines: tuple[str, ...], says: str
) -> None:
    await desk(ledger).replace("gares", write_list(tmp_path, STATIONS), tmp_path)
    before = await held(ledger)
    report = await desk(ledger).replace("gares", write_list(tmp_path, lines), tmp_path)
    assert says in str(report.error)
    assert (report.rejected, len(report.reasons)) == (len(lines), len(lines))
    assert (await held(ledger), len(await logged(ledger))) == (before, 1)


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (b"", {}, "is empty"),
        (b"nom;x\n1;2\n", {}, "no column 'id'"),
        (b"id;lat;lon\n1;1;1\n", {"file": "absent.csv"}, "no such file"),
        (b"id;lat;lon\n1;1;1\n", {"columns": {"colour": "x"}}, "'colour' is not known"),
        (b"\xff\xfe\x00", {"encoding": "utf-16"}, "stations.csv"),
        (b"id,lat,lon\n1,1,1\n", {"delimiter": ";"}, "no column 'id'"),
    ],
)
async def test_a_wrong_file_is_refused_and_changes_nothing(
    ledger: Ledger, tmp_path: Path, content: bytes, options: dict[str, Any], says: str
) -> None:
    await desk(ledger).replace("gares", write_list(tmp_path, STATIONS), tmp_path)
    before = await held(ledger)
    (tmp_path / "stations.csv").write_bytes(content)
    with pytest.raises(Problem, match=says) as refused:
        await desk(ledger).replace("gares", {"file": "stations.csv"} | options, tmp_path)
    assert refused.value.code == "invalid"
    assert "nothing was changed" in refused.value.detail
    assert (await held(ledger), len(await logged(ledger))) == (before, 1)


@pytest.mark.parametrize("name", ["", "Gares", "idf gares", "-x", "a:b", "é", "x" * 65, "../x"])
async def test_an_id_that_could_not_stand_in_a_places_id_is_refused(
    ledger: Ledger, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Problem, match="is no id for a gazetteer"):
        await desk(ledger).replace(name, write_list(tmp_path, STATIONS), tmp_path)


async def test_a_network_and_a_gazetteer_never_share_an_id(ledger: Ledger, tmp_path: Path) -> None:
    options = write_list(tmp_path, STATIONS)
    with pytest.raises(Problem, match="'rail-cctv' is the id of a configured network"):
        await desk(ledger).replace("rail-cctv", options, tmp_path)
    await desk(ledger).check_networks()
    elsewhere = Gazetteers(ledger, StandingClock(), (), desk(ledger)._read)
    await elsewhere.replace("rail-cctv", options, tmp_path)
    with pytest.raises(SetupProblem, match="network 'rail-cctv' has the id of an imported gazetteer"):
        await desk(ledger).check_networks()
    assert (await GazetteerShelf(ledger, NETWORKS).refresh()).lists == {}
    await desk(ledger).remove("rail-cctv")
    await desk(ledger).check_networks()


async def test_ids_too_long_to_search_for_are_rejected_alone(ledger: Ledger, tmp_path: Path) -> None:
    lines = (f"{'é' * 60};Long;1;2;", *STATIONS)
    report = await desk(ledger).replace("gares", write_list(tmp_path, lines), tmp_path)
    assert (report.found, report.rejected) == (2, 1)
    assert "longer than 300 characters" in report.reasons[0]


async def test_ids_are_percent_encoded_as_cameras_are(ledger: Ledger, tmp_path: Path) -> None:
    await desk(ledger).replace("gares", write_list(tmp_path, ("a/é:1;Gare;1;2;",)), tmp_path)
    assert set(await held(ledger)) == {"gares:a%2F%C3%A9%3A1"}


async def test_removing_forgets_the_places_and_is_logged(ledger: Ledger, tmp_path: Path) -> None:
    await desk(ledger).replace("gares", write_list(tmp_path, STATIONS), tmp_path)
    assert await desk(ledger).remove("gares") == 2
    assert (await held(ledger), await desk(ledger).list_gazetteers()) == ({}, [])
    last = (await logged(ledger))[-1]
    assert (last.operation, last.action, last.objects) == (
        Operation.ALTERATION,
        "remove_gazetteer",
        ("gares",),
    )
    with pytest.raises(Problem, match="there is no gazetteer 'gares'; known: none"):
        await desk(ledger).remove("gares")


async def test_an_import_that_fails_on_the_way_leaves_what_was_there(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk(ledger).replace("gares", write_list(tmp_path, STATIONS), tmp_path)
    before = await held(ledger)

    def broken(connection: Connection, *_: object) -> None:
        connection.exec_driver_sql("DELETE FROM gazetteer_parts")
        raise OSError("the machine went down")

    with monkeypatch.context() as patched:
        patched.setattr(store, "put_parts", broken)
        with pytest.raises(OSError, match="went down"):
            await desk(ledger).replace("gares", write_list(tmp_path, STATIONS[:1]), tmp_path)
    assert (await held(ledger), len(await logged(ledger))) == (before, 1)


async def test_an_import_that_another_one_overtakes_compares_again(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between comparing and writing, another process imports the same gazetteer."""
    compared = Gazetteers._writing
    overtaken = []

    def writing(self: Gazetteers, *given: Any) -> Any:
        work = compared(self, *given)

        def after_another(connection: Connection) -> Any:
            if not overtaken:
                overtaken.append(True)
                store.put(connection, "gares", 99, "other.csv", StandingClock().now())
                store.put_parts(
                    connection, "gares", store.parts_of([PlaceRow("gares:x", "X", 1, 1, None, None)])
                )
            return work(connection)

        return after_another

    monkeypatch.setattr(Gazetteers, "_writing", writing)
    report = await desk(ledger).replace("gares", write_list(tmp_path, STATIONS), tmp_path)
    assert (report.added, report.removed, len(await held(ledger))) == (2, 1, 2)
    assert len(await logged(ledger)) == 1


NATIVE = st.sampled_from("abcdé/")
LISTS = st.dictionaries(
    NATIVE, st.tuples(st.sampled_from(["One", "Two"]), st.integers(0, 3)), min_size=1, max_size=6
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LISTS, min_size=1, max_size=5))
async def test_after_any_imports_the_ledger_and_a_shelf_hold_the_last_and_the_counts_add_up(
    ledger: Ledger, tmp_path: Path, lists: list[dict[str, tuple[str, int]]]
) -> None:
    async def clear() -> None:
        if await desk(ledger).list_gazetteers():
            await desk(ledger).remove("gares")

    await clear()
    shelf = GazetteerShelf(ledger, NETWORKS)
    known: dict[str, tuple[str, int]] = {}
    for wanted in lists:
        records = [
            PlaceRecord(native_id=n, name=name, position=Position(lat=lat, lon=1))
            for n, (name, lat) in wanted.items()
        ]
        imports = Gazetteers(ledger, StandingClock(), NETWORKS, lambda _o, _b, records=records: iter(records))
        report = await imports.replace("gares", {"file": "x.csv"}, tmp_path)
        assert report.added == len(wanted.keys() - known.keys())
        assert report.removed == len(known.keys() - wanted.keys())
        assert report.changed == sum(known[n] != wanted[n] for n in known.keys() & wanted.keys())
        known = wanted
        places = (await shelf.refresh()).lists["gares"]
        assert len(places) == len(known)
        found = await places.holding("", None, 100)
        assert {(p.name, p.position.lat) for p in found} == {
            (name, float(lat)) for name, lat in known.values()
        }
