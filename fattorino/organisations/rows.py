"""Many rows in one statement. Django composes a piece of SQL for each row, which takes longer than the database needs
to do it; here the values travel as one text for each column, and once where all rows have the same."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Field, Func, JSONField, Model, Q, Value

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
        listed = [[_value(column, getattr(row, column.attname)) for row in rows] for column in columns]
        wanted, given, own, values = _apart(columns, listed)
        source = (
            f"select {', '.join(wanted)} from unnest({', '.join(given)}) with ordinality"
            f" as g ({', '.join(own)}, place_) order by place_"
        )
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
        ids, *listed = map(list, zip(*rows, strict=True))
        wanted, given, own, values = _apart(columns[1:], listed, ids=ids)
        sets = ", ".join(f"{name} = {value}" for name, value in zip(names[1:], wanted, strict=True))
        cursor.execute(
            f"update {meta.db_table} t set {sets} from unnest({', '.join(given)}) as g ({', '.join(own)})"
            # Said twice, so that the rows are found by their number whatever is believed of the table's size.
            f" where t.id = g.id and t.id = any(%s::bigint[]) and t.company_id = %s{empty}",
            [*values, array(ids), company_id],
        )
        return int(cursor.rowcount)


def among(field: str, values: Collection[Any]) -> Func | Q:
    """The condition `field in values` for numbers, uuids or texts, with all of them as one value: as hundreds, each
    would be looked at by itself several times before it reaches the database."""
    if not values:
        return Q(pk__in=[])
    one = next(iter(values))
    kind = next(kind for known, kind in _KINDS.items() if isinstance(one, known))
    return Func(
        F(field),
        Value(array(values)),
        arg_joiner=" = any(",
        template=f"%(expressions)s::{kind}[])",
        output_field=BooleanField(),
    )


_KINDS = {int: "bigint", str: "text", uuid.UUID: "uuid"}


def _apart(
    columns: Sequence[Any], listed: Sequence[list[Any]], *, ids: list[Any] | None = None
) -> tuple[list[str], list[str], list[str], list[Any]]:
    """What to write into each column; the arrays that it comes from; their names; and all the values.

    A column in which all rows have the same is no array. Values are in the order in which an INSERT's or UPDATE's text
    asks for them: the same ones before the arrays.
    """
    wanted, given, own = [], [], []
    same: list[Any] = []
    values: list[Any] = []
    if ids is not None:
        given, own, values = ["%s::bigint[]"], ["id"], [array(ids)]
    for column, each in zip(columns, listed, strict=True):
        name, kind = str(column.column), _kind(column)
        first = each[0]
        if (own or column is not columns[-1]) and all(value == first for value in each):
            wanted.append(f"%s::{kind}")
            same.append(first)
        else:
            wanted.append(f"g.{name}")
            given.append(f"%s::{kind}[]")
            own.append(name)
            values.append(array(each))
    return wanted, given, own, [*same, *values]


def _kind(column: Any) -> str:
    # Text: a cast to varchar(40) would cut a longer value short, an assignment refuses it.
    return str(column.db_type(connection)).split("(")[0].replace("varchar", "text")


def array(values: Iterable[Any]) -> str:
    """These values as PostgreSQL writes an array. Of text, numbers, truth values, moments, days and uuids."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None:
        return "NULL"
    if isinstance(value, datetime.date):  # a moment too
        return value.isoformat()
    if isinstance(value, int | Decimal | uuid.UUID):
        return str(value)
    raise TypeError(f"an array of {type(value).__name__} is not known here")


def _value(column: Field[Any, Any], value: Any) -> Any:
    # Nothing is NULL, as the framework writes it, and no "null" of JSON.
    if isinstance(column, JSONField) and value is not None:
        return json.dumps(value, cls=column.encoder)
    return value
