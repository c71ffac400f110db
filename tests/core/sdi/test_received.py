"""Files that came together: every one is accounted for, and each invoice has the MT that names it."""

from __future__ import annotations

from fattorino.core.sdi import message_io, messages
from fattorino.core.sdi.received import ReceivedInvoice, pair_metadata

ONE, TWO = "IT09876543210_00001.xml", "IT09876543210_00002.xml.p7m"


def mt(about: str, identifier: str = "77", name: str = "") -> tuple[str, bytes]:
    message = messages.FileMetadati(
        identificativo_sdi=identifier, nome_file=about, codice_destinatario="0000000", formato="FPR12",
        tentativi_invio=1, message_id="1", hash="0" * 64,
    )  # fmt: skip
    return name or f"{about.partition('.')[0]}_MT_001.xml", message_io.write_message(message)


def test_each_invoice_has_the_metadata_that_name_it_in_whatever_order_they_come():
    first, second = mt(ONE, "1"), mt(TWO, "2")
    invoices, others = pair_metadata([second, (ONE, b"a"), first, (TWO, b"b")])
    assert invoices == (ReceivedInvoice(ONE, b"a", "1", *first), ReceivedInvoice(TWO, b"b", "2", *second))
    assert others == ()


def test_metadata_that_cannot_be_read_belong_to_the_file_of_their_name():
    [invoice] = pair_metadata([(ONE, b"a"), ("IT09876543210_00001_MT_001.xml", b"broken")])[0]
    assert (invoice.identificativo_sdi, invoice.metadata) == ("", b"broken")


def test_an_invoice_without_metadata_and_metadata_without_invoice_both_stay():
    lonely = mt(TWO)
    assert pair_metadata([(ONE, b"a"), lonely]) == ((ReceivedInvoice(ONE, b"a"),), (lonely,))


def test_a_second_copy_of_the_metadata_stays_among_the_others():
    again = mt(ONE, "1", "IT09876543210_00001_MT_002.xml")
    invoices, others = pair_metadata([(ONE, b"a"), mt(ONE, "1"), again])
    assert len(invoices) == 1 and others == (again,)


def test_receipts_and_strange_files_are_no_invoices():
    rc, note = ("IT01234567890_00001_RC_001.xml", b"<rc/>"), ("leggimi.xml", b"<x/>")
    assert pair_metadata([rc, note]) == ((), (rc, note))


def test_a_file_of_a_strange_name_is_an_invoice_where_metadata_say_so():
    [invoice] = pair_metadata([("fattura strana.xml", b"a"), mt("fattura strana.xml", name="X_MT_001.xml")])[
        0
    ]
    assert invoice.identificativo_sdi == "77"
