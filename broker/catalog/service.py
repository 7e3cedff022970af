"""Answers searches: which cameras are near, see the point, work, hold footage, and may be used, and why.

One question, one policy decision over columns, one log entry, then the answer. Cameras that the caller may
not locate are dropped before anything is counted, ordered or paged.
"""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from adapters.contract.models import CameraStatus
from broker.agencies.authority import Authority
from broker.agencies.models import Action, AgencyAction, Caller, PolicyBook
from broker.agencies.policy import ActionMasks, action_masks
from broker.audit.models import NewEntry, Operation, Verdict
from broker.catalog.columns import policy_columns, sees_point
from broker.catalog.geometry import SEES, UNKNOWN, Bytes, Floats, bearing_deg, distance_m
from broker.catalog.models import (
    Answer,
    Box,
    Camera,
    Hit,
    NetworkReport,
    Place,
    Question,
    Radius,
    Sort,
)
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem

FRESH_SNAPSHOT_S: Final = 600
FOOTAGE_ACTIONS: Final = frozenset({Action.REQUEST_CLIP, Action.HOLD})
VIEW_ACTIONS: Final = FOOTAGE_ACTIONS | {Action.VIEW_SNAPSHOT, Action.VIEW_LIVE}
"""Any of these shows where a camera looks; without one, `sees` stays unknown."""


