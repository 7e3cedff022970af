"""Builds what tells others."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from broker.agencies.authority import Authority
from broker.agencies.notices.service import Notices
from broker.catalog.bell import WorkerBell
from broker.clock import Clock
from broker.identifiers import Identifiers
from broker.ledger.engine import Ledger
from broker.notify.messages.client import WebhookSender
from broker.notify.messages.mail import MailSender
from broker.notify.messages.models import Subscriber
from broker.notify.messages.sending import Sender, SendMessages
from broker.notify.messages.service import Messages
from broker.notify.messages.spreading import SpreadNews, forget_messages
from broker.settings import Settings
from broker.work.rounds import Round

DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Messaging:
    """The service, the jobs of the worker, and its round."""

    messages: Messages
    spread: SpreadNews
    send: SendMessages
    forget: Round


def build_messaging(
    settings: Settings,
    ledger: Ledger,
    authority: Authority,
    notices: Notices,
    bell: WorkerBell,
    clock: Clock,
    identifiers: Identifiers,
    jitter: random.Random,
) -> Messaging:
    subscribers, senders = list[Subscriber](), dict[str, Sender]()
    for webhook in settings.webhook:
        name = f"webhook:{webhook.id}"
        subscribers.append(Subscriber(id=name, agency=webhook.agency, kinds=frozenset(webhook.kinds)))
        senders[name] = WebhookSender(webhook)
    for agency in settings.agency:
        if agency.mail and settings.mail is not None:
            name = f"mail:{agency.id}"
            subscribers.append(Subscriber(id=name, agency=agency.id, kinds=frozenset({"notice"})))
            senders[name] = MailSender(settings.mail, agency.mail, settings.broker.public_url)
    return Messaging(
        messages=Messages(ledger, authority, bell, clock),
        spread=SpreadNews(ledger, subscribers, settings.broker.public_url, clock, identifiers),
        send=SendMessages(ledger, senders, notices, clock, jitter),
        forget=Round("forget messages", DAY, forget_messages(ledger, clock)),
    )
