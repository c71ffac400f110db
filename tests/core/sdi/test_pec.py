from __future__ import annotations

import pytest

from fattorino.core.pec.messages import read_pec
from fattorino.core.sdi.pec import FIRST_ADDRESS, from_sdi, is_sdi
from tests.core.pec.letters import NOON, original, provider

RECEIPT = {"IT01234567890_00001_RC_001.xml": b"<ricevuta/>"}
ASSIGNED = (
    "Il nuovo indirizzo da utilizzare per inviare le prossime fatture al Sistema di Interscambio, fino ad un eventuale "
    "nuovo avviso, e' sdi48@pec.fatturapa.it."
)


def letter(sender="sdi07@pec.fatturapa.it", subject="Ricevuta di consegna 111", text="", files=RECEIPT):
    sent = original(sender=sender, to=("ordine@pec.it",), subject=subject, text=text, files=files)
    return from_sdi(read_pec(provider().envelope(sent, "opec9@gestore.example", NOON)))


def test_a_receipt_of_sdi_is_taken_with_its_address():
    found = letter()
    assert found is not None
    assert (found.address, found.assigned, found.simulated) == (
        "sdi07@pec.fatturapa.it",
        "sdi07@pec.fatturapa.it",
        False,
    )
    assert [(file.name, file.content) for file in found.files] == list(RECEIPT.items())


def test_the_address_to_use_from_now_on_is_read_from_the_text():
    found = letter(text=ASSIGNED)
    assert found is not None and found.assigned == "sdi48@pec.fatturapa.it"


@pytest.mark.parametrize(
    "sender",
    [
        "sdi07@pec.fatturapa.it.truffa.example",
        "sdi07@pec.fatturapa.example",
        "xsdi07@pec.fatturapa.it",
        "sdi7@pec.fatturapa.it",
        "sdi07@fatturapa.it",
    ],
)
def test_who_only_looks_like_sdi_is_not_sdi(sender):
    assert letter(sender=sender, text=ASSIGNED) is None
    assert not is_sdi(sender)


def test_a_receipt_of_the_provider_about_our_mail_to_sdi_is_not_sdis_word():
    sent = original(to=(FIRST_ADDRESS,), files=RECEIPT)
    for kind in ("accettazione", "avvenuta-consegna"):
        assert from_sdi(read_pec(provider().receipt(sent, kind, "opec@gestore.example", NOON))) is None


def test_who_writes_sdis_address_into_reply_to_is_not_sdi():
    sent = original(sender="truffa@pec.it", files=RECEIPT)
    data = provider().envelope(sent, "x@gestore.example", NOON)
    assert (
        from_sdi(read_pec(data.replace(b"Reply-To: truffa@pec.it", b"Reply-To: sdi07@pec.fatturapa.it")))
        is None
    )


def test_the_test_environment_says_so():
    found = letter(subject="Ricevuta di consegna 111 (SIMULAZIONE)")
    assert found is not None and found.simulated


def test_other_attachments_are_left():
    found = letter(files={**RECEIPT, "logo.png": b"png", "fattura.XML.P7M": b"p7m"})
    assert found is not None and [file.name for file in found.files] == [*RECEIPT, "fattura.XML.P7M"]
