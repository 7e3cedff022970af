"""The calls of the API Gateway that the adapter makes. Owns signing in (OAuth, password grant) and pages; what an
answer means is decided in `mapping`."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel, Field

from adapters.contract.errors import Malformed, Misconfigured, NotFound, Refused
from adapters.transport.credentials import Credentials
from adapters.transport.http import GuardedClient, path_segment
from adapters.transport.sessions import Session, Token

PAGE_ITEMS: Final = 100
MOST_PAGES: Final = 100_000
LISTING_BYTES: Final = 64 * 1024 * 1024
API: Final = "/api/rest/v1"
T = TypeVar("T")


class Granted(BaseModel):
    token: str = Field(alias="access_token", min_length=1)
    lasts_s: float | None = Field(default=None, alias="expires_in", gt=0)


class Listed(BaseModel):
    array: list[Any]


class One(BaseModel):
    """One object: `data` where it is read, `result` where it is made."""

    data: Any = None
    result: Any = None

    @property
    def item(self) -> Any:
        return self.data if self.data is not None else self.result


class MilestoneClient:
    """One system, as one basic user."""

    def __init__(
        self,
        http: GuardedClient,
        credentials: Credentials | None,
        token_path: str,
        client_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._token_path = token_path
        self._client_id = client_id
        self._session = Session(self._sign_in, now)

    def __repr__(self) -> str:
        return f"MilestoneClient({self._http!r})"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _sign_in(self) -> Token | None:
        if self._credentials is None:
            return None
        form = {
            "grant_type": "password",
            "username": self._credentials.username,
            "password": self._credentials.password,
            "client_id": self._client_id,
        }
        answer = await self._http.post(self._token_path, form=form, also_statuses=frozenset({400}))
        if answer.status == 400:
            refusal = answer.json()
            if isinstance(refusal, dict) and refusal.get("error") == "invalid_grant":
                raise Refused(f"{answer.call}: the credentials are refused")
            raise Misconfigured(
                f"{answer.call} gives no token: is client_id right, and the user a basic one?"
            )
        granted = answer.shaped(Granted)
        return Token(granted.token, None if granted.lasts_s is None else timedelta(seconds=granted.lasts_s))

    async def _call(self, method: str, path: str, shape: type[T], **more: Any) -> T:
        async def call(token: str | None) -> T:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            answer = await self._http.call(
                method, f"{API}{path}", headers=headers, max_bytes=LISTING_BYTES, **more
            )
            return answer.shaped(shape)

        return await self._session.use(call)

    def cameras(self) -> AsyncGenerator[Any, None]:
        return self._pages("/cameras")

    async def camera(self, camera: str) -> Any:
        """`NotFound` where there is none."""
        return (await self._call("GET", f"/cameras/{path_segment(camera)}", One)).item

    def evidence_locks(self) -> AsyncGenerator[Any, None]:
        """Every lock; `Misconfigured` where the gateway does not list them, as some versions do not."""
        return self._pages("/evidenceLocks")

    async def evidence_lock(self, lock: str) -> Any:
        """`NotFound` where there is none."""
        return (await self._call("GET", f"/evidenceLocks/{path_segment(lock)}", One)).item

    async def lock(self, body: dict[str, Any]) -> Any:
        return (await self._call("POST", "/evidenceLocks", One, json=body)).item

    async def unlock(self, lock: str) -> None:
        """One that has gone is let go of already."""

        async def call(token: str | None) -> None:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            await self._http.call("DELETE", f"{API}/evidenceLocks/{path_segment(lock)}", headers=headers)

        try:
            await self._session.use(call)
        except NotFound:
            return

    async def _pages(self, path: str) -> AsyncGenerator[Any, None]:
        """Pages are counted from 0; one that is not full is the last. `Malformed` where a page repeats."""
        previous: list[Any] = []
        for page in range(MOST_PAGES):
            listed = await self._call("GET", path, Listed, params={"page": page, "size": PAGE_ITEMS})
            if listed.array and listed.array == previous:
                raise Malformed(f"GET {API}{path} answered one page twice")
            for item in listed.array:
                yield item
            if len(listed.array) < PAGE_ITEMS:
                return
            previous = listed.array
