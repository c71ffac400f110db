"""A lotto goes out once, and what SdI says is told to each document that it is about."""

from __future__ import annotations

import pytest

from fattorino.core.errors import ChannelError, ConflictError, RefusedError
from fattorino.core.fatturapa.envelope import unwrap
from fattorino.documents.models import DocumentFile
from fattorino.documents.queries import get_document
from fattorino.hub import inbox
from fattorino.hub import queries as hub
from fattorino.hub.channels.base import Accepted
from fattorino.hub.flows import brought_receipts, keys, remote_files, signed_outside, terms
from fattorino.hub.models import RemoteFile, SigningKey, Submission, Term
from fattorino.organisations.queries import Actor
from fattorino.workflow import acting
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows import finish_action, take_pending
from fattorino.workflow.flows.advance import apply_held
from fattorino.workflow.models import BulkItem, BulkRun, Document, PendingAction, StateChange
from tests.desk import NOW, Desk, run_jobs
from tests.documents.lotti import lotto_of, single_of
from tests.documents.test_importing import take
from tests.hub.letters import SDI_ID, again, answered, arrive, begin, bring, letter

Status = Submission.Status
NO_SENDING = frozenset({"hub.turn"})
Lotto = list[Document]


def imported(desk: Desk, *numbers: str, pa: bool = False) -> Lotto:
    row = take(desk, lotto_of(desk, *numbers, pa=pa), "lotto.xml")
    found = Document.objects.in_bulk(row.outcomes[0]["documents"])
    return [found[pk] for pk in row.outcomes[0]["documents"]]


def queued(desk: Desk, *numbers: str, pa: bool = False) -> tuple[Lotto, Submission]:
    lotto = imported(desk, *numbers, pa=pa)
    desk.press(lotto[-1])
    run_jobs(skip=NO_SENDING)
    return lotto, Submission.objects.get()


def sent(desk: Desk, *numbers: str, pa: bool = False) -> tuple[Lotto, Submission]:
    lotto, row = queued(desk, *numbers, pa=pa)
    begin(row)
    answered(row, Accepted(SDI_ID, NOW))
    assert states(desk, lotto) == ["IN_ATTESA_ESITO"] * len(lotto)
    return lotto, again(row)


def states(desk: Desk, lotto: Lotto) -> list[str]:
    return [desk.state(document) for document in lotto]


def outcome(
    row: Submission, tipo: str, number: str, count: int, *, year: int = 2026, esito: str = "EC01"
) -> None:
    """NE or DT about the one invoice of this number."""
    name, content = letter(row, tipo, number=count, esito=esito)
    place = b"<Esito>" if tipo == "NE" else b"<Descrizione>"
    named = f"<NumeroFattura>{number}</NumeroFattura><AnnoFattura>{year}</AnnoFattura>"
    named = f"<RiferimentoFattura>{named}</RiferimentoFattura>"
    assert place in content
    bring(name, content.replace(place, named.encode() + place, 1))


def test_one_press_on_any_document_sends_the_file_once_as_it_came(desk: Desk) -> None:
    lotto, row = queued(desk, "L1", "L2", "L3")
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 3
    assert row.outgoing is not None and bytes(row.outgoing.content) == lotto_of(desk, "L1", "L2", "L3")
    assert (row.document_id, row.status) == (lotto[0].pk, Status.QUEUED)
    assert not PendingAction.objects.filter(finished_at=None).exists()


def test_a_lotto_for_the_pa_is_signed_once_and_each_document_lists_the_file(desk: Desk) -> None:
    lotto, row = queued(desk, "L1", "L2", pa=True)
    assert row.outgoing is not None
    assert unwrap(bytes(row.outgoing.content)).content == lotto_of(desk, "L1", "L2", pa=True)
    listed = DocumentFile.objects.filter(kind=DocumentFile.Kind.SIGNED)
    assert {file.document_id: file.stored_id for file in listed} == {d.pk: row.outgoing_id for d in lotto}


