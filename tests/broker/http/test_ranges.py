"""Byte ranges against RFC 9110, section 14: one range at a time, anything else gives the whole file."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from broker.errors import Problem
from broker.http import problem_details
from broker.http.ranges import parse_range, ranged

CONTENT = bytes(range(256)) * 4
SIZES = st.integers(0, 2000)
NUMBERS = st.integers(0, 3000)


def outcome(header: str | None, size: int) -> tuple[int, int] | str | None:
    try:
        return parse_range(header, size)
    except Problem as problem:
        return problem.code


@given(SIZES, NUMBERS, NUMBERS)
def test_first_to_last_are_the_bytes_of_that_slice(size: int, first: int, last: int) -> None:
    found, file = outcome(f"bytes={first}-{last}", size), range(size)
    if last < first:
        assert found is None
    elif first >= size:
        assert found == "range_not_satisfiable"
    else:
        assert found == (file[first], file[first : last + 1][-1] + 1)


@given(SIZES, NUMBERS)
def test_an_open_range_runs_to_the_end(size: int, first: int) -> None:
    expected = (first, size) if first < size else "range_not_satisfiable"
    assert outcome(f"bytes={first}-", size) == expected


@given(SIZES, NUMBERS)
def test_a_suffix_is_that_many_last_bytes(size: int, count: int) -> None:
    found, file = outcome(f"bytes=-{count}", size), range(size)
    if count == 0 or size == 0:
        assert found == "range_not_satisfiable"
    else:
        assert found == (file[-count:][0], size)


@given(st.text(), SIZES)
def test_any_header_gives_a_part_inside_the_file_the_whole_or_a_problem(header: str, size: int) -> None:
    found = outcome(header, size)
    if isinstance(found, tuple):
        assert 0 <= found[0] < found[1] <= size
    else:
        assert found in (None, "range_not_satisfiable")


@pytest.mark.parametrize(
    "header", [None, "", "bytes=-", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=9-1"]
)
def test_what_is_no_single_range_gives_the_whole(header: str | None) -> None:
    assert outcome(header, 100) is None


def app() -> FastAPI:
    made = FastAPI()
    problem_details.install(made)

    async def stream(start: int, end: int) -> AsyncIterator[bytes]:
        yield CONTENT[start:end]

    @made.get("/file")
    async def file(request: Request) -> Response:
        return ranged(request, stream, len(CONTENT), "tag", "video/mp4", "1.1.mp4")

    return made


async def fetched(**headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http:
        return await http.get(
            "/file", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


async def test_the_whole_is_told_with_its_size_and_tag() -> None:
    answer = await fetched()
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert (answer.headers["etag"], answer.headers["accept-ranges"]) == ('"tag"', "bytes")
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert "no-store" in answer.headers["cache-control"]


async def test_a_part_is_told_as_one() -> None:
    answer = await fetched(Range="bytes=10-19")
    assert (answer.status_code, answer.content) == (206, CONTENT[10:20])
    assert answer.headers["content-range"] == f"bytes 10-19/{len(CONTENT)}"


async def test_a_part_of_another_version_gives_the_whole() -> None:
    assert (await fetched(Range="bytes=10-19", If_Range='"tag"')).status_code == 206
    assert (await fetched(Range="bytes=10-19", If_Range='"other"')).status_code == 200


@pytest.mark.parametrize(
    "asked", [f"bytes={len(CONTENT)}-", "bytes=-0", f"bytes={len(CONTENT)}-{len(CONTENT) + 9}"]
)
async def test_a_range_outside_the_file_is_a_problem_that_tells_its_size(asked: str) -> None:
    answer = await fetched(Range=asked)
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
