from __future__ import annotations

import re

import pytest

from fattorino.core.errors import ChannelError
from fattorino.documents.models import DocumentFile, Invoice
from fattorino.documents.queries import find_counterparts, get_document
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import receive
from fattorino.hub.models import Channel, Message, Submission
from fattorino.organisations.scope import company_scope
from fattorino.workflow.flows import report_status
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.letters import (
    SDI_ID,
    again,
    answered,
    arrive,
    begin,
    bring,
    history,
    kept,
    letter,
    queued,
    state,
)

Status = Submission.Status


def sent(desk: Desk, *, pa: bool = False) -> Submission:
    """Taken by SdI; the document waits for the receipt."""
    row = queued(desk, pa=pa)
    begin(row)
    answered(row, Accepted(SDI_ID, NOW))
    assert state(row) == "IN_ATTESA_ESITO"
    return again(row)


def held(row: Submission) -> list[str]:
    return Document.objects.get(pk=row.document_id).held_statuses


def receipts(row: Submission) -> int:
    return DocumentFile.objects.filter(document_id=row.document_id, kind=DocumentFile.Kind.RECEIPT).count()


@pytest.mark.parametrize(
    ("pa", "tipo", "ends", "status"),
    [
        (False, "RC", "CONSEGNATO", Status.CLOSED),
        (False, "NS", "SCARTATO_SDI", Status.CLOSED),
        (True, "RC", "CONSEGNATO_PA", Status.ACCEPTED),
        (True, "MC", "MANCATA_CONSEGNA_PA", Status.ACCEPTED),
        (True, "NE", "ACCETTATO", Status.CLOSED),
        (True, "DT", "DECORSI_TERMINI", Status.CLOSED),
        (True, "NS", "SCARTATO_SDI", Status.CLOSED),
    ],
)
def test_a_message_moves_the_document_that_its_file_name_means(
    desk: Desk, pa: bool, tipo: str, ends: str, status: str
) -> None:
    row = sent(desk, pa=pa)
    message = arrive(row, tipo)
    assert (state(row), again(row).status, receipts(row)) == (ends, status, 1)
    assert (message.submission_id, message.company_id, message.applied_at is not None) == (
        row.pk,
        desk.company.pk,
        True,
    )
    assert StateChange.objects.filter(document_id=row.document_id, file_sha256=message.sha256).count() == 1


def test_a_message_is_kept_byte_for_byte_before_it_is_read(desk: Desk) -> None:
    row = sent(desk)
    name, content = letter(row, "RC")
    pk = receive.take_message(name, content, SDI_ID, now=NOW)
    message = kept(pk)
    assert bytes(message.content) == content
    assert (message.applied_at, message.name, state(row)) == (None, name, "IN_ATTESA_ESITO")
    assert [job["args"] for job in jobs("hub.apply_message")] == [{"message_id": pk}]


def test_the_same_bytes_again_are_one_message_counted_once(desk: Desk) -> None:
    row = sent(desk)
    first, second = arrive(row, "RC"), arrive(row, "RC")
    assert first.pk == second.pk and second.arrivals == 2
    assert (receipts(row), Message.objects.count()) == (1, 1)
    assert history(row).count(("RC", "moved")) == 1


def test_a_message_that_comes_again_before_it_was_read_is_applied_once(desk: Desk) -> None:
    row = sent(desk)
    name, content = letter(row, "RC")
    for _ in range(3):
        receive.take_message(name, content, SDI_ID, now=NOW)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert history(row).count(("RC", "moved")) == 1


def test_applying_twice_changes_nothing(desk: Desk) -> None:
    row = sent(desk)
    message = arrive(row, "RC")
    before = history(row)
    receive.apply_message(message.pk, now=NOW)
    assert history(row) == before


def test_the_same_message_id_in_other_bytes_is_counted_once(desk: Desk) -> None:
    row = sent(desk, pa=True)
    arrive(row, "RC")
    name, content = letter(row, "RC")
    again_signed = bring(name, content.replace(b"</Codice>", b"</Codice >"))
    assert again_signed.note == "Ricevuta ripetuta: già applicata."
    assert (history(row).count(("RC", "moved")), Message.objects.count()) == (1, 2)


