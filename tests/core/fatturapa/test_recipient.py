from __future__ import annotations

import dataclasses

import pytest

from fattorino.core.errors import RefusedError
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.recipient import is_foreign, resolve_recipient
from tests.core.fatturapa.drafts import CLIENT, FOREIGNER, OFFICE, PERSON

SAN_MARINO = dataclasses.replace(FOREIGNER, id_paese="SM", id_codice="12345", nazione="SM")
RESIDENT_ABROAD = dataclasses.replace(PERSON, nazione="CH")
ESTABLISHED = dataclasses.replace(CLIENT, nazione="FR")
PRIVATE_ABROAD = Party(nome="Ann", cognome="Lee", nazione="US", indirizzo="x", comune="y")


@pytest.mark.parametrize(
    ("party", "code", "pec", "expected"),
    [
        (OFFICE, "UFABC1", None, ("FPA12", "UFABC1", None)),
        (OFFICE, " ufabc1 ", "", ("FPA12", "UFABC1", None)),
        (OFFICE, "999999", None, ("FPA12", "999999", None)),
        (CLIENT, "M5UXCR1", None, ("FPR12", "M5UXCR1", None)),
        (CLIENT, "M5UXCR1", "a@pec.example.it", ("FPR12", "M5UXCR1", None)),
        (CLIENT, "", "a@pec.example.it", ("FPR12", "0000000", "a@pec.example.it")),
        (CLIENT, "0000000", "a@pec.example.it", ("FPR12", "0000000", "a@pec.example.it")),
        (CLIENT, "", None, ("FPR12", "0000000", None)),
        (PERSON, "", None, ("FPR12", "0000000", None)),
        (RESIDENT_ABROAD, "", None, ("FPR12", "0000000", None)),
        (ESTABLISHED, "M5UXCR1", None, ("FPR12", "M5UXCR1", None)),
        (FOREIGNER, "", None, ("FPR12", "XXXXXXX", None)),
        (FOREIGNER, "xxxxxxx", None, ("FPR12", "XXXXXXX", None)),
        (SAN_MARINO, "", None, ("FPR12", "2R4GTO8", None)),
        (SAN_MARINO, "2R4GTO8", None, ("FPR12", "2R4GTO8", None)),
        (SAN_MARINO, "XXXXXXX", None, ("FPR12", "XXXXXXX", None)),
    ],
)
def test_where_an_invoice_goes(party, code, pec, expected):
    r = resolve_recipient(party, code, pec)
    assert (r.formato, r.codice_destinatario, r.pec_destinatario) == expected


@pytest.mark.parametrize(
    ("party", "code", "pec", "field"),
    [
        (CLIENT, "12345", None, "codice_destinatario"),
        (CLIENT, "12345678", None, "codice_destinatario"),
        (CLIENT, "M5UXCR!", None, "codice_destinatario"),
        (CLIENT, "", "non è una pec", "pec_destinatario"),
        (CLIENT, "", "sdi01@pec.fatturapa.it", "pec_destinatario"),
        (CLIENT, "XXXXXXX", None, "codice_destinatario"),
        (CLIENT, "2R4GTO8", None, "codice_destinatario"),
        (PERSON, "UFABC1", None, "codice_destinatario"),
        (OFFICE, "UFABC1", "a@pec.example.it", "pec_destinatario"),
        (FOREIGNER, "UFABC1", None, "codice_destinatario"),
        (FOREIGNER, "M5UXCR1", None, "codice_destinatario"),
        (FOREIGNER, "2R4GTO8", None, "codice_destinatario"),
        (FOREIGNER, "", "a@pec.example.it", "pec_destinatario"),
        (PRIVATE_ABROAD, "", None, "cessionario.id_codice"),
        (PRIVATE_ABROAD, "XXXXXXX", None, "cessionario.id_codice"),
        (Party(denominazione="Senza codici"), "", None, "cessionario.codice_fiscale"),
        (Party(id_codice="07643520567"), "", None, "cessionario.id_paese"),
    ],
)
def test_a_wrong_combination_is_refused_beside_its_field(party, code, pec, field):
    with pytest.raises(RefusedError) as refusal:
        resolve_recipient(party, code, pec)
    assert list(refusal.value.fields) == [field]
    assert refusal.value.fields[field].rstrip(").").isprintable()


@pytest.mark.parametrize(
    "name", ["COMUNE DI ROMA", "Ministero della Salute", "Ordine degli Ingegneri di Pisa", "Regione Lazio"]
)
def test_a_name_like_an_administrations_without_six_characters_is_a_warning(name):
    recipient = resolve_recipient(Party(denominazione=name, codice_fiscale="80012345676"), "", None)
    assert (recipient.formato, recipient.warnings[0].code) == ("FPR12", "00399")


@pytest.mark.parametrize("name", ["Camera di commercio italo-germanica", "Comune denominatore di Rossi"])
def test_a_private_with_such_a_name_is_never_refused(name):
    party = Party(denominazione=name, codice_fiscale="80012345676")
    assert resolve_recipient(party, "0000000", None).codice_destinatario == "0000000"


def test_a_name_like_an_administrations_with_a_private_code_is_only_a_warning():
    assert resolve_recipient(OFFICE, "M5UXCR1", None).warnings[0].code == "00399"


@pytest.mark.parametrize(
    "name", ["Regione Vini S.r.l.", "Comune Grafica snc", "Comunello Mario", "Tribunale Caffè SRL"]
)
def test_a_company_with_such_a_word_in_its_name_is_no_administration(name):
    assert (
        resolve_recipient(Party(denominazione=name, codice_fiscale="07643520567"), "", None).formato
        == "FPR12"
    )


def test_a_vat_number_decides_who_is_foreign_and_without_it_the_address():
    assert is_foreign(FOREIGNER) and is_foreign(PRIVATE_ABROAD)
    assert not is_foreign(ESTABLISHED) and not is_foreign(RESIDENT_ABROAD) and not is_foreign(Party())
