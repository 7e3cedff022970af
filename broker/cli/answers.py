"""What the tables and decisions of client commands read of the API's answers.

Each names only what is used, so that a newer broker may say more; `--json` prints the answer itself.
"""

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Link(Answer):
    rel: str
    href: str


class CameraProperties(Answer):
    name: str
    agency: str
    status: str
    distance_m: float | None
    sees: bool | None
    actions: tuple[str, ...]


class CameraFeature(Answer):
    id: str
    properties: CameraProperties


class CameraCollection(Answer):
    features: tuple[CameraFeature, ...]
    links: tuple[Link, ...]


class Place(Answer):
    id: str
    name: str
    lat: float
    lon: float
    position_accuracy_m: float | None


class PlaceList(Answer):
    places: tuple[Place, ...]
    links: tuple[Link, ...]


class ChangeCount(Answer):
    agency: str
    purpose: str
    action: str
    gained: int
    lost: int


class Change(Answer):
    agency: str
    purpose: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


class ChangedCamera(Answer):
    camera_id: str
    changes: tuple[Change, ...]


class DryRun(Answer):
    counts: tuple[ChangeCount, ...]
    cameras: tuple[ChangedCamera, ...]
    links: tuple[Link, ...]


class Emergency(Answer):
    id: str
    agency: str
    state: str
    owners: tuple[str, ...]
    started_at: str
    ends_at: str
    unreviewed: tuple[str, ...]


class EmergencyList(Answer):
    emergencies: tuple[Emergency, ...]
    links: tuple[Link, ...]


class Message(Answer):
    id: str
    subscriber: str
    kind: str
    subject: str
    at: str
    state: str
    attempts: int
    error: str | None
    due_at: str | None


class MessageList(Answer):
    messages: tuple[Message, ...]
    links: tuple[Link, ...]


class Held(Answer):
    state: str
    how: str | None = None
    state_reason: str | None = None
    until: str | None = None


class Hold(Answer):
    id: str
    order_id: str | None = None
    camera_id: str
    requested: str
    held: Held


class HoldList(Answer):
    holds: tuple[Hold, ...]


class RequestClip(Answer):
    name: str


class RequestItem(Answer):
    n: int
    camera_id: str
    state: str
    state_reason: str | None
    requested: str
    decide_by: str | None = None
    held: Held | None
    clips: tuple[RequestClip, ...]


class Outcome(Answer):
    outcome: str


class Request(Answer):
    id: str
    state: str
    outcome: Outcome | None = None
    case_ref: str
    agency: str
    submitted_at: str
    items: tuple[RequestItem, ...]


class RequestList(Answer):
    requests: tuple[Request, ...]
    links: tuple[Link, ...]


class RefusedCall(Answer):
    """The part of a problem that a person reads."""

    code: str
    detail: str