def test_an_outcome_before_its_receipt_is_final_and_the_receipt_changes_nothing(desk: Desk) -> None:
    row = sent(desk, pa=True)
    arrive(row, "NE")
    assert state(row) == "ACCETTATO"
    arrive(row, "RC", number=2)
    assert (state(row), again(row).status, receipts(row)) == ("ACCETTATO", Status.CLOSED, 2)


def test_an_outcome_that_comes_first_of_all_is_applied_and_what_follows_changes_nothing(desk: Desk) -> None:
    row = queued(desk, pa=True)
    begin(row)
    arrive(row, "NE", esito="EC02")
    assert (state(row), held(row)) == ("RIFIUTATO", [])
    answered(row, Accepted(SDI_ID, NOW))
    arrive(row, "RC", number=2)
    assert (state(row), again(row).status) == ("RIFIUTATO", Status.CLOSED)
    assert history(row).count(("NE_EC02", "moved")) == 1


def test_a_status_that_comes_too_early_is_held_and_applied_when_the_document_is_ready(desk: Desk) -> None:
    row = queued(desk, pa=True)
    report_status(row.document_id, "NE_EC01", desk.actor, now=NOW)
    assert (state(row), held(row)) == ("IN_ELABORAZIONE", ["NE_EC01"])
    begin(row)
    answered(row, Accepted(SDI_ID, NOW))
    assert (state(row), held(row)) == ("ACCETTATO", [])
    assert history(row).count(("NE_EC01", "moved")) == 1


@pytest.mark.parametrize(("tipo", "ends"), [("RC", "CONSEGNATO_PA"), ("NE", "ACCETTATO")])
def test_a_message_mends_a_document_that_was_thought_not_sent(desk: Desk, tipo: str, ends: str) -> None:
    row = queued(desk, pa=True)
    begin(row)
    error = ChannelError("Canale non abilitato.", uncertain=False, permanent=True)
    answered(row, error)
    assert state(row) == "ERRORE_INVIO"
    arrive(row, tipo)
    assert state(row) == ends


def test_a_receipt_after_the_outcome_does_not_reopen_the_submission(desk: Desk) -> None:
    row = sent(desk, pa=True)
    arrive(row, "NE", esito="EC02")
    arrive(row, "RC", number=2)
    assert (state(row), again(row).status) == ("RIFIUTATO", Status.CLOSED)


def test_a_scarto_tells_its_codes_in_plain_words(desk: Desk) -> None:
    row = sent(desk)
    arrive(row, "NS", codes=("00311", "00305"))
    detail = StateChange.objects.get(document_id=row.document_id, event="NS").detail
    assert [d["code"] for d in detail] == ["00311", "00305"]
    assert all(d["message"] and d["severity"] == "error" for d in detail)


def test_a_receipt_of_an_earlier_submission_is_kept_and_moves_nothing(desk: Desk) -> None:
    row = sent(desk)
    arrive(row, "NS")
    document = Document.objects.get(pk=row.document_id)
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    newer = Submission.objects.get(document=document, current=True)
    assert newer.base_name != row.base_name and not again(row).current
    arrive(row, "RC", number=2)
    assert (state(row), again(newer).status) == ("IN_ELABORAZIONE", Status.QUEUED)
    assert history(row)[-1] == ("RC", "recorded")
    assert receipts(row) == 2


def test_a_message_about_a_file_that_nobody_sent_is_kept_without_a_company(desk: Desk) -> None:
    row = sent(desk)
    message = arrive(row, "RC", nome_file="IT99999999999_00001.xml", identificativo_sdi="4711")
    assert (message.company_id, message.submission_id) == (None, None)
    assert message.applied_at is not None and "da abbinare" in message.note
    assert (state(row), message.kind) == ("IN_ATTESA_ESITO", "RC")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"<a",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"PK\x03\x04broken",
    ],
)
def test_what_cannot_be_read_is_kept_with_the_reason(desk: Desk, content: bytes) -> None:
    row = sent(desk)
    message = bring(f"{row.base_name}_RC_001.xml", content)
    assert bytes(message.content) == content
    assert message.applied_at is not None and message.note.startswith("Il messaggio non si legge")
    assert state(row) == "IN_ATTESA_ESITO"


def test_an_outcome_that_says_neither_yes_nor_no_is_kept_and_moves_nothing(desk: Desk) -> None:
    row = sent(desk, pa=True)
    name, content = letter(row, "NE")
    message = bring(name, content.replace(b"EC01", b"EC09"))
    assert message.note and state(row) == "IN_ATTESA_ESITO"


