from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fattorino.config import demo
from fattorino.core.fatturapa.draft import (
    Attachment,
    Bollo,
    Cassa,
    Discount,
    Draft,
    Line,
    Party,
    Payment,
    Reference,
    Ritenuta,
    draft_from_json,
)
from fattorino.documents.forms import DocumentForm
from fattorino.documents.forms.choices import read_vat, vat_choice
from fattorino.documents.forms.shape import GROUPS
from fattorino.documents.forms.writer import write
from tests.documents.posted import posted

TODAY = datetime.date(2026, 11, 21)
SELLER = draft_from_json({"cessionario": demo.ORDINE}).cessionario
FULL = Draft(
    tipo_documento="TD06",
    data=TODAY,
    causale=("Consulenza", "anno 2026"),
    linee=(
        Line(
            "Progetto",
            Decimal("2.5"),
            "ore",
            Decimal("1234.5678"),
            (Discount("SC", Decimal(10)), Discount("MG", None, Decimal("1.5"))),
            Decimal("22"),
            ritenuta=True,
            data_inizio_periodo=datetime.date(2026, 10, 1),
            data_fine_periodo=datetime.date(2026, 10, 31),
            codice_tipo="INTERNO",
            codice_valore="A1",
            riferimento_amministrazione="RIF",
        ),
        Line("Spese", None, None, Decimal("16"), (), Decimal(0), "N1", "art. 15 DPR 633/72"),
        Line("Abbuono", None, None, Decimal("-5"), (), Decimal("22"), tipo_cessione_prestazione="AB"),
    ),
    sconti=(Discount("SC", None, Decimal("0.30")),),
    casse=(Cassa("TC04", Decimal(4), Decimal(22)),),
    ritenute=(Ritenuta("RT01", Decimal(20), "A", Decimal(50)),),
    bollo=Bollo(Decimal("2.00"), addebitato=True),
    esigibilita_iva="D",
    condizioni_pagamento="TP01",
    pagamenti=(
        Payment("MP05", datetime.date(2026, 12, 31), Decimal("100.00"), "IT60X0542811101000000123456"),
        Payment(
            "MP05",
            datetime.date(2027, 1, 31),
            None,
            "IT60X0542811101000000123456",
            "ABCDITMM",
            "Banca",
            "Io",
            "7",
        ),
    ),
    riferimenti=(
        Reference("DatiOrdineAcquisto", "44", TODAY, "1", "C", "J31B20000000001", "Z1234567AB", (1, 2)),
    ),
    allegati=(Attachment("a.pdf", "PDF", "Relazione", "0" * 64),),
    art73=True,
    cessionario=demo.ROSSI,
    codice_destinatario="M5UXCR1",
)


def judged(**fields: str) -> DocumentForm:
    form = DocumentForm.from_post(posted(**fields), TODAY)
    form.judge(SELLER)
    return form


def test_a_draft_goes_through_the_form_unchanged() -> None:
    form = DocumentForm.from_post(write(FULL), TODAY)
    assert form.read() == FULL
    assert form.errors == {}


@pytest.mark.parametrize(
    "party",
    [
        (demo.COMUNE, "ABC123"),
        (Party(id_paese="DE", id_codice="123456789", denominazione="Weber GmbH", indirizzo="Hauptstr. 1",
               cap="00000", comune="Berlin", nazione="DE"), ""),
        (Party(codice_fiscale="RSSMRA80A01F205X", nome="Mario", cognome="Rossi", indirizzo="Via Po", cap="20100",
               comune="Milano", provincia="MI", nazione="IT"), ""),
    ],
)  # fmt: skip
def test_each_kind_of_recipient_comes_back_as_it_was(party: tuple[Party, str]) -> None:
    draft = replace(FULL, cessionario=party[0], codice_destinatario=party[1])
    assert DocumentForm.from_post(write(draft), TODAY).read() == draft


UNSHOWN = {"titolo": "Dott.", "cod_eori": "IT123456789012345", "telefono": "02123456", "email": "a@b.example"}
MANY = Party(id_paese="IT", id_codice="01122334459", denominazione="Weber GmbH", indirizzo="Hauptstr. 1",
             cap="00000", comune="Berlin", nazione="DE", **UNSHOWN)  # fmt: skip
ABROAD = replace(MANY, id_paese="DE", id_codice="123456789", provincia="BE", codice_fiscale="80012345678")


@pytest.mark.parametrize(
    ("party", "code"),
    [
        (MANY, "M5UXCR1"),
        (ABROAD, ""),
        (replace(ABROAD, nazione="IT", cap="20100"), ""),
        (replace(demo.COMUNE, nazione="DE", cap="00000", **UNSHOWN), "ABC123"),
    ],
)
def test_what_the_form_does_not_show_stays_as_a_program_saved_it(party: Party, code: str) -> None:
    saved = replace(FULL, divisa="USD", numero="7", cessionario=party, codice_destinatario=code)
    form = DocumentForm.from_post(write(saved) | {"causale": "altra"}, TODAY, saved)
    assert form.read() == replace(saved, causale=("altra",))
    assert form.errors == {}


