"""`entrevue audit` on the host: exports, the signed checkpoint, proofs, erasure."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from broker.transparency.notes import open_checkpoint, parse_vkey
from broker.transparency.proofs import is_included, leaf_hash
from tests.broker.cli.commands import Entrevue
from tests.broker.cli.sequenced import add_officer, host_options, sequence


@pytest.fixture
def host(tmp_path: Path) -> tuple[str, str]:
    return host_options(tmp_path)


@pytest.fixture
def sequenced(entrevue: Entrevue, host: tuple[str, str], tmp_path: Path) -> int:
    """How many entries there are, all in the tree, as a broker that runs brings them in."""
    for name in ("=cmd|'/C calc'!A0", "Test officer"):
        add_officer(entrevue, host, name)
    return sequence(tmp_path / "data")


def test_what_is_exported_is_in_the_tree_that_the_printed_checkpoint_signs(
    entrevue: Entrevue, host: tuple[str, str], sequenced: int
) -> None:
    key = parse_vkey(entrevue("audit", "checkpoint", "--key", *host).out.strip())
    checkpoint, _ = open_checkpoint(entrevue("audit", "checkpoint", *host).out, key)
    assert checkpoint.size == sequenced
    lines = [json.loads(line) for line in entrevue("audit", "export", *host, "--json").out.splitlines()]
    assert len(lines) == sequenced
    for entry in lines:
        proof = json.loads(entrevue("audit", "prove", str(entry["sequence"] - 1), *host, "--json").out)
        hashes = [bytes.fromhex(each) for each in proof["hashes"]]
        leaf = leaf_hash(entry["leaf"].encode())
        assert is_included(leaf, proof["index"], proof["size"], hashes, checkpoint.root)
    both = json.loads(entrevue("audit", "checkpoint", *host, "--json").out)
    assert (both["key"], open_checkpoint(both["note"], key)[0]) == (key.text, checkpoint)


def test_a_proof_is_shown_to_people_and_what_is_not_there_is_said(
    entrevue: Entrevue, host: tuple[str, str], sequenced: int
) -> None:
    assert entrevue("audit", "prove", "0", *host).out.startswith(f"entry 1 is leaf 0 of {sequenced}\nleaf  ")
    for arguments in (("prove", "999"), ("prove", "0", "--size", "999"), ("checkpoint", "--size", "999")):
        done = entrevue("audit", *arguments, *host)
        assert done.status == 1
        assert "not_found" in done.one_line_error()


def test_before_a_broker_has_run_there_is_no_key(entrevue: Entrevue, host: tuple[str, str]) -> None:
    done = entrevue("audit", "checkpoint", *host)
    assert done.status == 1
    assert "made when the broker starts" in done.one_line_error()


def test_the_csv_has_every_entry_and_no_formula(
    entrevue: Entrevue, host: tuple[str, str], sequenced: int
) -> None:
    rows = list(csv.DictReader(StringIO(entrevue("audit", "export", *host, "--csv").out)))
    assert [int(row["sequence"]) for row in rows] == list(range(1, sequenced + 1))
    assert {row["action"] for row in rows} == {"add_officer"}
    assert all(row["owners"] == "rail" and row["officer_id"] == "host" for row in rows)
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_an_agencys_export_has_what_it_may_see_alone(
    entrevue: Entrevue, host: tuple[str, str], sequenced: int
) -> None:
    for shape in ("--json", "--csv"):
        assert "add_officer" in entrevue("audit", "export", *host, shape, "--agency", "rail").out
        assert "add_officer" not in entrevue("audit", "export", *host, shape, "--agency", "police").out


def test_two_formats_at_once_are_a_wrong_call(entrevue: Entrevue, host: tuple[str, str]) -> None:
    done = entrevue("audit", "export", *host, "--json", "--csv")
    assert done.status == 2
    assert "choose one" in done.one_line_error()


def test_the_host_may_erase_at_once(entrevue: Entrevue, host: tuple[str, str], sequenced: int) -> None:
    assert entrevue("audit", "erase", *host).out.startswith("0 people of entries before ")
    assert json.loads(entrevue("audit", "erase", *host, "--json").out)["erased"] == 0


def test_doctor_names_a_key_that_others_may_read(
    entrevue: Entrevue, host: tuple[str, str], sequenced: int, tmp_path: Path
) -> None:
    assert "127.0.0.1:8080/log+" in entrevue("doctor", *host).out
    (tmp_path / "data" / "keys" / "log.pem").chmod(0o644)
    done = entrevue("doctor", *host)
    assert done.status == 1
    assert "chmod 600" in done.one_line_error()
    (tmp_path / "data" / "keys" / "log.pem").chmod(0o600)
    configuration = tmp_path / "entrevue.toml"
    configuration.write_text(
        configuration.read_text().replace('name = "Police"', 'name = "Police"\nwitness = "none"')
    )
    assert "agency 'police': witness" in entrevue("doctor", *host).one_line_error()
