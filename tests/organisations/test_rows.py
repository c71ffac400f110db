from __future__ import annotations

import uuid

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fattorino.core.texts import say
from fattorino.organisations.rows import FEW, among, array, insert_rows, update_rows
from fattorino.workflow.models import BulkItem, PendingAction, StateChange
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


TRICKY = ["", "{}", 'a "b", \\c', "NULL", "è, {x}", "riga\nnuova"]


@pytest.mark.parametrize("tricky", [TRICKY, *([text] for text in TRICKY)], ids=len)
def test_each_row_gets_its_own_values_whatever_stands_in_them(desk: Desk, tricky: list[str]) -> None:
    rows = [pending(desk) for _ in tricky]
    values = [(row.pk, desk.now, text == "NULL", text) for row, text in zip(rows, tricky, strict=True)]
    assert update_rows(PendingAction, desk.company.pk, FIELDS, values) == len(tricky)
    for row, text in zip(rows, tricky, strict=True):
        row.refresh_from_db()
        assert (row.finished_at, row.succeeded, row.message) == (desk.now, text == "NULL", text)


def test_rows_that_share_a_value_get_it_and_one_that_is_too_long_is_refused(desk: Desk) -> None:
    rows = [pending(desk) for _ in range(FEW + 1)]
    values = [(row.pk, desk.now, None, 'a "b", \\c') for row in rows]
    assert update_rows(PendingAction, desk.company.pk, FIELDS, values) == len(rows)
    there = PendingAction.objects.filter(pk__in=[row.pk for row in rows])
    assert set(there.values_list(*FIELDS)) == {(desk.now, None, 'a "b", \\c')}
    with pytest.raises(DataError), transaction.atomic():
        update_rows(PendingAction, desk.company.pk, ("action",), [(row.pk, "X" * 41) for row in rows])


def test_equal_rows_are_as_many_as_were_given(desk: Desk) -> None:
    document = desk.save().pk
    rows = [change(desk, document, "lo stesso") for _ in range(FEW + 1)]
    insert_rows(rows)
    assert len({row.pk for row in rows}) == FEW + 1
    assert StateChange.objects.filter(pk__in=[row.pk for row in rows], message="lo stesso").count() == FEW + 1


def test_what_is_among_values_is_found_whatever_stands_in_them(desk: Desk) -> None:
    rows = [pending(desk) for _ in TRICKY]
    values = [(row.pk, desk.now, True, text) for row, text in zip(rows, TRICKY, strict=True)]
    update_rows(PendingAction, desk.company.pk, FIELDS, values)
    everything = PendingAction.objects.order_by("pk")
    assert list(everything.filter(among("message", TRICKY))) == rows
    assert list(everything.filter(among("pk", {row.pk for row in rows[:2]}))) == rows[:2]
    assert list(everything.filter(among("run", [rows[0].run]))) == rows[:1]
    assert not everything.filter(among("document__pk", [])).exists()


def test_a_kind_of_value_that_no_array_is_known_for_is_a_fault_of_the_caller() -> None:
    with pytest.raises(TypeError, match="bytes"):
        array([b"x"])


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


def change(desk: Desk, document_id: int, message: str, **values: object) -> StateChange:
    return StateChange(
        company=desk.company, document_id=document_id, at=desk.now, event="x", outcome="recorded",
        actor_kind="hub", actor_label="Digital Hub", message=message, **values,
    )  # fmt: skip


@pytest.mark.parametrize("number", [1, FEW, FEW + 1])
def test_each_inserted_row_gets_its_own_number_and_its_own_values(desk: Desk, number: int) -> None:
    document = desk.save().pk
    texts = [say("Esito già applicato."), 'a "b", \\c', "NULL", "{}", "%s", "riga\nnuova"][:number]
    assert len(texts) == number
    rows = [change(desk, document, text, detail=[{"n": n, "è": text}]) for n, text in enumerate(texts)]
    insert_rows(rows)
    assert [row.pk for row in rows] == sorted({row.pk for row in rows}) and not rows[0]._state.adding
    for n, (row, text) in enumerate(zip(rows, texts, strict=True)):
        there = StateChange.objects.get(pk=row.pk)
        assert (there.message, there.detail, there.at) == (text, [{"n": n, "è": text}], desk.now)
        assert there.actor_user_id is None


def test_an_inserted_value_too_long_is_refused_and_nothing_is_json_without_a_value(desk: Desk) -> None:
    document = desk.save().pk
    with pytest.raises(DataError), transaction.atomic():
        insert_rows([change(desk, document, "", from_state="X" * 41)])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([change(desk, document, "", detail=None)])


def test_no_rows_are_inserted_without_asking(desk: Desk) -> None:
    with CaptureQueriesContext(connection) as asked:
        insert_rows([])
    assert not asked.captured_queries
