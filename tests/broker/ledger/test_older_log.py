"""Entries of before the log had parts are moved: each agency reads of them what it could read."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command

from broker.audit import store
from broker.audit.models import Entry, Person, Verdict
from broker.ledger.migrate import configuration, migrate
from broker.ledger.sqlite import sqlite_engine

TERMS = '{"partners": ["police"]}'


class OldLedger:
    """A ledger as migration 3 left it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._n = 0
        engine = sqlite_engine(file, read_only=False)
        command.upgrade(configuration(engine), "0003")
        engine.dispose()
        self.db = sqlite3.connect(file)
        for agency in ("rail", "metro", "police"):
            self.db.execute("INSERT INTO agencies VALUES (?, ?)", (agency, agency))
            officer = "INSERT INTO officers VALUES (?, ?, 'Test', 'Tests', 'T-1', '[]', 0)"
            self.db.execute(officer, (f"off_{agency}", agency))
        columns = "(id, version, owner, state, terms, proposed_at)"
        agreement = f"INSERT INTO agreements {columns} VALUES (?, 1, ?, 'active', ?, 0)"  # noqa: S608
        for owner in ("rail", "metro"):
            self.db.execute(agreement, (f"{owner}-police", owner, TERMS))

    def add(self, **facts: Any) -> int:
        self._n += 1
        known = {
            "objects": [],
            "owners": [],
            "basis": [],
            "query": None,
            "agency": "police",
            "officer_id": "off_police",
        }
        row = (
            {"operation": "consultation", "action": f"a{self._n}", "decision": "allowed", "at": 1_000_000}
            | known
            | facts
        )
        owners = {*row["owners"], *([row["agency"]] if row["agency"] else [])}
        for name in ("objects", "owners", "basis", "query"):
            row[name] = json.dumps(row[name])
        person = row.pop("person", None)
        statement = f"INSERT INTO audit_entries (sequence, {', '.join(row)}) VALUES (?{', ?' * len(row)})"  # noqa: S608
        self.db.execute(statement, (self._n, *row.values()))
        if person:
            self.db.execute("INSERT INTO audit_people VALUES (?, ?, ?, ?)", (self._n, *person))
        self.db.executemany("INSERT INTO audit_owners VALUES (?, ?)", [(owner, self._n) for owner in owners])
        return self._n

    def migrated(self) -> None:
        self.db.commit()
        self.db.close()
        migrate(self.file)

    def read(self, agency: str | None) -> list[Entry]:
        engine = sqlite_engine(self.file, read_only=True)
        with engine.connect() as connection:
            found = store.entries(connection, agency=agency, after=0, limit=10_000)
        engine.dispose()
        return found


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldLedger]:
    ledger = OldLedger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.db.close()


def test_an_entry_is_whole_after_it_was_moved(old: OldLedger) -> None:
    old.add(
        operation="disclosure",
        person=("Tests", "T-1", 'Test "é'),
        objects=["rail-cctv:r1", "req_1"],
        owners=["rail"],
        query={"radius_m": 5.5},
        purpose="accident",
        case_ref="PV ½",
        basis=["rail-police"],
        recipient="off_2",
        request_id="req_1",
    )
    old.migrated()
    (found,) = old.read(None)
    assert found.person == Person(service="Tests", personnel_number="T-1", name='Test "é')
    assert (found.officer_id, found.agency, found.case_ref) == ("off_police", "police", "PV ½")
    assert (found.objects, found.owners) == (("rail-cctv:r1", "req_1"), ("rail",))
    assert (found.query, found.basis, found.recipient) == ({"radius_m": 5.5}, ("rail-police",), "off_2")
    assert (found.request_id, found.purpose, found.sequence) == ("req_1", "accident", 1)


def test_each_agency_reads_of_a_shared_entry_what_it_could_read(old: OldLedger) -> None:
    for network, owner in (("rail-cctv", "rail"), ("metro-cctv", "metro")):
        old.add(agency=None, officer_id="host", operation="collection", objects=[network], owners=[owner])
    old.add(
        objects=["rail-cctv:r1", "metro-cctv:m1", "off_rail", "hold_unknown", "1.1", "rail-police@1"],
        owners=["rail", "metro"],
        basis=["rail-police", "metro-police", "customs:C-1"],
        query={"items": ["rail-cctv:r1 a", "metro-cctv:m1 b"], "limit": 5},
        request_id="req_unknown",
    )
    old.migrated()
    (rail,), (metro,), (police,) = [
        [e for e in old.read(agency) if e.agency == "police"] for agency in ("rail", "metro", "police")
    ]
    assert rail.objects == ("rail-cctv:r1", "off_rail", "1.1", "rail-police@1")
    assert (rail.basis, rail.owners, rail.request_id) == (("rail-police", "customs:C-1"), ("rail",), None)
    assert rail.query == {"items": ["rail-cctv:r1 a"], "limit": 5}
    assert metro.objects == ("metro-cctv:m1", "1.1")
    assert (len(police.objects), police.owners, police.request_id) == (6, ("rail", "metro"), "req_unknown")


def test_a_refusal_stays_hidden_from_the_askers_agency_as_it_was(old: OldLedger) -> None:
    old.add(decision="denied", objects=["rail-cctv:secret"], owners=["rail"])
    old.migrated()
    (asked,), (owned,), (whole,) = old.read("police"), old.read("rail"), old.read(None)
    assert (asked.owners, asked.objects, asked.decision) == ((), ("rail-cctv:secret",), Verdict.DENIED)
    assert (owned.owners, whole.owners) == (("rail",), ("rail",))


def test_what_the_host_did_is_still_told_to_those_whose_it_is(old: OldLedger) -> None:
    old.add(agency=None, officer_id="host", objects=["list-x"], query={"found": 3})
    old.add(agency=None, officer_id="host", objects=["rail-cctv"], owners=["rail"], case_ref="PV-1")
    old.migrated()
    assert [(e.officer_id, e.objects, e.query, e.case_ref) for e in old.read(None)] == [
        ("host", ("list-x",), {"found": 3}, None),
        ("host", ("rail-cctv",), None, "PV-1"),
    ]
    assert [e.sequence for e in old.read("rail")] == [2]
    assert old.read("police") == []


def test_more_than_is_moved_at_once_is_all_moved_in_order(old: OldLedger) -> None:
    for _ in range(1203):
        old.add(person=("Tests", "T-1", "Test"))
    old.migrated()
    assert [e.action for e in old.read("police")] == [f"a{n}" for n in range(1, 1204)]