def test_another_party_in_the_form_keeps_nothing_of_the_one_before() -> None:
    saved = replace(FULL, cessionario=MANY)
    typed = write(replace(FULL, cessionario=demo.MARIO))
    assert DocumentForm.from_post(typed, TODAY, saved).read().cessionario == demo.MARIO


def test_a_right_invoice_has_nothing_to_correct() -> None:
    form = judged()
    assert form.errors == {}


def test_unknown_names_are_not_taken_and_typed_ones_never_lost() -> None:
    form = DocumentForm.from_post(
        {**posted(), "linee-0-prezzo_unitario": "abc", "stato": "CONSEGNATO", "x": "y"}, TODAY
    )
    form.judge(SELLER)
    assert "stato" not in form.values and "x" not in form.values
    assert form.values["linee-0-prezzo_unitario"] == "abc"
    assert form.errors == {
        "linee-0-prezzo_unitario": "«abc» non è un numero: scriverlo come 1.234,56 oppure 1234,56."
    }


def test_messages_stand_beside_the_row_they_speak_of_also_after_a_row_was_removed() -> None:
    form = judged(
        **{"linee__7__descrizione": "Seconda", "linee__7__prezzo_unitario": "", "linee__7__iva": "22"}
    )
    assert list(form.errors) == ["linee-7-prezzo_unitario"]


