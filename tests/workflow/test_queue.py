from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from fattorino.workflow import queue
from fattorino.workflow.tasks import run_action
from tests.desk import jobs


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> Iterator[None]:
    # The tables of the queue are not Django's: they are not emptied between tests.
    _forget_jobs()
    yield
    _forget_jobs()


def _forget_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


@pytest.mark.parametrize("inside_a_worker", [False, True])
def test_a_job_is_queued_in_the_callers_transaction(inside_a_worker: bool) -> None:
    """What the worker does with the app's connector must not part the job from the row that it serves."""
    before = app.connector
    connector = app.connector.get_worker_connector() if inside_a_worker else before  # type: ignore[attr-defined]
    with app.replace_connector(connector):
        with transaction.atomic():
            queue.defer(run_action, lock="action:1", company_id=1, pending_id=1)
            assert [job["task"] for job in jobs()] == ["workflow.run_action"]
            transaction.set_rollback(True)
        assert jobs() == []
        queue.defer(run_action, lock="action:1", company_id=1, pending_id=1)
    assert [job["args"] for job in jobs()] == [{"company_id": 1, "pending_id": 1}]


def taken() -> int | None:
    """The number of the job that a worker would take now."""
    with connection.cursor() as cursor:
        cursor.execute("select id, args ->> 'pending_id' from procrastinate_fetch_job_v2(null, null)")
        found, pending = cursor.fetchone()
        return int(pending) if found else None


@pytest.mark.parametrize("sooner", [0.0, 0.4])
def test_who_comes_now_does_not_stand_behind_who_comes_tomorrow(sooner: float) -> None:
    """Procrastinate alone lets a job wait for an older one with the same lock, whenever that is planned for."""
    queue.defer(run_action, lock="action:1", seconds=86_400, company_id=1, pending_id=1)
    queue.defer(run_action, lock="action:2", seconds=86_400, company_id=1, pending_id=2)
    assert taken() is None
    queue.defer(run_action, lock="action:1", seconds=sooner, company_id=1, pending_id=3)
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_jobs set scheduled_at = scheduled_at - interval '1 second' where lock = 'action:1'"
        )
    assert taken() == 1
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where status = 'doing'")
    assert taken() == 3
    assert [job["later"] for job in jobs()] == [True]


def test_who_is_planned_sooner_stays_where_it_is() -> None:
    queue.defer(run_action, lock="action:1", company_id=1, pending_id=1)
    queue.defer(run_action, lock="action:1", seconds=60, company_id=1, pending_id=2)
    assert [job["later"] for job in jobs()] == [False, True]
