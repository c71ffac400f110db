"""What SdI tells who received an invoice: DT and SE reach the invoice that they name."""

from __future__ import annotations

import uuid

import pytest

from fattorino.core.sdi import message_io
from fattorino.core.sdi import messages as m
from fattorino.documents.files import store
from fattorino.hub.flows import receive
from fattorino.hub.models import Message, OutcomeSent
from fattorino.organisations.scope import company_scope
from fattorino.workflow.flows import report_status
from fattorino.workflow.models import Document
from tests.desk import NOW, TODAY, Desk, run_jobs
from tests.hub.arrived import invoice_arrived
from tests.hub.letters import SDI_ID, bring, kept, letter, state
from tests.hub.test_receive import sent

State = Message.State


def of(document: Document) -> str:
    return Document.objects.get(pk=document.pk).state


def expired(number: str = "", position: int | None = None) -> bytes:
    reference = m.RiferimentoFattura(
        numero_fattura=number, anno_fattura=TODAY.year, posizione_fattura=position
    )
    return message_io.write_message(
        m.NotificaDecorrenzaTermini(
            identificativo_sdi=SDI_ID,
            nome_file="IT02100450127_1.xml",
            message_id="9",
            descrizione="15 giorni",
            riferimento_fattura=reference if number else None,
        )  # fmt: skip
    )


def refused(**changes: object) -> bytes:
    return message_io.write_message(
        m.ScartoEsitoCommittente(identificativo_sdi=SDI_ID, scarto="EN01", message_id="8", **changes)  # type: ignore[arg-type]
    )


def test_the_term_that_passed_reaches_the_invoice_that_was_received(desk: Desk) -> None:
    (document,) = invoice_arrived(desk, SDI_ID)
    message = bring("IT02100450127_1_DT_001.xml", expired())
    assert (of(document), message.state) == ("DECORSI_TERMINI_PASS", State.APPLIED)
    assert (message.document_id, message.company_id) == (document.pk, desk.company.pk)


@pytest.mark.parametrize("position", [None, 2])
def test_of_a_lotto_only_the_invoice_that_is_named(desk: Desk, position: int | None) -> None:
    one, two, three = invoice_arrived(desk, SDI_ID, ("7", "8", "8" if position else "9"))
    bring("IT02100450127_1_DT_001.xml", expired("8", position))
    assert [of(d) for d in (one, two, three)] == [
        "RICEVUTO_DA_ESITARE", "DECORSI_TERMINI_PASS", "RICEVUTO_DA_ESITARE",
    ]  # fmt: skip


def test_without_a_reference_all_invoices_of_the_lotto(desk: Desk) -> None:
    documents = invoice_arrived(desk, SDI_ID, ("7", "8"))
    bring("IT02100450127_1_DT_001.xml", expired())
    assert {of(d) for d in documents} == {"DECORSI_TERMINI_PASS"}


def test_a_refused_outcome_is_shown_on_the_invoice(desk: Desk) -> None:
    (document,) = invoice_arrived(desk, SDI_ID)
    report_status(document.pk, "EC_INVIATO", desk.actor, now=NOW)
    outcome = OutcomeSent.objects.create(
        company=desk.company, document=document, run=uuid.uuid4(), identificativo_sdi=SDI_ID, esito="EC01",
        file_name="IT02100450127_1_EC_001.xml", content=store(desk.company.pk, b"<EC/>", now=NOW), status="sent",
        created_at=NOW,
    )  # fmt: skip
    message = bring("IT02100450127_1_SE_001.xml", refused())
    assert (of(document), message.event) == ("ESITO_SCARTATO", "SE")
    assert OutcomeSent.objects.get(pk=outcome.pk).status == "refused"


def test_an_se_without_an_outcome_of_ours_is_kept_and_moves_nothing(desk: Desk) -> None:
    (document,) = invoice_arrived(desk, SDI_ID)
    message = bring("IT02100450127_1_SE_001.xml", refused())
    assert (of(document), message.document_id) == ("RICEVUTO_DA_ESITARE", document.pk)
    assert message.note.startswith("Nessun esito in viaggio")


def test_a_term_reaches_both_sides_of_one_installation(desk: Desk, other_desk: Desk) -> None:
    row = sent(desk, pa=True)
    number = row.document.number
    with company_scope(other_desk.company.pk):
        (document,) = invoice_arrived(other_desk, SDI_ID, (number,))
    message = bring(*letter(row, "DT"))
    assert (state(row), message.company_id) == ("DECORSI_TERMINI", desk.company.pk)
    with company_scope(other_desk.company.pk):
        assert of(document) == "DECORSI_TERMINI_PASS"


def test_by_a_companys_own_way_only_its_own_invoices_are_reached(desk: Desk, other_desk: Desk) -> None:
    (document,) = invoice_arrived(desk, SDI_ID)
    pk = receive.take_message("x_DT_001.xml", expired(), "", now=NOW, company_id=other_desk.company.pk)
    run_jobs()
    assert (kept(pk).state, of(document)) == (State.TO_MATCH, "RICEVUTO_DA_ESITARE")


def test_an_answer_about_nothing_that_was_received_waits_for_a_person(desk: Desk) -> None:
    message = bring("IT02100450127_1_SE_001.xml", refused())
    assert (message.state, message.company_id) == (State.TO_MATCH, None)
    assert "identificativo" in message.note
