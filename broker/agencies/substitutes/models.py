"""A substitution: an officer acts as a custodian for one who named them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from adapters.contract.models import Instant
from broker.hours import Hours


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(Model):
    """`[start, end)`, without an end where that is None."""

    start: Instant
    end: Instant | None

    def covers(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


class Substitution(Model):
    """In force within its time and hours, while whoever is stood in for is a designated custodian."""

    id: str
    agency: str
    principal_id: str
    substitute_id: str
    valid_from: Instant
    valid_until: Instant
    hours: Hours | None
    reason: str
    ended_by: str | None
    principal_designated: tuple[Period, ...]

    def covers(self, at: datetime) -> bool:
        if not self.valid_from <= at < self.valid_until:
            return False
        if self.hours is not None and not self.hours.hold(at):
            return False
        return any(period.covers(at) for period in self.principal_designated)
