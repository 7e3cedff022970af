"""A broker's log over HTTP, for a witness, which believes nothing that the broker says: answers are bounded in size and
time, are not unpacked, and lead nowhere else."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpx

from broker.transparency.notes import NOTE_LIMIT
from broker.witness.models import Declined, Unanswered

ANSWER_S: Final = 60.0
"""The longest that a whole answer may take."""
SILENCE_S: Final = 15.0
MOST_HASHES: Final = 128
"""A proof between trees of 2**63 leaves has fewer."""
DETAIL: Final = 300
UNCHANGED: Final = {"Accept-Encoding": "identity"}


class LogClient:
    """One witness's calls of the server that `http` names, as an auditor."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._http.timeout = SILENCE_S
        self._server = str(http.base_url)

    def close(self) -> None:
        self._http.close()

    def checkpoint(self) -> bytes | None:
        return self._note({})

    def to_cosign(self) -> bytes | None:
        return self._note({"to_cosign": True})

    def _note(self, query: dict[str, bool]) -> bytes | None:
        status, body = self._call("GET", "/v1/audit/checkpoint", none_at=404, params=query)
        return None if status == 404 else body

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        _, body = self._call("GET", "/v1/audit/consistency", params={"from": first, "to": second})
        try:
            hashes = json.loads(body)["hashes"]
            if len(hashes) > MOST_HASHES:
                raise ValueError
            return tuple(bytes.fromhex(each) for each in hashes)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Unanswered(f"{self._server} answered something else than a proof") from error

    def hand_in(self, note: str) -> None:
        self._call("POST", "/v1/audit/cosignatures", json={"note": note})

    def _call(self, method: str, path: str, none_at: int | None = None, **given: Any) -> tuple[int, bytes]:
        """Status and body. `none_at` is a status that says that there is nothing, with a problem's code `not_found`."""
        with self._reaching(), self._http.stream(method, path, headers=UNCHANGED, **given) as answer:
            body = self._read(answer)
        if answer.is_success:
            return answer.status_code, body
        problem = _problem(body)
        if answer.status_code == none_at and problem.get("code") == "not_found":
            return answer.status_code, b""
        said = f"{problem.get('code')}: {problem.get('detail')}"[:DETAIL] if problem.get("code") else None
        if answer.is_client_error and answer.status_code != 429 and said is not None:
            raise Declined(said)
        raise Unanswered(f"{self._server} answered {answer.status_code}{f' ({said})' if said else ''}")

    def _read(self, answer: httpx.Response) -> bytes:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise Unanswered(f"{self._server} answered in an encoding that was not asked for")
        until, body = time.monotonic() + ANSWER_S, b""
        for chunk in answer.iter_raw():
            body += chunk
            if len(body) > NOTE_LIMIT:
                raise Unanswered(f"{self._server} answered more than {NOTE_LIMIT} bytes")
            if time.monotonic() > until:
                raise Unanswered(f"{self._server} took more than {ANSWER_S:g} s for an answer")
        return body

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = str(error) or type(error).__name__
            raise Unanswered(f"{self._server} could not be reached: {said}") from error


def _problem(body: bytes) -> dict[str, Any]:
    """The body of RFC 9457, empty where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("code"), str) else {}
