from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.workflow.definition import Action
from fattorino.core.workflow.standard import standard_json
from fattorino.hub.models import Submission
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import Membership
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import acting, actions, bulk, flows, tasks_bulk
from fattorino.workflow.actions import ActionResult, ActionRun
from fattorino.workflow.flows import bulk as runs
from fattorino.workflow.flows.bulk import Order
from fattorino.workflow.models import BulkItem, BulkRun, Document, PendingAction, StateChange
from tests.desk import Desk, jobs, run_jobs
from tests.hub.letters import in_the_queue

NO_SENDING = frozenset({"hub.turn"})
SEND = str(Action.GENERATE_AND_SEND)
PRIVATE = Order("PR", "DA_PROCESSARE", action=SEND)


def start(desk: Desk, documents: list[Document], order: Order = PRIVATE) -> int:
    return runs.start_run(desk.actor, order, [[d.pk for d in documents]], now=desk.now)[0]


def outcomes(run_id: int) -> list[str]:
    return list(BulkItem.objects.filter(run_id=run_id).order_by("place").values_list("outcome", flat=True))


def configured(desk: Desk, code: str, **changes: Any) -> None:
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == code:
            for name, value in changes.items():
                if isinstance(value, dict):
                    state[name].update(value)
                else:
                    state[name] = value
    flows.publish_workflow(desk.company, definition, now=desk.now)


def the_figures_agree(run_id: int) -> None:
    run = BulkRun.objects.get(pk=run_id)
    counted = Counter(outcomes(run_id))
    assert (run.started, run.done, run.failed, run.refused, run.total) == (
        counted["started"],
        counted["done"],
        counted["failed"],
        counted["refused"],
        sum(counted.values()),
    )


def traces(document: Document) -> list[tuple[Any, ...]]:
    """All that the history says, but for times and numbers of files."""
    changes = StateChange.objects.filter(
        document=document, outcome__in=["started", "moved", "failed"]
    ).order_by("id")
    pendings = PendingAction.objects.filter(document=document).order_by("id")
    return [
        *(
            (c.event, c.from_state, c.to_state, c.action, c.outcome, c.actor_label, c.message.split("_")[0])
            for c in changes
        ),
        *((p.action, p.attempts, p.succeeded, p.actor_label, p.message.split("_")[0]) for p in pendings),
    ]


# ---------------------------------------------------------------------------------------------- what a run does


def test_a_run_leaves_the_same_rows_as_the_button_pressed_one_by_one(desk: Desk) -> None:
    alone = desk.save(desk.pa_draft())
    desk.press(alone)
    run_jobs(skip=NO_SENDING)
    together = [desk.save(desk.pa_draft()) for _ in range(3)]
    run_id = start(desk, together, Order("PA", "DA_PROCESSARE", action=SEND))
    assert run_jobs(skip=NO_SENDING) == ["workflow.bulk"]
    for document in together:
        assert traces(document) == traces(alone)
        assert (
            Submission.objects.get(document=document).status == Submission.objects.get(document=alone).status
        )
        one_run = PendingAction.objects.filter(document=document).values_list("run", flat=True).distinct()
        assert len(one_run) == 1
    assert in_the_queue() == 4
    assert outcomes(run_id) == ["done"] * 3
    run = BulkRun.objects.get(pk=run_id)
    assert (run.status, run.done, run.finished_at is not None) == ("done", 3, True)


def test_a_refusal_stands_beside_its_document_and_keeps_no_other_from_being_sent(desk: Desk) -> None:
    good, moved, busy, wrong = (desk.save() for _ in range(4))
    run_id = start(desk, [good, moved, busy, wrong])
    flows.choose_state(moved.pk, "ANNULLATO", desk.actor, now=desk.now, reason="doppia")
    desk.press(busy)
    Document.objects.filter(pk=wrong.pk).update(state="CONSEGNATO")
    tasks_bulk.carry_on(desk.company.pk, run_id)
    found = {item.document_id: item for item in bulk.items(desk.actor, run_id)}
    assert [found[d.pk].outcome for d in (good, moved, busy, wrong)] == [
        "done",
        "refused",
        "refused",
        "refused",
    ]
    assert "passato nello stato «Annullato" in found[moved.pk].message
    assert "già un'operazione in corso" in found[busy.pk].message
    assert desk.state(moved) == "ANNULLATO" and desk.state(wrong) == "CONSEGNATO"
    the_figures_agree(run_id)