def test_an_empty_row_is_no_line() -> None:
    form = DocumentForm.from_post(posted(**{"linee__1__iva": "22", "linee__1__ritenuta": "1"}), TODAY)
    assert len(form.read().linee) == 1
    assert len(form.linee) == 2, "but it stays on the page"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"cessionario__genere": "pa", "codice_ufficio": "ABC12"}, "codice_ufficio", "6 caratteri (ne ha 5)"),
        ({"cessionario__genere": "pa", "codice_ufficio": ""}, "codice_ufficio", "6 caratteri (manca)"),
        ({"codice_destinatario": "ABC123"}, "codice_destinatario", "ufficio pubblico"),
        ({"codice_destinatario": "ABC"}, "codice_destinatario", ""),
        ({"codice_destinatario": "", "pec_destinatario": "non una pec"}, "pec_destinatario", ""),
        ({"codice_destinatario": "", "pec_destinatario": "sdi01@pec.fatturapa.it"}, "pec_destinatario", ""),
        ({"cessionario__id_codice": "", "cessionario__codice_fiscale": ""}, "cessionario-codice_fiscale", "00417"),
        ({"cessionario__genere": "estero", "cessionario__nazione": "IT"}, "cessionario-nazione", "Paese"),
        ({"cessionario__genere": "estero", "cessionario__nazione": "DE", "cessionario__id_codice": ""},
         "cessionario-id_codice", "00313"),
        ({"cessionario__denominazione": ""}, "cessionario-denominazione", "nome e cognome"),
        ({"cessionario__nome": "Mario"}, "cessionario-denominazione", "non tutti insieme"),
        ({"cessionario__cap": ""}, "cessionario-cap", "Manca il CAP"),
        ({"cessionario__cap": "2101"}, "cessionario-cap", ""),
        ({"data": "2026-11-22"}, "data", ""),
        ({"data": "31/02/2026"}, "data", "non è una data"),
        ({"linee__0__iva": "N2"}, "linee-0-iva", ""),
        ({"linee__0__sconti": "dieci"}, "linee-0-sconti", "10+5"),
        ({"sconti": "x"}, "sconti", ""),
        ({"riferimenti__0__codice_cig": "Z1234567AB"}, "riferimenti-0-id_documento", "Manca"),
        ({"pagamenti__0__modalita_pagamento": "MP05", "pagamenti__0__iban": "IT00X"}, "pagamenti-0-iban", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field(changes: dict[str, str], field: str, words: str) -> None:
    form = judged(**changes)
    assert field in form.errors, form.errors
    assert words in form.errors[field]
    assert not form.loose_errors


def test_the_recipient_of_the_other_kind_is_kept_but_not_sent() -> None:
    form = judged(cessionario__genere="pa", codice_ufficio="ABC123", pec_destinatario="a@pec.example")
    draft = form.read()
    assert (draft.codice_destinatario, draft.pec_destinatario) == ("ABC123", None)
    assert form.values["pec_destinatario"] == "a@pec.example"


def test_a_vat_number_may_be_pasted_with_its_country_and_blanks() -> None:
    party = (
        DocumentForm.from_post(posted(**{"cessionario__id_codice": "it 011 223 344 59"}), TODAY)
        .read()
        .cessionario
    )
    assert (party.id_paese, party.id_codice, party.provincia) == ("IT", "01122334459", "VA")


def test_a_ricevuta_is_not_judged_by_the_rules_of_invoices() -> None:
    form = judged(
        tipo_documento="ricevuta", cessionario__id_codice="", codice_destinatario="", cessionario__cap=""
    )
    assert form.is_ricevuta
    assert form.errors == {}


@pytest.mark.parametrize(
    ("field", "longest"), [("denominazione", 80), ("id_codice", 28), ("codice_fiscale", 16), ("comune", 60)]
)
def test_the_recipient_of_a_ricevuta_is_no_longer_than_an_invoice_could_say(field: str, longest: int) -> None:
    name = f"cessionario-{field}"
    for length, right in ((longest, True), (longest + 1, False)):
        form = judged(tipo_documento="ricevuta", **{name: "7" * length})
        assert (name not in form.errors) == right, form.errors
    assert f"al massimo {longest} caratteri" in form.errors[name]


@pytest.mark.parametrize(
    ("due", "day", "kind", "warned"),
    [
        ("S", "2026-06-30", "TD01", False),
        ("S", "2026-07-01", "TD01", True),
        ("I", "2026-07-01", "TD01", False),
        ("S", "2026-07-01", "ricevuta", False),
    ],
)
def test_split_payment_after_the_known_permission_is_warned_of_and_never_refused(
    due: str, day: str, kind: str, warned: bool
) -> None:
    form = judged(esigibilita_iva=due, data=day, tipo_documento=kind)
    assert ("verificare se la proroga" in form.warnings.get("esigibilita_iva", "")) == warned
    assert "esigibilita_iva" not in form.errors


def test_the_permission_may_be_known_to_last_longer(settings: Any) -> None:
    settings.SPLIT_PAYMENT_UNTIL = datetime.date(2029, 6, 30)
    assert "esigibilita_iva" not in judged(esigibilita_iva="S", data="2026-07-01").warnings


def test_the_numbering_of_receipts_is_their_own() -> None:
    form = DocumentForm.from_post(posted(sezionale="A", sezionale_ricevute="R"), TODAY)
    assert form.sezionale == "A"
    form = DocumentForm.from_post(
        posted(sezionale="A", sezionale_ricevute="R", tipo_documento="ricevuta"), TODAY
    )
    assert form.sezionale == "R"


def test_faults_of_the_companys_own_data_do_not_refuse_the_form() -> None:
    form = DocumentForm.from_post(posted(), TODAY)
    form.judge(replace(SELLER, cap="1"))
    assert form.errors == {}
    assert form.warnings


def test_rows_come_and_go_without_script_too() -> None:
    form = DocumentForm.from_post(posted(), TODAY)
    form.change_rows("aggiungi:linee")
    assert [str(row) for row in form.linee] == ["linee-0", "linee-1"]
    form.change_rows("togli:linee-0")
    assert [str(row) for row in form.linee] == ["linee-1"]
    assert "linee-0-descrizione" not in form.values
    for nonsense in ("", "aggiungi:documenti", "togli:linee-99", "salva"):
        form.change_rows(nonsense)


def test_an_attachment_keeps_its_extension_when_its_name_is_too_long() -> None:
    form = DocumentForm.from_post(posted(), TODAY)
    form.add_attachment("x" * 90 + ".pdf", "0" * 64)
    attachment = form.read().allegati[0]
    assert attachment.nome is not None
    assert len(attachment.nome) <= 60 and attachment.nome.endswith(".pdf")
    assert attachment.formato == "PDF"


@pytest.mark.parametrize("choice", ["22", "4", "N4", "N2.1", "10.5"])
def test_rate_and_natura_are_one_choice(choice: str) -> None:
    assert vat_choice(*read_vat(choice)) == choice


@pytest.mark.parametrize(
    "value", ["x", "\x00", "9" * 50, "1" * 5000, "«»", "<b>", "-", "NaN", "Infinity", "N"]
)
def test_no_value_breaks_the_form(value: str) -> None:
    everything: dict[str, Any] = {**posted(), **write(FULL)}
    for name in everything:
        form = DocumentForm.from_post({**everything, name: value}, TODAY)
        form.judge(SELLER)
        assert form.values[name] == value.replace("\x00", "")


def test_every_field_of_a_row_belongs_to_the_draft() -> None:
    classes = {
        "linee": Line,
        "casse": Cassa,
        "ritenute": Ritenuta,
        "pagamenti": Payment,
        "riferimenti": Reference,
    }
    for group, cls in classes.items():
        assert set(GROUPS[group]) - {"iva"} <= set(cls.__dataclass_fields__)
