"""The integration of a received invoice: TD16-TD19 prefilled, supplier and company in their places, linked once."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import Client

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import Draft, Line, Party
from fattorino.core.fatturapa.draft_check import check_draft
from fattorino.core.workflow.definition import Action
from fattorino.documents import files, preview, queries
from fattorino.documents.models import Invoice
from fattorino.documents.passive import integration
from fattorino.organisations.models import Company, User
from fattorino.organisations.queries import get_company
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document
from tests.desk import NOW, TODAY, Desk, run_jobs
from tests.documents.passive.arrived import arrive, passive
from tests.documents.received import OFFICE, SUPPLIER, bring, invoice
from tests.sentences.office import publish

REVERSE = Line("Pulizia uffici", Decimal(1), None, Decimal("200.00"), aliquota_iva=Decimal(0), natura="N6.7")


@pytest.fixture
def client(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


def reverse_charge(desk: Desk) -> Document:
    line = replace(REVERSE, riferimento_normativo="Art. 17, c. 6, DPR 633/72")
    return arrive(desk, pa=False, linee=(line,))


def fields(page: str) -> dict[str, str]:
    """What the form would send, as it stands."""
    typed = re.sub(r'<input type="(?:checkbox|radio)"[^>]*>', "", page)
    sent = dict(re.findall(r'<input[^>]*name="([\w-]+)"[^>]*value="([^"]*)"', typed))
    for name, inside in re.findall(r'<select[^>]*name="([\w-]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        if chosen:
            sent[name] = chosen[1]
    for name, inside in re.findall(
        r'<textarea[^>]*name="([\w-]+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL
    ):
        sent[name] = inside
    for name, value in re.findall(r'type="radio"[^>]*name="([\w-]+)" value="([\w-]*)" checked', page):
        sent[name] = value
    return {k: v for k, v in sent.items() if k not in ("righe", "q", "dopo")}


def test_a_domestic_reverse_charge_is_integrated_by_td16(desk: Desk) -> None:
    document = reverse_charge(desk)
    offered = integration.offer(desk.actor, document.pk)
    assert (offered.kinds, offered.needed) == (("TD16",), True)
    draft = integration.prepare(desk.actor, document.pk, "TD16")
    assert draft.cedente is not None and draft.cedente.id_codice == SUPPLIER.id_codice
    assert draft.cessionario.id_codice == desk.company.party["id_codice"]
    assert [(line.aliquota_iva, line.natura) for line in draft.linee] == [(Decimal(22), None)]
    reference = draft.riferimenti[0]
    assert (reference.kind, reference.id_documento) == (
        "DatiFattureCollegate",
        passive(document).identificativo_sdi,
    )


def warned(draft: Draft, desk: Desk) -> list[str]:
    found = check_draft(draft, cedente=files.cedente_of(desk.company), on=TODAY)
    return [one.code for one in found if one.code == "00399"]


def test_the_integration_of_a_public_body_goes_to_the_office_that_received_the_invoice(desk: Desk) -> None:
    document = arrive(desk, linee=(replace(REVERSE, riferimento_normativo="Art. 17, c. 6, DPR 633/72"),))
    draft = integration.prepare(desk.actor, document.pk, "TD16")
    assert draft.codice_destinatario == OFFICE
    assert warned(draft, desk) == []
    # In the format for privates SdI would refuse it, for the cessionario is in IPA: no TipoDocumento is excepted.
    assert warned(replace(draft, codice_destinatario=""), desk) == ["00399"]


@pytest.mark.parametrize(
    ("codes", "office"),
    [([], ""), (["ABCDE12"], ""), (["ABCDE12", OFFICE], OFFICE), ([OFFICE, "UFABC2"], "")],
)
def test_for_an_invoice_in_the_format_for_privates_the_companys_only_office_is_meant(
    desk: Desk, codes: list[str], office: str
) -> None:
    document = reverse_charge(desk)
    Company.objects.filter(pk=desk.company.pk).update(recipient_codes=codes)
    assert integration.prepare(desk.actor, document.pk, "TD16").codice_destinatario == office


def test_a_supplier_abroad_has_no_regime_and_its_own_kinds(desk: Desk) -> None:
    german = replace(
        SUPPLIER,
        id_paese="DE",
        id_codice="123456789",
        cap="00000",
        provincia=None,
        nazione="DE",
        comune="Berlin",
    )
    document = arrive(desk, pa=False, seller=german, linee=(replace(REVERSE, natura="N2.1"),))
    assert integration.offer(desk.actor, document.pk).kinds == ("TD17", "TD18", "TD19")
    draft = integration.prepare(desk.actor, document.pk, "TD17")
    assert draft.cedente is not None and draft.cedente.regime_fiscale == "RF18"


def test_an_invoice_with_its_own_vat_needs_none(desk: Desk) -> None:
    assert not integration.offer(desk.actor, arrive(desk, pa=False).pk).needed


def abroad(country: str) -> Party:
    return replace(
        SUPPLIER,
        id_paese=country,
        id_codice="123456789",
        denominazione="Supplies Ltd",
        nazione=country,
        provincia=None,
    )


@pytest.mark.parametrize(
    ("country", "day", "why"),
    [
        ("DE", "15/12/2026", "dopo l'arrivo della fattura"),
        ("US", "15/11/2026", "dopo l'operazione"),
    ],
)
def test_the_page_says_until_when_the_integration_is_due(
    desk: Desk, client: Client, country: str, day: str, why: str
) -> None:
    line = replace(REVERSE, natura="N2.1", riferimento_normativo="Art. 7-ter, DPR 633/72")
    content = invoice(desk, seller=abroad(country), linee=(line,)).replace(
        b"<Data>2026-11-", b"<Data>2026-10-"
    )
    bring(content)
    run_jobs()
    document = Document.objects.get(dashboard="PS")
    for path in ("", "integra/"):
        page = html.unescape(client.get(f"/passive/{document.pk}/{path}").content.decode())
        assert f"<strong>{day}</strong>" in page and why in page
        assert ("andava inviata" in page) == (country == "US")


def test_a_domestic_reverse_charge_has_no_term_with_sdi(desk: Desk, client: Client) -> None:
    page = client.get(f"/passive/{reverse_charge(desk).pk}/").content.decode()
    assert "integrazione TD16" in page and "entro il <strong>" not in page


def test_of_a_lotto_only_the_document_in_reverse_charge_is_to_be_integrated(desk: Desk) -> None:
    line = replace(REVERSE, riferimento_normativo="Art. 17, c. 6, DPR 633/72")
    plain, reverse = invoice(desk, "77"), invoice(desk, "78", linee=(line,))
    start, end = b"<FatturaElettronicaBody", b"</FatturaElettronicaBody>"
    body = reverse[reverse.index(start) : reverse.index(end)] + end
    bring(plain.replace(end, end + body))
    run_jobs()
    needed = {
        d.number: integration.offer(desk.actor, d.pk).needed for d in Document.objects.filter(dashboard="PS")
    }
    assert needed == {"77": False, "78": True}


def test_a_cancelled_integration_may_be_prepared_anew(desk: Desk, client: Client) -> None:
    document = reverse_charge(desk)
    for _ in range(2):
        page = client.get(f"/entrate/nuovo/?integra={document.pk}&tipo=TD16").content.decode()
        answer = client.post("/entrate/nuovo/", fields(page) | {"azienda": str(desk.company.pk)})
        assert answer.status_code == 302
        own = passive(document).integration_id
        assert own is not None
        workflow.choose_state(own, "ANNULLATO", desk.actor, now=NOW)
    assert Invoice.objects.filter(document__state="ANNULLATO").count() == 2
    publish(desk, RICEVUTO={"passive": {"action": str(Action.INTEGRATE)}})
    desk.press(document)
    run_jobs()
    assert desk.state(document) == "RICEVUTO"


def test_the_form_opens_filled_in_and_makes_one_linked_document(desk: Desk, client: Client) -> None:
    publish(desk, RICEVUTO={"passive": {"action": "INTEGRA"}})
    document = reverse_charge(desk)
    assert "Apri il modulo" in client.get(f"/passive/{document.pk}/integra/").content.decode()
    page = client.get(f"/entrate/nuovo/?integra={document.pk}&tipo=TD16").content.decode()
    assert "cedente resta <strong>Cartoleria Bianchi" in page
    sent = fields(page) | {"azienda": str(desk.company.pk)}
    answer = client.post("/entrate/nuovo/", sent)
    assert answer.status_code == 302, re.findall(r'ft-field-error"[^>]*>([^<]+)<', answer.content.decode())
    own = Document.objects.get(pk=passive(document).integration_id)
    made = Invoice.objects.get(document=own)
    assert (made.tipo_documento, made.seller, own.counterpart_name) == (
        "TD16",
        f"IT{SUPPLIER.id_codice}",
        SUPPLIER.denominazione,
    )
    assert (own.taxable_cents, own.tax_cents) == (20000, 4400)
    run_jobs(skip=frozenset({"hub.turn", "hub.transmit"}))
    assert desk.state(document) == "DA_CONTABILIZZARE"
    with pytest.raises(RefusedError, match="c'è già"):
        integration.prepare(desk.actor, document.pk, "TD16")
    shown = client.get(f"/passive/{document.pk}/").content.decode()
    assert f'href="/entrate/{own.pk}/"' in shown


def test_what_is_sent_names_the_supplier_as_cedente(desk: Desk, client: Client) -> None:
    document = reverse_charge(desk)
    page = client.get(f"/entrate/nuovo/?integra={document.pk}&tipo=TD16").content.decode()
    client.post("/entrate/nuovo/", fields(page) | {"azienda": str(desk.company.pk)})
    own = passive(document).integration_id
    assert own is not None
    company = get_company(desk.company.pk)
    source = files.xml_sources([own], company)[0]
    xml = files.make_xml(source, {}, ("IT", "02100450127"), "00001").decode()
    seller = xml.split("<CedentePrestatore>")[1].split("</CedentePrestatore>")[0]
    buyer = xml.split("<CessionarioCommittente>")[1].split("</CessionarioCommittente>")[0]
    assert SUPPLIER.id_codice in seller and desk.company.party["id_codice"] in buyer
    view = queries.get_document(desk.actor, own)
    assert "Cartoleria Bianchi" in preview.preview(view, company, desk.actor).html


def test_the_totals_of_the_open_form_know_the_supplier(desk: Desk, client: Client) -> None:
    document = reverse_charge(desk)
    sent = fields(client.get(f"/entrate/nuovo/?integra={document.pk}&tipo=TD16").content.decode())
    assert "00471" not in client.post("/entrate/totali/", sent).content.decode()


def test_an_integration_is_not_duplicated(desk: Desk, client: Client) -> None:
    document = reverse_charge(desk)
    page = client.get(f"/entrate/nuovo/?integra={document.pk}&tipo=TD16").content.decode()
    client.post("/entrate/nuovo/", fields(page) | {"azienda": str(desk.company.pk)})
    answer = client.get(f"/entrate/nuovo/?da={passive(document).integration_id}")
    assert answer.status_code in (409, 422) and "non si duplica" in answer.content.decode()


def test_without_an_integration_the_action_of_the_state_fails_and_says_why(desk: Desk) -> None:
    publish(desk, RICEVUTO={"passive": {"action": str(Action.INTEGRATE)}})
    document = reverse_charge(desk)
    desk.press(document)
    run_jobs()
    assert desk.state(document) == "RICEVUTO"
