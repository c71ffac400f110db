from __future__ import annotations

import threading

import pytest
from django.db import connection

from fattorino.config import demo
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.workflow.definition import Action
from fattorino.core.workflow.standard import standard_json
from fattorino.organisations.scope import company_scope
from fattorino.workflow import actions, flows, queries
from fattorino.workflow.actions import ActionResult, ActionRun
from fattorino.workflow.models import Document, PendingAction, StateChange
from tests.desk import Desk, make_desk, run_jobs

NO_SENDING = frozenset({"hub.turn"})


def sdi(desk: Desk, document: Document, status: str) -> None:
    flows.report_status(document.pk, status, flows.system_actor(desk.company.pk, "sdi"), now=desk.now)


def press_through(desk: Desk, document: Document) -> None:
    desk.press(document)
    run_jobs(skip=NO_SENDING)


def test_one_press_runs_through_check_signature_and_queue(desk: Desk) -> None:
    document = desk.save(desk.pa_draft())
    press_through(desk, document)
    assert desk.state(document) == "IN_ELABORAZIONE"
    moves = [
        c.to_state for c in StateChange.objects.filter(document=document, outcome="moved").order_by("id")
    ]
    assert moves == ["DA_PROCESSARE", "DA_VALIDARE", "DA_FIRMARE", "DA_CONFERMARE", "IN_ELABORAZIONE"]
    assert Document.objects.get(pk=document.pk).confirmed


def test_without_the_automatic_check_the_document_waits_for_a_person(desk: Desk) -> None:
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "DA_CONFERMARE":
            state["active"]["automatic"] = False
    flows.publish_workflow(desk.company, definition, now=desk.now)
    document = desk.save()
    press_through(desk, document)
    assert desk.state(document) == "DA_CONFERMARE"
    press_through(desk, document)
    assert desk.state(document) == "IN_ELABORAZIONE"


def test_a_new_version_keeps_the_history_under_the_old_one(desk: Desk) -> None:
    document = desk.save()
    flows.publish_workflow(desk.company, standard_json(), now=desk.now)
    desk.press(document)
    versions = (
        StateChange.objects.filter(document=document)
        .order_by("id")
        .values_list("workflow_version", flat=True)
    )
    assert list(versions) == [1, 2]


def test_an_outcome_that_comes_too_early_is_applied_when_the_document_is_ready(desk: Desk) -> None:
    document = desk.save(desk.pa_draft())
    press_through(desk, document)
    sdi(desk, document, "NE_EC01")
    assert desk.state(document) == "IN_ELABORAZIONE"
    sdi(desk, document, "SDI_PRESO_IN_CARICO")
    assert desk.state(document) == "ACCETTATO"
    sdi(desk, document, "RC")
    assert desk.state(document) == "ACCETTATO"


def test_an_outcome_told_twice_moves_once(desk: Desk) -> None:
    document = desk.save()
    press_through(desk, document)
    for _ in range(2):
        sdi(desk, document, "RC")
    moved = StateChange.objects.filter(document=document, event="RC", outcome="moved")
    assert (desk.state(document), moved.count()) == ("CONSEGNATO", 1)


def test_what_was_held_for_an_earlier_attempt_does_not_touch_the_next(desk: Desk) -> None:
    document = desk.save()
    press_through(desk, document)
    sdi(desk, document, "AT")  # nothing of the private dashboard: kept as history only
    sdi(desk, document, "NS")
    assert desk.state(document) == "SCARTATO_SDI"
    Document.objects.filter(pk=document.pk).update(held_statuses=["RC"])
    desk.press(document)
    assert Document.objects.get(pk=document.pk).held_statuses == []


