"""Who reads English finds no Italian on the pages of documents, but for what the company or others have written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines
from django.test import Client
from django.utils import translation

from fattorino import clock
from fattorino.config import demo
from fattorino.core.fatturapa.build import build
from fattorino.core.texts import say
from fattorino.documents import numbering
from fattorino.documents.files import cedente_of
from fattorino.documents.models import ImportedFile
from fattorino.documents.readable import render_html, render_pdf
from fattorino.organisations.flows import choose_language
from fattorino.organisations.models import User
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document, PendingAction, StateLook
from tests.desk import NOW, Desk, run_jobs
from tests.documents.posted import posted
from tests.documents.test_importing import xml_of
from tests.language_scan import SMALL_WORDS
from tests.page_texts import pieces

SENT = frozenset({"hub.turn"})
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def client(desk: Desk) -> Client:
    choose_language(desk.actor.user_id, "en", now=NOW)
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id))
    return browser


def sent(desk: Desk) -> Document:
    document = desk.save()
    desk.press(document)
    run_jobs(skip=SENT)
    return document


def rejected(desk: Desk) -> Document:
    document = sent(desk)
    finding = {"code": "00311", "severity": "error", "path": "", "message": "Codice non valido", "hint": ""}
    PendingAction.objects.filter(document=document).update(finished_at=NOW)
    hub = workflow.system_actor(desk.company.pk)
    for status, detail in (("SDI_PRESO_IN_CARICO", None), ("NS", [finding])):
        workflow.report_status(document.pk, status, hub, now=NOW, detail=detail)
    return document


def written_by_people() -> Iterator[str]:
    """The company's own words: they are shown as they were written."""
    for look in StateLook.objects.all():
        yield from (look.label, look.gadget_label, look.tooltip, look.tab)
    yield from (demo.ORDINE["denominazione"], demo.ROSSI.denominazione or "", demo.COMUNE.denominazione or "")
    yield "Corso di aggiornamento"


def italian_in(page: str) -> list[str]:
    """What a page says in Italian without marking it as Italian."""
    own = sorted(filter(None, written_by_people()), key=len, reverse=True)
    found = []
    for piece in pieces(page):
        rest = piece.text
        for word in own:
            rest = rest.replace(word, " ")
        if piece.language != "it" and SMALL_WORDS.search(rest):
            found.append(piece.text)
    return found


