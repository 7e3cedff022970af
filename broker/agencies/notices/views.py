"""Notices as they leave over HTTP."""

from pydantic import ConfigDict

from broker.agencies.models import Notice
from broker.agencies.notices import examples
from broker.http.calls import InstantView, View


class NoticeView(View):
    """`kind` happened to `subject`; to be told to every officer of this role of the caller's agency, or where it is
    null to the caller alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NOTICE]})

    id: str
    role: str | None
    kind: str
    subject: str
    at: InstantView


class NoticeList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.NOTICES]})

    notices: list[NoticeView]
    links: list[dict[str, str]]


def notice_view(notice: Notice) -> NoticeView:
    return NoticeView(**notice.model_dump(exclude={"agency", "officer_id"}))