def folded(text: str) -> str:
    """Without accents and case, for comparison."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


class Catalog:
    """The service of this domain. `networks` are the configured ones."""

    def __init__(
        self, store: CatalogStore, authority: Authority, clock: Clock, networks: Sequence[str]
    ) -> None:
        self._store = store
        self._authority = authority
        self._clock = clock
        self._networks = tuple(networks)

    async def search(self, caller: Caller, question: Question) -> Answer:
        """The cameras that fit, in order, one page of them."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "search")
        candidates = await self._store.candidates(question.area, self._networks)
        reports = await self._store.reports()

        def decide(book: PolicyBook) -> tuple[Answer, NewEntry]:
            answer = self._answer(caller, question, candidates, reports, book)
            entry = self._authority.entry(caller, Operation.CONSULTATION, "search")
            return answer, entry.model_copy(
                update={
                    "objects": tuple(hit.camera.id for hit in answer.hits),
                    "owners": tuple(sorted({hit.camera.agency for hit in answer.hits})),
                    "query": _described(question),
                    "basis": tuple(sorted({name for hit in answer.hits for name in hit.basis})),
                }
            )

        return await self._authority.decide_and_log(decide)

    async def show(self, caller: Caller, identifier: str, any_of: Collection[Action], logged_as: str) -> Hit:
        """One camera, when the caller may do one of these with it. `not_found` for a hidden one."""
        await self._authority.require_purpose(caller)
        cameras = await self._store.cameras([identifier])
        reports = await self._store.reports()

        def decide(book: PolicyBook) -> tuple[Hit | Problem, NewEntry]:
            entry = self._authority.entry(caller, Operation.CONSULTATION, logged_as)
            denied = entry.model_copy(update={"decision": Verdict.DENIED, "objects": (identifier,)})
            masks = self._masks(caller, cameras, book)
            if not cameras or not masks.allows(Action.LOCATE, 0):
                return Problem("not_found", f"there is no camera {identifier}"), denied
            camera = cameras[0]
            denied = denied.model_copy(update={"owners": (camera.agency,)})
            if not any(masks.allows(action, 0) for action in any_of):
                wanted = " or ".join(sorted(action.value for action in any_of))
                return Problem(
                    "action_denied", f"no role and agreement of yours allows {wanted} on {identifier}"
                ), denied
            hit = self._hit(camera, reports, masks, 0)
            shown = {"objects": (identifier,), "owners": (camera.agency,), "basis": hit.basis}
            return hit, entry.model_copy(update=shown)

        outcome = await self._authority.decide_and_log(decide)
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def permitted(
        self, caller: Caller, purpose: str, ids: Sequence[str], book: PolicyBook
    ) -> tuple[list[Camera], ActionMasks]:
        """The cameras among these ids that may be located, with the masks over them. Nothing is logged."""
        cameras = await self._store.cameras(ids)
        at = self._clock.now()
        masks = action_masks(caller.officer, purpose, policy_columns(cameras), book.agreements, at)
        located = [camera for i, camera in enumerate(cameras) if masks.allows(Action.LOCATE, i)]
        return located, action_masks(caller.officer, purpose, policy_columns(located), book.agreements, at)

    async def find_places(self, caller: Caller, text: str | None) -> list[Place]:
        """Places whose name holds every word, accents and case folded."""
        await self._authority.require_purpose(caller)
        await self._authority.require(caller, AgencyAction.SEARCH, "find_places")
        words = folded(text or "").split()
        places = await self._store.places(self._networks)
        fitting = [place for place in places if all(word in folded(place.name) for word in words)]
        return sorted(fitting, key=lambda place: (folded(place.name), place.id))

    async def place(self, identifier: str) -> Place:
        place = await self._store.place(identifier)
        if place is None:
            raise Problem("not_found", f"there is no place {identifier}: look it up with /v1/places?q=…")
        return place

    async def reports(self) -> dict[str, NetworkReport]:
        return await self._store.reports()

    async def check(self) -> None:
        """Passes when the catalog answers."""
        await self._store.ping()

    # inside one answer

    def _masks(self, caller: Caller, cameras: Sequence[Camera], book: PolicyBook) -> ActionMasks:
        columns = policy_columns(cameras)
        return action_masks(caller.officer, caller.purpose, columns, book.agreements, self._clock.now())

    def _answer(
        self,
        caller: Caller,
        question: Question,
        candidates: Sequence[Camera],
        reports: dict[str, NetworkReport],
        book: PolicyBook,
    ) -> Answer:
        located = self._masks(caller, candidates, book).actions[Action.LOCATE]
        cameras = [camera for camera, seen in zip(candidates, located, strict=True) if seen]
        masks = self._masks(caller, cameras, book)
        distances, bearings = _measure(question, cameras)
        sees = _sees(question, cameras, masks, distances)
        hits: list[tuple[tuple[float | str, ...], Hit]] = []
        for i, camera in enumerate(cameras):
            if not _inside(question, camera, distances[i]):
                continue
            hit = self._hit(
                camera, reports, masks, i, question, float(distances[i]), float(bearings[i]), int(sees[i])
            )
            if _fits(question, hit):
                hits.append((_order(question, hit), hit))
        hits.sort(key=lambda pair: pair[0])
        if question.after is not None:
            hits = [pair for pair in hits if pair[0] > question.after]
        page = hits[: question.limit]
        more = page[-1][0] if len(hits) > len(page) and page else None
        return Answer(hits=tuple(hit for _, hit in page), next_after=more)

    def _hit(
        self,
        camera: Camera,
        reports: dict[str, NetworkReport],
        masks: ActionMasks,
        index: int,
        question: Question | None = None,
        distance: float = np.nan,
        bearing: float = np.nan,
        sees: int = UNKNOWN,
    ) -> Hit:
        offered = _offered(camera, masks.actions_of(index))
        covered = None
        if question is not None and question.interval is not None and not FOOTAGE_ACTIONS.isdisjoint(offered):
            parts = camera.footage_within(question.interval)
            covered = sum(part.duration.total_seconds() for part in parts)
        return Hit(
            camera=camera,
            status=current_status(camera, reports.get(camera.network), self._clock.now()),
            distance_m=None if np.isnan(distance) else distance,
            bearing_deg=None if np.isnan(bearing) else bearing,
            sees=None if sees == UNKNOWN else sees == SEES,
            covered_s=covered,
            actions=tuple(action.value for action in offered),
            basis=masks.bases_of(index),
        )


def current_status(camera: Camera, report: NetworkReport | None, at: datetime) -> CameraStatus:
    """The camera's status; an `up` that nothing has proved for long is `stale`."""
    if camera.vanished_at is not None:
        return CameraStatus.UNKNOWN
    if camera.status is CameraStatus.UP and (report is None or report.is_stale(at)):
        return CameraStatus.STALE
    return camera.status


def _offered(camera: Camera, allowed: Sequence[Action]) -> tuple[Action, ...]:
    """Allowed actions that the camera's network can carry out; the caller of this has rights already."""
    needs = {
        Action.VIEW_SNAPSHOT: "snapshot",
        Action.VIEW_LIVE: "live",
        Action.HOLD: "footage",
        Action.REQUEST_CLIP: "footage",
    }
    offers = {capability.value for capability in camera.offers}
    shown = (Action.LOCATE, *needs)
    return tuple(a for a in allowed if a in shown and (a not in needs or needs[a] in offers))


