from __future__ import annotations

import pytest

from fattorino.core.errors import InputError
from fattorino.core.values import (
    Bic,
    CodiceDestinatario,
    CodiceFiscale,
    Iban,
    PartitaIva,
    PecAddress,
    tax_id_problem,
)


@pytest.mark.parametrize(
    ("cls", "text", "value"),
    [
        (PartitaIva, "IT 01234567897", "01234567897"),
        (CodiceFiscale, "rssmra80a01h501u", "RSSMRA80A01H501U"),
        (CodiceFiscale, "80012345676", "80012345676"),
        (Iban, "it60 x054 2811 1010 0000 0123 456", "IT60X0542811101000000123456"),
        (Iban, "DE89370400440532013000", "DE89370400440532013000"),
        (Bic, "BPMOIT22xxx", "BPMOIT22XXX"),
        (CodiceDestinatario, " m5uxcr1 ", "M5UXCR1"),
        (PecAddress, " studio@pec.example.it ", "studio@pec.example.it"),
    ],
)
def test_a_good_code_comes_back_compact(cls, text, value):
    assert cls.parse(text) == value


@pytest.mark.parametrize(
    ("cls", "text"),
    [
        (PartitaIva, "01234567890"),
        (PartitaIva, "1234567897"),
        (PartitaIva, "٠١٢٣٤٥٦٧٨٩٧"),
        (CodiceFiscale, "RSSMRA80A01H501X"),
        (CodiceFiscale, "RSSMRA80A0AH501U"),
        (CodiceFiscale, "RSSMRA80A01H501"),
        (CodiceFiscale, ""),
        (Iban, "IT61X0542811101000000123456"),
        (Iban, "IT60X05428111010000001234567"),
        (Bic, "BPM"),
        (CodiceDestinatario, "12345"),
        (CodiceDestinatario, "ABCDEFÀ"),
        (PecAddress, "studio"),
        (PecAddress, "a b@pec.it"),
        (PecAddress, "sdi23@pec.fatturapa.it"),
    ],
)
def test_a_wrong_code_is_refused_in_italian(cls, text):
    with pytest.raises(InputError) as refusal:
        cls.parse(text)
    assert refusal.value.message.endswith((".", ")."))


def test_length_tells_an_office_from_anybody_else():
    assert CodiceDestinatario.parse("UFABC1").is_office
    assert not CodiceDestinatario.parse("0000000").is_office


def test_homocody_is_a_good_tax_code():
    assert CodiceFiscale.parse("RSSMRA80A01H50MM").is_person
    assert not CodiceFiscale.parse("80012345676").is_person


def test_tax_id_problem_says_nothing_of_a_right_code():
    assert tax_id_problem("01234567897") is None
    assert "controllo" in (tax_id_problem("01234567890") or "")
