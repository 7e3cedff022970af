"""`fetch` resumes, checks, and leaves nothing damaged under a final name; `verify` is 1 on any damage."""

import json
import os
import socket
from pathlib import Path

import pytest

from tests.broker.cli.commands import Done, Entrevue
from tests.broker.cli.fake_server import FakeServer, Reply, fake_server
from tests.broker.evidence.bundle.sealed import Sealed, seal, tiny_mp4

ETAG = {"ETag": '"b-1"', "Content-Type": "application/zip"}


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    folder = tmp_path / "sealed"
    folder.mkdir()
    return seal(folder, {"rail": [tiny_mp4("a" * 3000)], "metro": [tiny_mp4("b" * 3000)]})


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def fetch(entrevue: Entrevue, server: FakeServer, output: Path, *more: str) -> Done:
    return entrevue("fetch", "req_1", "--output", str(output), "--server", server.url, *more)


def names(output: Path) -> set[str]:
    return {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}


WHOLE = {"req_1.zip", "manifest.json", "manifest.json.cms", "clips/1.1.mp4", "clips/2.1.mp4"}


def test_fetch_writes_the_bundle_and_its_clips(entrevue: Entrevue, sealed: Sealed, output: Path) -> None:
    with fake_server(Reply(sealed.path.read_bytes(), headers=ETAG)) as server:
        done = fetch(entrevue, server, output, "--json")
    assert (done.status, done.err) == (0, "")
    assert names(output) == WHOLE
    told = json.loads(done.out)
    assert told["bundle"] == str(output / "req_1.zip")
    assert {os.path.relpath(file, output) for file in told["files"]} == WHOLE - {"req_1.zip"}
    assert (output / "clips/1.1.mp4").read_bytes() == tiny_mp4("a" * 3000)


def test_a_download_that_breaks_off_is_resumed_where_it_ended(
    entrevue: Entrevue, sealed: Sealed, output: Path
) -> None:
    whole = sealed.path.read_bytes()
    cut = len(whole) // 3
    replies = [Reply(whole, headers=ETAG, breaks_after=cut), Reply(whole[cut:], 206, ETAG)]
    with fake_server(*replies) as server:
        broken = fetch(entrevue, server, output)
        assert broken.status == 3
        assert "resumes" in broken.one_line_error()
        assert not (output / "req_1.zip").exists()
        assert fetch(entrevue, server, output).status == 0
    resumed = server.asked[1][2]
    assert (resumed["range"], resumed["if-range"]) == (f"bytes={cut}-", '"b-1"')
    assert (output / "req_1.zip").read_bytes() == whole
    assert names(output) == WHOLE


def test_a_bundle_that_changed_meanwhile_is_read_from_the_start(
    entrevue: Entrevue, sealed: Sealed, output: Path
) -> None:
    whole = sealed.path.read_bytes()
    with fake_server(Reply(b"x" * 900, headers=ETAG, breaks_after=500), Reply(whole, headers=ETAG)) as server:
        assert fetch(entrevue, server, output).status == 3
        assert fetch(entrevue, server, output).status == 0
    assert (output / "req_1.zip").read_bytes() == whole


def test_a_part_that_is_longer_than_the_bundle_is_given_up(
    entrevue: Entrevue, sealed: Sealed, output: Path
) -> None:
    whole = sealed.path.read_bytes()
    output.mkdir()
    (output / "req_1.zip.part").write_bytes(whole + b"more")
    (output / "req_1.zip.etag").write_text('"b-1"')
    with fake_server(Reply(b"", 416), Reply(whole, headers=ETAG)) as server:
        assert fetch(entrevue, server, output).status == 0
    assert (output / "req_1.zip").read_bytes() == whole


def test_damage_on_the_way_never_gets_the_final_name(
    entrevue: Entrevue, sealed: Sealed, output: Path
) -> None:
    whole = sealed.path.read_bytes()
    damaged = whole.replace(b"aaaa", b"aaba", 1)
    assert damaged != whole
    with fake_server(Reply(damaged, headers=ETAG), Reply(whole, headers=ETAG)) as server:
        done = fetch(entrevue, server, output)
        assert (done.status, done.out) == (1, "")
        assert "damaged" in done.one_line_error()
        assert names(output) == {"req_1.zip.damaged"}
        assert fetch(entrevue, server, output).status == 0
    assert (output / "req_1.zip").read_bytes() == whole


