from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from fattorino import clock
from fattorino.config import demo
from fattorino.core.xml import parse
from fattorino.documents.forms.document import write
from fattorino.documents.models import ImportedFile, Invoice, StoredFile
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document, PendingAction
from tests.desk import NOW, Desk, run_jobs
from tests.documents.posted import posted

Seen = Callable[..., str]


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def client(desk: Desk) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id))
    return browser


def stranger(other: Desk) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=other.actor.user_id))
    return browser


# --- the way in


def test_without_sign_in_every_page_leads_to_the_door(desk: Desk) -> None:
    document = desk.save()
    for name, args in [
        ("list", []),
        ("new", []),
        ("import", []),
        ("page", [document.pk]),
        ("export_csv", []),
    ]:
        answer = Client().get(reverse(f"documents:{name}", args=args))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accesso/")


def test_who_belongs_to_no_company_is_told_so(db: None) -> None:
    user = save_user("sola@example.it", demo.PASSWORD, "Sola", {}, now=NOW)
    browser = Client()
    browser.force_login(user)
    answer = browser.get("/entrate/", follow=True)
    assert "Ancora nessuna azienda" in answer.content.decode().replace("&#x27;", "'")


# --- the list


def test_an_empty_list_says_how_to_begin(client: Client) -> None:
    page = client.get("/entrate/").content.decode()
    assert "Qui compariranno i documenti" in page
    assert "Nuovo documento" in page


def test_the_list_shows_state_sums_and_the_company_in_use(client: Client, desk: Desk) -> None:
    desk.save()
    desk.save(desk.draft(tipo_documento="TD04"))
    page = client.get("/entrate/").content.decode()
    assert page.count("Da processare</span>") == 2
    assert "−427,00 €" in page or "-427,00 €" in page
    assert "Azienda in uso:" in page and demo.ORDINE["denominazione"] in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3),
        ("stato=DA_PROCESSARE", 2),
        ("tipo=ricevuta", 1),
        ("cliente=rossi", 2),
        ("numero=1", 2),
        ("testo=aggiornamento", 3),
        ("testo=nessuna+parola+cosi", 0),
        ("dal=2026-11-22", 0),
        ("dal=non+una+data", 3),
        ("al=21/11/2026", 3),
        ("pagina=n2026-11-21.0", 0),
        ("pagina=rotto", 3),
        ("testo=%00", 3),
        ("stato=%F0%9F%92%A9&numero=%25", 0),
    ],
)
def test_the_filters_narrow_the_list(client: Client, desk: Desk, query: str, found: int) -> None:
    desk.save()
    desk.save(desk.pa_draft())
    desk.save(kind="ricevuta", sezionale="R")
    answer = client.get(f"/entrate/?{query}")
    assert answer.status_code == 200
    assert len(re.findall(r'<tr id="row-', answer.content.decode())) == found


def test_only_changed_rows_come_again(client: Client, desk: Desk) -> None:
    first, second = desk.save(), desk.save()
    page = client.get("/entrate/").content.decode()
    address = re.search(r'hx-get="(/entrate/novita/[^"]+)"', page)
    assert address
    poll = address[1].replace("&amp;", "&")
    assert client.get(poll).status_code == 204
    desk.press(second)
    news = client.get(poll).content.decode()
    assert f'id="row-{second.pk}" hx-swap-oob="true"' in news
    assert f'id="row-{first.pk}"' not in news
    assert "Genera XML e invia" in news, "the row says what is under way"
    again = re.search(r'hx-get="(/entrate/novita/[^"]+)"', news)
    assert again and client.get(again[1].replace("&amp;", "&")).status_code == 204


def test_numbers_above_a_thousand_stay_whole_in_addresses(client: Client, desk: Desk) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select setval('workflow_change_seq', 5000), setval(pg_get_serial_sequence(%s, 'id'), 7000)",
                       [Document._meta.db_table])  # fmt: skip
    document = desk.save()
    page = client.get("/entrate/").content.decode()
    assert f'id="row-{document.pk}"' in page
    assert f"dopo={document.change_seq}" in page
    page = client.get(f"/entrate/{document.pk}/").content.decode()
    assert f"dopo={document.change_seq}" in page and f"?da={document.pk}" in page
    assert 'maxlength="1000"' in client.get("/entrate/nuovo/").content.decode()


