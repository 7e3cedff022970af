"""Talks to a broker over HTTP for the client commands."""

from typing import Any

import httpx

from broker.cli.failures import UNREACHABLE, USAGE, Failure
from broker.cli.options import ClientOptions

TIMEOUT_S = 60.0


class BrokerClient:
    """One command's calls. Every refusal is a `Failure` with the problem's own words."""

    def __init__(self, options: ClientOptions) -> None:
        if options.token is None:
            raise Failure("no token: set ENTREVUE_TOKEN or give --token-file", USAGE)
        headers = {"Authorization": f"Bearer {options.token}"}
        if options.purpose:
            headers["Entrevue-Purpose"] = options.purpose
        if options.case_ref:
            headers["Entrevue-Case"] = options.case_ref
        try:
            self._http = httpx.Client(base_url=options.server, headers=headers, timeout=TIMEOUT_S)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise Failure(f"the address {options.server!r} or the token has a wrong form", USAGE) from error
        self._server = options.server

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """The answer's JSON."""
        try:
            answer = self._http.request(method, path, params=query, json=body, headers=headers)
        except httpx.InvalidURL as error:
            raise Failure(f"the address {self._server!r} has a wrong form", USAGE) from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if answer.is_error:
            raise refusal(answer)
        return answer.json()

    def stream(self, path: str, headers: dict[str, str]) -> Any:
        """A context manager over the answer, for downloads."""
        return self._http.stream("GET", path, headers=headers)

    def _unreachable(self, error: httpx.HTTPError) -> Failure:
        return Failure(f"{self._server} could not be reached: {error}", UNREACHABLE)


def refusal(answer: httpx.Response) -> Failure:
    """A problem as one line: its code and its detail."""
    try:
        problem = answer.json()
        return Failure(f"{problem['code']}: {problem['detail']}")
    except (ValueError, KeyError, TypeError):
        return Failure(f"the server answered {answer.status_code} and no problem: is this a broker?")
