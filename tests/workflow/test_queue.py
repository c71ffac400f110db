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
