from __future__ import annotations

from datetime import date

import pytest

from fattorino.core.fatturapa import codes
from fattorino.core.tracciati.codelists import Code, CodeList


@pytest.mark.parametrize(
    ("codelist", "code", "last_day_without", "first_day_with"),
    [
        (codes.TIPO_DOCUMENTO, "TD29", date(2025, 3, 31), date(2025, 4, 1)),
        (codes.TIPO_DOCUMENTO, "TD28", date(2022, 9, 30), date(2022, 10, 1)),
        (codes.REGIME_FISCALE, "RF20", date(2025, 3, 31), date(2025, 4, 1)),
        (codes.NATURA, "N6.9", date(2020, 9, 30), date(2020, 10, 1)),
        (codes.NATURA, "N6", date(2021, 1, 1), date(2020, 12, 31)),
    ],
)
def test_codes_are_usable_from_and_until_their_days(codelist, code, last_day_without, first_day_with):
    assert not codelist[code].usable_on(last_day_without)
    assert codelist[code].usable_on(first_day_with)
    assert code not in dict(codelist.choices_on(last_day_without))


def test_choices_leave_out_a_code_that_has_a_better_one_instead():
    offered = dict(codes.CAUSALE_PAGAMENTO.choices_on(date(2026, 1, 1)))
    assert "ZO" in offered and "Z" not in offered
    assert "Z" in codes.CAUSALE_PAGAMENTO


def test_a_code_list_is_form_choices_and_describes_also_what_it_does_not_know():
    assert list(codes.CONDIZIONI_PAGAMENTO)[1] == ("TP02", "pagamento completo")
    assert codes.TIPO_DOCUMENTO.describe("TD01") == "fattura"
    assert codes.TIPO_DOCUMENTO.describe("TD99") == "TD99"


def test_the_simplified_invoice_knows_no_reverse_charge():
    assert "N6.1" in codes.NATURA and "N6.1" not in codes.NATURA_SEMPLIFICATA
    assert "N7" not in codes.NATURA_SEMPLIFICATA


def test_a_code_may_not_occur_twice():
    with pytest.raises(ValueError):
        CodeList("X", (Code("A", "a"), Code("A", "b")))
