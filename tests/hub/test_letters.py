"""*Avvisa il cliente*: what is proposed, that it goes once, what is said when it cannot go."""

from __future__ import annotations

import smtplib
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import RefusedError
from fattorino.core.workflow.definition import Action
from fattorino.hub.flows import letters as flows
from fattorino.hub.models import CustomerLetter
from fattorino.workflow.actions import ActionRun
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, run_jobs
from tests.hub.letters import arrive, queued

Status = CustomerLetter.Status
ADDRESS = "amministrazione@rossi.example"


@pytest.fixture(autouse=True)
def with_mail(settings: Any) -> None:
    settings.MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def undelivered(desk: Desk) -> Document:
    """An invoice that waits in its buyer's reserved area."""
    row = queued(desk)
    arrive(row, "MC")
    document = Document.objects.get(pk=row.document_id)
    assert document.state == "MANCATA_CONSEGNA"
    return document


@pytest.fixture
def browser(desk: Desk) -> Client:
    client = Client()
    assert client.login(email="laura@ordine.example", password=demo.PASSWORD)
    return client


def path(document: Document) -> str:
    return f"/a-mano/cliente/{document.pk}/"


def last(document: Document) -> StateChange:
    change = StateChange.objects.filter(document=document).order_by("-pk").first()
    assert change is not None
    return change


def test_the_button_leads_to_a_letter_that_says_where_the_invoice_is(
    desk: Desk, undelivered: Document, browser: Client
) -> None:
    assert path(undelivered) in browser.get(f"/entrate/{undelivered.pk}/").content.decode()
    draft = flows.propose(desk.actor, undelivered.pk)
    assert undelivered.number in draft.subject and "427,00 €" in draft.body
    assert "area riservata" in draft.body and desk.company.name in draft.body
    assert "area riservata" in browser.get(path(undelivered)).content.decode()


def test_the_letter_goes_with_the_readable_copy_and_is_written_into_the_history(
    desk: Desk, undelivered: Document, browser: Client
) -> None:
    draft = flows.propose(desk.actor, undelivered.pk)
    values = {"indirizzo": ADDRESS, "oggetto": draft.subject, "testo": "Prima riga\nSeconda riga"}
    answer = browser.post(path(undelivered), {"azienda": desk.company.pk, **values})
    assert answer.status_code == 302, answer.content.decode()
    run_jobs()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject, letter.body) == ([ADDRESS], draft.subject, "Prima riga\nSeconda riga")
    assert letter.reply_to == [desk.company.party["email"]]
    ((name, content, kind),) = letter.attachments
    assert name.endswith(".pdf") and kind == "application/pdf" and bytes(content).startswith(b"%PDF")
    assert last(undelivered).message == f"Cliente avvisato per e-mail all'indirizzo {ADDRESS}."
    row = CustomerLetter.objects.get()
    assert row.status == Status.SENT and desk.state(undelivered) == "MANCATA_CONSEGNA"
    assert ADDRESS in browser.get(path(undelivered)).content.decode()


def test_who_has_told_the_customer_otherwise_writes_down_how(
    desk: Desk, undelivered: Document, browser: Client
) -> None:
    answer = browser.post(
        path(undelivered), {"azienda": desk.company.pk, "detto": "1", "come": "Per telefono, con Rossi"}
    )
    assert answer.status_code == 302
    run_jobs()
    assert not mail.outbox
    assert last(undelivered).message == "Cliente avvisato in altro modo: Per telefono, con Rossi"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"indirizzo": "rossi", "oggetto": "x", "testo": "y"}, "Non è un indirizzo e-mail"),
        ({"indirizzo": ADDRESS, "oggetto": "", "testo": "y"}, "Scrivere l&#x27;oggetto"),
        ({"indirizzo": ADDRESS, "oggetto": "x", "testo": "y" * 5001}, "Scrivere il testo"),
        ({"detto": "1", "come": ""}, "Scrivere come"),
    ],
)
def test_what_is_missing_is_told_beside_its_field_and_nothing_goes(
    desk: Desk, undelivered: Document, browser: Client, values: dict[str, str], told: str
) -> None:
    answer = browser.post(path(undelivered), {"azienda": desk.company.pk, **values})
    assert answer.status_code == 422 and told in answer.content.decode()
    assert "workflow.run_action" not in run_jobs()
    assert not mail.outbox and not CustomerLetter.objects.exists()


