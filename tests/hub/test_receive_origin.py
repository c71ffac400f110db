"""What a message may do depends on who wrote it (decision 0012)."""

from __future__ import annotations

import io
import pathlib
import zipfile
from typing import Any

import pytest

from fattorino.documents.models import DocumentFile
from fattorino.hub.flows import receive
from fattorino.hub.models import Message, Submission
from tests.desk import NOW, Desk, run_jobs
from tests.hub.arrived import forger, sdi
from tests.hub.letters import SDI_ID, bring, kept, letter, state
from tests.hub.test_receive import receipts, sent

Signature = Message.Signature
State = Message.State


@pytest.fixture
def anchored(settings: Any, tmp_path: pathlib.Path) -> None:
    """The installation knows SdI's authority."""
    file = tmp_path / "ca.pem"
    file.write_bytes(sdi().ca_pem)
    settings.SDI_TRUSTED_CA = str(file)


def signed(row: Submission, tipo: str = "RC", *, by: Any = None) -> tuple[str, bytes]:
    name, content = letter(row, tipo)
    return name, (by or sdi()).sign(content, NOW)


@pytest.mark.usefixtures("anchored")
def test_a_receipt_that_sdi_signed_is_applied(desk: Desk) -> None:
    row = sent(desk)
    message = bring(*signed(row))
    assert (state(row), message.signature, message.state) == ("CONSEGNATO", Signature.VALID, State.APPLIED)
    assert message.signature_note.startswith("Firmato da Sistema Interscambio")


@pytest.mark.usefixtures("anchored")
@pytest.mark.parametrize("fault", [Signature.MISSING, Signature.BROKEN, Signature.FOREIGN])
def test_a_receipt_that_is_not_proven_is_kept_for_a_person_and_moves_nothing(desk: Desk, fault: str) -> None:
    row = sent(desk)
    name, content = signed(row, by=forger() if fault == Signature.FOREIGN else None)
    if fault == Signature.MISSING:
        name, content = letter(row, "RC")
    elif fault == Signature.BROKEN:
        content = content.replace(b"<Codice>M5UXCR1<", b"<Codice>XXXXXXX<")
    message = bring(name, content)
    assert (message.signature, message.state, message.company_id) == (fault, State.TO_MATCH, desk.company.pk)
    assert message.submission_id == row.pk and message.note.startswith("Non è provato")
    assert (state(row), receipts(row)) == ("IN_ATTESA_ESITO", 0)


