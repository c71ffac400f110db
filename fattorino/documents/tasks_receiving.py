"""Background jobs of the received invoices."""

from __future__ import annotations

import datetime
import logging
import traceback

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from fattorino import clock
from fattorino.core.texts import say
from fattorino.documents import receiving
from fattorino.documents.receiving import folders
from fattorino.workflow import queue

log = logging.getLogger(__name__)

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)
# Longer than any job may be late by itself.
LATE = datetime.timedelta(minutes=3)


@app.task(name="documents.read_reception", retry=AGAIN)
def read_reception(reception_id: int) -> None:
    """Read one invoice that arrived."""
    try:
        receiving.read(reception_id, now=clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - the border of the job: what arrived is never lost nor retried for ever
        log.error("reception %s\n%s", reception_id, traceback.format_exc())
        why = say("Il file non si è potuto leggere per un errore interno, annotato nel registro.")
        receiving.set_aside(reception_id, why, now=clock.now())


@app.periodic(cron="*/2 * * * *", periodic_id="receptions")
@app.task(name="documents.requeue_receptions", queueing_lock="documents.requeue_receptions")
def requeue_receptions(timestamp: int) -> None:
    """Read what waits although no job will come for it."""
    receiving.requeue_waiting(before=clock.now() - LATE)


@app.periodic(cron="* * * * *", periodic_id="watch_folders")
@app.task(
    name="documents.watch_folders", queueing_lock="documents.watch_folders", lock="documents.watch_folders"
)
def watch_folders(timestamp: int) -> None:
    """A job for each watched folder: one on a slow network keeps none of the others waiting."""
    for folder_id, company_id in folders.watched():
        _look_once(folder_id, company_id)


@app.task(name="documents.look_at_folder", retry=AGAIN)
def look_at_folder(folder_id: int, company_id: int) -> None:
    """Take what appeared in a watched folder, some at a time."""
    if folders.look(folder_id, company_id, settings.WATCH_ROOTS, now=clock.now()).more:
        _look_once(folder_id, company_id)


def _look_once(folder_id: int, company_id: int) -> None:
    lock = f"folder:{folder_id}"
    try:
        with transaction.atomic():
            queue.defer(
                look_at_folder,
                lock=lock,
                queueing_lock=f"look:{lock}",
                folder_id=folder_id,
                company_id=company_id,
            )
    except AlreadyEnqueued:
        return  # it still looks, or waits to


@app.task(name="documents.bring_received", retry=AGAIN)
def bring_received(company_id: int, import_id: int) -> None:
    """Take the invoices in a file that a person handed in."""
    receiving.bring(company_id, import_id, now=clock.now())
