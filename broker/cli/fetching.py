"""`entrevue fetch`: the bundle and its clips, resumed where an earlier call stopped, checked before it counts.

Nothing has its final name before it is whole and verified: what arrives lies beside it as `.part`.
"""

import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from broker.cli.client import BrokerClient, reason, refusal
from broker.cli.failures import REFUSED, UNREACHABLE, Failure
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import print_json, print_lines
from broker.cli.paths import request_path
from broker.cli.requests import wait_until_finished
from broker.evidence.bundle.models import MANIFEST_PATH, SIGNATURE_PATH, Manifest
from broker.evidence.bundle.verify import verify_file

SEALING_TRIES: Final = 20
"""Each waits at the broker for 20 s: together longer than a bundle waits for witnesses."""
LONGEST_PAUSE_S: Final = 10.0
CHUNK_BYTES: Final = 1024 * 1024


def add_to(app: typer.Typer) -> None:
    app.command("fetch", help="Download the bundle of a finished request and unpack its clips.")(fetch)


@client_command
def fetch(
    options: ClientOptions,
    request_id: Annotated[str, typer.Argument(help="Id of the request.")],
    output: Annotated[Path, typer.Option(help="Folder to write to; made where it is missing.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the request is finished.")] = False,
) -> None:
    path = request_path(request_id, "bundle.zip")
    bundle = output / f"{request_id}.zip"
    try:
        output.mkdir(parents=True, exist_ok=True)
        if not bundle.exists():
            client = BrokerClient(options)
            if wait:
                wait_until_finished(client, request_id)
            part = _download(client, path, bundle)
            _check(part)
            part.replace(bundle)
        else:
            _check(bundle)
        files = _unpack(bundle, output)
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror or error}") from error
    if options.as_json:
        print_json({"bundle": str(bundle), "files": [str(file) for file in files]})
    else:
        print_lines([str(bundle), *(str(file) for file in files)])


def _download(client: BrokerClient, path: str, target: Path) -> Path:
    """The whole bundle in a file beside the target, from where an earlier call left it."""
    part, mark = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.etag")
    refused = Failure("the bundle could not be downloaded")
    for _ in range(SEALING_TRIES):
        try:
            with client.stream(path, _resume(part, mark)) as answer:
                if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    part.unlink(missing_ok=True)
                    continue
                if not answer.is_success:
                    answer.read()
                    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                        refused = refusal(answer)
                        time.sleep(_pause_s(answer))
                        continue
                    raise refusal(answer)
                _receive(answer, part, mark)
        except httpx.HTTPError as error:
            detail = f"the download broke off, the same command resumes it: {reason(error)}"
            raise Failure(detail, UNREACHABLE) from error
        mark.unlink(missing_ok=True)
        return part
    raise refused


def _resume(part: Path, mark: Path) -> dict[str, str]:
    """Asks for the rest, when what is there belongs to a version that the server named."""
    plain = {"Accept-Encoding": "identity"}
    try:
        size, etag = part.stat().st_size, mark.read_text()
    except OSError:
        return plain
    return plain | {"Range": f"bytes={size}-", "If-Range": etag} if size and etag else plain


def _pause_s(answer: httpx.Response) -> float:
    stated = answer.headers.get("retry-after", "")
    return min(LONGEST_PAUSE_S, float(stated)) if stated.isascii() and stated.isdigit() else 1.0


def _receive(answer: httpx.Response, part: Path, mark: Path) -> None:
    resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
    begun = part.stat().st_size if resumed else 0
    stated = answer.headers.get("content-length", "")
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    quiet = not sys.stderr.isatty()
    with (
        Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress,
        part.open("ab" if resumed else "wb") as file,
    ):
        # after the file is emptied: the mark must never vouch for bytes of another version
        mark.write_text(answer.headers.get("etag", ""))
        total = begun + int(stated) if stated.isdigit() else None
        task = progress.add_task("bundle", total=total, completed=begun)
        for chunk in answer.iter_raw():  # as it arrives: what came before a break is not lost
            file.write(chunk)
            progress.advance(task, len(chunk))


def _check(bundle: Path) -> None:
    """Sets a damaged file aside, so that the next call starts anew."""
    checked = verify_file(bundle)
    if not checked.ok:
        wrong = next(finding.sentence for finding in checked.findings if finding.result == "failed")
        aside = bundle.with_name(f"{bundle.name.removesuffix('.part')}.damaged")
        bundle.replace(aside)
        raise Failure(f"the bundle is damaged and was set aside as {aside}: {wrong}", REFUSED)


def _unpack(bundle: Path, output: Path) -> list[Path]:
    """Manifest, signature, clips and documents of a checked bundle, each whole or not at all."""
    files = []
    with zipfile.ZipFile(bundle) as archive:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST_PATH))
        for name in (MANIFEST_PATH, SIGNATURE_PATH, *(file.path for file in manifest.given)):
            target = output / name
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f"{target.name}.part")
            with archive.open(name) as source, part.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK_BYTES)
            files.append(part.replace(target))
    return files
