"""When SdI delivered what a person imported: stated by her, and the term follows."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.documents.models import DocumentFile, PassiveInvoice
from fattorino.documents.passive import answering, terms
from fattorino.documents.receiving import take_invoice
from fattorino.hub.flows.receive import take_message
from fattorino.hub.models import Message
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import StateChange
from tests.desk import NOW, TODAY, Desk, run_jobs
from tests.documents.passive.arrived import arrive
from tests.documents.received import CODE, OFFICE, invoice, mt
from tests.workflow.postbox import browser_of

NAME = "IT01234567897_00077.xml"


def imported(desk: Desk, *, pa: bool = True) -> PassiveInvoice:
    code = OFFICE if pa else CODE
    metadata = mt(NAME, sdi="4711", code=code, pa=pa)
    take_invoice(
        "import", "4711", NAME, invoice(desk, "77", code=code), "IT01234567897_00077_MT_001.xml", metadata,
        company_id=desk.company.pk, now=NOW,
    )  # fmt: skip
    run_jobs()
    return PassiveInvoice.objects.get(identificativo_sdi="4711")


def midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), clock.ROME)


def test_the_term_runs_from_the_beginning_of_the_day_that_is_stated(desk: Desk) -> None:
    row = imported(desk)
    assert row.delivered_at is None and row.answer_by is None
    terms.state_delivery(desk.actor, row.pk, TODAY, now=NOW)
    row.refresh_from_db()
    assert row.delivered_at == midnight(TODAY)
    assert row.answer_by == midnight(TODAY + datetime.timedelta(days=15))
    told = StateChange.objects.filter(document=row.pk).order_by("-pk")[0]
    assert told.event == "DeliveryStated" and told.actor_label == desk.actor.label
    answering.decide(desk.actor, row.pk, "EC01", now=NOW)
    with pytest.raises(RefusedError, match="già nota"):
        terms.state_delivery(desk.actor, row.pk, TODAY, now=NOW)


def test_lists_say_that_the_term_is_not_known(desk: Desk) -> None:
    row = imported(desk)
    client = browser_of(desk.actor)
    for address in ("/passive/", "/passive/?segno=da_rispondere"):
        page = client.get(address).content.decode()
        assert "Termine non noto" in page and f"/passive/{row.pk}/consegna/" in page
    assert "termine non noto" in client.get(f"/passive/{row.pk}/").content.decode()
    terms.state_delivery(desk.actor, row.pk, TODAY, now=NOW)
    assert "Termine non noto" not in client.get("/passive/").content.decode()
    assert "termine non noto" not in client.get(f"/passive/{row.pk}/").content.decode()


def test_nobody_is_asked_for_a_term_where_nothing_can_be_answered(desk: Desk) -> None:
    imported(desk, pa=False)
    assert "Termine non noto" not in browser_of(desk.actor).get("/passive/").content.decode()


@pytest.mark.parametrize(
    ("days", "word"),
    [(None, "Indicare il giorno"), (1, "nel futuro"), (-1, "precedere la data della fattura")],
)
def test_a_day_that_cannot_be_is_refused_with_the_reason(desk: Desk, days: int | None, word: str) -> None:
    row = imported(desk)
    day = None if days is None else TODAY + datetime.timedelta(days=days)
    with pytest.raises(RefusedError) as refused:
        terms.state_delivery(desk.actor, row.pk, day, now=NOW)
    assert word in refused.value.fields["consegna"]
    row.refresh_from_db()
    assert row.delivered_at is None


def test_what_sdi_delivered_itself_and_what_has_no_term_is_not_stated(desk: Desk) -> None:
    by_sdi, private = arrive(desk, "12"), imported(desk, pa=False)
    for document_id in (by_sdi.pk, private.pk):
        with pytest.raises(RefusedError, match="già nota, o non serve"):
            terms.state_delivery(desk.actor, document_id, TODAY, now=NOW)


def test_who_only_reads_and_strangers_may_not(desk: Desk, other_desk: Desk) -> None:
    row = imported(desk)
    reader = Actor("utente", "Rita", desk.company.pk, desk.actor.user_id, "reader")
    with pytest.raises(RefusedError, match="consultazione"):
        terms.state_delivery(reader, row.pk, TODAY, now=NOW)
    with company_scope(other_desk.company.pk), pytest.raises(RefusedError, match="non trovato"):
        terms.state_delivery(other_desk.actor, row.pk, TODAY, now=NOW)


def test_the_page_takes_the_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    row = imported(desk)
    client: Client = browser_of(desk.actor)
    address = f"/passive/{row.pk}/consegna/"
    assert address in client.get(f"/passive/{row.pk}/").content.decode()
    wrong = client.post(address, {"azienda": desk.company.pk, "consegna": "ieri"})
    assert wrong.status_code == 422 and "Non è una data" in wrong.content.decode()
    future = client.post(address, {"azienda": desk.company.pk, "consegna": "2030-01-01"})
    assert future.status_code == 422 and "nel futuro" in future.content.decode()
    assert (
        client.post(address, {"azienda": desk.company.pk, "consegna": TODAY.isoformat()}).status_code == 302
    )
    page = client.get(f"/passive/{row.pk}/").content.decode()
    assert address not in page and "Per rispondere:" in page
    assert "già nota" in client.get(address).content.decode()


def test_what_the_channel_brings_later_says_when_it_was_delivered(desk: Desk) -> None:
    row = imported(desk)
    take_invoice(
        "pec", "4711", NAME, bytes(row.reception.content) + b"\n", "", b"",
        company_id=desk.company.pk, now=NOW, delivered_at=NOW - datetime.timedelta(hours=3),
    )  # fmt: skip
    run_jobs()
    row.refresh_from_db()
    assert row.delivered_at == NOW - datetime.timedelta(hours=3)
    assert row.answer_by == NOW + datetime.timedelta(days=15, hours=-3)


def test_an_mt_that_comes_after_its_invoice_is_read_with_it(desk: Desk) -> None:
    content = invoice(desk, "77", code=OFFICE)
    take_invoice("import", "", NAME, content, "", b"", company_id=desk.company.pk, now=NOW)
    run_jobs()
    row = PassiveInvoice.objects.get()
    assert row.identificativo_sdi == ""
    name = "IT01234567897_00077_MT_001.xml"
    for _ in range(2):
        number = take_message(
            name, mt(NAME, sdi="4711", code=OFFICE, pa=True), "", now=NOW, company_id=desk.company.pk
        )
        run_jobs()
    message = Message.objects.get(pk=number)
    assert (message.state, message.arrivals) == (Message.State.APPLIED, 2) and NAME in message.note
    row = PassiveInvoice.objects.get()
    assert (row.identificativo_sdi, row.delivered_at) == ("4711", None)
    assert (
        DocumentFile.objects.filter(document=row.pk, kind=DocumentFile.Kind.METADATA, name=name).count() == 1
    )


def test_an_mt_of_nothing_that_came_waits_for_a_person(desk: Desk, other_desk: Desk) -> None:
    with company_scope(other_desk.company.pk):
        take_invoice("import", "", NAME, b"<x/>", "", b"", company_id=other_desk.company.pk, now=NOW)
    number = take_message(
        "IT01234567897_00077_MT_001.xml", mt(NAME, sdi="4711", code=OFFICE, pa=True), "", now=NOW,
        company_id=desk.company.pk,
    )  # fmt: skip
    run_jobs()
    assert Message.objects.get(pk=number).state == Message.State.TO_MATCH


def test_an_answer_that_sdi_turned_down_has_its_own_term_again(desk: Desk) -> None:
    row = imported(desk)
    terms.state_delivery(desk.actor, row.pk, TODAY, now=NOW)
    answering.answered(row.pk, desk.company.pk)
    assert not terms.reopen(row.pk, desk.company.pk, now=NOW + datetime.timedelta(days=16))
    assert terms.reopen(row.pk, desk.company.pk, now=NOW)
    assert answering.term_of(row.pk, desk.company.pk) == midnight(TODAY + datetime.timedelta(days=15))