def text(client: Client, address: str, **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200, answer
    return answer.content.decode()


@pytest.mark.parametrize(
    "address",
    ["", "?dashboard=privati", "?dashboard=privati&stato=DA_PROCESSARE", "?testo=nulla", "?dashboard=lipe"],
)
def test_the_list_is_english(desk: Desk, client: Client, address: str) -> None:
    sent(desk)
    desk.save(desk.pa_draft())
    desk.save(kind="ricevuta", sezionale="R")
    page = text(client, f"/entrate/{address}")
    assert '<html lang="en"' in page and italian_in(page) == []


def test_an_empty_list_is_english(desk: Desk, client: Client) -> None:
    page = text(client, "/entrate/")
    assert "Documents will appear here" in page and italian_in(page) == []


def test_a_refused_filter_is_told_in_english(desk: Desk, client: Client) -> None:
    page = text(client, "/entrate/?dal=2026-12-31&al=2026-01-01&numero=9")
    assert "The period ends before it begins." in page and italian_in(page) == []
    assert "“xx” is not a date" in text(client, "/entrate/?dal=xx")


def test_the_form_of_a_new_document_is_english(desk: Desk, client: Client) -> None:
    page = text(client, "/entrate/nuovo/")
    assert "Invoices and credit notes" in page and italian_in(page) == []


def test_the_form_of_a_saved_document_is_english(desk: Desk, client: Client) -> None:
    for document in (desk.save(), desk.save(desk.pa_draft()), desk.save(kind="ricevuta", sezionale="R")):
        page = text(client, f"/entrate/{document.pk}/modifica/")
        assert f" {document.number}</h1>" in page and "<h1>Edit " in page and italian_in(page) == []


def test_what_a_form_refuses_is_told_in_english_beside_its_field(desk: Desk, client: Client) -> None:
    wrong = posted(
        data="31/02/2026",
        cessionario__denominazione="",
        cessionario__cap="",
        codice_destinatario="ABC123",
        linee__0__prezzo_unitario="1.234",
        linee__0__sconti="dieci",
        riferimenti__0__codice_cig="Z1",
        riferimenti__0__riferimento_numero_linea="prima",
    )
    answer = client.post("/entrate/nuovo/", wrong)
    page = answer.content.decode()
    assert answer.status_code == 422 and italian_in(page) == []
    for message in (
        "“31/02/2026” is not a date",
        "The postcode (CAP) is missing.",
        "A code of 6 characters belongs to a public office",
        "“1.234” can be read in two ways: write 1234 or 1,234.",
        "Discount “dieci”: “dieci” is not a number",
        "“prima”: write the numbers of the lines",
    ):
        assert message in page


def test_the_live_totals_and_their_remarks_are_english(desk: Desk, client: Client) -> None:
    asked = posted(esigibilita_iva="S", data="2027-01-02", cessionario__comune="")
    page = client.post("/entrate/totali/", asked).content.decode()
    assert "Taxable at 22%" in page and "VAT 22% (split)" in page and "The town is missing." in page
    assert italian_in(page) == []


def test_the_page_of_a_sent_document_is_english_but_for_its_copy(desk: Desk, client: Client) -> None:
    page = text(client, f"/entrate/{sent(desk).pk}/")
    for told in ("Document entered.", "“Generate XML and send” started.", "XML generated: IT02100450127_"):
        assert told in page
    assert '<span lang="it">' not in page and italian_in(page) == []
    assert '<article class="readable" lang="it">' in page and "Copia di cortesia" in page


def test_a_rejection_is_explained_in_english_and_sdi_s_words_are_marked_as_italian(
    desk: Desk, client: Client
) -> None:
    document = rejected(desk)
    for address in (f"/entrate/{document.pk}/", f"/entrate/{document.pk}/modifica/"):
        page = text(client, address)
        assert '<span lang="it">Codice non valido</span>' in page and italian_in(page) == []


def test_who_moved_a_document_is_named_in_english_where_it_is_no_person(desk: Desk, client: Client) -> None:
    document = sent(desk)
    PendingAction.objects.filter(document=document).update(finished_at=NOW)
    sdi = workflow.system_actor(desk.company.pk, "sdi")
    workflow.report_status(document.pk, "SDI_PRESO_IN_CARICO", sdi, now=NOW)
    page = text(client, f"/entrate/{document.pk}/")
    assert "· Sistema di Interscambio" not in page and "· Laura Conti" in page


def test_the_page_of_a_receipt_says_in_english_why_it_is_not_sent(desk: Desk, client: Client) -> None:
    page = text(client, f"/entrate/{desk.save(kind='ricevuta', sezionale='R').pk}/")
    assert "Why this receipt is not sent" in page and italian_in(page) == []


def test_dialogs_and_notices_of_the_list_are_english(desk: Desk, client: Client) -> None:
    document = desk.save()
    for name in ("storia", "stato"):
        page = text(client, f"/entrate/{document.pk}/riga/{name}/", headers=HTMX)
        assert italian_in(page) == []
    answer = client.post(f"/entrate/{document.pk}/riga/stato/", {}, headers=HTMX)
    assert "Choose the state to assign." in answer.content.decode()
    assert italian_in(answer.content.decode()) == []


def test_the_page_of_imports_and_its_outcomes_are_english(desk: Desk, client: Client) -> None:
    assert italian_in(text(client, "/entrate/importa/")) == []
    files = [SimpleUploadedFile("vuoto.xml", b""), SimpleUploadedFile("90.xml", xml_of(desk))]
    page = client.post("/entrate/importa/", {"files": files}, follow=True).content.decode()
    assert "2 files received" in page and italian_in(page) == []
    run_jobs()
    page = text(client, "/entrate/importa/")
    # The sentences were stored in Italian: they are recognised by their patterns.
    assert "The file is empty." in page and "Document 90 of 21/11/2026 imported." in page
    assert italian_in(page) == []
    for row in ImportedFile.objects.all():
        assert italian_in(text(client, f"/entrate/importa/{row.pk}/")) == []


def test_the_choice_of_many_documents_is_english(desk: Desk, client: Client) -> None:
    desk.save()
    desk.save(kind="ricevuta", sezionale="R")
    page = text(client, "/entrate/invio-massivo/?cosa=tutti")
    assert "What cannot be sent, and why" in page and italian_in(page) == []
    empty = client.post("/entrate/invio-massivo/", {"cosa": "tutti", "gruppo": "PR.DA_PROCESSARE"})
    assert (
        "Choose the state to assign." in empty.content.decode() and italian_in(empty.content.decode()) == []
    )


def test_an_export_is_italian_whoever_asks_for_it(desk: Desk, client: Client) -> None:
    desk.save()
    answer = client.get("/entrate/esporta.csv")
    head, row = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert head.startswith("Tipo;Numero;Data;Cliente;Totale;") and row.startswith("Fattura;")


def test_the_readable_copy_is_italian_whoever_looks_at_it(desk: Desk) -> None:
    fattura = build(
        desk.draft(numero="1"),
        cedente=cedente_of(desk.company),
        trasmittente=("IT", "02100450127"),
        progressivo_invio="00000",
    )
    drawn = []
    for language in ("it", "en"):
        with translation.override(language):
            drawn.append((render_html(fattura), render_pdf(fattura, created=NOW)))
    assert drawn[0] == drawn[1]
    assert "Copia di cortesia" in drawn[0][0]


def test_a_numbering_series_of_the_company_s_own_keeps_its_name(desk: Desk, client: Client) -> None:
    numbering.add_sezionale(desk.company.pk, "C", "Corsi per iscritti")
    page = text(client, "/entrate/nuovo/")
    assert "C – Corsi per iscritti" in page and "R – Receipts" in page


def test_a_recorded_sentence_of_ours_is_said_again_and_another_is_marked() -> None:
    shown = engines["django"].from_string("{% load fattorino %}{{ text|recorded }}|{{ text|recorded:9 }}")
    with translation.override("en"):
        assert shown.render({"text": "Documento inserito."}) == "Document entered.|Document…"
        assert shown.render({"text": "XML generato: a&b.xml"}) == "XML generated: a&amp;b.xml|XML gene…"
        assert shown.render({"text": "Scritto da <me>"}) == (
            '<span lang="it">Scritto da &lt;me&gt;</span>|<span lang="it">Scritto …</span>'
        )
        assert shown.render({"text": say("Il file supera i {limit} MB.", limit=20)}).startswith(
            "The file is larger than 20 MB.|"
        )
        assert shown.render({"text": None}) == "|"
    assert shown.render({"text": "Documento inserito."}) == "Documento inserito.|Document…"
