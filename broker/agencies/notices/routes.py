"""`/v1/notices`: what one is to be told."""

from fastapi import APIRouter

from broker.agencies.notices.views import NoticeList, notice_view
from broker.http.calls import CurrentCaller
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices

router = APIRouter(prefix="/v1", tags=["notices"])


@router.get("/notices", response_model=NoticeList, summary="What one is to be told")
async def list_notices(asked: CurrentList, caller: CurrentCaller, services: CurrentServices) -> NoticeList:
    """By one's roles and agency, and what is addressed to oneself; oldest first."""
    cut = await services.notices.list_notices(caller, asked.page)
    return NoticeList(notices=[notice_view(each) for each in cut.rows], links=asked.links(cut.last))
