"""What looks after the jobs themselves: those of dead workers come back, those of the clock go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from fattorino.hub.tasks import RESCUE_LIMIT, rescue, tidy


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> Iterator[None]:
    # The tables of the queue are not Django's: they are not emptied between tests.
    _forget_jobs()
    yield
    _forget_jobs()


def _forget_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def job(task: str, *, status: str = "doing", attempts: int = 0, queueing_lock: str | None = None) -> int:
    """A job whose worker is gone (or, with another status, one beside it)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args, status, attempts, queueing_lock)"
            " values ('default', %s, %s, %s, %s, %s) returning id",
            [task, json.dumps({}), status, attempts, queueing_lock],
        )
        return int(cursor.fetchone()[0])


def status(pk: int) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("select status::text from procrastinate_jobs where id = %s", [pk])
        row = cursor.fetchone()
    return row[0] if row else None


def run(task: object) -> None:
    async_to_sync(task.func)(SimpleNamespace(app=app), 0)  # type: ignore[attr-defined]


def test_a_job_whose_worker_died_is_done_again() -> None:
    pk = job("hub.transmit")
    run(rescue)
    assert status(pk) == "todo"


def test_a_job_that_kills_every_worker_is_stopped() -> None:
    pk = job("hub.transmit", attempts=RESCUE_LIMIT)
    run(rescue)
    assert status(pk) == "failed"


def test_the_clocks_own_jobs_are_not_repeated_and_bar_nobody() -> None:
    dead = job("hub.rescue", queueing_lock="hub.rescue")
    waiting = job("hub.rescue", status="todo", queueing_lock="hub.rescue")
    behind = job("hub.transmit")
    run(rescue)
    assert [status(pk) for pk in (dead, waiting, behind)] == ["aborted", "todo", "todo"]


def test_a_dead_job_beside_an_equal_one_that_waits_gives_way_and_the_others_are_rescued() -> None:
    dead = job("hub.transmit", queueing_lock="sweep:submission:1")
    waiting = job("hub.transmit", status="todo", queueing_lock="sweep:submission:1")
    behind = job("hub.apply_message")
    run(rescue)
    assert [status(pk) for pk in (dead, waiting, behind)] == ["aborted", "todo", "todo"]


def test_a_job_that_another_worker_rescued_first_does_not_stop_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = job("hub.transmit"), job("hub.apply_message")
    stalled = async_to_sync(app.job_manager.get_stalled_jobs)()

    async def seen_before(**_: object) -> object:
        return stalled

    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'succeeded' where id = %s", [first])
    monkeypatch.setattr(app.job_manager, "get_stalled_jobs", seen_before)
    run(rescue)
    assert (status(first), status(second)) == ("succeeded", "todo")


def test_jobs_long_done_are_forgotten_and_failures_later() -> None:
    done, failed, waiting = job("hub.rescue"), job("hub.transmit"), job("hub.transmit", status="todo")
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'succeeded' where id = %s", [done])
        cursor.execute("update procrastinate_jobs set status = 'failed' where id = %s", [failed])
        cursor.execute("update procrastinate_events set at = now() - interval '25 hours'")
    run(tidy)
    assert [status(pk) for pk in (done, failed, waiting)] == [None, "failed", "todo"]
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_events set at = now() - interval '31 days'")
    run(tidy)
    assert [status(pk) for pk in (failed, waiting)] == [None, "todo"]
