"""The pages of the passive desk, as a person opens them."""

from __future__ import annotations

import datetime
import io
import zipfile
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from fattorino import clock
from fattorino.documents.models import Decision, PassiveInvoice, Posting, Supplier
from fattorino.documents.passive import answering, queries
from fattorino.documents.queries import DocumentFilters
from fattorino.documents.templatetags.passive import last_day, tax_number
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, run_jobs
from tests.documents.passive.arrived import arrive, passive

LATER = frozenset({"hub.send_outcome"})


@pytest.fixture
def client(desk: Desk) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer
    return str(answer.content.decode())


def send(client: Client, desk: Desk, address: str, **values: Any) -> Any:
    return client.post(address, {"azienda": desk.company.pk, **values})


def test_the_panel_says_what_to_do_while_nothing_has_come(desk: Desk, client: Client) -> None:
    page = text(client, "/passive/")
    assert "Qui compariranno le fatture ricevute" in page and "codice destinatario" in page


def test_the_panel_shows_what_came_and_what_nobody_has_opened(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    page = text(client, "/passive/")
    assert "Cartoleria Bianchi" in page and "non letta" in page
    text(client, f"/passive/{document.pk}/")
    assert passive(document).opened_by == desk.actor.label
    assert "non letta" not in text(client, "/passive/")
    send(client, desk, f"/passive/{document.pk}/non-letta/")
    assert "non letta" in text(client, "/passive/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("segno=non_lette", {"77", "78"}),
        ("segno=da_rispondere", {"77"}),
        ("stato=RICEVUTO", {"78"}),
        ("origine=pec", set()),
        ("origine=sdicoop", {"77", "78"}),
        ("fornitore=bianchi", {"77", "78"}),
        ("numero=78&segno=non_lette", {"78"}),
        ("testo=nonesiste&segno=non_lette", set()),
    ],
)
def test_the_panel_is_narrowed(desk: Desk, client: Client, query: str, found: set[str]) -> None:
    arrive(desk, "77")
    arrive(desk, "78", pa=False)
    page = text(client, f"/passive/?{query}")
    assert {number for number in ("77", "78") if f"Fattura {number}</a>" in page} == found


def test_pages_of_the_special_filters_follow_each_other(desk: Desk, client: Client) -> None:
    for n in range(5):
        arrive(desk, str(80 + n))
    filters = queries.PassiveFilters(DocumentFilters(dashboard="PS"), unread=True)
    first = queries.list_passive(desk.actor, filters, limit=2)
    second = queries.list_passive(desk.actor, filters, first.next, limit=2)
    back = queries.list_passive(desk.actor, filters, second.previous, limit=2)
    assert [r.id for r in back.rows] == [r.id for r in first.rows]
    last = queries.list_passive(desk.actor, filters, second.next, limit=2)
    numbers = [r.row.number for page in (first, second, last) for r in page.rows]
    assert numbers == ["84", "83", "82", "81", "80"] and last.next is None
    assert queries.totals(desk.actor, filters).count == 5


def test_the_term_is_told_by_its_last_day_and_the_days_of_the_calendar(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = arrive(desk)
    due = passive(document).answer_by
    assert due is not None
    for left, told in [(15, "(15 giorni)"), (1, "(1 giorno)"), (0, "Ultimo giorno"), (-1, "Termine passato")]:
        moment = due + datetime.timedelta(seconds=1) if left < 0 else due - datetime.timedelta(days=left)
        monkeypatch.setattr("fattorino.clock.now", lambda moment=moment: moment)
        for address in ("/passive/", f"/passive/{document.pk}/"):
            page = text(client, address)
            assert told in page, (left, address)
            assert (f"entro {last_day(due)}" in unescape(page)) == (left > 0)


def test_the_last_day_of_a_term_has_its_article() -> None:
    days = {7: "il 7 dicembre", 8: "l'8 dicembre", 11: "l'11 dicembre", 1: "il 1º dicembre"}
    with override("it"):
        assert {day: last_day(datetime.datetime(2026, 12, day, 9, tzinfo=clock.ROME)) for day in days} == days
    with override("en"):
        assert last_day(datetime.datetime(2026, 12, 8, 9, tzinfo=clock.ROME)) == "8 December"


def test_a_supplier_is_told_by_its_name_and_partita_iva(desk: Desk, client: Client) -> None:
    page = text(client, f"/passive/{arrive(desk).pk}/")
    assert page.count("P.IVA IT01234567897") == 2 and "IT:01234567897" not in page


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ("IT:01234567897", "P.IVA IT01234567897"),
        ("DE:123456789", "P.IVA DE123456789"),
        ("CF:RSSMRA80A01H501U", "C.F. RSSMRA80A01H501U"),
        ("N:MARIO ROSSI", ""),
        ("", ""),
    ],
)
def test_the_number_of_a_supplier_is_written_as_people_write_it(identity: str, told: str) -> None:
    assert str(tax_number(identity)) == told


