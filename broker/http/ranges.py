"""Byte ranges of RFC 9110, one at a time, over what the vault streams."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from broker.errors import Problem
from broker.http.problem_details import problem_response

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def file_responses(media_type: str) -> dict[int | str, dict[str, Any]]:
    """What a file's route answers, for `/openapi.json`."""
    etag = {"ETag": {"description": "What If-Range takes", "schema": {"type": "string"}}}
    part = {"Content-Range": {"description": "Which bytes of how many", "schema": {"type": "string"}}}
    return {
        200: {"description": "The whole file", "content": {media_type: {}}, "headers": etag},
        206: {
            "description": "The bytes that Range asks for",
            "content": {media_type: {}},
            "headers": etag | part,
        },
    }


RANGE_HEADERS: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Range",
            "in": "header",
            "description": "One range of bytes; several give the whole file",
            "schema": {"type": "string", "examples": ["bytes=0-1048575"]},
        },
        {
            "name": "If-Range",
            "in": "header",
            "description": "The ETag of the part at hand: another file is sent whole",
            "schema": {"type": "string", "examples": ['"9b4f6c1e2d708a35"']},
        },
    ]
}
"""What a file's route reads, for `/openapi.json`."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """`[start, end)` that the header asks for; None for the whole, also where several are asked for."""
    match = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or start >= end:
        raise Problem("range_not_satisfiable", f"the file has {size} bytes: ask for a range inside it")
    return start, end


def ranged(
    request: Request,
    stream: Callable[[int, int], AsyncIterator[bytes]],
    size: int,
    etag: str,
    media_type: str,
    filename: str,
) -> Response:
    """The file, or the part that `Range` names. `If-Range` with another ETag gives the whole."""
    headers = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{filename}"',
    }
    header = request.headers.get("range")
    if request.headers.get("if-range") not in (None, f'"{etag}"'):
        header = None
    try:
        part = parse_range(header, size)
    except Problem as problem:
        refusal = problem_response(problem)
        refusal.headers["Content-Range"] = f"bytes */{size}"
        return refusal
    start, end = part if part is not None else (0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(stream(start, end), 206 if part else 200, headers, media_type)
