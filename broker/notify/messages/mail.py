"""Mail to an agency's own mailboxes: what kind of thing happened to which id, and where to look."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from broker.errors import SetupProblem
from broker.notify.messages.models import Message
from broker.notify.messages.sending import Unsent
from broker.settings.sections import MailSettings

CALL_S: Final = 30.0
TEXT: Final = """\
{kind}: {subject}

Entrevue a un avis pour votre service. Consultez-le sous votre propre identité :
Entrevue has a notice for your agency. Look at it under your own name:

{address}

Avis / notice: {message}
"""


class MailSender:
    """One agency's addresses, by the broker's server."""

    def __init__(self, settings: MailSettings, recipients: tuple[str, ...], address: str) -> None:
        self._settings = settings
        self._recipients = recipients
        self._address = address

    async def send(self, message: Message, at: datetime) -> None:
        settings = self._settings
        try:
            password = None if settings.password is None else settings.password.read()
            await aiosmtplib.send(
                self._mail(message, at),
                hostname=settings.host,
                port=settings.port,
                username=settings.username,
                password=password,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                timeout=CALL_S,
            )
        except SetupProblem as problem:
            raise Unsent("the mail server's password cannot be read") from problem
        except (aiosmtplib.SMTPException, OSError) as error:
            code = getattr(error, "code", None)
            raise Unsent(f"mail not taken: {type(error).__name__}{f' {code}' if code else ''}") from error

    def _mail(self, message: Message, at: datetime) -> EmailMessage:
        mail = EmailMessage()
        kind = message.kind.removeprefix("notice.")
        mail["From"], mail["To"] = self._settings.sender, ", ".join(self._recipients)
        mail["Subject"] = f"Entrevue: {kind} {message.subject}"
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{message.id}@{self._settings.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            TEXT.format(kind=kind, subject=message.subject, address=self._address, message=message.id)
        )
        return mail
