"""Companies whose states tell somebody, and a real mail server on loopback that answers as a test wants."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.test import Client

from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows, queries
from fattorino.workflow.models import Document
from tests.desk import Desk

ENTERED, CHOSEN = "DA_PROCESSARE", "ANNULLATO"
# In the place of an answer: the line breaks.
HANGS_UP = "421 hangs up"
PRIVATE = str(Dashboard.ACTIVE_PRIVATE)


def person(desk: Desk, email: str, name: str = "Ada Rossi", role: str = "operator") -> Actor:
    """One more user of the company."""
    user = save_user(email, None, name, {desk.company.pk: role}, now=desk.now)
    return Actor("utente", name, desk.company.pk, user.pk, role)


def configure(desk: Desk, change: Callable[[dict[str, dict[str, Any]]], None]) -> None:
    """Publish the company's configuration changed; `change` gets the states by code."""
    _, workflow = queries.workflow_of(desk.company.pk)
    from fattorino.core.workflow.definition import workflow_to_json

    definition = workflow_to_json(workflow)
    change({state["code"]: state for state in definition["states"]})
    flows.publish_workflow(desk.company, definition, now=desk.now)


def tells(desk: Desk, code: str, group: str = "group:operator", *, mail: bool = False) -> None:
    """From now on the state tells the group, for private active documents."""

    def change(states: dict[str, dict[str, Any]]) -> None:
        states[code]["notices"].append({"dashboard": PRIVATE, "group": group, "mail": mail})

    configure(desk, change)


def reserve(desk: Desk, code: str, *groups: str) -> None:
    """From now on only these groups see the documents in the state; without any, everybody does again."""

    def change(states: dict[str, dict[str, Any]]) -> None:
        states[code] |= {"reserved": bool(groups), "reserved_groups": list(groups)}

    configure(desk, change)


def annul(desk: Desk, document: Document) -> None:
    flows.choose_state(document.pk, CHOSEN, desk.actor, now=desk.now)


def browser_of(actor: Actor) -> Client:
    browser = Client()
    browser.force_login(
        User.objects.get(pk=actor.user_id), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return browser


@dataclass
class PostBox:
    """What the server took, and what it answers. `rcpt` and `data` hold answers in the place of 250."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    # Called with each message before it is answered.
    seen: Callable[[], None] = lambda: None
    controller: Controller | None = None

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        for address in envelope.rcpt_tos:
            if self.data.get(address) == HANGS_UP:
                server.transport.abort()
            if address in self.data:
                return self.data[address]
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
        self.recipients.append(list(envelope.rcpt_tos))
        self.seen()
        return "250 OK"

    @property
    def to(self) -> list[str]:
        return [address for each in self.recipients for address in each]


def subject_of(mail: EmailMessage) -> str:
    # Python's reader keeps the blank of a line that was folded right after the name.
    return str(mail["Subject"]).strip()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def postbox(settings: Any) -> Iterator[PostBox]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box = PostBox(probe.getsockname()[1])
    settings.MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "Fattorino <avvisi@ordine.example>"
    settings.SITE_URL = "https://fatture.ordine.example"
    box.start()
    yield box
    box.stop()