def test_exports_tell_the_term_as_the_panel_does(desk: Desk, client: Client) -> None:
    """The last day; that it is not known; nothing where there is nothing to answer."""
    known, imported, private = arrive(desk, "1"), arrive(desk, "2"), arrive(desk, "3", pa=False)
    answered = arrive(desk, "4")
    PassiveInvoice.objects.filter(pk=imported.pk).update(delivered_at=None, answer_by=None)
    answering.decide(desk.actor, answered.pk, "EC01", now=NOW)
    csv = b"".join(client.get("/passive/esporta.csv").streaming_content).decode("utf-8-sig").splitlines()
    rows = [dict(zip(csv[0].split(";"), line.split(";"), strict=True)) for line in csv[1:]]
    told = {row["Numero"]: row["Rispondere entro"] for row in rows}
    due = passive(known).answer_by
    assert due is not None and passive(private).answer_by is None
    assert told == {"1": f"{clock.day(due):%d/%m/%Y}", "2": "Termine non noto", "3": "", "4": ""}


def test_exports_hold_rows_and_files(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    csv = b"".join(client.get("/passive/esporta.csv").streaming_content).decode("utf-8-sig")
    assert csv.splitlines()[1].startswith("TD01;77;") and "Cartoleria Bianchi S.r.l." in csv
    assert client.get("/passive/esporta.xlsx").status_code == 200
    packed = b"".join(client.get("/passive/esporta.zip").streaming_content)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        assert len(names) == 2 and names[-1] == "elenco.csv"
        assert archive.read(names[0]) == bytes(passive(document).stored.content)


def test_the_old_address_of_a_document_leads_to_the_received_invoice(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    answer = client.get(f"/entrate/{document.pk}/")
    assert answer.status_code == 302 and answer["Location"] == f"/passive/{document.pk}/"
    copy = client.get(f"/passive/{document.pk}/copia.pdf")
    assert copy.content.startswith(b"%PDF")


def test_accepting_asks_for_confirmation_and_writes_one_decision(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    address = f"/passive/{document.pk}/risposta/"
    assert "DM 132/2020" in text(client, address)
    seen = {"esito": "EC01", "stato": "RICEVUTO_DA_ESITARE"}
    page = send(client, desk, address, **seen).content.decode()
    assert "Conferma l'accettazione" in page and not Decision.objects.exists()
    assert send(client, desk, address, **seen, confermato="1").status_code == 302
    run_jobs(skip=LATER)
    assert [d.esito for d in Decision.objects.all()] == ["EC01"]
    assert desk.state(document) == "ESITO_INVIATO"
    assert "Accettazione" in text(client, f"/passive/{document.pk}/")


def test_a_refusal_must_state_a_lawful_cause_and_what_is_wrong(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    address = f"/passive/{document.pk}/risposta/"
    given: dict[str, Any] = {"esito": "EC02", "stato": "RICEVUTO_DA_ESITARE"}
    page = send(client, desk, address, **given)
    assert page.status_code == 422 and "Scegliere la causa del rifiuto" in page.content.decode()
    assert 'id="err-causa" data-level="error" data-first-error' in page.content.decode()
    page = send(client, desk, address, **given, causa="cig_cup")
    assert page.status_code == 422 and "il rifiuto deve essere motivato" in page.content.decode()
    page = send(client, desk, address, **given, causa="cig_cup", dettaglio="x" * 400)
    assert page.status_code == 422 and "accorciarla" in page.content.decode()
    page = send(client, desk, address, **given, causa="cig_cup", dettaglio="CIG mancante")
    assert "lett. b): CIG mancante" in page.content.decode() and not Decision.objects.exists()


def test_of_two_who_decide_at_once_the_second_is_told(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    answering.decide(desk.actor, document.pk, "EC01", now=NOW)
    given = {
        "esito": "EC02",
        "causa": "cig_cup",
        "dettaglio": "No",
        "confermato": "1",
        "stato": "RICEVUTO_DA_ESITARE",
    }
    page = send(client, desk, f"/passive/{document.pk}/risposta/", **given)
    assert page.status_code == 409 and "operazione in corso" in page.content.decode()
    run_jobs(skip=LATER)
    page = send(client, desk, f"/passive/{document.pk}/risposta/", **given)
    assert page.status_code == 409 and "Esito inviato" in page.content.decode()
    assert Decision.objects.count() == 1


def test_after_the_term_nothing_can_be_answered(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = arrive(desk)
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW + datetime.timedelta(days=16))
    assert "Il termine di 15 giorni per rispondere è passato" in text(
        client, f"/passive/{document.pk}/risposta/"
    )
    given = {"esito": "EC01", "confermato": "1", "stato": "RICEVUTO_DA_ESITARE"}
    page = send(client, desk, f"/passive/{document.pk}/risposta/", **given)
    assert page.status_code == 422 and not Decision.objects.exists()


def test_a_private_recipient_reads_why_there_is_no_refusal(desk: Desk, client: Client) -> None:
    document = arrive(desk, pa=False)
    page = text(client, f"/passive/{document.pk}/")
    assert "Perché non si può accettare o rifiutare" in page and "nota di credito" in page
    page = text(client, f"/passive/{document.pk}/risposta/")
    assert "non è una pubblica amministrazione" in page
    assert "La risposta arriva al fornitore" not in page, "there is no answer"


def test_from_the_gestionale_to_the_accounts(desk: Desk, client: Client) -> None:
    document = arrive(desk, pa=False)
    send(client, desk, f"/entrate/{document.pk}/azione/", azione="INVIA_A_GESTIONALE")
    run_jobs()
    assert passive(document).exported_at is not None and desk.state(document) == "DA_CONTABILIZZARE"
    address = f"/passive/{document.pk}/contabilizza/"
    page = send(client, desk, address, data="2099-01-01", protocollo="1")
    assert page.status_code == 422 and "nel futuro" in page.content.decode()
    given = {"data": "2026-11-20", "protocollo": "A/123", "stato": "DA_CONTABILIZZARE"}
    assert send(client, desk, address, **given).status_code == 302
    run_jobs()
    assert desk.state(document) == "CONTABILIZZATO" and Posting.objects.get().protocol == "A/123"
    assert "protocollo A/123" in text(client, f"/passive/{document.pk}/")


def test_a_supplier_is_confirmed_by_a_person(desk: Desk, client: Client) -> None:
    document = arrive(desk)
    assert "Conferma il fornitore" in text(client, f"/passive/{document.pk}/")
    send(client, desk, f"/passive/{document.pk}/fornitore/")
    assert Supplier.objects.get().confirmed_by == desk.actor.label
    assert "Conferma il fornitore" not in text(client, f"/passive/{document.pk}/")


def test_who_only_reads_opens_and_does_nothing_else(desk: Desk) -> None:
    document = arrive(desk)
    user = save_user("r@ordine.example", "Fattorino-demo-2026", "Rita", {desk.company.pk: "reader"}, now=NOW)
    reader = Client()
    reader.force_login(User.objects.get(pk=user.pk))
    assert "Segna come non letta" not in text(reader, f"/passive/{document.pk}/")
    assert reader.get(f"/passive/{document.pk}/risposta/").status_code == 403
    answer = send(reader, desk, f"/passive/{document.pk}/non-letta/")
    assert answer.status_code in (403, 409, 422)


def test_another_company_sees_nothing(desk: Desk, other_desk: Desk, client: Client) -> None:
    document = arrive(desk)
    stranger = Client()
    stranger.force_login(User.objects.get(pk=other_desk.actor.user_id))
    for path in ("", "copia.pdf", "risposta/", "contabilizza/", "novita/", "allegato/1/"):
        assert stranger.get(f"/passive/{document.pk}/{path}").status_code == 404
    assert "Cartoleria" not in text(stranger, "/passive/")
    with company_scope(desk.company.pk):
        assert PassiveInvoice.objects.get().opened_at is None


def test_a_row_is_drawn_anew_as_a_received_invoice(desk: Desk, client: Client) -> None:
    document = arrive(desk, pa=False)
    page = client.post(
        f"/entrate/{document.pk}/riga/azione/",
        {"azienda": desk.company.pk, "azione": "INVIA_A_GESTIONALE"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert f'href="/passive/{document.pk}/"' in page and "Invia a gestionale…" in page
    changed = Document.objects.get(pk=document.pk).change_seq
    assert client.get(f"/passive/novita/?righe={document.pk}&dopo={changed}").status_code == 204
    assert client.get(f"/passive/novita/?righe={document.pk}&dopo=0").status_code == 200