def test_a_document_that_cannot_be_sent_fails_with_its_reason(desk: Desk) -> None:
    good, bad = desk.save(), desk.save(desk.pa_draft())
    desk.company.sign_private = False
    run_id = start(desk, [bad], Order("PA", "DA_PROCESSARE", action=SEND))
    from fattorino.hub.models import SigningKey

    SigningKey.objects.filter(company_id=desk.company.pk).update(active=False)
    other = start(desk, [good])
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["failed"] and outcomes(other) == ["done"]
    assert "chiave di firma" in bulk.items(desk.actor, run_id)[0].message
    assert BulkRun.objects.get(pk=run_id).status == "done"


def test_two_runs_over_the_same_documents_send_each_once(desk: Desk) -> None:
    documents = [desk.save() for _ in range(4)]
    first, second = start(desk, documents), start(desk, documents)
    run_jobs(skip=NO_SENDING)
    assert outcomes(first) == ["done"] * 4 and outcomes(second) == ["refused"] * 4
    assert Submission.objects.count() == 4 and in_the_queue() == 4
    assert BulkRun.objects.get(pk=second).status == "done"


def test_the_same_document_chosen_twice_stands_in_a_run_once(desk: Desk) -> None:
    document = desk.save()
    run_id, total = runs.start_run(
        desk.actor, PRIVATE, [[document.pk, document.pk], [document.pk]], now=desk.now
    )
    assert total == 1 and len(outcomes(run_id)) == 1
    run_jobs(skip=NO_SENDING)
    assert BulkRun.objects.get(pk=run_id).status == "done"


def test_what_is_of_another_company_or_in_another_state_is_not_taken(desk: Desk, other_desk: Desk) -> None:
    with company_scope(other_desk.company.pk):
        theirs = other_desk.save(other_desk.draft())
    elsewhere = desk.save(desk.pa_draft())
    with pytest.raises(RefusedError):
        start(desk, [theirs, elsewhere])
    assert not BulkRun.objects.exists() and not jobs("workflow.bulk")


def test_change_of_state_for_many_needs_what_it_needs_for_one(desk: Desk) -> None:
    configured(desk, "DA_PROCESSARE", active={"reason_required": True})
    documents = [desk.save() for _ in range(3)]
    with pytest.raises(RefusedError, match="motivo"):
        start(desk, documents, Order("PR", "DA_PROCESSARE", target="ANNULLATO"))
    with pytest.raises(RefusedError, match="non si può assegnare"):
        start(desk, documents, Order("PR", "DA_PROCESSARE", target="CONSEGNATO", reason="perché sì"))
    run_id = start(desk, documents, Order("PR", "DA_PROCESSARE", target="ANNULLATO", reason="mai spedite"))
    run_jobs()
    assert outcomes(run_id) == ["done"] * 3
    for document in documents:
        assert desk.state(document) == "ANNULLATO"
        last = StateChange.objects.filter(document=document).order_by("-id")[0]
        assert last.message == "mai spedite" and last.actor_user_id == desk.actor.user_id


# --------------------------------------------------------------------------------------- pause, resume, cancel


def test_pause_begins_no_further_document_and_resume_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_bulk, "AT_ONCE", 2)
    monkeypatch.setattr(tasks_bulk, "SECONDS", 0)  # one turn a job, which queues the next
    documents = [desk.save() for _ in range(5)]
    run_id = start(desk, documents)
    one_turn(run_id, desk)
    runs.pause_run(desk.actor, run_id, now=desk.now)
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["done", "done", "", "", ""]
    the_figures_agree(run_id)
    runs.resume_run(desk.actor, run_id, now=desk.now)
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["done"] * 5
    assert BulkRun.objects.get(pk=run_id).status == "done"


def one_turn(run_id: int, desk: Desk) -> None:
    assert tasks_bulk._turn(desk.company.pk, run_id)


def test_cancel_leaves_the_others_as_they_are_and_ends_the_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_bulk, "AT_ONCE", 2)
    documents = [desk.save() for _ in range(5)]
    run_id = start(desk, documents)
    one_turn(run_id, desk)
    runs.cancel_run(desk.actor, run_id, now=desk.now)
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["done", "done", "", "", ""]
    assert [desk.state(d) for d in documents[2:]] == ["DA_PROCESSARE"] * 3
    view = bulk.get_run(desk.actor, run_id)
    assert view.cancelled and not view.open and view.waiting == 3
    with pytest.raises(ConflictError):
        runs.resume_run(desk.actor, run_id, now=desk.now)
    with pytest.raises(ConflictError):
        runs.pause_run(desk.actor, run_id, now=desk.now)


