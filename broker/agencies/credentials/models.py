"""What is known of a token or a session."""

from datetime import datetime, timedelta

from broker.agencies.models import Caller, Model, Officer


class KnownToken(Model):
    """A token or a session that is not revoked with its officer, as read at one version of the policy; `purpose` is
    its own. One that nobody uses for `idle` is worth nothing more."""

    token_id: str
    officer: Officer
    expires_at: datetime | None
    used_at: datetime | None = None
    is_session: bool = False
    idle: timedelta | None = None
    purpose: str | None
    case_ref: str | None
    version: int

    def caller(self, purpose: str | None, case_ref: str | None, at: datetime) -> Caller:
        return Caller(
            officer=self.officer.acting(at),
            token_id=self.token_id,
            is_session=self.is_session,
            expires_at=self.expires_at,
            purpose=purpose,
            case_ref=case_ref,
            designated=self.officer.is_designated(at),
        )

    def lives(self, at: datetime) -> bool:
        if self.idle is not None and self.used_at is not None and at >= self.used_at + self.idle:
            return False
        return self.expires_at is None or at < self.expires_at
