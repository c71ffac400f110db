"""Very many rows into tables with indexes: these are made when the rows are there, which takes half of the time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")

# Those that no constraint stands on: what is unique stays so while rows come.
_INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
where indrelid = any(%s::regclass[]) and not indisunique order by indexrelid
"""


@contextmanager
def indexes_made_last(*tables: str) -> Iterator[None]:
    """Without the indexes of these tables from here to the end, where they are made anew.

    One transaction holds it all: whoever interrupts it finds rows and indexes as they were. Nobody else reads the
    tables meanwhile.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_INDEXES, [list(tables)])
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f"drop index {name}")
            # Else the keys to other tables of millions of rows would wait for the commit, one by one in memory.
            cursor.execute("set constraints all immediate")
        yield
        with connection.cursor() as cursor:
            cursor.execute("set local maintenance_work_mem = '1GB'")
            for _, made in indexes:
                cursor.execute(made)


def one_ahead(things: Iterator[T]) -> Iterator[T]:
    """The next one is made while the database works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(lambda: list(_one(things)))
        while found := coming.result():
            coming = pool.submit(lambda: list(_one(things)))
            yield from found


def _one(things: Iterator[T]) -> Iterator[T]:
    for thing in things:
        yield thing
        return