def test_the_csv_is_what_an_italian_spreadsheet_reads_and_runs_no_formula(client: Client, desk: Desk) -> None:
    party = desk.draft().cessionario
    desk.save(desk.draft(cessionario=type(party)(**{f: getattr(party, f) for f in party.__dataclass_fields__}
                                                 | {"denominazione": "=1+1"})))  # fmt: skip
    answer = client.get("/entrate/esporta.csv")
    text = answer.getvalue().decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Tipo;Numero;Data;Cliente;Totale")
    assert text.splitlines()[1].startswith("Fattura;1;21/11/2026;'=1+1;427,00;EUR;Da processare")
    assert "attachment" in answer["Content-Disposition"]


def test_the_xlsx_is_a_workbook_with_dates_and_amounts(client: Client, desk: Desk) -> None:
    desk.save()
    answer = client.get("/entrate/esporta.xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as book:
        for name in book.namelist():
            parse(book.read(name))
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>427.00</v>" in sheet and "<v>46347</v>" in sheet and "Rossi Costruzioni" in sheet


# --- writing


def test_a_new_document_is_saved_numbered_and_shown(client: Client, desk: Desk) -> None:
    answer = client.post("/entrate/nuovo/", posted(), follow=True)
    page = answer.content.decode()
    assert "Documento 1 salvato." in page
    document = Document.objects.get()
    assert (document.number, document.total_cents, document.state) == ("1", 12200, "DA_PROCESSARE")
    assert "Anteprima" in page and "Genera XML e invia" in page


def test_a_wrong_recipient_is_refused_beside_its_field_and_nothing_is_lost(
    client: Client, desk: Desk
) -> None:
    answer = client.post("/entrate/nuovo/", posted(**{"cessionario-genere": "pa", "codice_ufficio": "ABC12"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'id="err-codice_ufficio"[^>]*>Per una pubblica amministrazione serve', page)
    assert 'value="ABC12"' in page and ">\nCorso</textarea>" in page
    assert not Document.objects.exists()


def test_a_saved_document_comes_back_to_the_form_as_it_was_written(client: Client, desk: Desk) -> None:
    document = desk.save()
    page = client.get(f"/entrate/{document.pk}/modifica/").content.decode()
    assert ">\nCorso di aggiornamento</textarea>" in page and 'value="350,00"' in page
    assert "data-first-error" not in page
    values = write(desk.draft()) | {"versione": "1", "linee-0-prezzo_unitario": "400"}
    client.post(f"/entrate/{document.pk}/modifica/", values)
    document.refresh_from_db()
    assert (document.total_cents, document.number, document.version) == (48800, "1", 2)


def test_the_form_changes_nothing_that_it_does_not_show(client: Client, desk: Desk) -> None:
    party = replace(demo.ROSSI, email="a@b.example", telefono="02123456", cod_eori="IT123456789012345",
                    nazione="DE", cap="00000", provincia=None)  # fmt: skip
    document = desk.save(desk.draft(cessionario=party), source="api")
    saved = Invoice.objects.get().draft
    page = client.get(f"/entrate/{document.pk}/modifica/").content.decode()
    assert re.search(r'name="cessionario-nazione" value="DE"', page), (
        "the country is shown, so that it can be corrected"
    )
    values = write(desk.draft(cessionario=party)) | {"versione": "1"}
    assert client.post(f"/entrate/{document.pk}/modifica/", values).status_code == 302
    assert Invoice.objects.get().draft == saved


def test_a_document_in_another_currency_is_not_edited_or_copied_in_euro(client: Client, desk: Desk) -> None:
    document = desk.save(desk.draft(divisa="USD"), source="api")
    for address in (f"/entrate/{document.pk}/modifica/", f"/entrate/nuovo/?da={document.pk}"):
        answer = client.get(address)
        assert answer.status_code == 409 and "Il documento è in USD" in answer.content.decode()
    values = write(desk.draft()) | {"versione": "1"}
    assert client.post(f"/entrate/{document.pk}/modifica/", values).status_code == 409
    assert Invoice.objects.get().draft["divisa"] == "USD"  # type: ignore[index]
    page = client.get(f"/entrate/{document.pk}/").content.decode()
    assert "Modifica</span>" not in page and "Duplica</span>" not in page and "è in USD" in page


def test_who_saves_over_an_unseen_change_is_told_and_keeps_what_she_wrote(client: Client, desk: Desk) -> None:
    document = desk.save()
    desk.save(desk.draft(causale=("di un altro",)), document_id=document.pk, version=1)
    values = write(desk.draft(causale=("mia",))) | {"versione": "1"}
    answer = client.post(f"/entrate/{document.pk}/modifica/", values)
    assert answer.status_code == 409
    assert "da un altro utente o da un" in answer.content.decode()
    assert "mia</textarea>" in answer.content.decode()
    assert Invoice.objects.get().draft["causale"] == ["di un altro"]  # type: ignore[index]


def test_a_document_being_sent_is_not_edited(client: Client, desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    answer = client.post(f"/entrate/{document.pk}/modifica/", write(desk.draft()) | {"versione": "1"})
    assert answer.status_code == 409
    assert "in corso di invio" in answer.content.decode()


def test_rows_can_be_added_and_removed_without_script(client: Client, desk: Desk) -> None:
    page = client.post("/entrate/nuovo/", {**posted(), "righe": "aggiungi:linee"}).content.decode()
    assert 'name="linee-1-descrizione"' in page and ">\nCorso</textarea>" in page
    page = client.post("/entrate/nuovo/", {**posted(), "righe": "togli:linee-0"}).content.decode()
    assert 'name="linee-0-descrizione"' not in page
    assert not Document.objects.exists()


def test_live_totals_are_those_of_the_core(client: Client) -> None:
    values = posted(
        **{"linee-0-quantita": "3", "linee-0-prezzo_unitario": "1.234,56", "linee-0-sconti": "10+5"}
    )
    page = client.post("/entrate/totali/", values, headers={"HX-Request": "true"}).content.decode()
    assert "3.166,65 €" in page and "3.863,31 €" in page
    holder = re.search(r'data-judgement="([^"]+)"', page)
    assert holder
    judgement = json.loads(holder[1].replace("&quot;", '"').replace("&#x27;", "'"))
    assert judgement["amounts"] == {"linee-0": "3.166,6464 €"}
    assert judgement["errors"] == {}


def test_the_new_form_begins_with_the_companys_account(client: Client, desk: Desk) -> None:
    desk.company.default_iban = demo.IBAN
    desk.company.save()
    assert demo.IBAN in client.get("/entrate/nuovo/").content.decode()


def test_a_duplicate_begins_with_the_content_and_todays_date(client: Client, desk: Desk) -> None:
    document = desk.save()
    page = client.get(f"/entrate/nuovo/?da={document.pk}").content.decode()
    assert ">\nCorso di aggiornamento</textarea>" in page and 'value="2026-11-21"' in page


def test_known_counterparts_are_found_and_bring_all_their_fields(client: Client, desk: Desk) -> None:
    desk.save()
    assert client.get("/entrate/controparti/?q=r").content.decode().strip() == ""
    page = client.get("/entrate/controparti/?q=rossi").content.decode()
    values = json.loads(
        re.search(r'data-fill="([^"]+)"', page)[1].replace("&quot;", '"').replace("&#x27;", "'")
    )  # type: ignore[index]
    assert values["cessionario-genere"] == "privato"
    assert values["codice_destinatario"] == "M5UXCR1" and values["codice_ufficio"] == ""
    assert "Nessuno con questo nome" in client.get("/entrate/controparti/?q=zzz").content.decode()


def test_an_attachment_is_kept_at_once_and_goes_with_the_document(client: Client, desk: Desk) -> None:
    file = SimpleUploadedFile("relazione.pdf", b"%PDF-1.7 prova")
    row = client.post("/entrate/allegati/", {"allegati_file": file, "da": "0"}).content.decode()
    sha = re.search(r'name="allegati-0-sha256" value="([0-9a-f]{64})"', row)
    assert sha and StoredFile.objects.filter(sha256=sha[1]).exists()
    fields = {"allegati-0-nome": "relazione.pdf", "allegati-0-formato": "PDF", "allegati-0-sha256": sha[1]}
    client.post("/entrate/nuovo/", {**posted(), **fields})
    assert Invoice.objects.get().draft["allegati"][0]["sha256"] == sha[1]  # type: ignore[index]


def test_attachments_too_large_for_sdi_are_refused_before_saving(client: Client) -> None:
    file = SimpleUploadedFile("grande.bin", b"x" * 3_600_000)
    answer = client.post("/entrate/allegati/", {"allegati_file": file}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "troppo grandi" in json.loads(answer["HX-Trigger"])["notice"]["message"]


# --- the document's page


def test_the_button_answers_at_once_and_pressing_twice_tells_so(client: Client, desk: Desk) -> None:
    document = desk.save()
    press = {"azione": "GENERA_XML_INVIA_HUB"}
    page = client.post(f"/entrate/{document.pk}/azione/", press, follow=True).content.decode()
    assert "in corso dal" in page
    assert PendingAction.objects.filter(document=document).count() == 1
    answer = client.post(
        f"/entrate/{document.pk}/azione/", press, headers={"Referer": "http://testserver/entrate/"}
    )
    assert answer.status_code == 302
    assert PendingAction.objects.filter(document=document).count() == 1
    assert "ft-notice-error" in client.get("/entrate/").content.decode()


def test_a_button_of_a_state_that_is_gone_does_nothing(client: Client, desk: Desk) -> None:
    document = desk.save()
    answer = client.post(f"/entrate/{document.pk}/azione/", {"azione": "FIRMA"})
    assert answer.status_code == 409
    assert not PendingAction.objects.filter(document=document).exists()


def test_the_page_brings_news_only_when_there_are_some(client: Client, desk: Desk) -> None:
    document = desk.save()
    assert client.get(f"/entrate/{document.pk}/novita/?dopo={document.change_seq}").status_code == 204
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    news = client.get(f"/entrate/{document.pk}/novita/?dopo={document.change_seq}").content.decode()
    assert "XML generato" in news and 'id="copy"' in news
    # Told aloud from an element that was there before, and stays.
    told = re.search(r'<p id="live-told" hx-swap-oob="innerHTML">(.*?)</p>', news, re.DOTALL)
    assert told and "In elaborazione" in told[1]
    assert 'id="live-told"' in client.get(f"/entrate/{document.pk}/").content.decode()
    document.refresh_from_db()
    assert client.get(f"/entrate/{document.pk}/novita/?dopo={document.change_seq}").status_code == 204


def test_files_are_handed_out_as_they_are_and_never_as_a_page(client: Client, desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    page = client.get(f"/entrate/{document.pk}/").content.decode()
    link = re.search(rf'href="(/entrate/{document.pk}/file/\d+/)"', page)
    assert link
    answer = client.get(link[1])
    assert parse(answer.content).tag.endswith("FatturaElettronica")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_the_copy_is_a_pdf_before_and_after_sending(client: Client, desk: Desk) -> None:
    document = desk.save()
    assert client.get(f"/entrate/{document.pk}/copia.pdf").content.startswith(b"%PDF-")
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    answer = client.get(f"/entrate/{document.pk}/copia.pdf")
    assert answer.content.startswith(b"%PDF-") and answer["Content-Type"] == "application/pdf"


def test_a_ricevuta_is_printed_never_sent_and_the_page_says_why(client: Client, desk: Desk) -> None:
    answer = client.post(
        "/entrate/nuovo/", posted(tipo_documento="ricevuta", sezionale_ricevute="R"), follow=True
    )
    page = answer.content.decode()
    document = Document.objects.get()
    assert document.number == "1/R"
    assert "Perché questa ricevuta non parte" in page
    assert "Genera XML" not in page and "Cambia stato" not in page
    assert client.get(f"/entrate/{document.pk}/copia.pdf").content.startswith(b"%PDF-")
    assert "Non si invia" in client.get("/entrate/").content.decode()


def test_the_state_is_changed_by_hand_where_the_company_allows_it(client: Client, desk: Desk) -> None:
    document = desk.save()
    page = client.get(f"/entrate/{document.pk}/").content.decode()
    assert "Cambia stato" in page and '<option value="ANNULLATO">' in page
    client.post(f"/entrate/{document.pk}/stato/", {"stato": "ANNULLATO", "motivo": "doppia"})
    assert desk.state(document) == "ANNULLATO"
    assert "doppia" in client.get(f"/entrate/{document.pk}/").content.decode()


@pytest.mark.parametrize("target", ["", "CONSEGNATO", "BOH"])
def test_a_state_that_is_not_offered_is_refused(client: Client, desk: Desk, target: str) -> None:
    document = desk.save()
    assert client.post(f"/entrate/{document.pk}/stato/", {"stato": target}).status_code in (409, 422)
    assert desk.state(document) == "DA_PROCESSARE"


def test_a_reader_sees_but_finds_no_button_and_no_form(desk: Desk) -> None:
    document = desk.save()
    user = save_user("legge@ordine.example", demo.PASSWORD, "Chi Legge", {desk.company.pk: "reader"}, now=NOW)
    browser = Client()
    browser.force_login(user)
    page = browser.get(f"/entrate/{document.pk}/").content.decode()
    assert "Genera XML e invia" not in page and "Modifica</span>" not in page and "Cambia stato" not in page
    assert browser.get("/entrate/nuovo/").status_code == 409
    assert browser.post("/entrate/nuovo/", posted()).status_code in (409, 422)
    assert (
        browser.post("/entrate/importa/", {"files": SimpleUploadedFile("a.xml", b"<a/>")}).status_code == 409
    )
    assert Document.objects.count() == 1


def test_a_scarto_is_explained_and_leads_to_the_field(client: Client, desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    finding = {"code": "00311", "severity": "error", "path": "", "message": "Codice non valido", "hint": ""}
    PendingAction.objects.filter(document=document).update(finished_at=NOW)
    hub = workflow.system_actor(desk.company.pk)
    for status in ("SDI_PRESO_IN_CARICO", "NS"):
        workflow.report_status(
            document.pk, status, hub, now=NOW, detail=[finding] if status == "NS" else None
        )
    page = client.get(f"/entrate/{document.pk}/").content.decode()
    assert "C'è una cosa da correggere" in page and "00311" in page
    link = re.search(r'href="(/entrate/\d+/modifica/\?campo=codice_destinatario)"', page)
    assert link
    page = client.get(link[1]).content.decode()
    assert re.search(r'id="err-codice_destinatario"[^>]*data-level="warning"[^>]*>00311', page)
    assert 'data-goto="codice_destinatario"' in page


# --- import


def test_each_imported_file_has_its_outcome_and_stays_listed(client: Client, desk: Desk) -> None:
    files = [SimpleUploadedFile("vuoto.xml", b""), SimpleUploadedFile("prova.xml", b"<!DOCTYPE a><a/>")]
    page = client.post("/entrate/importa/", {"files": files}, follow=True).content.decode()
    assert page.count("In lettura…") == 2 and 'hx-get="/entrate/importa/"' in page
    run_jobs()
    fragment = client.get("/entrate/importa/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "In lettura" not in fragment and "hx-get" not in fragment
    assert fragment.count("Rifiutato") == 2 and "vuoto" in fragment
    detail = client.get(f"/entrate/importa/{ImportedFile.objects.order_by('pk')[0].pk}/").content.decode()
    assert "SHA-256" in detail


def test_importing_nothing_says_what_to_do(client: Client) -> None:
    answer = client.post("/entrate/importa/", {}, headers={"Referer": "http://testserver/entrate/importa/"})
    assert answer.status_code == 302
    assert "Nessun file scelto" in client.get("/entrate/importa/").content.decode()


def test_the_import_page_says_that_it_is_empty(client: Client) -> None:
    assert "Nessuna importazione" in client.get("/entrate/importa/").content.decode()


# --- walls


def test_nothing_of_a_company_is_there_for_another(desk: Desk, other_desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    row = ImportedFile.objects.create(company=desk.company, name="a", size=1, sha256="0" * 64, created_at=NOW)
    file = document.files.first()
    browser = stranger(other_desk)
    assert "row-" not in browser.get("/entrate/").content.decode()
    for address in (
        f"/entrate/{document.pk}/",
        f"/entrate/{document.pk}/modifica/",
        f"/entrate/{document.pk}/copia.pdf",
        f"/entrate/{document.pk}/file/{file.pk}/",
        f"/entrate/importa/{row.pk}/",
    ):
        assert browser.get(address).status_code == 404, address
    for address in (f"/entrate/{document.pk}/azione/", f"/entrate/{document.pk}/stato/"):
        assert (
            browser.post(address, {"azione": "GENERA_XML_INVIA_HUB", "stato": "ANNULLATO"}).status_code == 404
        )
    assert browser.get(f"/entrate/{document.pk}/novita/?dopo=0").status_code == 204
    assert browser.get(f"/entrate/novita/?dopo=0&righe={document.pk}").status_code == 204
    assert "Rossi" not in browser.get("/entrate/controparti/?q=rossi").content.decode()
    assert browser.get(f"/entrate/nuovo/?da={document.pk}").status_code == 409
    assert "Rossi" not in browser.get("/entrate/esporta.csv").getvalue().decode()


def test_the_company_is_switched_only_to_one_of_ones_own(
    client: Client, desk: Desk, other_desk: Desk
) -> None:
    assert client.post("/azienda/", {"company": other_desk.company.pk}).status_code == 404
    assert client.post("/azienda/", {"company": "x"}).status_code == 404
    email = User.objects.get(pk=desk.actor.user_id).email
    with company_scope(other_desk.company.pk):
        save_user(email, None, "Laura Conti", {other_desk.company.pk: "reader"}, now=NOW)
    page = client.post("/azienda/", {"company": other_desk.company.pk}, follow=True).content.decode()
    assert f"Ora lavori per {other_desk.company.name}" in page
