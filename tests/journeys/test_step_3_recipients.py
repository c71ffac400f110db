"""Issue step 3: every kind of recipient, and what is wrong told beside the field before anything is saved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from fattorino.config import demo
from fattorino.core.fatturapa.draft import Party
from tests.journeys.conftest import Picture, Watch
from tests.journeys.pages import (
    choose_kind_of_recipient,
    fact,
    field,
    fill,
    new_invoice,
    party_fields,
    save,
    told_beside,
)

PEC = "rossi.costruzioni@pec.example"
ABROAD = {"cessionario-nazione": "DE", "cessionario-id_paese": "DE"}
# Another than the demo's, whose documents another journey counts.
SCHULZE = replace(demo.WEBER, denominazione="Schulze Planung GmbH", id_codice="136695976")


@pytest.mark.parametrize(
    ("kind", "party", "address", "destination"),
    [
        ("pa", demo.COMUNE, {"codice_ufficio": "abc123"}, "ABC123"),
        ("privato", demo.ROSSI, {"codice_destinatario": "M5UXCR1"}, "M5UXCR1"),
        ("privato", demo.ROSSI, {"pec_destinatario": PEC}, f"0000000 · {PEC}"),
        ("privato", demo.MARIO, {}, "0000000"),
        ("estero", SCHULZE, ABROAD, "XXXXXXX"),
    ],
    ids=["pa", "seven-characters", "pec", "nothing", "foreign"],
)
def test_step_3_each_kind_of_recipient_gets_its_address(
    page: Page, kind: str, party: Party, address: dict[str, str], destination: str
) -> None:
    new_invoice(page, kind, party, address)
    save(page)
    expect(fact(page, "Destinazione")).to_have_text(destination)
    expect(page.get_by_role("button", name="Genera XML e invia")).to_be_visible()


def test_step_3_each_wrong_combination_is_refused_beside_its_field_before_saving(
    page: Page, watch: Watch, picture: Picture
) -> None:
    watch.expected.add(422)
    page.goto("/entrate/nuovo/")
    fill(page, {"linee-0-descrizione": "Corso", "linee-0-prezzo_unitario": "100,00"})

    choose_kind_of_recipient(page, "pa")
    fill(page, party_fields(demo.COMUNE))
    refused(page, "codice_ufficio", "M5UXCR1", "6 caratteri (ne ha 7)")
    page.locator("#h-recipient").evaluate("heading => heading.scrollIntoView()")
    picture(page, "04-destinatario")
    fill(page, {"codice_ufficio": "ABC123"})
    expect(told_beside(page, "codice_ufficio")).to_be_empty()

    choose_kind_of_recipient(page, "privato")
    # A name alone proves nothing: a remark, no refusal.
    remark = told_beside(page, "codice_destinatario")
    expect(remark).to_contain_text("sembra una pubblica amministrazione")
    expect(remark).to_have_attribute("data-level", "warning")
    fill(page, {**party_fields(demo.ROSSI), "cessionario-codice_fiscale": ""})
    refused(page, "codice_destinatario", "ABC123", "scegliere «Pubblica amministrazione»")
    picture(page, "03-codice-destinatario")
    refused(page, "codice_destinatario", "XXXXXXX", "solo per i clienti esteri")
    refused(page, "codice_destinatario", "2R4GTO8", "San Marino")
    fill(page, {"codice_destinatario": "M5UXCR1"})
    expect(told_beside(page, "codice_destinatario")).to_be_empty()
    refused(page, "pec_destinatario", "non una pec", "PEC")
    fill(page, {"pec_destinatario": ""})
    fill(page, {"cessionario-id_codice": "01122334450"})
    expect(told_beside(page, "cessionario-id_codice")).not_to_be_empty()

    choose_kind_of_recipient(page, "estero")
    fill(page, {"cessionario-nazione": "IT"})
    expect(told_beside(page, "cessionario-nazione")).to_contain_text("Scegliere il Paese")
    fill(page, {"cessionario-nazione": "DE", "cessionario-id_codice": ""})
    save_in_vain(page)
    expect(told_beside(page, "cessionario-id_codice")).to_contain_text("identificativo IVA")
    expect(field(page, "linee-0-descrizione")).to_have_value("Corso")  # what was typed is still there
    picture(page, "03-estero")


def refused(page: Page, name: str, value: str, words: str) -> None:
    """Told as soon as the field is left, and by the server too; nothing gets a number."""
    fill(page, {name: value})
    expect(told_beside(page, name)).to_contain_text(words)
    expect(field(page, name)).to_have_attribute("aria-invalid", "true")


def save_in_vain(page: Page) -> None:
    with page.expect_response(lambda response: response.request.method == "POST" and response.status == 422):
        page.get_by_role("button", name="Salva il documento").click()
    expect(page.get_by_role("alert")).to_contain_text("correggere")


def test_step_3_a_refused_form_gets_no_number(page: Page, watch: Watch) -> None:
    watch.expected.add(422)
    page.goto("/entrate/")
    before = page.locator(".ft-sum strong").first.inner_text()
    new_invoice(page, "privato", replace(demo.ROSSI, id_codice=None), {"codice_destinatario": "ABC123"})
    save_in_vain(page)
    expect(told_beside(page, "codice_destinatario")).to_contain_text("6 caratteri")
    page.goto("/entrate/")
    expect(page.locator(".ft-sum strong").first).to_have_text(before)
