from __future__ import annotations

import uuid

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fattorino.organisations.rows import update_rows
from fattorino.workflow.models import BulkItem, PendingAction
from tests.desk import Desk


def pending(desk: Desk) -> PendingAction:
    return PendingAction.objects.create(
        company=desk.company,
        document=desk.save(),
        action="VALIDA",
        run=uuid.uuid4(),
        requested_at=desk.now,
        actor_kind="utente",
        actor_label="Laura",
    )


FIELDS = ("finished_at", "succeeded", "message")


def test_each_row_gets_its_own_values_whatever_stands_in_them(desk: Desk) -> None:
    tricky = ["", "{}", 'a "b", \\c', "NULL", "è, {x}", "riga\nnuova"]
    rows = [pending(desk) for _ in tricky]
    values = [(row.pk, desk.now, text == "NULL", text) for row, text in zip(rows, tricky, strict=True)]
    assert update_rows(PendingAction, desk.company.pk, FIELDS, values) == len(tricky)
    for row, text in zip(rows, tricky, strict=True):
        row.refresh_from_db()
        assert (row.finished_at, row.succeeded, row.message) == (desk.now, text == "NULL", text)


def test_a_value_too_long_is_refused_and_not_cut_short(desk: Desk) -> None:
    row = pending(desk)
    with pytest.raises(DataError), transaction.atomic():
        update_rows(PendingAction, desk.company.pk, ("action",), [(row.pk, "X" * 41)])


def test_rows_of_another_company_and_rows_already_filled_stay_as_they_are(desk: Desk) -> None:
    row = pending(desk)
    values = (row.pk, desk.now, True, "fatto")
    assert update_rows(PendingAction, desk.company.pk + 1, FIELDS, [values]) == 0
    assert update_rows(PendingAction, desk.company.pk, FIELDS, [values], where_null="finished_at") == 1
    again = (row.pk, desk.now, False, "di nuovo")
    assert update_rows(PendingAction, desk.company.pk, FIELDS, [again], where_null="finished_at") == 0
    row.refresh_from_db()
    assert (row.succeeded, row.message, row.finished_at) == (True, "fatto", desk.now)


def test_no_rows_ask_the_database_nothing(desk: Desk) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert update_rows(BulkItem, desk.company.pk, ("message",), []) == 0
    assert not asked.captured_queries
