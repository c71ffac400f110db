"""A certificate's names in a person's words, as far as they can be read."""

from __future__ import annotations

import pytest

from fattorino.core.distinguished import Words, in_words
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from tests.desk import NOW


@pytest.mark.parametrize(
    ("distinguished", "words"),
    [
        (
            "CN=ROSSI MARIO,serialNumber=TINIT-RSSMRA80A01F205X,GN=MARIO,SN=ROSSI,O=Ordine di Prova,C=IT",
            Words("MARIO ROSSI", "RSSMRA80A01F205X", "Ordine di Prova"),
        ),
        ("CN=ROSSI MARIO,serialNumber=IT:RSSMRA80A01F205X,C=IT", Words("ROSSI MARIO", "RSSMRA80A01F205X")),
        ("CN=Ditta,serialNumber=TINIT-01234567897,C=IT", Words("Ditta", "01234567897")),
        ("CN=CA di prova,O=Prestatore\\, S.p.A.,C=IT", Words("CA di prova", "", "Prestatore, S.p.A.")),
        ("O=Solo ente,C=IT", Words("Solo ente", "", "Solo ente")),
        ("CN=DUPONT JEAN,serialNumber=PASFR-12345,C=FR", Words("DUPONT JEAN")),
        ("C=IT", None),
        ("", None),
        ("CN=tagliato,serialNumb", None),
        ("senza uguale", None),
    ],
)
def test_a_distinguished_name_is_read(distinguished: str, words: Words | None) -> None:
    assert in_words(distinguished) == words


def test_an_organisation_that_is_the_name_is_not_said_twice() -> None:
    assert Words("Ente", "", "ENTE").of == "" and Words("Rossi", "", "Ente").of == "Ente"


def test_what_a_certificate_says_of_itself_is_read_again() -> None:
    authority = make_ca(at=NOW, name="CA, S.p.A. = di + prova")
    key = load_pkcs12(issue(authority, Holder("Anna", "D'Angelo", "DNGNNA80A41F205X"), "", at=NOW), "")
    assert in_words(key.subject) == Words("Anna D'Angelo", "DNGNNA80A41F205X")
    issuer = in_words(key.issuer)
    assert issuer == Words("CA, S.p.A. = di + prova", "", "Fattorino - dimostrazione")
