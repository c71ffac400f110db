from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fattorino.core.errors import InputError
from fattorino.core.pec.daticert import KINDS, DatiCert, read_daticert, write_daticert

NOON = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
RECEIPT = DatiCert(
    tipo="errore-consegna",
    errore="no-dest",
    mittente="ordine@pec.it",
    certificati=("iscritto@pec.it",),
    esterni=("altro@example.com",),
    oggetto="Quota & contributi",
    gestore="GESTORE S.P.A.",
    quando=NOON,
    identificativo="opec1.2026@gestore.it",
    msgid="<sped.1.2.3@ordine.it>",
    consegna="iscritto@pec.it",
    errore_esteso="5.1.1 - GESTORE S.p.A. - indirizzo non valido",
)


def test_what_is_written_is_read_again_and_holds_the_dtd(shared_data):
    data = write_daticert(RECEIPT)
    assert read_daticert(data) == RECEIPT
    dtd = etree.DTD(str(shared_data / "pec" / "postacert.dtd"))
    assert dtd.validate(etree.fromstring(data)), dtd.error_log


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_rules_is_known(kind):
    assert read_daticert(write_daticert(DatiCert(tipo=kind, quando=NOON))).tipo == kind


def test_a_real_one_is_read(shared_data):
    found = read_daticert((shared_data / "pec" / "gcc_daticert_posta_certificata_2012.xml").read_bytes())
    assert found.mittente == "12976@pec2.federfarma.it"
    assert found.esterni == ("java@gcc.gnu.org",)
    assert found.quando is not None and found.quando.isoformat() == "2012-09-21T15:16:38+02:00"


def test_the_doctype_of_the_rules_is_passed_over_and_no_other():
    data = write_daticert(RECEIPT).replace(
        b"<postacert", b'<!DOCTYPE postacert SYSTEM "daticert.dtd">\n<postacert', 1
    )
    assert read_daticert(data) == RECEIPT
    hostile = data.replace(b'"daticert.dtd"', b'"d" [<!ENTITY a "b">]')
    with pytest.raises(InputError):
        read_daticert(hostile)


@pytest.mark.parametrize(
    "data", [b"", b"<postacert/>", b'<postacert tipo="altro"/>', b'<x tipo="accettazione"/>', b"\0"]
)
def test_what_certifies_nothing_is_refused(data):
    with pytest.raises(InputError):
        read_daticert(data)


def test_what_is_missing_is_empty():
    found = read_daticert(
        b'<postacert tipo="accettazione"><dati><data zona="?"><giorno>x</giorno></data></dati></postacert>'
    )
    assert found == DatiCert(tipo="accettazione")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        read_daticert(b'<postacert tipo="accettazione">' + data + b"</postacert>")
    except InputError:
        return
