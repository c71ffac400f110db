"""Which companies the database shows: the second wall behind the explicit filters.

Row-level security compares every row's company with `app.companies`, which lives only as long as the transaction.
Outside a scope it is empty and no row is seen: whoever forgets it gets nothing, never somebody else's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

EVERYTHING = "*"


def _exchange(value: str) -> str:
    """Set the scope; what it was before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "with before as materialized (select coalesce(current_setting('app.companies', true), '') as value)"
            " select before.value, set_config('app.companies', %s, true) from before",
            [value],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('app.companies', %s, true)", [value])


@contextmanager
def _scope(value: str) -> Iterator[None]:
    with transaction.atomic():
        if not connection.savepoint_ids:
            _set(value)
            yield
            return
        before = _exchange(value)
        yield
        # A setting outlives a released savepoint: an inner scope must give back the outer one's.
        _set(before)


@contextmanager
def company_scope(company_id: int) -> Iterator[None]:
    """A transaction in which only the rows of this company exist."""
    with _scope(str(int(company_id))):
        yield


@contextmanager
def system_scope() -> Iterator[None]:
    """A transaction that sees every company: only for finding out whose a message is, and for maintenance."""
    with _scope(EVERYTHING):
        yield


def show_only(company_id: int | None) -> None:
    """Inside an open transaction: from here to its end only this company exists (none: nothing exists)."""
    _set("" if company_id is None else str(int(company_id)))
