"""A question in numbers: codes of the table's vocabularies, bits of actions, microseconds since 1970."""

from typing import Final, NamedTuple

from broker.catalog.disclosure import BITS
from broker.catalog.index.instants import NEVER_US, microseconds
from broker.catalog.index.rows import STATUSES
from broker.catalog.index.table import CameraTable
from broker.catalog.questions import Question

ANY: Final = -2
"""No restriction. -1 is a word that no camera has."""


class Wanted(NamedTuple):
    """What a camera must be. `begin_us` and `end_us` bound the interval, both `NEVER_US` where none is asked for."""

    owner: int
    network: int
    kind: int
    level: int
    status: int
    offering: int
    sees: bool
    begin_us: int
    end_us: int


def wanted_of(question: Question, table: CameraTable) -> Wanted:
    interval = question.interval
    return Wanted(
        owner=ANY if question.agency is None else table.words.owner.find(question.agency),
        network=ANY if question.network is None else table.words.network.find(question.network),
        kind=ANY if question.kind is None else table.words.kind.find(question.kind.value),
        level=ANY if question.level is None else table.words.level.find(question.level),
        status=ANY if question.status is None else STATUSES.index(question.status.value),
        offering=0 if question.offering is None else BITS[question.offering],
        sees=question.sees,
        begin_us=NEVER_US if interval is None else microseconds(interval.start),
        end_us=NEVER_US if interval is None else microseconds(interval.end),
    )
