"""`entrevue fetch`: the bundle and its clips, resumed where an earlier call stopped, checked before it counts."""

import shutil
import time
import zipfile
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

from broker.cli.client import BrokerClient, refusal
from broker.cli.failures import UNREACHABLE, Failure
from broker.cli.options import ClientOptions, client_command
from broker.cli.output import print_json, print_lines
from broker.evidence.bundle.models import MANIFEST_PATH, SIGNATURE_PATH, Manifest
from broker.evidence.bundle.verify import verify_file

SEALING_TRIES: Final = 30
CHUNK_BYTES: Final = 1024 * 1024


def add_to(app: typer.Typer) -> None:
    app.command("fetch", help="Download the bundle of a finished request and unpack its clips.")(fetch)


@client_command
def fetch(
    options: ClientOptions,
    request_id: Annotated[str, typer.Argument(help="Id of the request.")],
    output: Annotated[Path, typer.Option(help="Folder to write to; made where it is missing.")],
) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        bundle = output / f"{request_id}.zip"
        if not bundle.exists():
            _download(BrokerClient(options), f"/v1/requests/{request_id}/bundle.zip", bundle)
        files = _unpack(bundle, output)
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror or error}") from error
    if options.as_json:
        print_json({"bundle": str(bundle), "files": [str(file) for file in files]})
    else:
        print_lines([str(bundle), *(str(file) for file in files)])


def _download(client: BrokerClient, path: str, target: Path) -> None:
    """Into a file beside the target, from where it ends; renamed when it is whole."""
    part, mark = target.with_name(target.name + ".part"), target.with_name(target.name + ".etag")
    for _ in range(SEALING_TRIES):
        headers: dict[str, str] = {}
        if part.exists() and mark.exists() and part.stat().st_size:
            headers = {"Range": f"bytes={part.stat().st_size}-", "If-Range": mark.read_text()}
        try:
            with client.stream(path, headers) as answer:
                if answer.status_code == 416:
                    part.unlink(missing_ok=True)
                    continue
                if answer.is_error:
                    answer.read()
                    if answer.status_code == 503 and "retry-after" in answer.headers:
                        time.sleep(float(answer.headers["retry-after"]))
                        continue
                    raise refusal(answer)
                mark.write_text(answer.headers.get("etag", ""))
                _receive(answer, part)
        except httpx.HTTPError as error:
            detail = f"the download broke off, the same command resumes it: {error}"
            raise Failure(detail, UNREACHABLE) from error
        part.replace(target)
        mark.unlink()
        return
    raise Failure("the bundle is not sealed yet: try again later")


def _receive(answer: httpx.Response, part: Path) -> None:
    resumed = answer.status_code == 206
    size = int(answer.headers["content-length"]) + (part.stat().st_size if resumed else 0)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
        part.open("ab" if resumed else "wb") as file,
    ):
        task = progress.add_task("bundle", total=size, completed=file.tell() if resumed else 0)
        for chunk in answer.iter_bytes(CHUNK_BYTES):
            file.write(chunk)
            progress.advance(task, len(chunk))


def _unpack(bundle: Path, output: Path) -> list[Path]:
    """The clips with manifest and signature beside them, after everything was checked."""
    checked = verify_file(bundle)
    if not checked.ok:
        wrong = next(finding.sentence for finding in checked.findings if finding.result == "failed")
        bundle.replace(bundle.with_name(bundle.name + ".damaged"))
        raise Failure(f"the bundle is damaged and was set aside: {wrong}")
    files = []
    with zipfile.ZipFile(bundle) as archive:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST_PATH))
        for name in (MANIFEST_PATH, SIGNATURE_PATH, *(clip.path for clip in manifest.clips)):
            target = output / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK_BYTES)
            files.append(target)
    return files