def test_what_had_begun_comes_to_its_end_after_a_cancel(desk: Desk) -> None:
    document = desk.save()
    run_id = start(desk, [document])
    turn = runs.begin_turn(desk.company.pk, run_id, 10, now=desk.now)
    runs.cancel_run(desk.actor, run_id, now=desk.now)
    assert BulkRun.objects.get(pk=run_id).finished_at is None
    tasks_bulk.carry_out(desk.company.pk, turn.started)
    assert outcomes(run_id) == ["done"] and desk.state(document) == "IN_ELABORAZIONE"
    run = BulkRun.objects.get(pk=run_id)
    # All its documents have their outcome: it was cancelled all the same.
    assert run.status == "cancelled" and run.finished_at is not None


def test_a_run_that_has_ended_cannot_be_paused(desk: Desk) -> None:
    run_id = start(desk, [desk.save()])
    run_jobs(skip=NO_SENDING)
    with pytest.raises(ConflictError, match="concluso"):
        runs.pause_run(desk.actor, run_id, now=desk.now)


# ------------------------------------------------------------------------------------------------------- rights


def test_rights_taken_away_meanwhile_stop_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks_bulk, "AT_ONCE", 1)
    documents = [desk.save() for _ in range(3)]
    run_id = start(desk, documents)
    one_turn(run_id, desk)
    Membership.objects.filter(user_id=desk.actor.user_id).update(role="reader")
    run_jobs(skip=NO_SENDING)
    run = BulkRun.objects.get(pk=run_id)
    assert run.status == "cancelled" and run.finished_at is not None
    assert "consultazione" in run.message
    assert outcomes(run_id) == ["done", "", ""]


def test_who_left_the_company_sends_nothing_more(desk: Desk) -> None:
    run_id = start(desk, [desk.save()])
    Membership.objects.filter(user_id=desk.actor.user_id).delete()
    run_jobs(skip=NO_SENDING)
    run = BulkRun.objects.get(pk=run_id)
    assert run.status == "cancelled" and "Laura Conti" in run.message
    assert outcomes(run_id) == [""]


def test_who_may_only_read_starts_nothing_and_stops_nothing(desk: Desk) -> None:
    reader = Actor("utente", "Rita", desk.company.pk, desk.actor.user_id, "reader")
    document = desk.save()
    with pytest.raises(RefusedError, match="consultazione"):
        runs.start_run(reader, PRIVATE, [[document.pk]], now=desk.now)
    run_id = start(desk, [document])
    for button in (runs.pause_run, runs.resume_run, runs.cancel_run):
        with pytest.raises(RefusedError):
            button(reader, run_id, now=desk.now)


def test_a_run_over_a_state_reserved_to_others_is_not_there(desk: Desk) -> None:
    run_id = start(desk, [desk.save()])
    configured(desk, "DA_PROCESSARE", reserved=True, reserved_users=[f"user:{desk.actor.user_id}"])
    user = save_user(
        "altro@ordine.example", demo.PASSWORD, "Altro", {desk.company.pk: "operator"}, now=desk.now
    )
    other = Actor("utente", "Altro", desk.company.pk, user.pk, "operator")
    assert bulk.get_run(desk.actor, run_id).total == 1
    assert bulk.runs(other) == []
    for look in (lambda: bulk.get_run(other, run_id), lambda: runs.cancel_run(other, run_id, now=desk.now)):
        with pytest.raises(RefusedError):
            look()
    with pytest.raises(RefusedError):
        runs.start_run(other, PRIVATE, [[1]], now=desk.now)


def test_documents_that_went_where_others_may_not_look_are_neither_listed_nor_counted(desk: Desk) -> None:
    documents = [desk.save() for _ in range(3)]
    run_id = start(desk, documents)
    run_jobs(skip=NO_SENDING)
    Document.objects.filter(pk=documents[0].pk).update(state="SCARTATO_SDI")
    configured(desk, "SCARTATO_SDI", reserved=True, reserved_groups=["group:admin"])
    assert [item.document_id for item in bulk.items(desk.actor, run_id)] == [d.pk for d in documents[1:]]
    view = bulk.get_run(desk.actor, run_id)
    assert (view.total, view.done) == (2, 2)
    admin = Actor("utente", "Capo", desk.company.pk, desk.actor.user_id, "admin")
    assert bulk.get_run(admin, run_id).total == 3


