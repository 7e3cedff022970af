"""Mail arrives at a real server by SMTP: what kind of notice, which id, where to look, and nothing more."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message as Mail
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler
from aiosmtpd.smtp import AuthResult, LoginPassword
from redis.asyncio import Redis

from broker.agencies.models import Role
from broker.notify.messages.mail import MailSender
from broker.notify.messages.models import Message, MessageState
from broker.notify.messages.sending import Unsent
from broker.settings import Settings
from broker.settings.sections import MailSettings
from tests.world import TestBroker, open_test_broker, settings

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Mailbox(Handler):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.mails = list[Mail]()

    def handle_message(self, message: Mail) -> None:
        self.mails.append(message)


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"entrevue", b"right")
    return AuthResult(success=is_right, handled=is_right)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    kept = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        kept, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_require_tls=False
    )
    controller.start()
    try:
        yield kept, port
    finally:
        controller.stop()


def message(**facts: Any) -> Message:
    known = {
        "id": "msg_1",
        "subscriber": "mail:rail",
        "agency": "rail",
        "kind": "notice.decision_due",
        "subject": "req_1",
        "body": "{}",
        "at": AT,
        "state": MessageState.PENDING,
        "error": None,
        "ended_at": None,
        "attempts": 1,
        "due_at": AT,
    }
    return Message(**(known | facts))


def sender(port: int, **more: Any) -> MailSender:
    known = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "entrevue@room.example"}
    told = ("duty@rail.example", "night@rail.example")
    return MailSender(MailSettings(**(known | more)), told, "https://room.example")


async def test_a_mail_says_what_kind_which_id_and_where(mailbox: tuple[Mailbox, int]) -> None:
    kept, port = mailbox
    await sender(port).send(message(), AT)
    (mail,) = kept.mails
    assert mail["Subject"] == "Entrevue: decision_due req_1"
    assert (mail["From"], mail["To"]) == ("entrevue@room.example", "duty@rail.example, night@rail.example")
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<msg_1@room.example>", "auto-generated")
    text = mail.get_payload(decode=True).decode()
    assert "https://room.example" in text
    assert "sous votre propre identité" in text


async def test_it_signs_in_with_the_password_and_a_wrong_one_is_waited_for(
    mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, port = mailbox
    for password, arrives in (("right", True), ("wrong", False)):
        monkeypatch.setenv("MAIL", password)
        sending = sender(port, username="entrevue", password={"env": "MAIL"}).send(message(), AT)
        if arrives:
            await sending
            assert len(kept.mails) == 1
        else:
            with pytest.raises(Unsent, match="535") as refused:
                await sending
            assert not refused.value.is_final
            assert "wrong" not in str(refused.value)
    monkeypatch.delenv("MAIL")
    with pytest.raises(Unsent, match="cannot be read"):
        await sender(port, username="entrevue", password={"env": "MAIL"}).send(message(), AT)


async def test_a_server_that_is_away_or_speaks_no_tls_is_waited_for(mailbox: tuple[Mailbox, int]) -> None:
    _, port = mailbox
    with pytest.raises(Unsent, match="mail not taken"):
        await sender(1).send(message(), AT)
    with pytest.raises(Unsent, match="mail not taken"):
        await sender(port, security="starttls").send(message(), AT)


async def test_an_agencys_mailbox_is_told_of_its_notices(
    tmp_path: Path, redis: Redis, mailbox: tuple[Mailbox, int]
) -> None:
    kept, port = mailbox
    known = settings(tmp_path).model_dump()
    for agency in known["agency"]:
        if agency["id"] == "police":
            agency["mail"] = ["duty@police.example"]
    server = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "entrevue@room.example"}
    told = Settings.model_validate(known | {"mail": server})
    async with open_test_broker(tmp_path, redis, configuration=told) as broker:
        await broker.synchronise()
        await broker.work()
        hold = await held(broker)
        broker.clock.advance(hours=25)
        await broker.work()
        assert [mail["Subject"] for mail in kept.mails] == [f"Entrevue: hold_ends {hold}"]


async def held(broker: TestBroker) -> str:
    operator = await broker.officer("police", Role.OPERATOR)
    body = {
        "camera_ids": ["rail-cctv:r1"],
        "reason": "Theft",
        "interval": "2026-06-15T11:55:00Z/2026-06-15T11:57:00Z",
    }
    (hold,) = (await operator.post("/v1/holds", body)).json()["holds"]
    await broker.work()
    return str(hold["id"])


def test_addresses_without_a_server_are_refused(tmp_path: Path) -> None:
    known = settings(tmp_path).model_dump()
    known["agency"][0]["mail"] = ["duty@rail.example"]
    with pytest.raises(ValueError, match="no \\[mail\\]"):
        Settings.model_validate(known)
