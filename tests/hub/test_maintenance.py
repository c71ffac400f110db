"""Nothing stays stuck: what waits although no job will come for it is found and queued again, once."""

from __future__ import annotations

import datetime

from django.db import connection

from fattorino import clock
from fattorino.core.workflow.standard import standard_json
from fattorino.hub.flows import maintenance, receive, synchronise
from fattorino.hub.models import Message
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import flows
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.letters import letter, queued

# The jobs that made the submission read the real clock.
LATER = clock.now() + datetime.timedelta(minutes=30)


def lose_all_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def test_what_has_its_job_is_left_alone(desk: Desk) -> None:
    queued(desk)
    desk.press(desk.save())
    assert maintenance.without_job(now=LATER) == ([], [], [], [], [], [])


def test_what_lost_its_job_is_found_when_it_is_late(desk: Desk) -> None:
    row = queued(desk)
    document = desk.save()
    desk.press(document)
    receive.take_message(*letter(row, "RC"), row.identificativo_sdi, now=NOW)
    lose_all_jobs()
    assert maintenance.without_job(now=NOW) == ([], [], [], [], [], [])
    channels, messages, actions, *_ = maintenance.without_job(now=LATER)
    assert channels == [(desk.company.pk, row.channel_id)]
    with system_scope():
        assert messages == [Message.objects.get().pk]
    assert [company for company, _ in actions] == [desk.company.pk]


def test_the_sweep_queues_it_once_however_often_it_runs(desk: Desk) -> None:
    row = queued(desk)
    desk.press(desk.save())
    lose_all_jobs()
    for _ in range(2):
        synchronise.requeue(maintenance.Waiting([(row.company_id, row.channel_id)], [], []))
    assert len(jobs("hub.wake")) == 1


def test_sincronizza_asks_again_for_what_the_company_waits_for_and_counts_only_that(
    desk: Desk, other_desk: Desk
) -> None:
    row = queued(desk)
    with company_scope(other_desk.company.pk):
        other_desk.press(other_desk.save())
    receive.take_message(*letter(row, "RC"), row.identificativo_sdi, now=NOW)
    lose_all_jobs()
    assert synchronise.ask_again(desk.company.pk, now=LATER) == 1
    assert len(jobs("hub.wake")) == 1 and not jobs("workflow.run_action")
    assert len(jobs("hub.apply_message")) == 1


def test_the_action_sincronizza_applies_what_the_document_holds(desk: Desk) -> None:
    """The action of a state: *Sincronizza con Digital Hub*."""
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "DA_PROCESSARE":
            state["active"] = {"action": "SINCRONIZZA", "confirmed": "IN_ELABORAZIONE"}
    flows.publish_workflow(desk.company, definition, now=NOW)
    document = desk.save()
    flows.report_status(document.pk, "RC", flows.system_actor(desk.company.pk, "sdi"), now=NOW)
    assert desk.state(document) == "DA_PROCESSARE"
    desk.press(document)
    run_jobs()
    assert desk.state(document) == "CONSEGNATO"
