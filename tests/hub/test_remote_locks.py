"""Acquiring a file and telling what became of it at the same moment, over two connections: neither waits in a ring."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection

from fattorino.config import demo
from fattorino.hub.flows import remote_feed, remote_files
from fattorino.hub.models import RemoteChange, RemoteFile, Submission
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from tests.desk import NOW, Desk, make_desk
from tests.hub.letters import queued

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 60.0


@pytest.fixture
def house() -> tuple[Desk, Submission, RemoteFile]:
    """A file that came again: its document is there, and its submission has failed."""
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(desk.company.pk):
        remote_files.serve(desk.company.pk, now=NOW)
        row = queued(desk)
        assert row.content is not None
        file = RemoteFile.objects.create(
            company_id=desk.company.pk,
            name=row.file_name,
            base_name=row.base_name,
            stored=row.content,
            state=RemoteFile.State.RECEIVED,
            document_id=row.document_id,
            received_at=NOW,
            changed_at=NOW,
        )
        Submission.objects.filter(pk=row.pk).update(status=Submission.Status.FAILED)
        assert RemoteChange.objects.filter(what="submission", row_id=row.pk).exists()
    return desk, row, file


class Thread(threading.Thread):
    """One connection of its own; what went wrong on it is kept."""

    def __init__(self, what: Any) -> None:
        super().__init__()
        self.what, self.error, self.pid = what, list[BaseException](), 0
        self.known = threading.Event()

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("select pg_backend_pid()")
                self.pid = cursor.fetchone()[0]
            self.known.set()
            self.what()
        except BaseException as error:
            self.error.append(error)
        finally:
            connection.close()

    def waits_or_has_ended(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("select wait_event_type from pg_stat_activity where pid = %s", [self.pid])
            row = cursor.fetchone()
        return not self.is_alive() or row is None or row[0] == "Lock"


def until(what: Any) -> None:
    end = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_file_is_acquired_and_told_at_the_same_moment(
    house: tuple[Desk, Submission, RemoteFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, row, file = house
    has_file, go = threading.Event(), threading.Event()

    def press(file: RemoteFile, *_: object) -> str:
        """Where the button's document is locked, the file being held already."""
        has_file.set()
        assert go.wait(LIMIT)
        workflow.lock(row.document_id)
        return ""

    monkeypatch.setattr(remote_files, "_press", press)

    def publish() -> None:
        with company_scope(desk.company.pk):
            remote_feed.publish(desk.company.pk, now=NOW)

    acquiring = Thread(lambda: remote_files.acquire(desk.company.pk, file.pk, now=NOW))
    publishing = Thread(publish)
    acquiring.start()
    assert has_file.wait(LIMIT)
    publishing.start()
    assert publishing.known.wait(LIMIT)
    until(publishing.waits_or_has_ended)
    go.set()
    for each in (acquiring, publishing):
        each.join(LIMIT)
        assert not each.error and not each.is_alive()
    # Acquired first, and then told that it failed: given back, so that its owner may do with it what she likes.
    with company_scope(desk.company.pk):
        assert RemoteFile.objects.get(pk=file.pk).state == RemoteFile.State.RETURNED
        assert Submission.objects.get(pk=row.pk).status == Submission.Status.CLOSED


def test_a_document_that_somebody_holds_is_told_of_later(house: tuple[Desk, Submission, RemoteFile]) -> None:
    desk, row, file = house
    with company_scope(desk.company.pk):
        RemoteFile.objects.filter(pk=file.pk).update(state=RemoteFile.State.SENDING)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with company_scope(desk.company.pk):
            workflow.lock(row.document_id)
            held.set()
            assert go.wait(LIMIT)

    holding = Thread(hold)
    holding.start()
    assert held.wait(LIMIT)
    with company_scope(desk.company.pk):
        remote_feed.publish(desk.company.pk, now=NOW)  # waits for nobody
        assert RemoteFile.objects.get(pk=file.pk).state == RemoteFile.State.SENDING
    go.set()
    holding.join(LIMIT)
    assert not holding.error
    with company_scope(desk.company.pk):
        remote_feed.publish(desk.company.pk, now=NOW)
        assert RemoteFile.objects.get(pk=file.pk).state == RemoteFile.State.RETURNED
