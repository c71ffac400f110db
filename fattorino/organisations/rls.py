"""Migration operations: row-level security and append-only tables."""

from __future__ import annotations

from django.db import migrations

SETUP = """
create or replace function app_companies() returns bigint[] language sql stable parallel safe as $$
  select case when current_setting('app.companies', true) = '*' then '{}'::bigint[]
         else string_to_array(nullif(current_setting('app.companies', true), ''), ',')::bigint[] end $$;
create or replace function app_everything() returns boolean language sql stable parallel safe as $$
  select coalesce(current_setting('app.companies', true), '') = '*' $$;
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'la tabella % si puo'' solo accrescere', tg_table_name using errcode = 'restrict_violation';
end $$;
"""


# What every policy asks. The settings are read once for each statement: a function in the place of the SELECT is
# called, and its text taken to pieces, for each row (decision 0002).
WALL = "(company_id = any((select app_companies())::bigint[]) or (select app_everything()))"


def row_security(table: str) -> migrations.RunSQL:
    """Rows of `table` exist only inside a scope of their company; FORCE binds the table's owner too."""
    return migrations.RunSQL(
        f"alter table {table} enable row level security;"
        f"alter table {table} force row level security;"
        f"create policy company_wall on {table} using {WALL} with check {WALL};",
        f"drop policy company_wall on {table}; alter table {table} disable row level security;",
    )


def append_only(table: str) -> migrations.RunSQL:
    """UPDATE, DELETE and TRUNCATE of `table` are refused by the database itself."""
    return migrations.RunSQL(
        f"create trigger append_only before update or delete on {table}"
        f" for each row execute function refuse_change();"
        f"create trigger append_only_all before truncate on {table}"
        f" for each statement execute function refuse_change();",
        f"drop trigger append_only on {table}; drop trigger append_only_all on {table};",
    )