def test_a_state_made_unavailable_for_bulk_meanwhile_stops_the_run(desk: Desk) -> None:
    """Non è disponibile per l'invio massivo."""
    run_id = start(desk, [desk.save()])
    configured(desk, "DA_PROCESSARE", hidden_from_bulk=True)
    assert not bulk.offers(desk.actor)["PR", "DA_PROCESSARE"].possible
    run_jobs(skip=NO_SENDING)
    assert BulkRun.objects.get(pk=run_id).status == "cancelled"
    assert "non è disponibile per l'invio massivo" in BulkRun.objects.get(pk=run_id).message
    with pytest.raises(RefusedError, match="non è disponibile"):
        start(desk, [desk.save()])


def test_an_action_that_asks_about_each_document_is_not_offered_for_many(desk: Desk) -> None:
    asking = [o for o in bulk.offers(desk.actor).values() if "ciascun documento" in o.why_not]
    assert all(not offer.action for offer in asking)
    configured(desk, "DA_PROCESSARE", active={"action": "ACCETTA_RIFIUTA", "automatic": False})
    offer = bulk.offers(desk.actor)["PR", "DA_PROCESSARE"]
    assert not offer.action and offer.why_not


# ----------------------------------------------------------------------------------------- deaths and disturbances


class Killed(BaseException):
    """What no `except Exception` holds up: the process is gone."""


def places(monkeypatch: pytest.MonkeyPatch, die_at: int) -> list[str]:
    """Every step between two commits dies once, before it or after it."""
    seen: list[str] = []

    def trap(module: Any, name: str) -> None:
        real = getattr(module, name)

        def trapped(*args: Any, **kwargs: Any) -> Any:
            _die(f"before {name}")
            found = real(*args, **kwargs)
            _die(f"after {name}")
            return found

        monkeypatch.setattr(module, name, trapped)

    def _die(where: str) -> None:
        seen.append(where)
        if len(seen) == die_at:
            raise Killed(where)

    trap(runs, "begin_turn")
    trap(acting, "act_many")
    trap(tasks_bulk, "finish_many")
    return seen


@pytest.mark.parametrize("die_at", range(1, 21))
def test_killed_at_any_step_nothing_is_lost_and_nothing_is_done_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, die_at: int
) -> None:
    documents = [desk.save() for _ in range(2)]
    run_id = start(desk, documents)
    with monkeypatch.context() as patch:
        places(patch, die_at)
        with pytest.raises(Killed):
            tasks_bulk.carry_on(desk.company.pk, run_id)
    the_figures_agree(run_id)
    tasks_bulk.carry_on(desk.company.pk, run_id)
    assert outcomes(run_id) == ["done"] * 2
    the_figures_agree(run_id)
    assert BulkRun.objects.get(pk=run_id).status == "done"
    for document in documents:
        assert desk.state(document) == "IN_ELABORAZIONE"
        assert StateChange.objects.filter(document=document, outcome="started").count() == 1
        assert Submission.objects.filter(document=document).count() == 1
    assert in_the_queue() == 2


def test_what_a_dead_worker_left_is_finished_by_any_job_that_carries_actions_out(desk: Desk) -> None:
    """The sweep may be quicker than the run's own job."""
    document = desk.save()
    run_id = start(desk, [document])
    turn = runs.begin_turn(desk.company.pk, run_id, 10, now=desk.now)
    from fattorino.workflow.tasks import run_action

    run_action(desk.company.pk, turn.started[0].pk)
    assert outcomes(run_id) == ["started"]
    run_jobs(skip=NO_SENDING | {"workflow.bulk"})
    assert outcomes(run_id) == ["done"]
    assert BulkRun.objects.get(pk=run_id).status == "done"


def test_a_run_without_a_job_is_picked_up(desk: Desk) -> None:
    run_id = start(desk, [desk.save()])
    paused = start(desk, [desk.save()])
    runs.pause_run(desk.actor, paused, now=desk.now)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    tasks_bulk.pick_up(0)
    assert [job["args"]["run_id"] for job in jobs("workflow.bulk")] == [run_id]
    tasks_bulk.pick_up(0)
    assert len(jobs("workflow.bulk")) == 1
    run_jobs(skip=NO_SENDING)
    tasks_bulk.pick_up(0)
    assert not jobs("workflow.bulk")