def test_finishing_an_action_twice_changes_nothing(desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    pending = PendingAction.objects.get(document=document)
    for _ in range(2):
        flows.finish_action(pending.pk, desk.company.pk, ActionResult(True, "fatto"), now=desk.now)
    assert desk.state(document) == "DA_VALIDARE"
    assert StateChange.objects.filter(document=document, event="ActionSucceeded").count() == 1


def test_an_action_that_breaks_ends_as_a_failure_that_a_person_can_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: ActionRun) -> ActionResult:
        raise ZeroDivisionError("dettaglio interno")

    table = {**actions.table(), Action.GENERATE_AND_SEND: broken}
    monkeypatch.setattr(actions, "table", lambda: table)
    document = desk.save()
    press_through(desk, document)
    last = StateChange.objects.filter(document=document).order_by("-id")[0]
    assert (last.outcome, desk.state(document)) == ("failed", "DA_PROCESSARE")
    assert "errore interno" in last.message and "dettaglio" not in last.message
    assert not PendingAction.objects.filter(finished_at=None).exists()


def test_changing_state_by_hand_follows_the_rules_and_is_written_down(desk: Desk) -> None:
    document = desk.save()
    flows.choose_state(document.pk, "ANNULLATO", desk.actor, now=desk.now, reason="doppione")
    assert desk.state(document) == "ANNULLATO"
    assert StateChange.objects.filter(document=document, message="doppione").exists()
    with pytest.raises(RefusedError):
        flows.choose_state(document.pk, "DA_PROCESSARE", desk.actor, now=desk.now)


def test_the_page_says_what_may_be_done_and_why_not(desk: Desk) -> None:
    document = desk.save()
    free = queries.possibilities(document, desk.actor)
    assert (free.action_label, free.action_offered, free.may_edit) == ("Genera XML e invia", True, True)
    assert {t.code for t in free.targets} == {"ANNULLATO", "TRASMESSO_MANUALE"}
    desk.press(document)
    busy = queries.possibilities(Document.objects.get(pk=document.pk), desk.actor)
    assert busy.busy and not busy.may_edit and "Laura Conti" in busy.why_not_edit


@pytest.mark.django_db(transaction=True)
def test_of_many_who_press_at_once_exactly_one_starts_and_all_others_are_told() -> None:
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(desk.company.pk):
        document = desk.save()
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def press() -> None:
        try:
            start.wait(10)
            with company_scope(desk.company.pk):
                desk.press(document)
            outcomes.append("started")
        except ConflictError:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["started"] + ["told"] * 7
    with company_scope(desk.company.pk):
        assert PendingAction.objects.filter(document=document).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_committed_late_is_not_missed_by_a_page_that_follows() -> None:
    from fattorino.documents import queries as desk_queries

    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(desk.company.pk):
        slow, quick = desk.save(), desk.save()
        since = desk_queries.last_change(desk.actor)
    pressed, go = threading.Event(), threading.Event()

    def press_slowly() -> None:
        try:
            with company_scope(desk.company.pk):
                desk.press(slow)
                pressed.set()
                go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=press_slowly)
    thread.start()
    assert pressed.wait(20)
    with company_scope(desk.company.pk):
        desk.press(quick)
    ids = [slow.pk, quick.pk]
    with company_scope(desk.company.pk):
        rows, since = desk_queries.changed_rows(desk.actor, ids, since)
        assert [r.id for r in rows] == [quick.pk]
    go.set()
    thread.join(20)
    with company_scope(desk.company.pk):
        rows, _ = desk_queries.changed_rows(desk.actor, ids, since)
        assert slow.pk in {r.id for r in rows}


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_xml_is_built_checked_and_signed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fattorino.documents import files
    from fattorino.hub.flows import acquire, keys

    seen: list[str] = []

    def watch(module: object, name: str) -> None:
        real = getattr(module, name)

        def watched(*args: object, **kwargs: object) -> object:
            assert not connection.in_atomic_block, name
            seen.append(name)
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, watched)

    watch(files, "make_xml")
    watch(acquire, "check")
    watch(keys, "prepare_cades")
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(desk.company.pk):
        document = desk.save(desk.pa_draft())
        desk.press(document)
    run_jobs(skip=NO_SENDING)
    assert seen == ["make_xml", "check", "prepare_cades"]
    with company_scope(desk.company.pk):
        assert desk.state(document) == "IN_ELABORAZIONE"