@pytest.mark.parametrize("fault", [Signature.BROKEN, Signature.FOREIGN])
def test_without_an_authority_a_message_that_contradicts_itself_moves_nothing(
    desk: Desk, settings: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SDI_TRUSTED_CA = ""
    row = sent(desk)
    name, content = signed(row)
    if fault == Signature.BROKEN:
        content = content.replace(b"<Codice>M5UXCR1<", b"<Codice>XXXXXXX<")
    else:
        monkeypatch.setattr("fattorino.simulators.sdi.signature.SIGNER_NAME", "SDI-01234567890")
        name, content = signed(row, by=forger())
    message = bring(name, content)
    assert (message.signature, message.state, state(row)) == (fault, State.TO_MATCH, "IN_ATTESA_ESITO")


def test_without_an_authority_the_way_it_came_by_is_the_proof(desk: Desk, settings: Any) -> None:
    settings.SDI_TRUSTED_CA = ""
    row = sent(desk)
    message = bring(*signed(row))
    assert (state(row), message.signature) == ("CONSEGNATO", Signature.UNKNOWN)
    assert "non è impostata" in message.signature_note


def test_an_authority_that_cannot_be_read_stops_receipts_and_says_so(desk: Desk, settings: Any) -> None:
    settings.SDI_TRUSTED_CA = "/nonexistent/ca.pem"
    row = sent(desk)
    message = bring(*signed(row))
    assert (message.state, state(row)) == (State.TO_MATCH, "IN_ATTESA_ESITO")
    assert "FATTORINO_SDI_TRUSTED_CA" in message.note


def test_who_brings_something_by_her_own_way_moves_no_document_of_others(
    desk: Desk, other_desk: Desk
) -> None:
    row = sent(desk)
    name, content = letter(row, "NS")
    pk = receive.take_message(name, content, SDI_ID, now=NOW, company_id=other_desk.company.pk)
    run_jobs(skip=frozenset({"hub.turn"}))
    message = kept(pk)
    assert (message.state, message.company_id) == (State.TO_MATCH, other_desk.company.pk)
    assert message.submission_id is None and state(row) == "IN_ATTESA_ESITO"


@pytest.mark.parametrize("mine", [True, False], ids=["its own way", "SdI's door"])
def test_what_came_to_somebody_else_first_still_reaches_its_owner(
    desk: Desk, other_desk: Desk, mine: bool
) -> None:
    row = sent(desk)
    name, content = letter(row, "RC")
    for company_id in (other_desk.company.pk, desk.company.pk if mine else None):
        pk = receive.take_message(name, content, SDI_ID, now=NOW, company_id=company_id)
        run_jobs(skip=frozenset({"hub.turn"}))
    assert (state(row), kept(pk).company_id, kept(pk).arrivals) == ("CONSEGNATO", desk.company.pk, 2)


@pytest.mark.usefixtures("anchored")
def test_what_sdi_itself_signed_reaches_its_owner_by_whatever_way(desk: Desk, other_desk: Desk) -> None:
    row = sent(desk)
    name, content = signed(row)
    pk = receive.take_message(name, content, SDI_ID, now=NOW, company_id=other_desk.company.pk)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert (kept(pk).company_id, state(row)) == (desk.company.pk, "CONSEGNATO")


def attestation(row: Submission, original: bytes, hashed: str = "") -> tuple[str, bytes]:
    name, content = letter(row, "AT", hash_file_originale=hashed)
    return name.replace(".xml", ".zip"), zipped({row.file_name: original, name: content})


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_an_attestation_in_its_zip_is_matched_and_kept_with_the_invoice(desk: Desk) -> None:
    row = sent(desk, pa=True)
    assert row.outgoing is not None
    name, content = attestation(row, bytes(row.outgoing.content), row.outgoing.sha256.upper())
    message = bring(name, content)
    assert (message.kind, message.state, state(row)) == ("AT", State.APPLIED, "NON_RECAPITABILE")
    file = DocumentFile.objects.get(document_id=row.document_id, kind=DocumentFile.Kind.RECEIPT)
    assert (file.name, bytes(file.stored.content)) == (name, content)


def test_an_attestation_of_another_file_moves_nothing(desk: Desk) -> None:
    row = sent(desk, pa=True)
    message = bring(*attestation(row, b"other", "ab" * 32))
    assert (message.state, state(row)) == (State.TO_MATCH, "IN_ATTESA_ESITO")
    assert row.outgoing is not None and row.outgoing.sha256 in message.note


def test_an_archive_of_several_messages_becomes_those_messages(desk: Desk) -> None:
    one, two = sent(desk), sent(desk, pa=True)
    first, second = letter(one, "RC"), letter(two, "MC", number=2)
    at, content = attestation(two, b"x")
    archive = bring(
        "ricevute.zip", zipped({first[0]: first[1], "cartella/" + second[0]: second[1], at: content})
    )
    assert (archive.state, Message.objects.count()) == (State.APPLIED, 3)
    assert archive.note == "Archivio con 3 messaggi, che si trovano qui uno per uno."
    assert (state(one), state(two)) == ("CONSEGNATO", "NON_RECAPITABILE")


def test_a_refusal_of_a_whole_archive_reaches_what_was_sent_under_its_name(desk: Desk) -> None:
    row = sent(desk)
    name, content = letter(row, "NS", nome_file="IT99999999999_00009.xml", archive=row.file_name)
    bring(name, content)
    assert state(row) == "SCARTATO_SDI"