def broken_for(document: Document) -> Any:
    """An action that has a fault of ours with one document."""

    def act(run: ActionRun) -> ActionResult:
        if run.document_id == document.pk:
            raise ZeroDivisionError
        return ActionResult(True, "Fatto.")

    return act


def test_a_fault_with_one_document_disturbs_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = desk.save(), desk.save()
    act = broken_for(bad)
    one, many = actions.table(), actions.table_for_many()
    monkeypatch.setattr(actions, "table", lambda: {**one, Action.GENERATE_AND_SEND: act})
    together = {**many, Action.GENERATE_AND_SEND: lambda given: [act(run) for run in given]}
    monkeypatch.setattr(actions, "table_for_many", lambda: together)
    run_id = start(desk, [good, bad])
    run_jobs(skip=NO_SENDING)
    found = {item.document_id: item for item in bulk.items(desk.actor, run_id)}
    assert found[bad.pk].outcome == "failed" and "errore interno" in found[bad.pk].message
    assert "errore interno" not in found[good.pk].message


def test_an_action_without_a_way_for_many_is_carried_out_one_by_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [desk.save() for _ in range(3)]
    monkeypatch.setattr(actions, "table_for_many", dict)
    run_id = start(desk, documents)
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["done"] * 3
    assert in_the_queue() == 3


def test_a_document_whose_turn_cannot_begin_is_set_aside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad, last = (desk.save() for _ in range(3))
    real = runs.advance_many

    def advance_many(company_id: int, steps: Any, **options: Any) -> Any:
        if any(step.document_id == bad.pk for step in steps):
            raise ZeroDivisionError
        return real(company_id, steps, **options)

    monkeypatch.setattr(runs, "advance_many", advance_many)
    run_id = start(desk, [good, bad, last])
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["done", "failed", "done"]
    the_figures_agree(run_id)


def test_actions_that_cannot_be_written_together_get_jobs_of_their_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [desk.save() for _ in range(3)]
    real = tasks_bulk.finish_many

    def finish_many(results: Any, *args: Any, **options: Any) -> Any:
        if len(results) > 1:
            raise ZeroDivisionError
        return real(results, *args, **options)

    monkeypatch.setattr(tasks_bulk, "finish_many", finish_many)
    run_id = start(desk, documents)
    run_jobs(skip=NO_SENDING)
    assert outcomes(run_id) == ["done"] * 3
    the_figures_agree(run_id)


def test_files_of_a_run_go_behind_those_that_a_person_waits_for(desk: Desk) -> None:
    start(desk, [desk.save() for _ in range(2)])
    run_jobs(skip=NO_SENDING)
    desk.press(desk.save())
    run_jobs(skip=NO_SENDING)
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct priority from procrastinate_jobs where task_name = 'hub.turn' order by 1"
        )
        assert [row[0] for row in cursor.fetchall()] == [-10, 0]
    order = Submission.objects.order_by("-priority", "pk").values_list("priority", flat=True)
    assert list(order) == [0, -10, -10]


# ------------------------------------------------------------------------------------------------------ pages


@pytest.fixture
def client(desk: Desk) -> Client:
    from fattorino.organisations.models import User

    client = Client()
    user = User.objects.get(pk=desk.actor.user_id)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_what_is_chosen_is_shown_before_anything_happens(desk: Desk, client: Client) -> None:
    first, second, done = (desk.save() for _ in range(3))
    receipt = desk.save(kind="ricevuta", sezionale="R")
    Document.objects.filter(pk=done.pk).update(state="CONSEGNATO")
    desk.press(second)
    ids = [d.pk for d in (first, second, done, receipt)]
    page = client.get("/entrate/invio-massivo/", {"documento": ids, "cosa": "selezionati"})
    text = page.content.decode()
    assert page.status_code == 200 and "Genera XML e invia: 2 documenti" in text
    assert "Su 1 c'è già un'operazione in corso" in text
    assert "non c&#x27;è alcuna azione da eseguire" in text
    assert "Le ricevute si stampano" in text
    assert not BulkRun.objects.exists()


def post(desk: Desk, client: Client, **given: Any) -> Any:
    return client.post("/entrate/invio-massivo/", {"azienda": desk.company.pk, **given})