def test_a_subject_of_two_lines_makes_no_second_header(desk: Desk, undelivered: Document) -> None:
    flows.write(desk.actor, undelivered.pk, ADDRESS, "Uno\nBcc: x@y.example", "testo", now=NOW)
    run_jobs()
    (letter,) = mail.outbox
    assert letter.subject == "Uno Bcc: x@y.example" and letter.recipients() == [ADDRESS]


def test_without_mail_the_text_is_there_to_be_copied(
    desk: Desk, undelivered: Document, browser: Client, settings: Any
) -> None:
    settings.MAIL = False
    page = browser.get(path(undelivered)).content.decode()
    assert "area riservata" in page and "Invia l&#x27;e-mail" not in page and "Invia l'e-mail" not in page
    with pytest.raises(RefusedError):
        flows.write(desk.actor, undelivered.pk, ADDRESS, "x", "y", now=NOW)


def test_a_server_that_refuses_leaves_the_document_where_it_is_and_says_so(
    desk: Desk, undelivered: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailMessage, fail_silently: bool = False) -> int:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"unknown")})

    monkeypatch.setattr(EmailMessage, "send", refuse)
    flows.write(desk.actor, undelivered.pk, ADDRESS, "x", "y", now=NOW)
    run_jobs()
    assert last(undelivered).message == f"Il server di posta rifiuta l'indirizzo {ADDRESS}."
    assert CustomerLetter.objects.get().status == Status.FAILED


def test_an_email_of_which_nobody_knows_is_not_sent_again_by_itself(
    desk: Desk, undelivered: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies while it talks to the mail server; the job is given to another one."""

    class Killed(BaseException):
        pass

    def die(self: EmailMessage, fail_silently: bool = False) -> int:
        raise Killed

    flows.write(desk.actor, undelivered.pk, ADDRESS, "x", "y", now=NOW)
    run = ActionRun(desk.company.pk, undelivered.pk, uuid.uuid4(), Action.TELL_CUSTOMER, NOW)
    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", die)
        with pytest.raises(Killed):
            flows.tell_customer(run)
    assert CustomerLetter.objects.get().status == Status.SENDING
    result = flows.tell_customer(run)
    assert not result.ok and "non si sa se sia partita" in result.message
    assert not mail.outbox
    # The same job once more, after all.
    assert not flows.tell_customer(run).ok and not mail.outbox


def test_a_run_that_was_done_sends_nothing_more(desk: Desk, undelivered: Document) -> None:
    flows.write(desk.actor, undelivered.pk, ADDRESS, "x", "y", now=NOW)
    run = ActionRun(desk.company.pk, undelivered.pk, uuid.uuid4(), Action.TELL_CUSTOMER, NOW)
    assert flows.tell_customer(run).ok and flows.tell_customer(run).ok
    assert len(mail.outbox) == 1


def test_pressed_by_a_program_the_usual_letter_goes_where_an_address_is_known(desk: Desk) -> None:
    """The *invio massivo* of the state: who has an address is written to, of the others it is said."""
    known = desk.save(desk.draft(cessionario=replace(demo.ROSSI, email=ADDRESS)))
    for number, document in enumerate((known, desk.save()), 1):
        row = queued_of(desk, document)
        arrive(row, "MC", number=number, identificativo_sdi=f"700000{number}")
        desk.press(document)
        run_jobs()
        assert ("Manca un indirizzo" in last(document).message) == (document != known)
    assert [letter.to for letter in mail.outbox] == [[ADDRESS]]


def queued_of(desk: Desk, document: Document) -> Any:
    from fattorino.hub.models import Submission

    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    return Submission.objects.get(document=document)


def test_who_only_reads_writes_to_nobody(desk: Desk, undelivered: Document) -> None:
    reader = replace(desk.actor, role="reader")
    with pytest.raises(RefusedError):
        flows.mark_told(reader, undelivered.pk, "a voce", now=NOW)
    assert not CustomerLetter.objects.exists()


def test_a_pa_gets_the_transmitted_file_and_the_attestation(desk: Desk) -> None:
    """With the attestation the invoice may be handed over in another way."""
    row = queued(desk, pa=True)
    arrive(row, "MC")
    arrive(row, "AT", number=2)
    document = Document.objects.get(pk=row.document_id)
    assert document.state == "NON_RECAPITABILE"
    flows.write(desk.actor, document.pk, ADDRESS, "x", "y", now=NOW)
    run_jobs()
    (letter,) = mail.outbox
    names = [name for name, _, _ in letter.attachments]
    assert len(names) == 3 and row.file_name in names and any("_AT_" in name for name in names)
