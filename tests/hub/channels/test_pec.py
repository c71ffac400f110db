"""The mailbox as a channel, against the simulated provider over real SMTP and IMAP with TLS."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from fattorino.core.errors import ChannelError
from fattorino.core.pec.messages import read_pec
from fattorino.core.sdi import message_io, messages
from fattorino.core.sdi.pec import FIRST_ADDRESS, from_sdi
from fattorino.hub import mailbox as mailboxes_of_hub
from fattorino.hub.channels.base import AnswerItem, InvoiceItem, MessageItem, OtherItem, Raw
from fattorino.hub.channels.pec import SdiPec
from fattorino.hub.mailbox import Cursor, PecMailbox
from fattorino.simulators.pec.post import read_original
from tests.core.pec.letters import provider
from tests.hub.channels.pec_house import ADDRESS, CONTENT, FILE, NOW, House, resolve, sealed, send, wanted


def sorts(house: House, after: Cursor = Cursor()) -> list[str]:  # noqa: B008 - frozen
    return [read_pec(letter.content).tipo or "busta" for letter in house.mailbox.letters(after, wanted)]


def test_a_file_reaches_sdi_octet_by_octet_and_the_provider_certifies_it(house):
    send(house)
    [(recipient, original)] = house.reached
    assert recipient == FIRST_ADDRESS
    envelope = provider().envelope(original, "x@gestore.example", NOW)
    [file] = read_pec(envelope).files
    assert (file.name, file.content) == (FILE, CONTENT)
    assert sorts(house) == ["accettazione", "avvenuta-consegna"]


def test_every_octet_survives_the_post(house):
    hostile = bytes(range(256)) * 50 + b"\n.\n\r\n.\r\n" * 20
    send(house, content=hostile)
    [file] = read_pec(provider().envelope(house.reached[0][1], "x@gestore.example", NOW)).files
    assert file.content == hostile


@pytest.mark.parametrize("fault", ["cut_before_data", "busy", "refused", "login"])
def test_before_the_body_has_left_nothing_is_uncertain(house, fault):
    house.faults.order(fault)
    with pytest.raises(ChannelError) as refused:
        send(house)
    assert not refused.value.uncertain
    assert refused.value.permanent is (fault in ("refused", "login"))
    assert house.reached == []
    send(house)
    assert len(house.reached) == 1


@pytest.mark.parametrize(("fault", "fate"), [("cut_after_data", "sent"), ("cut_in_data", "unknown")])
def test_a_line_cut_after_the_body_is_uncertain_until_the_receipts_tell(house, fault, fate):
    house.faults.order(fault)
    with pytest.raises(ChannelError) as refused:
        send(house, content=CONTENT * 200)
    assert refused.value.uncertain
    # It is offered again when the receipt does not come: whoever sends it says when.
    assert refused.value.hint == "Fattorino cerca la ricevuta di accettazione nella casella."
    assert resolve(house) == fate
    assert len(house.reached) == (1 if fate == "sent" else 0)


def test_a_message_that_the_provider_refused_was_not_sent(house):
    other = SdiPec(replace(house.mailbox, address="altro@pec.example.it"))
    other.hand_over(sealed(other))
    assert sorts(house) == ["non-accettazione"]
    assert other.resolve(sealed(other)) == "not_sent"


def test_only_the_whole_name_of_a_file_is_that_file(house):
    send(house, "IT01234567890_00011.xml")
    assert resolve(house, "IT01234567890_0001.xml") == "unknown"
    assert resolve(house, "1.xml") == "unknown"
    assert resolve(house, "IT01234567890_00011.xml") == "sent"


def test_what_was_read_does_not_come_again_until_the_mailbox_is_renumbered(house):
    send(house)
    letters = list(house.mailbox.letters(Cursor(), wanted))
    assert len(letters) == 2
    assert list(house.mailbox.letters(letters[-1].cursor, wanted)) == []
    send(house, "IT01234567890_00002.xml")
    assert len(list(house.mailbox.letters(letters[-1].cursor, wanted))) == 2
    house.post.mailboxes.renumber(ADDRESS)
    assert len(list(house.mailbox.letters(letters[-1].cursor, wanted))) == 4


def test_a_large_mailbox_is_read_a_piece_at_a_time(house, monkeypatch):
    monkeypatch.setattr(mailboxes_of_hub, "AT_ONCE", 3)
    for number in range(4):
        send(house, f"IT01234567890_0000{number}.xml", b"<x/>")
    cursor, seen = Cursor(), 0
    while letters := list(house.mailbox.letters(cursor, wanted)):
        assert len(letters) <= 3
        cursor, seen = letters[-1].cursor, seen + len(letters)
    assert seen == 8


def test_sdis_answer_is_found_among_the_others(house):
    send(house)
    text = "Il nuovo indirizzo da utilizzare ... e' sdi48@pec.fatturapa.it."
    house.post.post("sdi07@pec.fatturapa.it", ADDRESS, "Invio File 111", text, [("a_RC_001.xml", b"<rc/>")])
    house.post.post("truffa@pec.it", ADDRESS, "Ricevuta di consegna", text, [("b_RC_001.xml", b"<rc/>")])
    found = [
        mail
        for letter in house.mailbox.letters(Cursor(), wanted)
        if (mail := from_sdi(read_pec(letter.content)))
    ]
    assert [(mail.assigned, [file.name for file in mail.files]) for mail in found] == [
        ("sdi48@pec.fatturapa.it", ["a_RC_001.xml"])
    ]


def test_a_wrong_password_is_told_once_and_for_all(house):
    wrong = replace(house.mailbox, password="sbagliata")
    for act in (
        lambda: SdiPec(wrong).hand_over(sealed(SdiPec(wrong))),
        lambda: list(wrong.letters(Cursor(), wanted)),
    ):
        with pytest.raises(ChannelError) as refused:
            act()
        assert refused.value.permanent and not refused.value.uncertain
        assert "sbagliata" not in str(refused.value) + repr(wrong)


def test_an_unknown_authority_is_not_talked_to(house):
    with pytest.raises(ChannelError) as refused:
        SdiPec(replace(house.mailbox, trusted_ca="")).hand_over(sealed(house.port))
    assert not refused.value.uncertain
    assert house.reached == []


def test_nobody_there_is_certain(house):
    gone = SdiPec(replace(house.mailbox, smtp_port=1, imap_port=1))
    for act in (lambda: gone.hand_over(sealed(gone)), lambda: gone.resolve(sealed(gone))):
        with pytest.raises(ChannelError) as refused:
            act()
        assert not refused.value.uncertain


def test_a_file_too_large_for_a_message_is_not_even_tried(house):
    with pytest.raises(ChannelError) as refused:
        send(house, content=b"x" * 23_000_000)
    assert refused.value.permanent and "30 MB" in refused.value.message


def letters(house: House) -> list[Raw]:
    return list(house.port.fetch(""))


def items(house: House) -> list:
    return [item for raw in letters(house) for item in house.port.read(raw)]


def test_the_same_file_makes_the_same_message():
    port = SdiPec(PecMailbox(ADDRESS, ADDRESS, "", "", 465, "", 993))
    assert sealed(port) == sealed(port)
    assert sealed(port) != sealed(port, content=b"altro")


def test_the_longest_name_stays_whole_in_the_message_that_it_names(house):
    name = f"IT{'A' * 35}_ABCDE.xml.p7m"
    send(house, name)
    assert house.reached[0][1].message_id == f"<sdi.{name}@pec.example.it>"
    assert resolve(house, name) == "sent"


def test_the_assigned_address_is_written_to(house):
    port = SdiPec(house.mailbox, assigned="sdi48@pec.fatturapa.it")
    port.hand_over(sealed(port))
    assert [recipient for recipient, _ in house.reached] == ["sdi48@pec.fatturapa.it"]


def test_a_delivery_is_an_answer_and_an_acceptance_only_news(house):
    send(house)
    accepted, delivered = items(house)
    assert isinstance(accepted, OtherItem)
    assert (delivered.parcel, delivered.taken) == (f"<sdi.{FILE}@pec.example.it>", True)


def test_a_message_that_did_not_reach_sdi_was_not_taken(house):
    house.post._delivered = lambda *_: False
    send(house)
    _, answer = items(house)
    assert isinstance(answer, AnswerItem) and not answer.taken and "5.1.1" in answer.text
    assert resolve(house) == "not_sent"


def test_a_refusal_whose_signature_does_not_hold_proves_nothing(house):
    house.post._delivered = lambda *_: False
    send(house)
    raw = letters(house)[1]
    touched = replace(raw, content=raw.content.replace(b"non: ", b"").replace(b"Ricevuta ", b"Ricevuto ", 1))
    touched = replace(
        touched, content=touched.content.replace(b"Content-Type: text/plain", b"Content-type: text/plain")
    )
    assert touched.content != raw.content
    [item] = house.port.read(touched)
    assert isinstance(item, OtherItem) and "non lo prova" in item.text


def test_an_advance_notice_of_missing_delivery_is_no_refusal(house):
    send(house)
    original = house.reached[0][1]
    notice = provider().receipt(
        original, "preavviso-errore-consegna", "x@gestore.example", NOW, recipient=FIRST_ADDRESS
    )
    [item] = house.port.read(Raw("1.1.eml", notice, ""))
    assert isinstance(item, OtherItem) and "preavviso" in item.text


def mail_of_sdi(
    house: House, files, *, sender="sdi07@pec.fatturapa.it", subject="Invio File 111", text="Testo."
) -> Raw:
    house.post.post(sender, ADDRESS, subject, text, files)
    last = house.post.mailboxes.letters(ADDRESS)[-1]
    return Raw(f"1.{last.uid}.eml", last.content, f"1:{last.uid}")


def metadata(name: str = "IT09876543210_00003.xml", identifier: str = "7777") -> tuple[str, bytes]:
    message = messages.FileMetadati(
        identificativo_sdi=identifier, nome_file=name, codice_destinatario="0000000", formato="FPR12",
        tentativi_invio=1, message_id="1", hash="0" * 64,
    )  # fmt: skip
    return "IT09876543210_00003_MT_001.xml", message_io.write_message(message)


def test_an_invoice_comes_with_its_metadata(house):
    invoice, about = ("IT09876543210_00003.xml", b"<fattura/>"), metadata()
    [item] = house.port.read(mail_of_sdi(house, [invoice, about]))
    assert isinstance(item, InvoiceItem)
    # Delivered when the providers say so: a term counts from there, not from when somebody looked into the mailbox.
    assert item.delivered_at is not None and item.delivered_at.tzinfo is not None
    assert replace(item, delivered_at=None) == InvoiceItem("7777", *invoice, *about)


def test_an_invoice_without_readable_metadata_takes_the_number_of_the_subject(house):
    invoice = ("IT09876543210_00003.xml", b"<fattura/>")
    [item] = house.port.read(mail_of_sdi(house, [invoice, ("IT09876543210_00003_MT_001.xml", b"rotto")]))
    assert (item.identificativo_sdi, item.name, item.metadata) == ("111", invoice[0], b"rotto")


def test_a_receipt_settles_its_message_and_brings_the_assigned_address(house):
    content = message_io.write_message(
        messages.RicevutaImpossibilitaRecapito(
            identificativo_sdi="111", nome_file=FILE, hash="0" * 64, data_ora_ricezione=NOW,
            data_messa_a_disposizione=NOW.date(), message_id="5",
        )
    )  # fmt: skip
    text = "Il nuovo indirizzo da utilizzare ... e' sdi48@pec.fatturapa.it."
    message, answer = house.port.read(
        mail_of_sdi(house, [("IT01234567890_00001_MC_001.xml", content)], text=text)
    )
    assert message == MessageItem("IT01234567890_00001_MC_001.xml", content)
    assert (answer.parcel, answer.taken, answer.assigned) == (
        f"<sdi.{FILE}@pec.example.it>", True, "sdi48@pec.fatturapa.it",
    )  # fmt: skip


def test_an_address_that_comes_with_no_receipt_is_told_too(house):
    raw = mail_of_sdi(house, [], text="Usare sdi48@pec.fatturapa.it")
    assert [item.assigned for item in house.port.read(raw) if isinstance(item, AnswerItem)] == [
        "sdi48@pec.fatturapa.it"
    ]


def test_a_receipt_that_a_stranger_writes_is_no_receipt(house):
    send(house)
    forged = letters(house)[1].content
    rc = ("IT01234567890_00001_RC_001.xml", b"<rc/>")
    for sender, files in (("truffa@pec.it", [rc]), ("truffa@pec.it", [("consegna.eml", forged)])):
        [item] = house.port.read(mail_of_sdi(house, files, sender=sender))
        assert isinstance(item, OtherItem) and "truffa@pec.it" in item.text


def test_what_has_nothing_to_do_with_sdi_is_passed_over_and_not_even_fetched(house, monkeypatch):
    for number in range(5):
        house.post.post("collega@pec.it", ADDRESS, f"Lettera privata {number}", "Riservato", [])
    whole = []
    real = mailboxes_of_hub._Visit.contents
    monkeypatch.setattr(
        mailboxes_of_hub._Visit, "contents", lambda visit, uids: whole.extend(uids) or real(visit, uids)
    )
    [moved] = house.port.fetch("")
    assert (moved.name, moved.content, moved.cursor, whole) == ("", b"", "1:5", [])
    assert list(house.port.fetch(moved.cursor)) == []
    send(house)
    house.post.post("collega@pec.it", ADDRESS, "Un'altra", "Riservato", [])
    found = list(house.port.fetch(moved.cursor))
    assert [raw.name for raw in found] == ["1.6.eml", "1.7.eml", ""] and whole == [6, 7]
    assert list(house.port.fetch(found[-1].cursor)) == []


def test_a_receipt_for_a_private_letter_is_passed_over_too(house):
    other = read_original(
        ADDRESS, ["collega@pec.it"], b"Message-ID: <1@pec.example.it>\r\nSubject: x\r\n\r\n"
    )
    letter = provider().receipt(other, "accettazione", "x@gestore.example", NOW)
    house.post.mailboxes.deliver(ADDRESS, letter, NOW.timestamp())
    assert [raw.name for raw in house.port.fetch("")] == [""]


def test_a_letter_whose_writer_only_claims_to_be_sdi_is_fetched_and_seen_through(house):
    house.post.post("truffa@pec.it", ADDRESS, "Invio File 111", "x", [("a_RC_001.xml", b"<rc/>")])
    envelope = house.post.mailboxes.letters(ADDRESS)[0].content
    claimed = envelope.replace(b"Per conto di: truffa@pec.it", b"Per conto di: sdi07@pec.fatturapa.it", 1)
    house.post.mailboxes.deliver(ADDRESS, claimed, NOW.timestamp())
    raw = list(house.port.fetch(""))[-1]
    assert raw.name and [type(item) for item in house.port.read(raw)] == [OtherItem]


def test_a_message_of_the_test_environment_counts_only_there(house):
    raw = mail_of_sdi(house, [metadata()], subject="Invio File 111 (SIMULAZIONE)")
    assert [type(item) for item in house.port.read(raw)] == [OtherItem]
    assert [type(item) for item in SdiPec(house.mailbox, test=True).read(raw)] == [MessageItem]


def test_the_test_button_logs_in_on_both_sides_and_sends_nothing(house):
    assert all(step.ok for step in house.port.examine(now=NOW))
    wrong = SdiPec(replace(house.mailbox, password="sbagliata"))
    assert [step.ok for step in wrong.examine(now=NOW)] == [True, False]
    deaf = SdiPec(replace(house.mailbox, imap_port=1))
    assert [step.ok for step in deaf.examine(now=NOW)] == [True, True, False]
    elsewhere = SdiPec(replace(house.mailbox, folder="Altra"))
    assert [step.ok for step in elsewhere.examine(now=NOW)] == [True, True, False]
    assert [step.ok for step in SdiPec(replace(house.mailbox, address="")).examine(now=NOW)] == [False]
    assert house.reached == []


def test_a_letter_that_is_cut_in_the_middle_comes_whole_with_the_next_look(house):
    send(house)
    house.faults.order("mailbox_cut")
    with pytest.raises(ChannelError) as told:
        sorts(house)
    assert (told.value.uncertain, told.value.permanent) == (False, False)
    assert sorts(house) == ["accettazione", "avvenuta-consegna"]


def test_a_receipt_that_is_late_comes_all_the_same(house):
    house.faults.seconds = 0.2
    house.faults.order("receipt_late")
    send(house)
    until = time.monotonic() + 60
    while len(found := sorts(house)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert sorted(found) == ["accettazione", "avvenuta-consegna"]