def test_a_message_belongs_to_the_company_that_sent_the_file_and_to_no_other(
    desk: Desk, other_desk: Desk
) -> None:
    row = sent(desk)
    arrive(row, "RC")
    with company_scope(other_desk.company.pk):
        assert not Message.objects.exists()
    assert Message.objects.get().company_id == desk.company.pk


def test_a_refusal_frees_the_button_and_the_next_file_has_another_name(desk: Desk) -> None:
    row = sent(desk)
    arrive(row, "NS")
    desk.press(Document.objects.get(pk=row.document_id))
    run_jobs(skip=frozenset({"hub.turn"}))
    names = list(Submission.objects.order_by("id").values_list("base_name", flat=True))
    assert len(set(names)) == 2


def test_an_outcome_about_another_invoice_of_a_lotto_moves_nothing(desk: Desk) -> None:
    row = sent(desk, pa=True)
    name, content = letter(row, "NE", esito="EC02")
    other = b"<RiferimentoFattura><NumeroFattura>77</NumeroFattura><AnnoFattura>2026</AnnoFattura></RiferimentoFattura>"
    assert b"<Esito>" in content
    bring(name, content.replace(b"<Esito>", other + b"<Esito>", 1))
    assert state(row) == "IN_ATTESA_ESITO"
    assert "77" in StateChange.objects.filter(document_id=row.document_id).order_by("-id")[0].message


def test_over_long_identifiers_are_cut_and_the_receipt_applied(desk: Desk) -> None:
    row = sent(desk)
    name, content = letter(row, "RC")
    bring(name, content.replace(b"<MessageId>1<", b"<MessageId>" + b"9" * 60 + b"<"))
    assert state(row) == "CONSEGNATO"


def test_a_message_that_breaks_its_job_is_set_aside_and_no_job_comes_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = sent(desk)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(receive, "apply_message", broken)
    message = arrive(row, "RC")
    assert message.applied_at is not None and "errore interno" in message.note
    assert not jobs("hub.apply_message")


def test_a_held_outcome_keeps_its_words_when_it_is_applied(desk: Desk) -> None:
    row = queued(desk, pa=True)
    report_status(
        row.document_id, "NE_EC02", desk.actor, now=NOW, message="Rifiutata. Manca il CIG.", sha256="ab"
    )
    report_status(row.document_id, "SDI_PRESO_IN_CARICO", desk.actor, now=NOW)
    moved = StateChange.objects.get(document_id=row.document_id, event="NE_EC02", outcome="moved")
    assert "Manca il CIG" in moved.message and moved.file_sha256 == "ab"


def test_an_address_that_sdi_does_not_know_is_not_proposed_again(desk: Desk) -> None:
    row = sent(desk)
    name, content = letter(row, "NS")
    assert b"<Codice>" in content
    bring(name, re.sub(rb"<Codice>\d+<", b"<Codice>00311<", content))
    assert [c.codice_destinatario for c in find_counterparts(desk.actor, "rossi")] == [""]


def test_a_customer_abroad_is_not_told_of_a_reserved_area(desk: Desk) -> None:
    row = sent(desk)
    Invoice.objects.filter(document_id=row.document_id).update(codice_destinatario="XXXXXXX")
    arrive(row, "MC")
    message = StateChange.objects.get(document_id=row.document_id, event="MC").message
    assert state(row) == "MANCATA_CONSEGNA" and "estero" in message and "area riservata" not in message


def test_a_scarto_is_no_longer_shown_as_to_correct_after_the_correction(desk: Desk) -> None:
    row = sent(desk)
    arrive(row, "NS")
    document = Document.objects.get(pk=row.document_id)
    assert get_document(desk.actor, document.pk).findings
    desk.save(desk.draft(causale=("corretta",)), document_id=document.pk, version=document.version)
    assert not get_document(desk.actor, document.pk).findings


def test_a_message_remembers_the_way_it_came_by(desk: Desk) -> None:
    channel = Channel.objects.create(company_id=desk.company.pk, kind=Channel.Kind.PEC)
    pk = receive.take_message(
        "x_RC_001.xml", b"<a/>", "", now=NOW, company_id=desk.company.pk, channel_id=channel.pk
    )
    assert (kept(pk).company_id, kept(pk).channel_id) == (desk.company.pk, channel.pk)
