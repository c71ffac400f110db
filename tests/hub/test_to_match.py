"""*Da abbinare*: what matched nothing is settled by a person, and nothing of it is lost."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.documents.models import DocumentFile
from fattorino.hub import inbox
from fattorino.hub.flows import receive, to_match
from fattorino.hub.inbox import Filters
from fattorino.hub.models import Message
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import AuditEntry, User
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import StateChange
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.arrived import forger, invoice_arrived
from tests.hub.letters import SDI_ID, arrive, bring, kept, letter, state
from tests.hub.test_receive import sent

State = Message.State


@pytest.fixture
def boss(desk: Desk) -> Actor:
    """Who administers the company."""
    return replace(desk.actor, role="admin", label="Anna Bianchi")


def stray(company_id: int | None = None, **changes: Any) -> Message:
    """A receipt for a file that nobody sent."""
    from fattorino.core.sdi import message_io
    from fattorino.core.sdi import messages as m

    values = {
        "identificativo_sdi": "4711",
        "nome_file": "IT99999999999_00001.xml",
        "message_id": "5",
    } | changes
    content = message_io.write_message(m.NotificaDecorrenzaTermini(**values, descrizione="15 giorni"))
    pk = receive.take_message(
        "IT99999999999_00001_DT_001.xml", content, "4711", now=NOW, company_id=company_id
    )
    run_jobs(skip=frozenset({"hub.turn"}))
    return kept(pk)


def test_a_person_says_which_document_a_message_is_about(desk: Desk, boss: Actor) -> None:
    row = sent(desk, pa=True)
    message = stray(desk.company.pk)
    to_match.match(message.pk, row.document_id, boss, now=NOW)
    message = kept(message.pk)
    assert (state(row), message.state, message.submission_id) == ("DECORSI_TERMINI", State.APPLIED, row.pk)
    change = StateChange.objects.get(document_id=row.document_id, event="DT")
    assert "Abbinata a mano da Anna Bianchi." in change.message
    assert AuditEntry.objects.get(what="messaggio di SdI abbinato a mano").detail["message"] == message.pk
    assert DocumentFile.objects.filter(document_id=row.document_id, stored__sha256=message.sha256).exists()


def test_a_forged_message_is_applied_only_by_a_person(desk: Desk, boss: Actor, settings: Any) -> None:
    row = sent(desk)
    name, content = letter(row, "RC")
    message = bring(name, forger().sign(content, NOW).replace(b"M5UXCR1", b"XXXXXXX"))
    assert (message.state, state(row)) == (State.TO_MATCH, "IN_ATTESA_ESITO")
    to_match.match(message.pk, row.document_id, boss, now=NOW)
    assert (state(row), kept(message.pk).signature) == ("CONSEGNATO", "broken")


def test_a_message_is_matched_to_a_received_invoice(desk: Desk, boss: Actor) -> None:
    (document,) = invoice_arrived(desk, "1")
    message = stray(desk.company.pk)
    to_match.match(message.pk, document.pk, boss, now=NOW)
    assert desk.state(document) == "DECORSI_TERMINI_PASS"
    assert kept(message.pk).document_id == document.pk


def test_a_receipt_of_sending_is_not_matched_to_what_was_received(desk: Desk, boss: Actor) -> None:
    (document,) = invoice_arrived(desk, "1")
    row = sent(desk)
    name, content = letter(row, "NS", nome_file="IT99999999999_00001.xml", identificativo_sdi="4711")
    pk = receive.take_message(name, content, "", now=NOW, company_id=desk.company.pk)
    run_jobs(skip=frozenset({"hub.turn"}))
    pk = Message.objects.get(pk=pk).pk
    Message.objects.filter(pk=pk).update(state=State.TO_MATCH, submission=None)
    with pytest.raises(RefusedError, match="non può riguardare"):
        to_match.match(pk, document.pk, boss, now=NOW)


def test_only_who_administers_settles_a_message(desk: Desk) -> None:
    row, message = sent(desk, pa=True), stray(desk.company.pk)
    with pytest.raises(RefusedError):
        to_match.match(message.pk, row.document_id, desk.actor, now=NOW)
    with pytest.raises(RefusedError):
        to_match.file_away(message.pk, "prova", desk.actor, now=NOW)
    assert inbox.find(desk.actor, message.pk) is None and inbox.waiting(desk.actor) == 0


def test_a_message_is_matched_neither_to_nor_by_another_company(
    desk: Desk, other_desk: Desk, boss: Actor
) -> None:
    message = stray(desk.company.pk)
    with company_scope(other_desk.company.pk):
        theirs = other_desk.save()
        stranger = replace(other_desk.actor, role="admin")
        with pytest.raises(RefusedError, match="Messaggio non trovato"):
            to_match.file_away(message.pk, "prova", stranger, now=NOW)
    with pytest.raises(RefusedError, match="Documento non trovato"):
        to_match.match(message.pk, theirs.pk, boss, now=NOW)


def test_filing_away_wants_a_reason_and_keeps_everything(desk: Desk, boss: Actor) -> None:
    message = stray(desk.company.pk)
    with pytest.raises(RefusedError, match="perché"):
        to_match.file_away(message.pk, "  ", boss, now=NOW)
    to_match.file_away(message.pk, "Inviata dal portale", boss, now=NOW)
    filed = kept(message.pk)
    assert (filed.state, filed.settled_by, filed.settled_why) == (
        State.SETTLED, "Anna Bianchi", "Inviata dal portale",
    )  # fmt: skip
    assert bytes(filed.content) == bytes(message.content) and inbox.waiting(boss) == 0
    assert AuditEntry.objects.filter(what="messaggio di SdI archiviato").exists()
    with pytest.raises(ConflictError):
        to_match.file_away(message.pk, "di nuovo", boss, now=NOW)


def test_what_came_too_early_is_matched_when_its_document_is_there(desk: Desk, boss: Actor) -> None:
    message = stray(identificativo_sdi=SDI_ID)
    (document,) = invoice_arrived(desk, SDI_ID)
    assert (message.state, message.company_id) == (State.TO_MATCH, None)
    assert to_match.try_recent(now=NOW + datetime.timedelta(hours=1)) == 1
    run_jobs()
    assert desk.state(document) == "DECORSI_TERMINI_PASS"
    assert kept(message.pk).state == State.APPLIED


def test_what_nobody_matched_for_days_is_left_to_people(desk: Desk) -> None:
    stray()
    assert to_match.try_recent(now=NOW + datetime.timedelta(days=4)) == 0
    assert not jobs("hub.apply_message")


def test_a_person_has_a_message_tried_again(desk: Desk, boss: Actor) -> None:
    message = stray(desk.company.pk, identificativo_sdi=SDI_ID)
    (document,) = invoice_arrived(desk, SDI_ID)
    to_match.again(message.pk, boss, now=NOW)
    run_jobs()
    assert desk.state(document) == "DECORSI_TERMINI_PASS"


def test_the_installation_gives_a_message_to_the_company_it_is_about(desk: Desk, boss: Actor) -> None:
    row, message = sent(desk, pa=True), stray()
    user = User.objects.get(email="laura@ordine.example")
    to_match.give_to(message.pk, desk.company.pk, user.pk, now=NOW)
    assert inbox.waiting(boss) == 1
    to_match.match(message.pk, row.document_id, boss, now=NOW)
    assert state(row) == "DECORSI_TERMINI"


def test_a_reserved_state_hides_its_messages(
    desk: Desk, boss: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = sent(desk)
    message = arrive(row, "RC")
    assert [m.id for m in inbox.page(desk.actor, Filters()).rows] == [message.pk]
    monkeypatch.setattr(inbox.workflow, "hidden_states", lambda *_: ["CONSEGNATO"])
    assert not inbox.page(desk.actor, Filters()).rows
    assert inbox.find(desk.actor, message.pk) is None and inbox.content(desk.actor, message.pk) is None


def test_the_list_is_filtered_by_kind_state_day_and_text(desk: Desk, boss: Actor) -> None:
    row = sent(desk)
    delivered, lost = arrive(row, "RC"), stray(desk.company.pk)

    def found(**wanted: Any) -> list[int]:
        return [each.id for each in inbox.page(boss, Filters(**wanted)).rows]

    assert found() == [lost.pk, delivered.pk]
    assert found(kind="RC") == [delivered.pk]
    assert found(state="to_match") == [lost.pk]
    assert found(text="4711") == [lost.pk] and found(text=row.base_name) == [delivered.pk]
    day = NOW.date()
    assert found(first=day, last=day) == [lost.pk, delivered.pk]
    assert found(last=day - datetime.timedelta(days=1)) == []


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    save_user("capo@ordine.example", demo.PASSWORD, "Anna Bianchi", {desk.company.pk: "admin"}, now=NOW)
    browser = Client()
    browser.force_login(User.objects.get(email="capo@ordine.example"))
    yield browser


def test_the_pages_lead_from_the_badge_to_the_document(desk: Desk, client: Client) -> None:
    row, message = sent(desk, pa=True), stray(desk.company.pk)
    home = client.get("/messaggi/").content.decode()
    assert "badge" in home and message.name in home
    waiting = client.get("/messaggi/da-abbinare/").content.decode()
    assert message.name in waiting and "da abbinare" in waiting
    found = client.get(f"/messaggi/{message.pk}/?cerca={row.document.number.split('/')[0]}").content.decode()
    assert f'value="{row.document_id}"' in found
    answer = client.post(f"/messaggi/{message.pk}/", {"azione": "abbina", "documento": row.document_id})
    assert answer.status_code == 302 and answer["Location"].endswith(f"/entrate/{row.document_id}/")
    page = client.get(answer["Location"]).content.decode()
    assert "Da SdI" in page and message.name in page


def test_what_is_wrong_is_said_beside_the_field(desk: Desk, client: Client) -> None:
    message = stray(desk.company.pk)
    answer = client.post(f"/messaggi/{message.pk}/", {"azione": "archivia", "motivo": ""})
    assert answer.status_code == 422 and "Scrivere perché" in answer.content.decode()


def test_the_message_is_downloaded_as_it_came_and_never_as_a_page(desk: Desk, client: Client) -> None:
    message = stray(desk.company.pk)
    answer = client.get(f"/messaggi/{message.pk}/file/")
    assert answer.content == bytes(message.content)
    assert (
        answer["Content-Disposition"].startswith("attachment")
        and answer["X-Content-Type-Options"] == "nosniff"
    )


def test_nobodys_messages_are_for_who_administers_the_installation(desk: Desk, client: Client) -> None:
    message = stray()
    assert client.get("/messaggi/di-nessuno/").status_code == 403
    assert client.get(f"/messaggi/di-nessuno/{message.pk}/file/").status_code == 403
    User.objects.filter(email="capo@ordine.example").update(is_staff=True)
    assert message.name in client.get("/messaggi/di-nessuno/").content.decode()
    client.post(f"/messaggi/di-nessuno/{message.pk}/", {"azione": "assegna", "destinataria": desk.company.pk})
    assert kept(message.pk).company_id == desk.company.pk


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("path", ["/messaggi/", "/messaggi/da-abbinare/", "/messaggi/attese/"])
def test_every_table_is_exported(desk: Desk, client: Client, path: str, kind: str) -> None:
    sent(desk)
    stray(desk.company.pk)
    answer = client.get(f"{path}?file={kind}")
    assert answer.status_code == 200 and f".{kind}" in answer["Content-Disposition"]