def test_a_bundle_that_was_fetched_is_checked_again_and_not_downloaded_again(
    entrevue: Entrevue, sealed: Sealed, output: Path
) -> None:
    with fake_server(Reply(sealed.path.read_bytes(), headers=ETAG)) as server:
        assert fetch(entrevue, server, output).status == 0
        (output / "clips/1.1.mp4").write_bytes(b"damaged")
        assert fetch(entrevue, server, output).status == 0
        assert len(server.asked) == 1
    assert (output / "clips/1.1.mp4").read_bytes() == tiny_mp4("a" * 3000)


def test_a_bundle_damaged_on_disk_is_set_aside(entrevue: Entrevue, sealed: Sealed, output: Path) -> None:
    output.mkdir()
    (output / "req_1.zip").write_bytes(sealed.path.read_bytes()[:-7])
    with fake_server(Reply(b"")) as server:
        done = fetch(entrevue, server, output)
    assert done.status == 1
    assert not (output / "req_1.zip").exists()


def test_a_bundle_that_is_being_sealed_is_waited_for(
    entrevue: Entrevue, sealed: Sealed, output: Path
) -> None:
    problem = json.dumps({"code": "sealing", "detail": "being sealed"}).encode()
    busy = Reply(problem, 503, {"Retry-After": "0"})
    with fake_server(busy, busy, Reply(sealed.path.read_bytes(), headers=ETAG)) as server:
        assert fetch(entrevue, server, output).status == 0


def test_what_is_not_ready_is_refused_and_leaves_nothing(entrevue: Entrevue, output: Path) -> None:
    problem = json.dumps({"code": "not_ready", "detail": "request req_1 is pending"}).encode()
    with fake_server(Reply(problem, 409)) as server:
        done = fetch(entrevue, server, output)
    assert done.status == 1
    assert done.one_line_error() == "not_ready: request req_1 is pending"
    assert names(output) == set()