def test_a_second_press_while_it_is_on_its_way_explains_itself(desk: Desk) -> None:
    lotto = imported(desk, "L1", "L2")
    desk.press(lotto[0])
    with pytest.raises(ConflictError, match="operazione in corso"):
        desk.press(lotto[1])
    assert get_document(desk.actor, lotto[1].pk).possibilities.busy
    run_jobs(skip=NO_SENDING)
    with pytest.raises(RefusedError, match="alcuna azione"):
        desk.press(lotto[1])
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("chosen", [[0, 1, 2], [1, 2]])
def test_a_bulk_run_over_all_or_some_of_them_sends_one_file(desk: Desk, chosen: list[int]) -> None:
    lotto = imported(desk, "L1", "L2", "L3")
    order = runs.Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
    runs.start_run(desk.actor, order, [[lotto[i].pk for i in chosen]], now=NOW)
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 3
    assert Submission.objects.count() == 1
    assert set(BulkItem.objects.values_list("outcome", flat=True)) == {BulkItem.Outcome.DONE}
    assert BulkRun.objects.get().status == BulkRun.Status.DONE


@pytest.mark.parametrize("chosen", [[0, 1, 2], [2, 1]])
def test_a_lotto_that_falls_on_two_turns_of_a_bulk_run_goes_in_the_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, chosen: list[int]
) -> None:
    monkeypatch.setattr("fattorino.workflow.tasks_bulk.AT_ONCE", 1)
    lotto, alone = imported(desk, "L1", "L2", "L3"), desk.save()
    order = runs.Order("PR", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
    ids = [lotto[chosen[0]].pk, alone.pk, *(lotto[i].pk for i in chosen[1:])]
    runs.start_run(desk.actor, order, [ids], now=NOW)
    run_jobs(skip=NO_SENDING)
    assert states(desk, [*lotto, alone]) == ["IN_ELABORAZIONE"] * 4
    assert set(BulkItem.objects.values_list("outcome", flat=True)) == {BulkItem.Outcome.DONE}
    run = BulkRun.objects.get()
    assert (run.status, run.done, run.refused) == (BulkRun.Status.DONE, len(ids), 0)


def test_what_would_be_refused_stops_all_of_them(desk: Desk) -> None:
    content = lotto_of(desk, "L1", "L2").replace(b"<PrezzoTotale>350.00<", b"<PrezzoTotale>351.00<", 1)
    row = take(desk, content)
    lotto = list(Document.objects.filter(pk__in=row.outcomes[0]["documents"]).order_by("pk"))
    assert "scarterebbe" in row.outcomes[0]["message"]
    desk.press(lotto[1])
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["DA_INTEGRARE"] * 2
    assert get_document(desk.actor, lotto[1].pk).findings


def test_a_scarto_is_of_the_whole_file_and_the_next_one_has_a_new_name(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2")
    arrive(row, "NS")
    assert states(desk, lotto) == ["SCARTATO_SDI"] * 2
    assert again(row).status == Status.CLOSED
    desk.press(lotto[1])
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 2
    names = Submission.objects.values_list("base_name", flat=True)
    assert len(set(names)) == len(names) == 2


def test_a_corrected_lotto_goes_out_in_the_place_of_the_refused_one(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2")
    arrive(row, "NS")
    corrected = lotto_of(desk, "L1", "L2", causale=("corretta",))
    assert take(desk, corrected, "nuovo.xml").status == "done"
    desk.press(lotto[0])
    run_jobs(skip=NO_SENDING)
    newer = Submission.objects.get(current=True)
    assert newer.outgoing is not None and bytes(newer.outgoing.content) == corrected


def test_a_receipt_is_told_to_all_and_counted_once(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2")
    arrive(row, "RC")
    arrive(row, "RC")
    assert states(desk, lotto) == ["CONSEGNATO"] * 2
    assert again(row).status == Status.CLOSED
    moved = StateChange.objects.filter(event="RC", outcome="moved")
    assert sorted(moved.values_list("document_id", flat=True)) == sorted(d.pk for d in lotto)
    receipts = DocumentFile.objects.filter(kind=DocumentFile.Kind.RECEIPT)
    assert sorted(receipts.values_list("document_id", flat=True)) == sorted(d.pk for d in lotto)
    assert all(len(inbox.of_document(desk.actor, d.pk)) == 1 for d in lotto)


def test_the_pa_answers_each_document_and_the_last_answer_ends_it(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2", "L3", pa=True)
    arrive(row, "RC")
    assert states(desk, lotto) == ["CONSEGNATO_PA"] * 3
    outcome(row, "NE", "L2", 2, esito="EC02")
    assert states(desk, lotto) == ["CONSEGNATO_PA", "RIFIUTATO", "CONSEGNATO_PA"]
    outcome(row, "NE", "L1", 3)
    assert states(desk, lotto) == ["ACCETTATO", "RIFIUTATO", "CONSEGNATO_PA"]
    assert again(row).status == Status.ACCEPTED
    assert Term.objects.filter(met_at=None).values_list("awaited", flat=True).get() == "outcome"
    awaited = [bool(terms.awaited(d.pk, desk.company.pk)) for d in lotto]
    assert awaited == [False, False, True]
    told = [{m.kind for m in inbox.of_document(desk.actor, d.pk)} for d in lotto]
    assert told == [{"RC", "NE"}, {"RC", "NE"}, {"RC"}]
    arrive(row, "DT", number=4)
    assert states(desk, lotto) == ["ACCETTATO", "RIFIUTATO", "DECORSI_TERMINI"]
    assert again(row).status == Status.CLOSED
    assert not Term.objects.filter(met_at=None).exists()
    assert not any(Document.objects.get(pk=d.pk).held_statuses for d in lotto)


def test_an_answer_for_the_whole_file_is_told_to_all(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2", pa=True)
    arrive(row, "RC")
    arrive(row, "NE", number=2)
    assert (states(desk, lotto), again(row).status) == (["ACCETTATO"] * 2, Status.CLOSED)


def test_an_attestation_is_told_to_all_and_counted_once(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2", pa=True)
    arrive(row, "MC")
    arrive(row, "AT", number=2)
    arrive(row, "AT", number=2)
    assert (states(desk, lotto), again(row).status) == (["NON_RECAPITABILE"] * 2, Status.CLOSED)
    assert StateChange.objects.filter(event="AT", outcome="moved").count() == 2


@pytest.mark.parametrize(("number", "year"), [("L9", 2026), ("L1", 2025)])
def test_an_answer_about_an_invoice_that_the_file_does_not_hold_moves_nothing(
    desk: Desk, number: str, year: int
) -> None:
    lotto, row = sent(desk, "L1", "L2", pa=True)
    outcome(row, "NE", number, 2, year=year)
    assert (states(desk, lotto), again(row).status) == (["IN_ATTESA_ESITO"] * 2, Status.ACCEPTED)
    assert number in StateChange.objects.filter(document=lotto[0]).order_by("-id")[0].message


def test_one_that_the_pa_refused_is_not_sent_again_with_the_lotto_but_in_a_file_of_its_own(
    desk: Desk,
) -> None:
    lotto, row = sent(desk, "L1", "L2", pa=True)
    outcome(row, "NE", "L1", 2)
    outcome(row, "NE", "L2", 3, esito="EC02")
    can = get_document(desk.actor, lotto[1].pk).possibilities
    assert (can.action_offered, can.may_edit) == (False, False) and "lotto" in can.why_not_edit
    with pytest.raises(RefusedError, match="lotto"):
        desk.press(lotto[1])
    new = take(desk, single_of(desk, "L2", pa=True, causale=("corretta",)), "sola.xml")
    document = Document.objects.get(pk=new.outcomes[0]["document_id"])
    desk.press(document)
    run_jobs(skip=NO_SENDING)
    assert desk.state(document) == "IN_ELABORAZIONE"
    assert states(desk, lotto) == ["ACCETTATO", "RIFIUTATO"]


def test_sdi_would_know_each_document_of_a_lotto_for_a_duplicate(desk: Desk) -> None:
    lotto, _ = queued(desk, "L1", "L2")
    other = take(desk, single_of(desk, "L3")).outcomes[0]["document_id"]
    desk.press(Document.objects.get(pk=other))
    run_jobs(skip=NO_SENDING)
    Document.objects.filter(pk=other).update(number="L2")
    row = Submission.objects.select_related("document").get(document_id=other)
    assert [told.numero for told in hub.known_for([row])[row.pk]] == ["L2"]
    first = Submission.objects.select_related("document").get(document=lotto[0])
    assert [told.numero for told in hub.known_for([first])[first.pk]] == ["L2"]
    assert {pk: len(told) for pk, told in hub.of_same_number([row, first]).items()} == {
        row.pk: 1,
        first.pk: 1,
    }


def test_what_certainly_was_not_sent_is_sent_again_from_any_of_them(desk: Desk) -> None:
    lotto, row = queued(desk, "L1", "L2")
    begin(row)
    answered(row, ChannelError("Canale non abilitato.", uncertain=False, permanent=True))
    assert states(desk, lotto) == ["ERRORE_INVIO"] * 2
    desk.press(lotto[1])
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 2
    assert again(row).status == Status.QUEUED and Submission.objects.count() == 1


def test_a_worker_killed_at_the_first_document_leaves_nothing_half_done(desk: Desk) -> None:
    lotto = imported(desk, "L1", "L2")
    desk.press(lotto[0])
    leading = PendingAction.objects.get(leader=None)
    for _ in range(2):
        pending = take_pending(leading.pk, desk.company.pk)
        assert pending is not None
        result = acting.act(pending, now=NOW)
    assert states(desk, lotto) == ["DA_PROCESSARE"] * 2
    following = PendingAction.objects.get(leader=leading)
    assert take_pending(following.pk, desk.company.pk) is None
    finish_action(leading.pk, desk.company.pk, result, now=NOW)
    finish_action(leading.pk, desk.company.pk, result, now=NOW)
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 2
    assert Submission.objects.count() == 1


def test_an_outcome_that_came_too_early_is_applied_to_each(desk: Desk) -> None:
    lotto, row = queued(desk, "L1", "L2", pa=True)
    outcome(row, "NE", "L2", 1)
    begin(row)
    answered(row, Accepted(SDI_ID, NOW))
    for document in lotto:
        apply_held(document.pk, desk.actor, now=NOW)
    assert states(desk, lotto) == ["IN_ATTESA_ESITO", "ACCETTATO"]


def test_a_lotto_sent_outside_the_procedure_takes_its_receipt_from_any_of_its_pages(desk: Desk) -> None:
    lotto = imported(desk, "L1", "L2")
    workflow.choose_state(lotto[1].pk, "TRASMESSO_MANUALE", desk.actor, now=NOW)
    assert states(desk, lotto) == ["TRASMESSO_MANUALE"] * 2
    theirs = Submission(file_name="IT09876543210_00A7Z.xml", formato="FPR12", company_id=desk.company.pk)
    brought_receipts.load_receipt(desk.actor, lotto[1].pk, *letter(theirs, "RC"), now=NOW)
    run_jobs()
    assert states(desk, lotto) == ["CONSEGNATO"] * 2
    assert Submission.objects.get().file_name == theirs.file_name
    receipts = DocumentFile.objects.filter(kind=DocumentFile.Kind.RECEIPT)
    assert sorted(receipts.values_list("document_id", flat=True)) == sorted(d.pk for d in lotto)


def test_a_lotto_signed_outside_is_handed_in_once_for_all(desk: Desk) -> None:
    signed = keys.sign(keys.key_of(desk.company.pk), lotto_of(desk, "L1", "L2", pa=True), now=NOW)
    SigningKey.objects.update(active=False)
    lotto = imported(desk, "L1", "L2", pa=True)
    desk.press(lotto[0])
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["DA_FIRMARE"] * 2
    signed_outside.take(desk.actor, lotto[1].pk, signed, now=NOW)
    run_jobs(skip=NO_SENDING)
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 2
    row = Submission.objects.get()
    assert row.outgoing is not None and bytes(row.outgoing.content) == signed


def test_cambia_stato_after_the_answers_is_of_one_document(desk: Desk) -> None:
    lotto, row = sent(desk, "L1", "L2", pa=True)
    outcome(row, "NE", "L1", 2)
    outcome(row, "NE", "L2", 3, esito="EC02")
    workflow.choose_state(lotto[1].pk, "RIFIUTATO_CHIUSO", desk.actor, now=NOW)
    assert states(desk, lotto) == ["ACCETTATO", "RIFIUTATO_CHIUSO"]


def test_a_lotto_of_another_program_keeps_its_name_and_goes_once(desk: Desk) -> None:
    program = Actor("gestionale", "Contabilità", desk.company.pk, None, "operator")
    content = lotto_of(desk, "L1", "L2")
    remote_files.push(program, "IT02100450127_0000L.xml", content, now=NOW)
    run_jobs(skip=NO_SENDING)
    lotto = list(Document.objects.order_by("pk"))
    assert states(desk, lotto) == ["IN_ELABORAZIONE"] * 2
    row = Submission.objects.get()
    assert (row.base_name, row.document_id) == ("IT02100450127_0000L", lotto[0].pk)
    assert RemoteFile.objects.get().document_id == lotto[0].pk
