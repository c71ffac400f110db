"""Different values for many rows in one statement: Django's bulk_update writes a CASE for each row, and composing that
takes longer than the database needs to do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def update_rows(
    model: type[Model],
    company_id: int,
    fields: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    where_null: str = "",
) -> int:
    """Set these fields of rows of a company.

    Args:
        rows: the row's number and then its values, in the order of `fields`.
        where_null: only of those rows in which this field is empty.

    Returns:
        how many rows were changed.
    """
    if not rows:
        return 0
    meta = model._meta
    by_name = {field.name: field for field in meta.concrete_fields}
    columns = [by_name[name] for name in ("id", *fields)]
    names = [str(column.column) for column in columns]
    # Arrays of text: a cast to varchar(40) would cut a longer value short, an assignment refuses it.
    kinds = [str(column.db_type(connection)).split("(")[0].replace("varchar", "text") for column in columns]
    given = ", ".join(f"%s::{kind}[]" for kind in kinds)
    sets = ", ".join(f"{name} = g.{name}" for name in names[1:])
    empty = f" and t.{by_name[where_null].column} is null" if where_null else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"update {meta.db_table} t set {sets} from unnest({given}) as g ({', '.join(names)})"
            # Said twice, so that the rows are found by their number whatever is believed of the table's size.
            f" where t.id = g.id and t.id = any(%s) and t.company_id = %s{empty}",
            [*map(list, zip(*rows, strict=True)), [row[0] for row in rows], company_id],
        )
        return int(cursor.rowcount)
