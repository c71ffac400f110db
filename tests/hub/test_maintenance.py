"""Nothing stays stuck: what waits although no job will come for it is found and queued again, once."""

from __future__ import annotations

import datetime

from django.db import connection

from fattorino import clock
from fattorino.hub.flows import maintenance, receive, synchronise
from fattorino.hub.models import Message
from fattorino.organisations.scope import system_scope
from tests.desk import NOW, Desk, jobs
from tests.hub.letters import letter, queued

# The jobs that made the submission read the real clock.
LATER = clock.now() + datetime.timedelta(minutes=30)


def lose_all_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def test_what_has_its_job_is_left_alone(desk: Desk) -> None:
    queued(desk)
    desk.press(desk.save())
    assert maintenance.without_job(now=LATER) == ([], [], [])


def test_what_lost_its_job_is_found_when_it_is_late(desk: Desk) -> None:
    row = queued(desk)
    document = desk.save()
    desk.press(document)
    receive.take_message(*letter(row, "RC"), row.identificativo_sdi, now=NOW)
    lose_all_jobs()
    assert maintenance.without_job(now=NOW) == ([], [], [])
    transmissions, messages, actions = maintenance.without_job(now=LATER)
    assert transmissions == [(desk.company.pk, row.pk)]
    with system_scope():
        assert messages == [Message.objects.get().pk]
    assert [company for company, _ in actions] == [desk.company.pk]


def test_the_sweep_queues_it_once_however_often_it_runs(desk: Desk) -> None:
    row = queued(desk)
    desk.press(desk.save())
    lose_all_jobs()
    for _ in range(2):
        synchronise.requeue(maintenance.Waiting([(row.company_id, row.pk)], [], []))
    assert len(jobs("hub.transmit")) == 1