def test_a_folder_that_cannot_be_written_is_said(entrevue: Entrevue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with fake_server(Reply(b"")) as server:
        done = fetch(entrevue, server, tmp_path / "file" / "evidence")
    assert done.status == 1
    assert "cannot be written" in done.one_line_error()
    assert server.asked == []


def test_verify_says_what_is_proven_by_whom_and_what_is_not(entrevue: Entrevue, sealed: Sealed) -> None:
    trusted = sealed.path.with_name("trust.pem")
    trusted.write_bytes(b"".join(sealed.anchors))
    done = entrevue("verify", str(sealed.path), "--trust", str(trusted))
    assert (done.status, done.err) == (0, "")
    assert all(line.startswith(("proven      ", "not proven  ")) for line in done.out.splitlines())
    report = json.loads(entrevue("verify", str(sealed.path), "--json").out)
    assert report["ok"] is True
    assert {"check", "result", "sentence"} <= set(report["findings"][0])


def test_verify_judges_a_single_clip_by_the_bundle_that_it_lies_beside(
    entrevue: Entrevue, sealed: Sealed, output: Path, tmp_path: Path
) -> None:
    trusted, clip = sealed.path.with_name("trust.pem"), output / "clips/1.1.mp4"
    trusted.write_bytes(b"".join(sealed.anchors))
    with fake_server(Reply(sealed.path.read_bytes(), headers=ETAG)) as server:
        assert fetch(entrevue, server, output).status == 0
    done = entrevue("verify", str(clip), "--trust", str(trusted))
    assert (done.status, done.err) == (0, "")
    assert "1.1.mp4 is clip 1.1 of request" in done.out
    assert "not proven  the other files of its bundle were not looked at" in done.out
    assert json.loads(entrevue("verify", str(clip), "--json").out)["ok"] is True

    alone = tmp_path / "alone" / "in" / "a.mp4"
    alone.parent.mkdir(parents=True)
    alone.write_bytes(clip.read_bytes())
    assert "proves nothing" in entrevue("verify", str(alone)).out
    clip.write_bytes(clip.read_bytes().replace(b"aaaa", b"aaba", 1))
    for wrong in (alone, clip):
        done = entrevue("verify", str(wrong))
        assert done.status == 1
        assert "FAILED" in done.out and "checks failed" in done.one_line_error()


def test_verify_asks_nobody(entrevue: Entrevue, sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("verifying is offline")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert entrevue("verify", str(sealed.path)).status == 0


def test_verify_is_1_where_the_trusted_certificate_is_another_agencys(
    entrevue: Entrevue, sealed: Sealed, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(seal(folder, {"rail": [tiny_mp4("c")]}).anchors[0])
    done = entrevue("verify", str(sealed.path), "--trust", str(stranger))
    assert done.status == 1
    done.one_line_error()


def test_verify_trusts_the_agencies_of_the_broker_that_is_named(
    entrevue: Entrevue, sealed: Sealed, tmp_path: Path
) -> None:
    here, strange, empty = sealed.path.parent, tmp_path / "strange", tmp_path / "empty"
    strange.mkdir()
    seal(strange, {"rail": [tiny_mp4("c")]})
    configuration = tmp_path / "entrevue.toml"
    configuration.write_text(f'[broker]\ndata = "{here}"\n')
    unnamed = entrevue("verify", str(sealed.path)).out
    for named in (("--data", str(here)), ("--config", str(configuration))):
        done = entrevue("verify", str(sealed.path), *named)
        assert (done.status, done.err) == (0, "")
        assert done.out != unnamed
    assert entrevue("verify", str(sealed.path), "--data", str(strange)).status == 1
    done = entrevue("verify", str(sealed.path), "--data", str(empty))
    assert done.status == 2
    assert "holds no agency's root" in done.one_line_error()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_verify_is_1_on_a_flipped_byte_anywhere(entrevue: Entrevue, sealed: Sealed, share: float) -> None:
    raw = bytearray(sealed.path.read_bytes())
    raw[int(len(raw) * share)] ^= 1
    sealed.path.write_bytes(raw)
    done = entrevue("verify", str(sealed.path))
    assert done.status == 1
    assert "FAILED" in done.out
    assert "checks failed" in done.one_line_error()


def test_verify_is_1_on_what_is_no_bundle_or_is_not_there(entrevue: Entrevue, tmp_path: Path) -> None:
    (tmp_path / "empty.zip").write_bytes(b"")
    assert entrevue("verify", str(tmp_path / "empty.zip")).status == 1
    for absent in (tmp_path / "absent.zip", tmp_path):
        done = entrevue("verify", str(absent))
        assert (done.status, done.out) == (1, "")
        done.one_line_error()


def test_a_trusted_certificate_that_is_none_is_a_wrong_call(
    entrevue: Entrevue, sealed: Sealed, tmp_path: Path
) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    for wrong in (tmp_path / "no.pem", tmp_path / "absent.pem"):
        done = entrevue("verify", str(sealed.path), "--trust", str(wrong))
        assert (done.status, done.out) == (2, "")
        done.one_line_error()


def test_verify_takes_the_logs_and_witnesses_keys_as_text_or_file(
    entrevue: Entrevue, sealed: Sealed, tmp_path: Path
) -> None:
    log, (one, other) = sealed.log.key.verifier.text, sealed.log.witnesses
    (tmp_path / "log.vkey").write_text(f"{log}\n")
    for given in (log, str(tmp_path / "log.vkey")):
        done = entrevue(
            *("verify", str(sealed.path), "--log-key", given),
            *("--witness-key", one.verifier.text, "--witness-key", other.verifier.text),
        )
        assert (done.status, done.err) == (0, "")
        for said in (
            "proven      4 entries, 1 to 6, of the log are about this request",
            "proven      the log's key is the one that you named",
            f"proven      {one.name} co-signed",
            f"proven      {other.name} co-signed",
        ):
            assert said in done.out


def test_verify_is_1_where_the_log_is_another(entrevue: Entrevue, sealed: Sealed, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    stranger = seal(folder, {"rail": []}).log
    for option, key in (("--log-key", stranger.key), ("--witness-key", stranger.witnesses[0])):
        done = entrevue("verify", str(sealed.path), option, key.verifier.text)
        assert done.status == 1
        assert "FAILED" in done.out


@pytest.mark.parametrize(
    ("option", "said"),
    [("--log-key", "key of a witness, not of a log"), ("--witness-key", "key of a log, not of a witness")],
)
def test_a_key_of_the_wrong_kind_is_a_wrong_call(
    entrevue: Entrevue, sealed: Sealed, option: str, said: str
) -> None:
    log = sealed.log
    wrong = log.witnesses[0] if option == "--log-key" else log.key
    done = entrevue("verify", str(sealed.path), option, wrong.verifier.text)
    assert (done.status, done.out) == (2, "")
    assert said in done.one_line_error()
    done = entrevue("verify", str(sealed.path), option, "absent.vkey")
    assert (done.status, "absent.vkey" in done.one_line_error()) == (2, True)