def _centre(area: Radius | Box | None) -> tuple[float, float] | None:
    if area is None:
        return None
    if isinstance(area, Radius):
        return area.lat_deg, area.lon_deg
    width_deg = (area.east_deg - area.west_deg) % 360 or (360.0 if area.east_deg > area.west_deg else 0.0)
    middle_lon = (area.west_deg + width_deg / 2 + 180) % 360 - 180
    return (area.south_deg + area.north_deg) / 2, middle_lon


def _measure(question: Question, cameras: Sequence[Camera]) -> tuple[Floats, Floats]:
    """Distances and bearings from the question's centre, NaN without centre or position."""
    columns = policy_columns(cameras)
    centre = _centre(question.area)
    if centre is None:
        unknown = np.full(len(cameras), np.nan)
        return unknown, unknown
    return (
        distance_m(*centre, columns.lat_deg, columns.lon_deg),
        bearing_deg(*centre, columns.lat_deg, columns.lon_deg),
    )


def _sees(question: Question, cameras: Sequence[Camera], masks: ActionMasks, distances: Floats) -> Bytes:
    centre = _centre(question.area)
    if centre is None:
        return np.full(len(cameras), UNKNOWN, np.int8)
    sees = sees_point(cameras, *centre, distances)
    may_know = np.zeros(len(cameras), bool)
    for action in VIEW_ACTIONS:
        may_know |= masks.actions[action]
    return np.where(may_know, sees, np.int8(UNKNOWN))


def _inside(question: Question, camera: Camera, distance: float) -> bool:
    area, position = question.area, camera.located
    if area is None:
        return True
    if position is None:
        return False
    if isinstance(area, Radius):
        # A camera known by its place only may stand anywhere within the place's accuracy.
        slack = 0.0 if camera.position is not None else (position.accuracy_m or 0.0)
        return distance - slack <= area.radius_m
    if not area.south_deg <= position.lat <= area.north_deg:
        return False
    if area.west_deg <= area.east_deg:
        return area.west_deg <= position.lon <= area.east_deg
    return position.lon >= area.west_deg or position.lon <= area.east_deg


def _fits(question: Question, hit: Hit) -> bool:
    camera = hit.camera
    words = folded(question.text).split() if question.text else []
    haystack = folded(f"{camera.name} {camera.id} {camera.place_name or ''}") if words else ""
    return (
        (not question.sees or hit.sees is not False)
        and (question.interval is None or bool(hit.covered_s))
        and (question.agency is None or camera.agency == question.agency)
        and (question.network is None or camera.network == question.network)
        and (question.kind is None or camera.kind is question.kind)
        and (question.status is None or hit.status is question.status)
        and (question.level is None or camera.level == question.level)
        and (question.offering is None or question.offering.value in hit.actions)
        and all(word in haystack for word in words)
    )


def _order(question: Question, hit: Hit) -> tuple[float | str, ...]:
    """The sort key; its last part is the id, so that the order is total."""
    distance = float("inf") if hit.distance_m is None else hit.distance_m
    if question.sort is Sort.DISTANCE:
        return distance, hit.camera.id
    sees = {True: 0.0, None: 1.0, False: 2.0}[hit.sees]
    works = {CameraStatus.UP: 0.0, CameraStatus.STALE: 1.0, CameraStatus.UNKNOWN: 2.0, CameraStatus.DOWN: 3.0}
    lacking = 0.0
    if question.interval is not None:
        lacking = question.interval.duration.total_seconds() - (hit.covered_s or 0.0)
    snapshot = hit.camera.snapshot
    may_view = Action.VIEW_SNAPSHOT.value in hit.actions
    taken = None if snapshot is None or not may_view else snapshot.captured_at
    fresh = taken is not None and (question.as_of - taken).total_seconds() <= FRESH_SNAPSHOT_S
    return sees, works[hit.status], lacking, 0.0 if fresh else 1.0, distance, hit.camera.id


def _described(question: Question) -> dict[str, object]:
    """The question as the log keeps it."""
    area = question.area
    described: dict[str, object] = {}
    if isinstance(area, Radius):
        described |= {"lat": area.lat_deg, "lon": area.lon_deg, "radius_m": area.radius_m}
    elif area is not None:
        described["bbox"] = [area.west_deg, area.south_deg, area.east_deg, area.north_deg]
    if question.interval is not None:
        described["interval"] = str(question.interval)
    for name in ("agency", "network", "kind", "status", "text", "level"):
        if (value := getattr(question, name)) is not None:
            described[name] = str(value)
    if question.sees:
        described["sees"] = True
    return described | {"sort": question.sort.value, "limit": question.limit}