def test_all_that_match_the_filter_are_taken_by_the_database(desk: Desk, client: Client) -> None:
    wanted = [desk.save(desk.draft(causale=("quota annuale",))) for _ in range(3)]
    other = desk.save(desk.draft(causale=("altro",)))
    given = {"cosa": "tutti", "testo": "quota", "gruppo": "PR.DA_PROCESSARE", "azione": SEND, "visti": "3"}
    answer = post(desk, client, **given)
    run = BulkRun.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/invio-massivo/{run.pk}/"
    taken = set(BulkItem.objects.filter(run=run).values_list("document_id", flat=True))
    assert taken == {d.pk for d in wanted} and other.pk not in taken


def test_more_documents_than_were_seen_are_not_sent_unasked(desk: Desk, client: Client) -> None:
    for _ in range(3):
        desk.save()
    given = {"cosa": "tutti", "gruppo": "PR.DA_PROCESSARE", "azione": SEND}
    answer = post(desk, client, **given, visti="2")
    assert answer.status_code == 409 and "sono diventati 3" in answer.content.decode()
    assert not BulkRun.objects.exists()
    assert post(desk, client, **given, visti="3").status_code == 302


def test_without_a_reason_the_page_says_so_beside_the_choice(desk: Desk, client: Client) -> None:
    configured(desk, "DA_PROCESSARE", active={"reason_required": True})
    document = desk.save()
    given = {
        "documento": [document.pk],
        "gruppo": "PR.DA_PROCESSARE",
        "nuovo_stato": "ANNULLATO",
        "visti": "1",
    }
    answer = post(desk, client, **given)
    assert answer.status_code == 422 and "serve il motivo" in answer.content.decode()
    assert post(desk, client, **given, motivo="mai spedita").status_code == 302
    assert BulkRun.objects.get().reason == "mai spedita"


def test_the_page_of_a_run_shows_its_way_and_each_refusal_and_exports_them(
    desk: Desk, client: Client
) -> None:
    good, moved = desk.save(), desk.save()
    run_id = start(desk, [good, moved])
    flows.choose_state(moved.pk, "ANNULLATO", desk.actor, now=desk.now, reason="doppia")
    before = client.get(f"/invio-massivo/{run_id}/").content.decode()
    assert 'hx-trigger="every 1s"' in before and "0 di 2 documenti" in before
    tasks_bulk.carry_on(desk.company.pk, run_id)
    after = client.get(f"/invio-massivo/{run_id}/").content.decode()
    assert "every 1s" not in after and "2 di 2 documenti" in after and "Nel frattempo il documento" in after
    only = client.get(f"/invio-massivo/{run_id}/esiti/", {"esito": "refused"}).content.decode()
    assert f"/entrate/{moved.pk}/" in only and f"/entrate/{good.pk}/" not in only
    csv = b"".join(client.get(f"/invio-massivo/{run_id}/esiti.csv", {"esito": "refused"})).decode("utf-8-sig")
    assert csv.count("\r\n") == 2 and "Nel frattempo il documento" in csv
    assert b"".join(client.get(f"/invio-massivo/{run_id}/esiti.xlsx")).startswith(b"PK")
    listed = client.get("/invio-massivo/").content.decode()
    assert f"/invio-massivo/{run_id}/" in listed and "concluso" in listed
    assert b"Genera XML e invia" in client.get("/invio-massivo/elenco.csv").content


def test_the_buttons_of_a_run_work_from_its_page(desk: Desk, client: Client) -> None:
    run_id = start(desk, [desk.save()])
    for address, status in (("pausa", "paused"), ("riprendi", "running"), ("annulla", "cancelled")):
        answer = client.post(f"/invio-massivo/{run_id}/{address}/", {"azienda": desk.company.pk})
        assert answer.status_code == 302
        assert BulkRun.objects.get(pk=run_id).status == status


def test_the_list_offers_ticks_only_where_something_may_be_done_for_many(desk: Desk, client: Client) -> None:
    free, done = desk.save(), desk.save()
    Document.objects.filter(pk=done.pk).update(state="CONSEGNATO")
    page = client.get("/entrate/").content.decode()
    assert f'name="documento" value="{free.pk}"' in page and f'name="documento" value="{done.pk}"' not in page
    assert "data-bulk" in page
    Membership.objects.update(role="reader")
    page = client.get("/entrate/").content.decode()
    assert 'name="documento"' not in page and "data-bulk-all" not in page
    assert client.get("/entrate/invio-massivo/", {"cosa": "tutti"}).status_code == 403
