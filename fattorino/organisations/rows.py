"""Many rows in one statement. Django composes a piece of SQL for each row, which takes longer than the database needs
to do it; here the values travel as one array for each column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model

# Of so few rows the planner takes longer to understand the arrays than the database to write the rows.
FEW = 5


def insert_rows(rows: Sequence[Model]) -> None:
    """Insert these objects of one model; each gets its number. Defaults of the database are not asked for."""
    if not rows:
        return
    meta = rows[0]._meta
    columns: list[Field[Any, Any]] = [f for f in meta.concrete_fields if not f.primary_key]
    names = ", ".join(str(column.column) for column in columns)
    values: list[Any]
    if len(rows) <= FEW:
        places = f"({', '.join(['%s'] * len(columns))})"
        source = f"values {', '.join([places] * len(rows))}"
        values = [_value(column, getattr(row, column.attname)) for row in rows for column in columns]
    else:
        source = (
            f"select {names} from unnest({_arrays(columns)}) with ordinality as g ({names}, place_)"
            " order by place_"
        )
        values = [[_value(column, getattr(row, column.attname)) for row in rows] for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(f"insert into {meta.db_table} ({names}) {source} returning id", values)
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number
            row._state.adding = False


def update_rows(
    model: type[Model],
    company_id: int,
    fields: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    where_null: str = "",
) -> int:
    """Set these fields of rows of a company, each to its own values.

    Args:
        rows: the row's number and then its values, in the order of `fields`.
        where_null: only of those rows in which this field is empty.

    Returns:
        how many rows were changed.
    """
    if not rows:
        return 0
    meta = model._meta
    columns: list[Any] = [meta.get_field(name) for name in ("id", *fields)]
    names = [str(column.column) for column in columns]
    free: Any = meta.get_field(where_null) if where_null else None
    empty = f" and t.{free.column} is null" if free else ""
    with connection.cursor() as cursor:
        if len(rows) == 1:
            sets = ", ".join(f"{name} = %s" for name in names[1:])
            cursor.execute(
                f"update {meta.db_table} t set {sets} where t.id = %s and t.company_id = %s{empty}",
                [*rows[0][1:], rows[0][0], company_id],
            )
            return int(cursor.rowcount)
        sets = ", ".join(f"{name} = g.{name}" for name in names[1:])
        cursor.execute(
            f"update {meta.db_table} t set {sets} from unnest({_arrays(columns)}) as g ({', '.join(names)})"
            # Said twice, so that the rows are found by their number whatever is believed of the table's size.
            f" where t.id = g.id and t.id = any(%s) and t.company_id = %s{empty}",
            [*map(list, zip(*rows, strict=True)), [row[0] for row in rows], company_id],
        )
        return int(cursor.rowcount)


def _arrays(columns: Sequence[Any]) -> str:
    # Arrays of text: a cast to varchar(40) would cut a longer value short, an assignment refuses it.
    kinds = [str(column.db_type(connection)).split("(")[0].replace("varchar", "text") for column in columns]
    return ", ".join(f"%s::{kind}[]" for kind in kinds)


def _value(column: Field[Any, Any], value: Any) -> Any:
    # Nothing is NULL, as the framework writes it, and no "null" of JSON.
    if isinstance(column, JSONField) and value is not None:
        return json.dumps(value, cls=column.encoder)
    return value
